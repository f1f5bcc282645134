import type { PlatformCounts, ShotSnapshot, WorkerReport } from '../../contract/report.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import { cut } from './foreign.ts';

/** DynamoDB takes 400 KB an item (docs/facts.md#dynamodb-item-size). */
const REPORT_BYTES = 300_000;
const SAY_CHARS = 500;
/** Slots of 100 ms that are made one: a second, then ten. */
const COARSER = [10, 100];

/**
 * A report that is never too large to be written: a worker that can't write it counts as gone, and fire is refused. Counts
 * are never left out; what goes first is detail in time, and then that of the shots that began first. `likedBytes`: what it may
 * have without giving up detail in time; nothing else is given up for that.
 */
export function fitted(report: WorkerReport, likedBytes = REPORT_BYTES): WorkerReport {
  let fit: WorkerReport = { ...report, say: cut(report.say, SAY_CHARS) };
  for (const slots of COARSER) {
    if (bytesOf(fit) <= Math.min(likedBytes, REPORT_BYTES)) return fit;
    fit = {
      ...fit,
      shots: report.shots.map((shot) => each(shot, (counts) => ({ ...counts, curve: coarser(counts.curve, slots) }))),
    };
  }
  for (let at = 0; at < fit.shots.length && bytesOf(fit) > REPORT_BYTES; at++) {
    fit = {
      ...fit,
      shots: fit.shots.map((shot, nth) =>
        nth === at ? each(shot, (counts) => ({ ...counts, curve: [], histogram: '' })) : shot,
      ),
    };
  }
  return fit;
}

function each(shot: ShotSnapshot, change: (counts: PlatformCounts) => PlatformCounts): ShotSnapshot {
  return {
    ...shot,
    platforms: Object.fromEntries(
      PLATFORMS.map((platform) => [platform, change(shot.platforms[platform])]),
    ) as ShotSnapshot['platforms'],
  };
}

/** What was accepted in so many slots stands in the last one of them that had something. */
function coarser(curve: PlatformCounts['curve'], slots: number): PlatformCounts['curve'] {
  const merged: PlatformCounts['curve'] = [];
  for (const [slot, accepted] of curve) {
    const last = merged.at(-1);
    if (last !== undefined && Math.floor(last[0] / slots) === Math.floor(slot / slots))
      merged[merged.length - 1] = [slot, last[1] + accepted];
    else merged.push([slot, accepted]);
  }
  return merged;
}

function bytesOf(report: WorkerReport): number {
  return Buffer.byteLength(JSON.stringify(report));
}
