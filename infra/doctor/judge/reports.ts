import { fresh } from '../../../contract/liveness.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import type { FoundClock } from './clocks.ts';
import type { Asked } from './line.ts';
import type { FoundProvider } from './providers.ts';

/** What workers tell of themselves, where nobody else can look: their clocks, and what they met. */

const alive = (reports: readonly WorkerReport[]) => reports.filter(({ state }) => state !== 'gone');

export function clocksOf(reports: readonly WorkerReport[]): FoundClock[] {
  return alive(reports).map(({ host, pid, clock }) => ({
    host: `worker ${host} (process ${pid})`,
    aheadMs: clock?.aheadMs ?? null,
    errorMs: clock?.errorMs ?? 0,
  }));
}

/** Null: none that is there now has an answer of it. A trouble of one counts before the luck of the others. */
export function metBy(
  reports: readonly WorkerReport[],
  provider: 'apns' | 'fcm',
  nowMs: number,
): Asked<FoundProvider> | null {
  // What a worker met that is silent now is news of another day.
  const lanes = fresh(reports, nowMs).flatMap(({ host, lanes: all }) =>
    all.filter((lane) => lane.provider === provider).map(({ peer, primed }) => ({ host, peer: peer ?? null, primed })),
  );
  const troubled = lanes.find(({ peer }) => peer?.problem != null);
  const met = troubled ?? lanes.find(({ peer, primed }) => (peer === null ? primed > 0 : peer.answered));
  if (met === undefined) return null;
  return {
    ok: true,
    value: { at: `worker ${met.host}`, finding: met.peer?.problem ?? null, streams: met.peer?.streams ?? null },
  };
}
