import { setTimeout as sleep } from 'node:timers/promises';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

type Item = Record<string, AttributeValue>;

/** BatchGetItem takes no more keys (docs/facts.md#dynamodb-batch-get). */
export const KEYS_PER_READ = 100;

interface Answer {
  Responses?: Record<string, Item[]> | undefined;
  UnprocessedKeys?: Record<string, { Keys?: Item[] | undefined }> | undefined;
}

/**
 * What `read` gives of up to 100 keys of a table; keys that an answer leaves unread are asked for again, further and further apart. `unread`: so
 * many are left after all `tries`.
 */
export async function readKeys(
  table: string,
  keys: Item[],
  tries: number,
  read: (keys: Item[]) => Promise<Answer>,
): Promise<{ items: Item[]; unread: number }> {
  const items: Item[] = [];
  let rest = keys;
  for (let nth = 1; rest.length > 0 && nth <= tries; nth += 1) {
    if (nth > 1) await sleep(Math.min(1_000, 25 * 2 ** (nth - 1)));
    const answer = await read(rest);
    items.push(...(answer.Responses?.[table] ?? []));
    rest = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return { items, unread: rest.length };
}
