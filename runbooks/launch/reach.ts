import type { DeviceState, SegmentTotals } from './entries.ts';

/** Whether next to nobody of a part of a shot was reached: then no word of room, record or command line may call that complete. */

/** Not reached for each one that was. */
const MISSED_PER_REACHED = 19;

/** Under a twentieth of what was given to the provider was surely reached. Uncertain devices may have been, and count as not reached. */
export function failsAsAWhole({
  accepted,
  uncertain,
  failed,
}: Readonly<Record<'accepted' | 'uncertain' | 'failed', number>>): boolean {
  return failed + uncertain > MISSED_PER_REACHED * accepted;
}

/** What became of most of those who were not reached. */
export type Missed = 'refused' | 'unanswered' | 'unsent';

/**
 * How a platform or a segment of a closed shot was missed; null: it was not, as a whole. What is late counts like what was refused. What
 * a halt has cut off does not, that is said of the halt; without one, workers have stopped by themselves, and it counts.
 */
export function missedAsAWhole(
  { accepted, failed, uncertain, halted, late }: Readonly<Record<DeviceState, number>>,
  wasHalted: boolean,
): Missed | null {
  const unsent = late + (wasHalted ? 0 : halted);
  if (failed + uncertain + unsent <= MISSED_PER_REACHED * accepted) return null;
  if (unsent >= failed && unsent >= uncertain) return 'unsent';
  return failed >= uncertain ? 'refused' : 'unanswered';
}

/** Segments of a closed shot that were missed, in their order. */
export function missedSegments(
  segments: readonly SegmentTotals[],
  wasHalted: boolean,
): (SegmentTotals & { how: Missed })[] {
  return segments.flatMap((one) => {
    const how = missedAsAWhole(one.totals, wasHalted);
    return how === null ? [] : [{ ...one, how }];
  });
}
