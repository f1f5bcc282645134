import type { AwsError } from './aws-error.ts';
import type { Kind, TableUnits, Throughput } from './throughput.ts';

/**
 * Every call to the data of a table is charged before it is done, and refused if its key or its table has nothing left, as
 * by DynamoDB: reads in steps of 4 KB (half of it when eventually consistent), writes in steps of 1 KB by the larger of old
 * and new, one unit at least, and a write whose condition fails is charged too. A query is charged as a whole, a batch item
 * by item: what can't be done of a batch comes back, and only a batch of which nothing can be done is refused.
 */

type Value = Record<string, unknown>;
type Item = Record<string, Value>;
type Answer = Record<string, unknown>;
interface Call {
  TableName: string;
  Key?: Item;
  Item?: Item;
  ConsistentRead?: boolean;
  KeyConditions?: Record<string, { AttributeValueList: Value[] }>;
  IndexName?: string;
}
interface Gets {
  Keys: Item[];
  ConsistentRead?: boolean;
  [other: string]: unknown;
}
type Write = { PutRequest: { Item: Item } } | { DeleteRequest: { Key: Item } };
interface Consumed {
  CapacityUnits?: number;
  TableName: string;
}

export interface TableFacts extends TableUnits {
  hashKey: string;
  rangeKey: string | null;
  hashKeyOf: (index: string) => string;
}

export interface MeterOptions {
  throughput: Throughput;
  /** Rejects for a table that is not there, as the call would. */
  tableOf: (name: string) => Promise<TableFacts>;
  /** Bytes as DynamoDB counts them. */
  itemSize: (item: Item) => number;
  /** Does the call, and answers with what was consumed of the kind TOTAL. */
  act: (operation: string, data: Answer) => Promise<Answer>;
}

const KIND: Record<string, Kind> = {
  GetItem: 'read',
  Query: 'read',
  Scan: 'read',
  PutItem: 'write',
  UpdateItem: 'write',
  DeleteItem: 'write',
};

/** Whether an operation is charged at all. */
export const isCharged = (operation: string) => operation in KIND || operation.startsWith('Batch');

/** `data`: the request as dynalite has checked and parsed it. Throws the refusal. */
export function metered(options: MeterOptions): (operation: string, data: Answer) => Promise<Answer> {
  const { throughput, tableOf, itemSize, act } = options;
  const writeUnits = (item: Item) => Math.max(1, Math.ceil(itemSize(item) / 1_024));
  const readUnits = (consistent: boolean | undefined) => (consistent === true ? 1 : 0.5);

  async function one(operation: string, data: Call): Promise<Answer> {
    const kind = KIND[operation] ?? 'read';
    const table = await tableOf(data.TableName);
    const key = keyOf(table, data);
    const least =
      kind === 'read' ? readUnits(data.ConsistentRead) : data.Item === undefined ? 1 : writeUnits(data.Item);
    const refused = throughput.take(table, key, kind, least);
    if (refused !== null) throw refused;
    try {
      const answer = await act(operation, { ...data });
      throughput.settle(
        table,
        key,
        kind,
        ((answer['ConsumedCapacity'] as Consumed | undefined)?.CapacityUnits ?? 0) - least,
      );
      return answer;
    } catch (error) {
      if (kind === 'write' && isConditionFailure(error))
        throughput.settle(table, key, kind, (await standing(table, data)) - least);
      throw error;
    }
  }

  /** What the item costs that stood in the way. */
  async function standing(table: TableFacts, { TableName, Key, Item }: Call): Promise<number> {
    const key =
      Key ??
      Object.fromEntries(
        Object.entries(Item ?? {}).filter(([name]) => name === table.hashKey || name === table.rangeKey),
      );
    const found = (await act('GetItem', { TableName, Key: key, ConsistentRead: true }))['Item'] as Item | undefined;
    return found === undefined ? 1 : writeUnits(found);
  }

  /** Splits every table's part into what may go and what comes back. */
  async function split<T>(
    asked: Record<string, T[]>,
    kind: Kind,
    unitsOf: (table: string, part: T) => number,
    keyOfPart: (part: T) => Item,
  ): Promise<{ may: Map<string, T[]>; back: Map<string, T[]>; facts: Map<string, TableFacts> }> {
    const may = new Map<string, T[]>();
    const back = new Map<string, T[]>();
    const facts = new Map<string, TableFacts>();
    let refused: AwsError | null = null;
    for (const [name, parts] of Object.entries(asked)) {
      const table = await tableOf(name);
      facts.set(name, table);
      for (const part of parts) {
        const why = throughput.take(table, valueOf(keyOfPart(part)[table.hashKey]), kind, unitsOf(name, part));
        refused ??= why;
        const side = why === null ? may : back;
        side.set(name, [...(side.get(name) ?? []), part]);
      }
    }
    if (may.size === 0 && refused !== null) throw refused;
    return { may, back, facts };
  }

  async function batchGet(data: Answer): Promise<Answer> {
    const requests = data['RequestItems'] as Record<string, Gets>;
    const { may, back, facts } = await split(
      mapped(requests, ({ Keys }) => Keys),
      'read',
      (name) => readUnits(requests[name]?.ConsistentRead),
      (key) => key,
    );
    const answer = await act('BatchGetItem', {
      ...data,
      RequestItems: Object.fromEntries([...may].map(([name, Keys]) => [name, { ...requests[name], Keys }])),
    });
    for (const { TableName: name, CapacityUnits: units = 0 } of (answer['ConsumedCapacity'] ?? []) as Consumed[]) {
      const keys = may.get(name) ?? [];
      const table = facts.get(name);
      if (table === undefined) continue;
      // dynalite says it of the table's keys together.
      for (const key of keys)
        throughput.settle(
          table,
          valueOf(key[table.hashKey]),
          'read',
          units / keys.length - readUnits(requests[name]?.ConsistentRead),
        );
    }
    const unprocessed = answer['UnprocessedKeys'] as Record<string, Gets>;
    for (const [name, keys] of back) {
      const { _projection: _parsed, ...request } = requests[name] ?? { Keys: [] };
      unprocessed[name] = { ...request, Keys: [...(unprocessed[name]?.Keys ?? []), ...keys] };
    }
    return answer;
  }

  async function batchWrite(data: Answer): Promise<Answer> {
    const requests = data['RequestItems'] as Record<string, Write[]>;
    const { may, back } = await split(
      requests,
      'write',
      (_, write) => ('PutRequest' in write ? writeUnits(write.PutRequest.Item) : 1),
      (write) => ('PutRequest' in write ? write.PutRequest.Item : write.DeleteRequest.Key),
    );
    const answer = await act('BatchWriteItem', { ...data, RequestItems: Object.fromEntries(may) });
    Object.assign(answer['UnprocessedItems'] as object, Object.fromEntries(back));
    return answer;
  }

  return async (operation, data) => {
    if (operation === 'BatchGetItem') return batchGet(data);
    if (operation === 'BatchWriteItem') return batchWrite(data);
    return one(operation, data as unknown as Call);
  };
}

/** Null: a scan, which goes over all keys. */
function keyOf(table: TableFacts, { Key, Item, KeyConditions, IndexName }: Call): string | null {
  if (KeyConditions !== undefined) {
    const name = IndexName === undefined ? table.hashKey : table.hashKeyOf(IndexName);
    return `${IndexName === undefined ? '' : `${IndexName}/`}${valueOf(KeyConditions[name]?.AttributeValueList[0])}`;
  }
  const item = Key ?? Item;
  return item === undefined ? null : valueOf(item[table.hashKey]);
}

/** Keys are text, numbers or bytes in base64. */
const valueOf = (value: Value | undefined): string =>
  Object.values(value ?? {}).find((one) => typeof one === 'string') ?? '';

function mapped<T, U>(from: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value)]));
}

function isConditionFailure(error: unknown): boolean {
  return (error as { body?: { __type?: string } }).body?.__type?.endsWith('#ConditionalCheckFailedException') === true;
}
