import { createRequire } from 'node:module';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { AwsError, notImplemented, refuseOtherFields } from './aws-error.ts';

/**
 * DynamoDB: dynalite's actions called in process, without its HTTP server, which throws from an event handler when a client
 * goes away (and a switch read is aborted after 300 ms by design). Warm throughput, which dynalite lacks, is held in `held`.
 */
export interface Dynamo {
  call(operation: string, input: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

type Callback = (error: unknown, data?: unknown) => void;
interface Store { lifecycleManager: { gracefulClose(): Promise<void> } }
interface Validations {
  checkTypes(data: unknown, types: unknown): unknown;
  checkValidations(data: unknown, types: unknown, custom: unknown, store: Store): void;
}

const OPERATIONS = [
  'BatchGetItem', 'BatchWriteItem', 'CreateTable', 'DeleteItem', 'DeleteTable', 'DescribeTable', 'GetItem', 'ListTables', 'PutItem', 'Query', 'Scan',
  'UpdateItem', 'UpdateTable',
];
/** On-demand tables start with this much (FACTS 7). */
const DEFAULT_WARM = { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000 };
export type WarmThroughput = Record<string, typeof DEFAULT_WARM>;

export function startDynamo(options: { path: string | null; warm: WarmThroughput; saveWarm(): void; updateTableMs?: number }): Dynamo {
  const require = createRequire(import.meta.url);
  const validations = require('dynalite/validations') as Validations;
  const { create } = require('dynalite/db') as { create: (options: unknown) => Store };
  if (options.path !== null) mkdirSync(dirname(options.path), { recursive: true });
  const store = create({ path: options.path ?? undefined, createTableMs: 0, deleteTableMs: 0, updateTableMs: options.updateTableMs ?? 200 });
  const operations = new Map(OPERATIONS.map((name) => {
    const file = name[0]?.toLowerCase() + name.slice(1);
    return [name, {
      act: require(`dynalite/actions/${file}`) as (store: Store, data: unknown, callback: Callback) => void,
      rules: require(`dynalite/validations/${file}`) as { types: object; custom: unknown },
    }];
  }));

  // dynalite throws out of a timer when its database is closed under an action.
  const underWay = new Set<Promise<undefined>>();
  let closing = false;

  function act(operation: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
    const found = operations.get(operation);
    if (found === undefined) throw notImplemented('dynamodb', operation);
    if (closing) throw new AwsError('InternalServerError', 'the local cloud is stopping', 500);
    // dynalite drops what it doesn't know and would answer as if it had been done.
    refuseOtherFields('dynamodb', operation, input, Object.keys(found.rules.types));
    const data = validations.checkTypes(input, found.rules.types);
    validations.checkValidations(data, found.rules.types, found.rules.custom, store);
    const answered = new Promise<Record<string, unknown>>((resolve, reject) => {
      found.act(store, data, (error, answer) => {
        if (error === null || error === undefined) resolve(answer as Record<string, unknown>);
        else reject(error);
      });
    });
    const ended = answered.then(() => undefined, () => undefined).finally(() => underWay.delete(ended));
    underWay.add(ended);
    return answered;
  }

  async function updateWarm(input: Record<string, unknown>): Promise<unknown> {
    const name = String(input['TableName']);
    const { Table: table } = (await act('DescribeTable', { TableName: name })) as { Table: object };
    const now = options.warm[name] ?? DEFAULT_WARM;
    const next = { ...now, ...(input['WarmThroughput'] as Partial<typeof DEFAULT_WARM>) };
    if (next.WriteUnitsPerSecond < now.WriteUnitsPerSecond || next.ReadUnitsPerSecond < now.ReadUnitsPerSecond) {
      throw new AwsError('ValidationException', `One or more parameter values were invalid: Requested WarmThroughput is lower than the present one, and it can not be decreased`);
    }
    options.warm[name] = next;
    options.saveWarm();
    return { TableDescription: { ...table, WarmThroughput: { ...next, Status: 'ACTIVE' } } };
  }

  return {
    async call(operation, input) {
      try {
        if (operation === 'UpdateTable' && input['WarmThroughput'] !== undefined) {
          if (Object.keys(input).length > 2) throw notImplemented('dynamodb', 'UpdateTable with WarmThroughput and something else');
          return await updateWarm(input);
        }
        const answer = await act(operation, input);
        if (operation !== 'DescribeTable') return answer;
        return { Table: { ...(answer['Table'] as object), WarmThroughput: { ...(options.warm[String(input['TableName'])] ?? DEFAULT_WARM), Status: 'ACTIVE' } } };
      } catch (error) {
        throw asAwsError(error);
      }
    },
    async close() {
      closing = true;
      await Promise.all(underWay);
      await store.lifecycleManager.gracefulClose();
    },
  };
}

/** dynalite throws and calls back with `{ statusCode, body: { __type, message } }`. */
function asAwsError(error: unknown): Error {
  const shaped = error as { statusCode?: number; body?: { __type?: string; message?: string; Message?: string } };
  if (shaped.statusCode === undefined || shaped.body === undefined) return error as Error;
  return new AwsError(shaped.body.__type ?? 'InternalServerError', shaped.body.message ?? shaped.body.Message ?? '', shaped.statusCode);
}
