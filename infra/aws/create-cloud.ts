import {
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { pricesOf } from '../../runbooks/cost/prices.ts';
import { createAudienceTasks } from './audience-task.ts';
import { createAutomations } from './automations.ts';
import { createClaimStore } from './claim-store.ts';
import { createClients } from './clients.ts';
import type { Clients } from './clients.ts';
import type { CloudConfig } from './cloud-config.ts';
import { errorName } from './cloud-error.ts';
import type { Cloud } from './cloud.ts';
import { createFactStore } from './fact-store.ts';
import { createHomeStore } from './home-store.ts';
import { createLiveStore } from './live-store.ts';
import { createObjects } from './objects.ts';
import { createParameters } from './parameters.ts';
import { createQueues } from './queues.ts';
import { createRecordCopy } from './record-copy.ts';
import { createRecordStore } from './record-store.ts';
import { createScaling } from './scaling/scaling.ts';
import { createStaffDevices } from './staff-devices.ts';
import { createSwitchStore } from './switch-store.ts';
import { HOMES, homesTable, TABLE_IDS, TABLES, keysOf, tableNames } from './tables.ts';
import type { TableShape } from './tables.ts';
import { createWords } from './words.ts';

/** All adapters over one set of clients. Opens no connection by itself; `close` ends those that calls have opened. */
export function createCloud(config: CloudConfig, clients: Clients = createClients(config)): Cloud {
  const tables = tableNames(config.tablePrefix);
  const objects = createObjects({ s3: clients.s3, bucket: config.bucket });
  const words = createWords(objects);
  return {
    record: createRecordStore({ dynamo: clients.dynamo, table: tables.record, words }),
    claims: createClaimStore({ calls: clients.dynamoCalls, table: tables.claims }),
    switches: createSwitchStore({ reads: clients.switchReads, writes: clients.dynamo, table: tables.switches }),
    live: createLiveStore({ dynamo: clients.dynamo, table: tables.live, nowMs: clients.clock.nowMs }),
    facts: createFactStore({ dynamo: clients.dynamo, table: tables.live }),
    homes: createHomeStore({ dynamo: clients.homes, table: homesTable(config.tablePrefix) }),
    recordCopy(from, to) {
      const of = (region: string) => ({
        dynamo: region === config.region ? clients.dynamo : clients.otherRegion(region),
        table: tables.record,
      });
      return createRecordCopy(of(from), of(to));
    },
    queues: createQueues({ sqs: clients.sqs, calls: clients.sqsCalls }),
    objects,
    staff: createStaffDevices(objects),
    words,
    scaling: createScaling(clients),
    automations: createAutomations(clients.ssm),
    audienceTasks: config.audienceTask == null ? null : createAudienceTasks(clients.ecs, config.audienceTask),
    parameters: createParameters({ ssm: clients.ssm, deployment: config.tablePrefix }),
    region: config.region,
    prices: pricesOf(config.region, config.prices),
    workerInstance: config.workerInstance ?? null,
    clock: clients.clock,
    close: () => clients.destroy(),
  };
}

/**
 * Creates the four tables (on-demand) where they are missing and waits until they can be used. With a local endpoint also
 * the bucket, and what the stacks say of tables besides their keys; in production all of it comes from the stacks. Safe to call at every start and by several processes at once.
 */
export async function ensureTables(config: CloudConfig): Promise<void> {
  const clients = createClients(config);
  const tables = tableNames(config.tablePrefix);
  try {
    await Promise.all([
      ...TABLE_IDS.map(async (table) => {
        await ensureTable(clients.dynamo, tables[table], TABLES[table]);
        if (config.endpoint !== null) await ensureCare(clients.dynamo, tables[table], TABLES[table]);
      }),
      config.endpoint === null ? null : ensureBucket(clients, config.bucket),
    ]);
  } finally {
    clients.destroy();
  }
}

/** The local stand-in of the table that two regions share. On AWS the stacks make it. */
export async function ensureHomes(config: CloudConfig): Promise<void> {
  const clients = createClients(config);
  try {
    await ensureTable(clients.homes, homesTable(config.tablePrefix), HOMES);
  } finally {
    clients.destroy();
  }
}

async function ensureTable(dynamo: DynamoDBClient, table: string, shape: TableShape): Promise<void> {
  const input: CreateTableCommandInput = { TableName: table, BillingMode: 'PAY_PER_REQUEST', ...keysOf(shape) };
  try {
    const { TableDescription: created } = await dynamo.send(new CreateTableCommand(input));
    if (created?.TableStatus === 'ACTIVE') return;
  } catch (error) {
    if (errorName(error) !== 'ResourceInUseException') throw error;
  }
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 60, minDelay: 0.05, maxDelay: 2 }, { TableName: table });
}

/** As the data stack makes them: with a way back, and with what may go by itself. */
async function ensureCare(dynamo: DynamoDBClient, TableName: string, { ttl }: TableShape): Promise<void> {
  await dynamo.send(
    new UpdateContinuousBackupsCommand({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  );
  if (ttl === null) return;
  const { TimeToLiveDescription: found } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
  // What is on already is refused.
  if (found?.TimeToLiveStatus !== 'DISABLED') return;
  await dynamo.send(
    new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: ttl, Enabled: true } }),
  );
}

async function ensureBucket(clients: Clients, bucket: string): Promise<void> {
  try {
    await clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (errorName(error) !== 'BucketAlreadyOwnedByYou') throw error;
  }
}
