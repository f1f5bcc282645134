import type { Platform } from '../../../runbooks/launch/entries.ts';

/**
 * waiting → held → accounted, or lost with its worker: then all that its lease covered, which without a pace is all of it, is uncertain,
 * whatever its provider has answered. What waits when the window ends is late.
 */
export interface Batch {
  readonly number: number;
  readonly platform: Platform;
  readonly size: number;
  state: 'waiting' | 'held' | 'accounted' | 'lost';
  /** Devices that are not settled. */
  left: number;
  accepted: number;
  failed: number;
  uncertain: number;
  late: number;
}

export interface Totals {
  accepted: number;
  failed: number;
  uncertain: number;
  late: number;
}

/** All of a launch, cut as a manifest cuts it: whole batches, but for the last one of each segment. */
export function cutBatches(
  devices: number,
  iosShare: number,
  batchSize: number,
  segments: number,
): { all: Batch[]; segments: { platform: Platform; batches: Batch[] }[] } {
  const ios = Math.round(devices * iosShare);
  const of: [Platform, number][] = [
    ['ios', ios],
    ['android', devices - ios],
  ];
  const used = of.filter(([, count]) => count > 0);
  const all: Batch[] = [];
  const cut = used.flatMap(([platform, count], at) => {
    const many = Math.max(
      1,
      Math.min(count, at === 0 ? Math.ceil(segments / used.length) : Math.floor(segments / used.length)),
    );
    return Array.from({ length: many }, (_, part) => {
      let left = Math.floor(((part + 1) * count) / many) - Math.floor((part * count) / many);
      const batches: Batch[] = [];
      for (; left > 0; left -= batches.at(-1)?.size ?? left) {
        const size = Math.min(batchSize, left);
        const batch: Batch = {
          number: all.length,
          platform,
          size,
          state: 'waiting',
          left: size,
          accepted: 0,
          failed: 0,
          uncertain: 0,
          late: 0,
        };
        all.push(batch);
        batches.push(batch);
      }
      return { platform, batches };
    });
  });
  return { all, segments: cut };
}

/** What became of everybody; what nobody held is late. */
export function totalsOf(batches: readonly Batch[]): Totals {
  const totals: Totals = { accepted: 0, failed: 0, uncertain: 0, late: 0 };
  for (const batch of batches) {
    if (batch.state === 'waiting') totals.late += batch.size;
    else if (batch.state === 'lost') totals.uncertain += batch.size;
    else {
      totals.accepted += batch.accepted;
      totals.failed += batch.failed;
      totals.uncertain += batch.uncertain + batch.left;
      totals.late += batch.late;
    }
  }
  return totals;
}
