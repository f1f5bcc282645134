import { addReasons, noCounts } from './counts.ts';
import type { SegmentTotals, Totals, VariantTotals } from './entries.ts';
import { DEVICE_STATES } from './entries.ts';

export function noTotals(): Totals {
  return { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: noCounts() };
}

/** `into`: of `noTotals`. `reachable` speaks of one attempt of one segment, and is not added up. */
export function addTotals(into: Totals, more: Readonly<Totals>): void {
  for (const state of DEVICE_STATES) into[state] += more[state];
  addReasons(into.reasons, more.reasons);
}

export function sumTotals(parts: readonly (SegmentTotals | VariantTotals)[]): Totals {
  const sum = noTotals();
  for (const { totals } of parts) addTotals(sum, totals);
  return sum;
}

/** Over all segments, in the order in which the variants first stand; empty: there are none. */
export function sumVariants(segments: readonly SegmentTotals[]): VariantTotals[] {
  const all = segments.flatMap(({ variants = [] }) => variants);
  return [...new Set(all.map(({ variant }) => variant))].map((variant) => {
    const mine = all.filter((one) => one.variant === variant);
    return { variant, devices: mine.reduce((sum, { devices }) => sum + devices, 0), totals: sumTotals(mine) };
  });
}
