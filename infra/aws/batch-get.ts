import { setTimeout as sleep } from 'node:timers/promises';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { CloudError } from './cloud-error.ts';

type Item = Record<string, AttributeValue>;

/** BatchGetItem takes no more keys (docs/facts.md#dynamodb-batch-get). */
export const KEYS_PER_READ = 100;

interface Answer {
  Responses?: Record<string, Item[]> | undefined;
  UnprocessedKeys?: Record<string, { Keys?: Item[] | undefined }> | undefined;
}

/**
 * What `read` gives of up to 100 keys of a table; keys that an answer leaves unread are asked for again, further and further apart. Rejects with
 * what `unread` makes of their number when some are left after all `tries`.
 */
export async function readKeys(
  { table, tries, unread }: { table: string; tries: number; unread: (count: number) => CloudError },
  keys: Item[],
  read: (keys: Item[]) => Promise<Answer>,
): Promise<Item[]> {
  const items: Item[] = [];
  let rest = keys;
  for (let nth = 1; rest.length > 0; nth += 1) {
    const answer = await read(rest);
    items.push(...(answer.Responses?.[table] ?? []));
    rest = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    if (rest.length > 0 && nth === tries) throw unread(rest.length);
    if (rest.length > 0) await sleep(Math.min(1_000, 25 * 2 ** nth));
  }
  return items;
}
