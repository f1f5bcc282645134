import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { keysOf, TABLES, tableNames } from '../../infra/aws/tables.ts';
import { AwsError } from '../../infra/local/cloud/aws-error.ts';
import { startDynamo } from '../../infra/local/cloud/dynamo.ts';
import { Throughput } from '../../infra/local/cloud/throughput.ts';
import type { Charge, Kind } from '../../infra/local/cloud/throughput.ts';

/**
 * The local DynamoDB, called without sockets and SDK, in a time that is given: five hundred workers need 4,000 calls for each
 * second of theirs. It charges and refuses as ever; a call that is refused is not tried again, so that nothing is hidden.
 */
export interface SimulatedStore {
  client: DynamoDBClient;
  tables: ReturnType<typeof tableNames>;
  /** Resolves when no call is under way. */
  settled(): Promise<void>;
  /** What was charged since the last time this was asked, by table and key. */
  charges(): Usage[];
  close(): Promise<void>;
}

export interface Usage extends Record<Kind, number> {
  table: string;
  key: string;
  refused: number;
  /** The most of a key's second. */ peak: Record<Kind, number>;
}

export async function simulatedStore(nowMs: () => number): Promise<SimulatedStore> {
  let used = new Map<string, Usage & { second: Map<string, number> }>();
  function note({ table, key, kind, units, refused }: Charge): void {
    const name = `${table} ${key ?? '(scan)'}`;
    const usage = used.get(name) ?? {
      table,
      key: key ?? '(scan)',
      read: 0,
      write: 0,
      refused: 0,
      peak: { read: 0, write: 0 },
      second: new Map<string, number>(),
    };
    used.set(name, usage);
    usage[kind] += units;
    if (refused) usage.refused += 1;
    const second = `${kind} ${Math.floor(nowMs() / 1_000)}`;
    const sum = (usage.second.get(second) ?? 0) + units;
    usage.second.set(second, sum);
    usage.peak[kind] = Math.max(usage.peak[kind], sum);
  }
  const dynamo = startDynamo({
    path: null,
    warm: {},
    saveWarm: () => undefined,
    throughput: new Throughput({ nowMs, onCharge: note }),
  });
  const tables = tableNames('pool');
  const isActive = async (TableName: string) =>
    ((await dynamo.call('DescribeTable', { TableName })) as { Table: { TableStatus: string } }).Table.TableStatus ===
    'ACTIVE';
  await Promise.all(
    (['record', 'switches', 'live'] as const).map((table) =>
      dynamo.call('CreateTable', {
        TableName: tables[table],
        BillingMode: 'PAY_PER_REQUEST',
        ...keysOf(TABLES[table]),
      }),
    ),
  );
  for (const table of [tables.record, tables.switches, tables.live]) while (!(await isActive(table))) await sleep(5);

  let underWay = 0;
  let idle: (() => void)[] = [];
  async function send(command: { input: object }): Promise<unknown> {
    underWay += 1;
    try {
      // As it would go over the wire: without what is not there.
      return await dynamo.call(
        command.constructor.name.replace(/Command$/, ''),
        JSON.parse(JSON.stringify(command.input)) as Record<string, unknown>,
      );
    } catch (error) {
      throw error instanceof AwsError
        ? Object.assign(new Error(error.message), { name: error.code.split('#').at(-1) })
        : error;
    } finally {
      underWay -= 1;
      if (underWay === 0) {
        const waiting = idle;
        idle = [];
        // What an answer leads to begins first.
        setImmediate(() => {
          for (const resolve of waiting) resolve();
        });
      }
    }
  }

  return {
    client: { send } as unknown as DynamoDBClient,
    tables,
    async settled() {
      do
        await new Promise<void>((resolve) => {
          if (underWay === 0) setImmediate(resolve);
          else idle.push(resolve);
        });
      while (underWay > 0);
    },
    charges() {
      const usage = [...used.values()].map(({ second: _second, ...one }) => one);
      used = new Map();
      return usage;
    },
    close: () => dynamo.close(),
  };
}

/** Keys that were asked for more than they had. In one second that may be twice what they get for a second: as much is saved. */
export const overdrawn = (usages: readonly Usage[]) => usages.filter(({ refused }) => refused > 0);
