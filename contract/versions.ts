import type { WorkerReport } from './report.ts';

/** Who runs which version. Workers of before it was reported are those of no name. */
export interface VersionShare {
  /** Null: an older one, which doesn't say. */
  version: string | null;
  /** `isReady`: it could send now, or does. */
  workers: { host: string; bootId: string; isReady: boolean }[];
  bots: number;
}

/**
 * By version, the one that most processes run first. On its way out a worker takes nothing any more, and counts no more. `bots`:
 * the version of each bot that is known; null: it doesn't know its own, and is compared with nothing.
 */
export function versionShares(reports: readonly WorkerReport[], bots: readonly (string | null)[]): VersionShare[] {
  const shares = new Map<string | null, VersionShare>();
  const share = (version: string | null): VersionShare => {
    const found = shares.get(version) ?? { version, workers: [], bots: 0 };
    shares.set(version, found);
    return found;
  };
  for (const { state, version, host, bootId } of reports)
    if (state !== 'draining' && state !== 'gone')
      share(version ?? null).workers.push({
        host,
        bootId,
        isReady: state === 'ready' || state === 'sending',
      });
  for (const version of bots) if (version !== null) share(version).bots += 1;
  const size = ({ workers, bots: count }: VersionShare) => workers.length + count;
  return [...shares.values()].toSorted((a, b) => size(b) - size(a));
}
