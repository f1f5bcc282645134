import { hostname } from 'node:os';
import { REPORT_LIFE_MS } from '../../../contract/liveness.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import type { ClockOffset } from '../../../infra/aws/store-clock.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';

const NAMED_MOST = 3;
/** Of a figure that is shown. */
const STEP_MS = 100;

interface Off {
  who: string;
  aheadMs: number;
  errorMs: number | null;
}

/**
 * Whose own clock is further than `withinMs` from the store's. It stops nobody: what a process that is off writes carries
 * the store's time. A worker of an older version doesn't say; what it has dated ahead of the store's time gives it away.
 */
export function clocksNow(
  reports: readonly WorkerReport[],
  own: ClockOffset | null,
  nowMs: number,
  withinMs: number,
): Pick<Measured, 'status' | 'value' | 'say'> {
  // Not `fresh`: whoever is ahead dates its reports in time to come, and is the one we look for.
  const alive = reports.filter(({ state, atMs }) => state !== 'gone' && nowMs - atMs <= REPORT_LIFE_MS);
  const known: Off[] = alive.flatMap((report): Off[] => {
    if (report.clock != null) return [{ who: nameOf(report), ...report.clock }];
    return report.clock === undefined && report.atMs > nowMs
      ? [{ who: nameOf(report), aheadMs: report.atMs - nowMs, errorMs: null }]
      : [];
  });
  if (own !== null) known.push({ who: `the bot on ${hostname()} (process ${process.pid})`, ...own });
  if (known.length === 0)
    return { status: 'unknown', value: null, say: 'no answer of the store has told its time yet' };
  const worstMs = Math.max(...known.map(({ aheadMs }) => Math.abs(aheadMs)));
  const off = known
    .filter(({ aheadMs }) => Math.abs(aheadMs) > withinMs)
    .toSorted((a, b) => Math.abs(b.aheadMs) - Math.abs(a.aheadMs));
  // In whole seconds, so that a waiver is not lost to the next millisecond.
  const value = Math.round(worstMs / 1_000) * 1_000;
  if (off.length === 0)
    return {
      status: 'green',
      value,
      say: `${known.length} clock${known.length === 1 ? '' : 's'} within ${seconds(Math.ceil(worstMs / STEP_MS) * STEP_MS)} of the store's`,
    };
  const others = off.length > NAMED_MOST ? `, and ${off.length - NAMED_MOST} more` : '';
  return {
    status: 'red',
    value,
    say: `${off.slice(0, NAMED_MOST).map(sayOf).join('; ')}${others}. Set ${off.length === 1 ? 'its clock' : 'their clocks'} (chrony or NTP); until then all time is taken from the store`,
  };
}

function nameOf({ host, pid, bootId }: WorkerReport): string {
  return `worker ${host} (process ${pid}, boot ${bootId.slice(0, 8)})`;
}

function sayOf({ who, aheadMs, errorMs }: Off): string {
  const error = errorMs === null ? '' : ` (± ${seconds(Math.max(STEP_MS, errorMs))})`;
  return `${who} is ${seconds(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} the store's clock${error}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
