/**
 * The four tables: what each is called, its keys, and what of it may go by itself. Stacks, the local cloud and the start of
 * a process make tables from this; what an item holds stands at the top of its adapter.
 */
export interface TableShape {
  partition: Key;
  sort: Key | null;
  /** The attribute that says, in seconds since 1970, from when DynamoDB may delete an item. Null: nothing of it ever goes by itself. */
  ttl: string | null;
}

interface Key {
  name: string;
  type: 'S' | 'N';
}

const key = (name: string, type: 'S' | 'N' = 'S'): Key => ({ name, type });

export const TABLES = {
  /** The launch itself. */
  record: { partition: key('launchId'), sort: key('seq', 'N'), ttl: null },
  /** An attempt that lost one would send its batch again: they go with the table. */
  claims: { partition: key('k'), sort: null, ttl: null },
  /** Workers pause without it. */
  switches: { partition: key('launchId'), sort: null, ttl: null },
  /** Nothing here decides whether a push goes out. Reports go: one stays behind for every worker that ever ran. */
  live: { partition: key('pk'), sort: key('sk'), ttl: 'expiresAt' },
} as const satisfies Record<string, TableShape>;

/**
 * One more, where a launch may be sent from a second region: which region has it (home-store.ts). It is one table for both, with
 * strong consistency across regions (docs/facts.md#dynamodb-mrsc), so it has no TTL and is in no transaction.
 */
export const HOMES: TableShape = { partition: key('launchId'), sort: null, ttl: null };
export const homesTable = (prefix: string): string => `${prefix}-homes`;

export type Table = keyof typeof TABLES;

export const TABLE_IDS = Object.keys(TABLES) as Table[];

export const tableNames = (prefix: string): Record<Table, string> => ({
  record: `${prefix}-record`,
  claims: `${prefix}-claims`,
  switches: `${prefix}-switches`,
  live: `${prefix}-live`,
});

/** The keys as DynamoDB is asked for them. */
export function keysOf({ partition, sort }: TableShape) {
  const keys = sort === null ? [partition] : [partition, sort];
  return {
    AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    KeySchema: keys.map(({ name }, at) => ({
      AttributeName: name,
      KeyType: at === 0 ? ('HASH' as const) : ('RANGE' as const),
    })),
  };
}
