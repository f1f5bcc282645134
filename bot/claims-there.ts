import pLimit from 'p-limit';
import type { Cloud } from '../infra/aws/cloud.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { manifestReader } from '../workers/close/close.ts';
import { claimKey } from '../workers/contract.ts';
import { count } from './views/words.ts';

/**
 * What is wrong with the claims of earlier attempts, in words; null: nothing. A further attempt goes by what they say of each
 * device: if they are gone it would go to nobody, or to who has got it. A closed attempt has one for every batch that it was for.
 */
export async function claimsProblem({ claims, objects }: Pick<Cloud, 'claims' | 'objects'>, launch: Launch, segments: readonly string[]): Promise<string | null> {
  const manifestOf = manifestReader(objects);
  const limit = pLimit(4);
  const problems = await Promise.all(segments.flatMap((segment) => (launch.attempts[segment] ?? []).filter(({ closed }) => closed).map((tried) => limit(async () => {
    const shot = launch.shots[tried.shotId];
    // Without its manifest no worker can send any of it either.
    const manifest = shot === undefined ? null : await manifestOf(shot.audience).catch(() => null);
    const batches = manifest?.segments.find(({ id }) => id === segment)?.batches;
    if (batches === undefined || tried.totals === null || tried.totals.devices === 0) return null;
    const found = await claims.read(batches.map(({ id }) => claimKey(launch.id, segment, tried.attempt, id)), true);
    // A later attempt is for some of the batches; those with a claim hold at least its devices.
    const there = batches.filter(({ id }) => found.has(claimKey(launch.id, segment, tried.attempt, id)));
    const isWhole = tried.attempt === 1 ? there.length === batches.length : there.reduce((sum, batch) => sum + batch.count, 0) >= tried.totals.devices;
    return isWhole ? null : `${segment}, attempt ${tried.attempt}: ${count(there.length)} of ${tried.attempt === 1 ? '' : 'up to '}${count(batches.length)} accounts are there`;
  }))));
  const found = problems.filter((problem) => problem !== null);
  if (found.length === 0) return null;
  return `The claims table has lost what earlier attempts say of each device (${found.slice(0, 3).join('; ')}${found.length > 3 ? `; and ${found.length - 3} more` : ''}), so nobody can tell who has got it, and nothing is sent again. Restore the table to a time before the loss (DynamoDB point-in-time recovery), then ask again; or go on in a new launch whose audience leaves out who was sent to.`;
}
