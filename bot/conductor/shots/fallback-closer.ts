import type { Cloud } from '../../../infra/aws/cloud.ts';
import type { Journal } from '../../../infra/aws/journal.ts';
import { CloseMemo, closeShot, manifestReader } from '../../../settle/close.ts';
import { setReader } from '../../../settle/frozen-sets.ts';
import type { CloseShot } from './shot-watch.ts';

/** The workers' own closer, run here when they don't: one try per call, remembering what is final already. */
export function fallbackCloser({
  cloud,
  journal,
  nowMs,
}: {
  cloud: Cloud;
  journal: Journal;
  nowMs: () => number;
}): CloseShot {
  const manifestOf = manifestReader(cloud.objects);
  const setOf = setReader(cloud.objects);
  const memos = new Map<string, CloseMemo>();
  return async (launch, shot) => {
    const name = `${launch.id}/${shot.id}`;
    const memo = memos.get(name) ?? new CloseMemo();
    memos.set(name, memo);
    const result = await closeShot(
      { claims: cloud.claims, live: cloud.live, journal, manifestOf, setOf },
      { launchId: launch.id, shotId: shot.id, nowMs: nowMs(), memo },
    );
    if (result.state === 'closed') memos.delete(name);
    return result;
  };
}
