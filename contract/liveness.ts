import { ENTRY_VERSION } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import type { WorkerReport } from './report.ts';

/** Which workers are there, and which of them may send. One rule for gates, figures, commands and the rehearsal. */

/** A worker that has not reported for this long counts as gone. Reports come every second. */
export const REPORT_LIFE_MS = 5_000;

/** Reports of workers that are alive. */
export function fresh(reports: readonly WorkerReport[], nowMs: number): WorkerReport[] {
  return reports.filter((report) => isFresh(report, nowMs));
}

export const isFresh = ({ state, atMs }: WorkerReport, nowMs: number): boolean =>
  state !== 'gone' && Math.abs(nowMs - atMs) <= REPORT_LIFE_MS;

/** Ready means: holds this launch's audience and skip list whole, and says so. A sending worker is ready too. */
export function isReady(report: WorkerReport, launch: Launch): boolean {
  return (
    (report.state === 'ready' || report.state === 'sending') &&
    launch.audience !== null &&
    report.audienceHash === launch.audience.hash &&
    report.skipListHash === (launch.skipList?.hash ?? null) &&
    report.shardsLoaded === report.shardsTotal &&
    !isOutdated(report)
  );
}

/** It can't read what this bot writes: it reports what it has known before, and would send none of it. */
export function isOutdated({ reads = 2 }: WorkerReport): boolean {
  return reads < ENTRY_VERSION;
}
