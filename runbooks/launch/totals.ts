import { addReasons, noCounts } from './counts.ts';
import type { SegmentTotals, Totals } from './entries.ts';
import { DEVICE_STATES } from './entries.ts';

export function noTotals(): Totals {
  return { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: noCounts() };
}

/** `into`: of `noTotals`. `reachable` speaks of one attempt of one segment, and is not added up. */
export function addTotals(into: Totals, more: Readonly<Totals>): void {
  for (const state of DEVICE_STATES) into[state] += more[state];
  addReasons(into.reasons, more.reasons);
}

export function sumTotals(segments: readonly SegmentTotals[]): Totals {
  const sum = noTotals();
  for (const { totals } of segments) addTotals(sum, totals);
  return sum;
}
