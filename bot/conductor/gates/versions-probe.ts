import type { WorkerReport } from '../../../contract/report.ts';
import { versionShares } from '../../../contract/versions.ts';
import type { VersionShare } from '../../../contract/versions.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';

const NAMED_MOST = 3;

/**
 * Green while bot and workers run one version. `value`: processes of another one than most run, so that a waiver for a canary
 * covers no second one. `bots`: this one's version and the leader's.
 */
export function versionsNow(
  reports: readonly WorkerReport[],
  bots: readonly (string | null)[],
): Pick<Measured, 'status' | 'value' | 'say'> {
  const shares = versionShares(reports, bots);
  const [most, ...others] = shares;
  if (most === undefined) return { status: 'unknown', value: null, say: 'nobody says which version it is' };
  const value = others.reduce((sum, { workers, bots: count }) => sum + workers.length + count, 0);
  return { status: value === 0 ? 'green' : 'red', value, say: shares.map(sayOf).join('; ') };
}

/** `0f3a9c1d2b4e on 2 workers (ip-10-0-1-7, ip-10-0-2-9) and a bot`. */
export function sayOf({ version, workers, bots }: VersionShare): string {
  const named = workers.slice(0, NAMED_MOST).map(({ host, bootId }) => `${host}/${bootId.slice(0, 8)}`);
  const more = workers.length > named.length ? ` and ${workers.length - named.length} more` : '';
  const unready = workers.filter(({ isReady }) => !isReady).length;
  const wait = unready === 0 ? '' : `, ${unready === workers.length ? '' : `${unready} of them `}not ready yet`;
  const who = [
    ...(workers.length === 0
      ? []
      : [`${workers.length} worker${workers.length === 1 ? '' : 's'} (${named.join(', ')}${more})${wait}`]),
    ...(bots === 0 ? [] : [bots === 1 ? 'a bot' : `${bots} bots`]),
  ];
  return `${version ?? 'an older version without a name'} on ${who.join(' and ')}`;
}
