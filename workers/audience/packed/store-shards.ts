import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import { beside } from '../../../contract/manifest.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import type { PackedShard } from './shard-writer.ts';

/** What a manifest names, beside it, with the people of each shard. The manifest is stored after them: where there is one, everything that it names is there. */
export async function storeShards(
  objects: Objects,
  manifestKey: string,
  shards: readonly PackedShard[],
  progress?: (done: number) => void,
): Promise<void> {
  const limit = pLimit(3);
  let done = 0;
  await Promise.all(
    shards.map((shard) =>
      limit(async () => {
        await objects.put(beside(manifestKey, `${shard.id}.shard`), await readFile(shard.path));
        await objects.put(
          beside(manifestKey, `${shard.id}.users`),
          await readFile(shard.usersPath),
          'text/plain; charset=utf-8',
        );
        progress?.(++done);
      }),
    ),
  );
}
