import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createClients, createTableReads } from '../../aws/clients.ts';
import type { Clients } from '../../aws/clients.ts';
import { localCloudForTests } from './for-tests.ts';
import { Throughput } from './throughput.ts';
import type { Charge } from './throughput.ts';

const LIVE = 'gobutton-live';
/** An item of so many bytes of body is 100 writes and 25 reads. */
const HUNDRED = 102_300;
let nowMs = 0;
let charges: Charge[] = [];
let local: Awaited<ReturnType<typeof localCloudForTests>>;
let clients: Clients;
/** Asks once, and for as long as it takes: what is looked at is what the table refuses. */
let patient: DynamoDBClient;
beforeAll(async () => {
  local = await localCloudForTests({
    throughput: new Throughput({ nowMs: () => nowMs, onCharge: (charge) => charges.push(charge) }),
  });
  clients = createClients(local.config);
  patient = createTableReads(local.config);
});
afterAll(async () => {
  clients.destroy();
  patient.destroy();
  await local.stop();
});
beforeEach(() => {
  // Every bucket is whole again.
  nowMs += 1_000_000;
  charges = [];
});

const item = (pk: string, sk: string, bytes = 0) => ({ pk: { S: pk }, sk: { S: sk }, body: { S: 'x'.repeat(bytes) } });
const key = (pk: string, sk = 'a') => ({ pk: { S: pk }, sk: { S: sk } });
const put = (pk: string, sk: string, bytes = 0) =>
  clients.dynamo.send(new PutItemCommand({ TableName: LIVE, Item: item(pk, sk, bytes) }));
const get = (pk: string, consistent: boolean) =>
  patient.send(new GetItemCommand({ TableName: LIVE, Key: key(pk), ConsistentRead: consistent }));
const units = (kind: Charge['kind']) =>
  charges.filter((charge) => charge.kind === kind).reduce((sum, charge) => sum + charge.units, 0);
async function costs(call: () => Promise<unknown>): Promise<{ read: number; write: number }> {
  charges = [];
  await call().catch(() => null);
  return { read: units('read'), write: units('write') };
}

test('reads are charged in steps of 4 KB, half when eventually consistent; writes in steps of 1 KB by the larger of old and new', async () => {
  expect(await costs(() => put('sizes', 'a', 1_500))).toEqual({ read: 0, write: 2 });
  expect(await costs(() => put('sizes', 'a', 10))).toEqual({ read: 0, write: 2 });
  expect(await costs(() => put('sizes', 'a', 9_000))).toEqual({ read: 0, write: 9 });
  expect(await costs(() => get('sizes', true))).toEqual({ read: 3, write: 0 });
  expect(await costs(() => get('sizes', false))).toEqual({ read: 1.5, write: 0 });
  expect(await costs(() => get('nothing there', false))).toEqual({ read: 0.5, write: 0 });
  await put('sizes', 'b', 4_000);
  const query = (pk: string) =>
    clients.dynamo.send(
      new QueryCommand({
        TableName: LIVE,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
      }),
    );
  expect(await costs(() => query('sizes'))).toEqual({ read: 4, write: 0 });
  expect(await costs(() => query('nothing there'))).toEqual({ read: 1, write: 0 });
  const update = (condition: string) =>
    clients.dynamo.send(
      new UpdateItemCommand({
        TableName: LIVE,
        Key: key('sizes', 'b'),
        UpdateExpression: 'SET n = :n',
        ConditionExpression: condition,
        ExpressionAttributeValues: { ':n': { N: '1' } },
      }),
    );
  expect(await costs(() => update('attribute_exists(pk)'))).toEqual({ read: 0, write: 4 });
  // One that does nothing is charged for what stood in its way.
  expect(await costs(() => update('attribute_not_exists(pk)'))).toEqual({ read: 0, write: 4 });
  expect(
    await costs(() => clients.dynamo.send(new DeleteItemCommand({ TableName: LIVE, Key: key('sizes', 'b') }))),
  ).toEqual({ read: 0, write: 4 });
});

test('a key takes 1,000 writes and 3,000 reads a second and no more, as long as it lasts', async () => {
  for (let at = 0; at < 10; at++) await put('hot', 'a', HUNDRED);
  const refusal = await patient
    .send(new PutItemCommand({ TableName: LIVE, Item: item('hot', 'a', HUNDRED) }))
    .catch((error: unknown) => error);
  expect(refusal).toMatchObject({
    name: 'ThrottlingException',
    $metadata: { httpStatusCode: 400 },
    message: expect.stringMatching(/hot key/) as string,
    throttlingReasons: [
      {
        reason: 'TableWriteKeyRangeThroughputExceeded',
        resource: expect.stringMatching(/table\/gobutton-live$/) as string,
      },
    ],
  });
  // Others of the table go on, and so do reads of this one.
  await put('cold', 'a', HUNDRED);
  for (let at = 0; at < 120; at++) await get('hot', true);
  expect(units('read')).toBe(3_000);
  await expect(get('hot', false)).rejects.toMatchObject({
    throttlingReasons: [{ reason: 'TableReadKeyRangeThroughputExceeded' }],
  });
  nowMs += 100;
  for (let at = 0; at < 12; at++) await get('hot', true);
  await expect(get('hot', false)).rejects.toThrow('Throughput exceeds');
});

test('what a call came to beyond what was taken for it is a debt that is paid first', () => {
  let atMs = 0;
  const throughput = new Throughput({ nowMs: () => atMs });
  const table = { name: 't', isProvisioned: false, perSecond: { read: 12_000, write: 4_000 } };
  expect(throughput.take(table, 'k', 'read', 1)).toBeNull();
  throughput.settle(table, 'k', 'read', 5_999);
  expect(throughput.take(table, 'k', 'read', 1)?.code).toContain('ThrottlingException');
  atMs = 1_000;
  expect(throughput.take(table, 'k', 'read', 1)).not.toBeNull();
  expect(throughput.take(table, 'other', 'read', 1)).toBeNull();
  atMs = 1_001;
  expect(throughput.take(table, 'k', 'read', 1)).toBeNull();
  // An hour without use saves nothing up.
  atMs += 3_600_000;
  expect(throughput.take(table, 'k', 'read', 3_000)).toBeNull();
  expect(throughput.take(table, 'k', 'read', 0.5)).not.toBeNull();
});

test('of a batch comes back what a hot key has nothing left for, and only a batch of hot keys is refused', async () => {
  await put('b2', 'a', 3_000);
  for (let at = 0; at < 10; at++) await put('b1', 'a', HUNDRED);
  const puts = (...pks: string[]) =>
    patient.send(
      new BatchWriteItemCommand({
        RequestItems: { [LIVE]: pks.map((pk) => ({ PutRequest: { Item: item(pk, 'z', 10) } })) },
      }),
    );
  expect((await puts('b1', 'b2')).UnprocessedItems).toEqual({
    [LIVE]: [{ PutRequest: { Item: item('b1', 'z', 10) } }],
  });
  await expect(puts('b1')).rejects.toMatchObject({ name: 'ThrottlingException' });
  for (let at = 0; at < 120; at++) await get('b1', true);
  const gets = (...pks: string[]) =>
    patient.send(
      new BatchGetItemCommand({
        RequestItems: {
          [LIVE]: {
            Keys: pks.map((pk) => key(pk)),
            ConsistentRead: true,
            ProjectionExpression: '#p',
            ExpressionAttributeNames: { '#p': 'pk' },
          },
        },
      }),
    );
  const answer = await gets('b1', 'b2');
  expect(answer.Responses?.[LIVE]).toEqual([{ pk: { S: 'b2' } }]);
  expect(answer.UnprocessedKeys?.[LIVE]).toMatchObject({
    Keys: [key('b1')],
    ConsistentRead: true,
    ProjectionExpression: '#p',
    ExpressionAttributeNames: { '#p': 'pk' },
  });
  await expect(gets('b1')).rejects.toMatchObject({ name: 'ThrottlingException' });
});

test('a table has 4,000 writes a second for all its keys, and more when it is warmed', async () => {
  const TableName = 'spread';
  const spread = async (from: number): Promise<number> => {
    const taken = await Promise.all(
      Array.from({ length: 45 }, (_, at) =>
        patient.send(new PutItemCommand({ TableName, Item: item(`spread/${from + at}`, 'a', HUNDRED) })).then(
          () => true,
          () => false,
        ),
      ),
    );
    return taken.filter(Boolean).length;
  };
  await patient.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  nowMs += 600_000;
  expect(await spread(0)).toBe(40);
  const WarmThroughput = { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 8_000 };
  await patient.send(new UpdateTableCommand({ TableName, WarmThroughput }));
  await expect
    .poll(() => {
      nowMs += 10_000;
      return spread(100);
    })
    .toBe(45);
});

test('a provisioned table refuses in its own words beyond its units and what it has saved up in five minutes', async () => {
  await clients.dynamo.send(
    new CreateTableCommand({
      TableName: 'few',
      AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' }],
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 2 },
    }),
  );
  const write = (k: string) =>
    patient.send(new PutItemCommand({ TableName: 'few', Item: { k: { S: k }, body: { S: 'x'.repeat(HUNDRED) } } }));
  await expect
    .poll(() =>
      write('first').then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  for (let at = 0; at < 5; at++) await write(`k${at}`);
  await expect(write('last')).rejects.toMatchObject({
    name: 'ProvisionedThroughputExceededException',
    message: expect.stringMatching(/provisioned throughput for the table/) as string,
    ThrottlingReasons: [{ reason: 'TableWriteProvisionedThroughputExceeded' }],
  });
});
