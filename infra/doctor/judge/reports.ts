import { fresh } from '../../../contract/liveness.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import { versionShares } from '../../../contract/versions.ts';
import type { FoundClock } from './clocks.ts';
import { about, counted } from './line.ts';
import type { Asked, Line } from './line.ts';
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

/** Null: no worker tells of itself. */
export function judgeVersions(reports: readonly WorkerReport[]): Line | null {
  const shares = versionShares(alive(reports), []);
  if (shares.length === 0) return null;
  const line = about('workers.versions', 'Versions of the workers');
  const needed = 'one, and ready';
  const found = shares
    .map(({ version, workers }) => {
      const ready = workers.filter(({ isReady }) => isReady).length;
      return `${version ?? 'an older one without a name'} on ${counted(workers.length, 'workers')}, ${ready} ready`;
    })
    .join('; ');
  if (shares.length > 1)
    return line.wrong({
      found,
      needed,
      fix: 'A canary that is well goes to all by `npm run infra -- promote`, and one that is not is taken back by `npm run infra -- rollback`',
    });
  return shares[0]?.workers.every(({ isReady }) => isReady) === true
    ? line.ok({ found, needed })
    : line.unknown({ found, needed, fix: 'Run this again when all have loaded; `/go status` says what they wait for' });
}
