import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Account } from './account.ts';
import { AwsError, notImplemented, refuseOtherFields } from './aws-error.ts';
import type { Lag } from './lag.ts';
import { lateReads } from './late-reads.ts';
import type { LateReadsOptions } from './late-reads.ts';
import { isCharged, metered } from './metered.ts';
import type { TableFacts } from './metered.ts';
import { mayAdd, withSumsRefused } from './sums.ts';
import { tableSettings } from './table-settings.ts';
import type { TableSettings } from './table-settings.ts';
import type { Throughput } from './throughput.ts';

/**
 * DynamoDB: dynalite's actions called in process, without its HTTP server, which throws from an event handler when a client
 * goes away (and a switch read is aborted after 550 ms by design). Warm throughput, which dynalite lacks, is held in `held`.
 * One piece over 300 lines: what AWS refuses and dynalite lets pass is asked between dynalite's own checks and its action.
 */
export interface Dynamo {
  call(operation: string, input: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

type Callback = (error: unknown, data?: unknown) => void;
interface Store {
  lifecycleManager: { gracefulClose(): Promise<void> };
}
interface Validations {
  checkTypes(data: unknown, types: unknown): unknown;
  checkValidations(data: unknown, types: unknown, custom: unknown, store: Store): void;
}

const OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
  'UpdateTable',
];
const UPDATE_TABLE_MS = 200;
/** How long a table's key and units are taken for known: units that were asked for come a while after the call. */
const FACTS_MS = 1_000;
/** On-demand tables start with this much (docs/facts.md#dynamodb-on-demand). */
const DEFAULT_WARM = { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000 };
/** By table, and `table/index` for an index. */
export type WarmThroughput = Record<string, typeof DEFAULT_WARM>;

/**
 * Decreases of provisioned throughput: four, and one more for every hour without one
 * (docs/facts.md#dynamodb-decreases).
 */
const DECREASES = 4;
const DECREASE_AGAIN_MS = 3_600_000;

type Units = { ReadCapacityUnits: number; WriteCapacityUnits: number };
interface KeySchema {
  AttributeName: string;
  KeyType: 'HASH' | 'RANGE';
}
interface Table {
  KeySchema: KeySchema[];
  TableStatus?: string;
  BillingModeSummary?: { BillingMode?: string };
  ProvisionedThroughput: Units;
  GlobalSecondaryIndexes?: {
    IndexName: string;
    IndexStatus: string;
    KeySchema: KeySchema[];
    ProvisionedThroughput: Units;
  }[];
}
interface IndexUpdate {
  Update?: { IndexName: string; ProvisionedThroughput?: Units; WarmThroughput?: Partial<typeof DEFAULT_WARM> };
}

export interface DynamoOptions {
  path: string | null;
  warm: WarmThroughput;
  saveWarm(): void;
  /** Absent: in memory. */
  settings?: { state: TableSettings; save(): void };
  updateTableMs?: number;
  /** Charges and refuses; null: everything goes through. */
  throughput: Throughput | null;
  /** What it says of global tables. Absent: none is one. */
  account?: Pick<Account, 'globalTables'>;
  /** What reads see that may be behind. Absent: none is. */
  lag?: Lag;
}

export function startDynamo(options: DynamoOptions): Dynamo {
  const require = createRequire(import.meta.url);
  const validations = require('dynalite/validations') as Validations;
  const { create, itemSize, mapPaths, matches, validationError } = dynaliteDb(require);
  if (options.path !== null) mkdirSync(dirname(options.path), { recursive: true });
  const store = create({
    path: options.path ?? undefined,
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: options.updateTableMs ?? UPDATE_TABLE_MS,
  });
  const operations = dynaliteOperations(require);

  // dynalite throws out of a timer when its database is closed under an action.
  const underWay = new Set<Promise<undefined>>();
  const warming = new Map<string, NodeJS.Timeout>();
  const decreases = new Map<string, number[]>();
  let closing = false;

  function act(operation: string, asked: Record<string, unknown>): Promise<Record<string, unknown>> {
    // dynalite knows the word for other reads alone; each of its reads is consistent.
    const { ConsistentRead: _, ...scan } = asked;
    const input = operation === 'Scan' ? scan : asked;
    const found = operations.get(operation);
    if (found === undefined) throw notImplemented('dynamodb', operation);
    // dynalite drops what it doesn't know and would answer as if it had been done.
    refuseOtherFields('dynamodb', operation, input, Object.keys(found.rules.types));
    const data = validations.checkTypes(input, found.rules.types) as Record<string, unknown>;
    validations.checkValidations(data, found.rules.types, found.rules.custom, store);
    return isCharged(operation) && meter !== null ? charged(meter, operation, data) : perform(operation, data);
  }

  async function charged(
    meter: ReturnType<typeof metered>,
    operation: string,
    data: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const { ConsumedCapacity: consumed, ...answer } = await meter(operation, data);
    return ['TOTAL', 'INDEXES'].includes(String(data['ReturnConsumedCapacity']))
      ? { ...answer, ConsumedCapacity: consumed }
      : answer;
  }

  function performNow(operation: string, data: Record<string, unknown>): Promise<Record<string, unknown>> {
    const found = operations.get(operation);
    if (found === undefined) throw notImplemented('dynamodb', operation);
    if (closing) throw new AwsError('InternalServerError', 'the local cloud is stopping', 500);
    const answered = new Promise<Record<string, unknown>>((resolve, reject) => {
      const where =
        operation === 'UpdateItem' && mayAdd(data) ? withSumsRefused(store, (say) => validationError(say)) : store;
      found.act(where, data, (error, answer) => {
        if (error === null || error === undefined) resolve(answer as Record<string, unknown>);
        else reject(error);
      });
    });
    const ended = answered
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => underWay.delete(ended));
    underWay.add(ended);
    return answered;
  }

  const perform =
    options.lag === undefined
      ? performNow
      : lateReads({ lag: options.lag, perform: performNow, mapPaths, matches, keysOf: keysOnce(describe) });

  async function describe(name: string): Promise<Table> {
    return (await act('DescribeTable', { TableName: name }))['Table'] as Table;
  }

  const kept = options.settings ?? { state: {}, save: () => undefined };
  const settings = tableSettings(kept.state, () => kept.save(), describe);

  const facts = new Map<string, { found: Promise<TableFacts>; atMs: number }>();
  const meter =
    options.throughput === null
      ? null
      : metered({
          throughput: options.throughput,
          itemSize,
          act: (operation, data) =>
            perform(operation, {
              ...data,
              ReturnConsumedCapacity: data['ReturnConsumedCapacity'] === 'INDEXES' ? 'INDEXES' : 'TOTAL',
            }),
          tableOf(name) {
            const known = facts.get(name);
            if (known !== undefined && performance.now() - known.atMs < FACTS_MS) return known.found;
            const found = describe(name).then((table) => factsOf(name, table));
            facts.set(name, { found, atMs: performance.now() });
            found.catch(() => facts.delete(name));
            return found;
          },
        });

  function factsOf(name: string, table: Table): TableFacts {
    const warm = options.warm[name] ?? DEFAULT_WARM;
    const { ReadCapacityUnits: read, WriteCapacityUnits: write } = table.ProvisionedThroughput;
    const isProvisioned = table.BillingModeSummary?.BillingMode !== 'PAY_PER_REQUEST';
    const keyOf = (schema: KeySchema[], type: KeySchema['KeyType']) =>
      schema.find(({ KeyType }) => KeyType === type)?.AttributeName ?? null;
    return {
      name,
      isProvisioned,
      perSecond: isProvisioned ? { read, write } : { read: warm.ReadUnitsPerSecond, write: warm.WriteUnitsPerSecond },
      hashKey: keyOf(table.KeySchema, 'HASH') ?? '',
      rangeKey: keyOf(table.KeySchema, 'RANGE'),
      hashKeyOf: (index) =>
        keyOf(table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === index)?.KeySchema ?? [], 'HASH') ??
        '',
    };
  }

  async function updateWarm(input: Record<string, unknown>): Promise<unknown> {
    const name = String(input['TableName']);
    const table = await describe(name);
    if (warming.has(name)) throw inUse(name);
    const parts = indexUpdates(input).map(({ Update: update }) => ({
      key: `${name}/${update?.IndexName}`,
      warm: update?.WarmThroughput,
    }));
    if (input['WarmThroughput'] !== undefined)
      parts.push({ key: name, warm: input['WarmThroughput'] as Partial<typeof DEFAULT_WARM> });
    const known = [name, ...(table.GlobalSecondaryIndexes ?? []).map(({ IndexName: index }) => `${name}/${index}`)];
    const next = parts.map(({ key, warm }) => {
      if (!known.includes(key))
        throw new AwsError('ResourceNotFoundException', `Requested resource not found: Index: ${key}`);
      const now = options.warm[key] ?? DEFAULT_WARM;
      const then = { ...now, ...warm };
      if (then.WriteUnitsPerSecond < now.WriteUnitsPerSecond || then.ReadUnitsPerSecond < now.ReadUnitsPerSecond) {
        throw new AwsError(
          'ValidationException',
          `One or more parameter values were invalid: Requested WarmThroughput is lower than the present one, and it can not be decreased`,
        );
      }
      return [key, then] as const;
    });
    const timer = setTimeout(() => {
      warming.delete(name);
      Object.assign(options.warm, Object.fromEntries(next));
      facts.delete(name);
      options.saveWarm();
    }, options.updateTableMs ?? UPDATE_TABLE_MS);
    warming.set(name, timer);
    return { TableDescription: withWarm(name, table) };
  }

  function withWarm(name: string, table: Table): Table & { WarmThroughput: object } {
    const shown = (key: string) => ({
      ...(options.warm[key] ?? DEFAULT_WARM),
      Status: warming.has(name) ? 'UPDATING' : 'ACTIVE',
    });
    const indexes = table.GlobalSecondaryIndexes?.map((index) => ({
      ...index,
      WarmThroughput: shown(`${name}/${index.IndexName}`),
    }));
    return {
      ...table,
      WarmThroughput: shown(name),
      ...(indexes === undefined ? {} : { GlobalSecondaryIndexes: indexes }),
    };
  }

  /** What dynalite lets pass and AWS does not: a table or index that is under way, an index without units of its own, and decreases beyond the ration. */
  async function checkUpdate(input: Record<string, unknown>): Promise<void> {
    const name = String(input['TableName']);
    const table = await describe(name);
    const indexes = table.GlobalSecondaryIndexes ?? [];
    if (
      warming.has(name) ||
      [table.TableStatus, ...indexes.map(({ IndexStatus: status }) => status)].includes('UPDATING')
    )
      throw inUse(name);
    const updates = indexUpdates(input).flatMap(({ Update: update }) =>
      update?.ProvisionedThroughput === undefined
        ? []
        : [{ index: update.IndexName, next: update.ProvisionedThroughput }],
    );
    if (updates.length > 0 && table.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST') {
      throw new AwsError(
        'ValidationException',
        'One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index when BillingMode is PAY_PER_REQUEST',
      );
    }
    const changes = updates.map(({ index, next }) => ({
      now: indexes.find((one) => one.IndexName === index)?.ProvisionedThroughput,
      next,
    }));
    if (input['ProvisionedThroughput'] !== undefined)
      changes.push({ now: table.ProvisionedThroughput, next: input['ProvisionedThroughput'] as Units });
    const isDecrease = changes.some(
      ({ now, next }) =>
        now !== undefined &&
        (next.WriteCapacityUnits < now.WriteCapacityUnits || next.ReadCapacityUnits < now.ReadCapacityUnits),
    );
    if (!isDecrease) return;
    const made = decreases.get(name) ?? [];
    if (made.length >= DECREASES && Date.now() - (made.at(-1) ?? 0) < DECREASE_AGAIN_MS) {
      throw new AwsError(
        'LimitExceededException',
        `Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number of decreases today: ${made.length}.`,
      );
    }
    decreases.set(name, [...made, Date.now()]);
  }

  return {
    async call(operation, input) {
      try {
        if (settings.has(operation)) return await settings.call(operation, input);
        if (operation === 'UpdateTable') {
          if (
            input['WarmThroughput'] !== undefined ||
            indexUpdates(input).some(({ Update: update }) => update?.WarmThroughput !== undefined)
          ) {
            if (
              Object.keys(input).some(
                (name) => !['TableName', 'WarmThroughput', 'GlobalSecondaryIndexUpdates'].includes(name),
              )
            )
              throw notImplemented('dynamodb', 'UpdateTable with WarmThroughput and something else');
            return await updateWarm(input);
          }
          await checkUpdate(input);
        }
        const answer = await act(operation, input);
        if (operation.endsWith('Table')) facts.delete(String(input['TableName']));
        if (operation === 'DeleteTable') settings.forget(String(input['TableName']));
        if (operation !== 'DescribeTable') return answer;
        const name = String(input['TableName']);
        return { Table: { ...withWarm(name, answer['Table'] as Table), ...globalTable(options.account, name) } };
      } catch (error) {
        throw asAwsError(error);
      }
    },
    async close() {
      closing = true;
      for (const timer of warming.values()) clearTimeout(timer);
      await Promise.all(underWay);
      await store.lifecycleManager.gracefulClose();
    },
  };
}

function dynaliteDb(require: NodeJS.Require) {
  const { matchesExprFilter, ...db } = require('dynalite/db') as {
    create: (options: unknown) => Store;
    itemSize: (item: Record<string, unknown>) => number;
    mapPaths: LateReadsOptions['mapPaths'];
    validationError: (say: string) => unknown;
    matchesExprFilter: (item: unknown, expression: unknown) => boolean;
  };
  const matches: LateReadsOptions['matches'] = (item, filter) =>
    matchesExprFilter(item, (filter as { expression: unknown }).expression);
  return { ...db, matches };
}

function dynaliteOperations(require: NodeJS.Require) {
  return new Map(
    OPERATIONS.map((name) => {
      const file = name[0]?.toLowerCase() + name.slice(1);
      return [
        name,
        {
          act: require(`dynalite/actions/${file}`) as (store: Store, data: unknown, callback: Callback) => void,
          rules: require(`dynalite/validations/${file}`) as { types: object; custom: unknown },
        },
      ];
    }),
  );
}

/** A table's key never changes, and one that is made anew under its name has another only where somebody plays with it. */
function keysOnce(describe: (table: string) => Promise<Table>): (table: string) => Promise<string[]> {
  const known = new Map<string, string[]>();
  return async (table) => {
    const keys = known.get(table) ?? (await describe(table)).KeySchema.map((key) => key.AttributeName);
    known.set(table, keys);
    return keys;
  };
}

/** docs/facts.md#dynamodb-mrsc */
function globalTable(account: Pick<Account, 'globalTables'> | undefined, name: string): object {
  const found = account?.globalTables[name];
  if (found === undefined) return {};
  const { strong, replicas, witness } = found;
  return {
    GlobalTableVersion: '2019.11.21',
    MultiRegionConsistency: strong ? 'STRONG' : 'EVENTUAL',
    Replicas: replicas.map((region) => ({ RegionName: region, ReplicaStatus: 'ACTIVE' })),
    ...(witness === null ? {} : { GlobalTableWitnesses: [{ RegionName: witness, WitnessStatus: 'ACTIVE' }] }),
  };
}

const indexUpdates = (input: Record<string, unknown>): IndexUpdate[] =>
  (input['GlobalSecondaryIndexUpdates'] ?? []) as IndexUpdate[];
const inUse = (name: string) =>
  new AwsError(
    'ResourceInUseException',
    `Attempt to change a resource which is still in use: Table is being updated: ${name}`,
  );

/** dynalite throws and calls back with `{ statusCode, body: { __type, message } }`. */
function asAwsError(error: unknown): Error {
  const shaped = error as { statusCode?: number; body?: { __type?: string; message?: string; Message?: string } };
  if (shaped.statusCode === undefined || shaped.body === undefined) return error as Error;
  return new AwsError(
    shaped.body.__type ?? 'InternalServerError',
    shaped.body.message ?? shaped.body.Message ?? '',
    shaped.statusCode,
  );
}
