import { attributesOf, poolQueues } from '../aws/queue-attributes.ts';
import { TABLES } from '../aws/tables.ts';
import type { Table, TableShape } from '../aws/tables.ts';
import type { QueueSpec } from './judge/queues.ts';
import type { Keys } from './judge/tables.ts';

/** What tables and queues must be, as those who make them have it. */

export const keysOf = (table: Table): Keys => shapeKeys(TABLES[table]);

export function shapeKeys({ partition, sort }: TableShape): Keys {
  return [partition, ...(sort === null ? [] : [sort])].map(({ name, type }) => [name, type] as const);
}

/** Dead letters last: the others are what matters first. */
export function queueSpecs(pool: string, arnOf: (name: string) => string): QueueSpec[] {
  const all = poolQueues(pool);
  return all
    .map((queue) => ({ queue, which: queue.name.replace(`${pool}-`, '').replace('.fifo', '') }))
    .toSorted((one, other) => Number(one.queue.deadLetters === null) - Number(other.queue.deadLetters === null))
    .map(({ queue, which }) => ({ which, name: queue.name, wanted: attributesOf(queue, all, arnOf) }));
}
