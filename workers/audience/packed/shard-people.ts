import { AudienceError } from '../../../contract/audience-error.ts';
import { beside } from '../../../contract/manifest.ts';
import type { Manifest } from '../../../contract/manifest.ts';
import type { Objects } from '../../../infra/aws/objects.ts';

/** Whose the devices of a shard are, in its order. Rejects with SHARD_MISSING, SHARD_CORRUPT. */
export async function shardPeople(
  objects: Objects,
  manifestKey: string,
  part: Pick<Manifest['shards'][number], 'id' | 'devices'>,
): Promise<string[]> {
  const key = beside(manifestKey, `${part.id}.users`);
  const stored = await objects.get(key);
  if (stored === null)
    throw new AudienceError(
      'SHARD_MISSING',
      `${key}: found no such object, expected the people of ${part.devices} devices`,
    );
  const users = Buffer.from(stored).toString().split('\n').slice(0, -1);
  if (users.length !== part.devices)
    throw new AudienceError('SHARD_CORRUPT', `${key}: found ${users.length} people, expected ${part.devices}`);
  return users;
}
