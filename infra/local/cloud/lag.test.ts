import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { queueNames } from '../../../contract/queue-names.ts';
import { localCloudForTests } from './for-tests.ts';
import { Lag } from './lag.ts';
import { CloudWeather } from './weather.ts';

let nowMs = 0;
function lagInOddWeather() {
  const weather = new CloudWeather();
  weather.set('odd');
  nowMs = 0;
  return { weather, lag: new Lag(weather, () => nowMs) };
}

test('a write is seen late by less than a second, and then for good', () => {
  const { lag, weather } = lagInOddWeather();
  lag.wrote('a', 'before');
  expect(lag.behind('a')).toEqual({ value: 'before' });
  expect(lag.behind('b')).toBeNull();
  nowMs = 1_000;
  expect(lag.behind('a')).toBeNull();
  expect(weather.hit).toBe(1);
});

test('of several writes a read sees each state in its order, never an older one again', () => {
  const { lag } = lagInOddWeather();
  const states: number[] = [];
  for (let write = 0; write < 40; write++) {
    lag.wrote('a', write);
    nowMs += 60;
    states.push(lag.behind<number>('a')?.value ?? write + 1);
  }
  expect(states).toEqual(states.toSorted((a, b) => a - b));
  expect(states.some((state, write) => state <= write)).toBe(true);
});

test('two runs are alike, and in other weather nothing is behind', () => {
  const run = () => {
    const { lag } = lagInOddWeather();
    return Array.from({ length: 20 }, (_, at) => {
      lag.wrote(`k${at}`, 0);
      nowMs += 400;
      return lag.behind(`k${at}`) !== null;
    });
  };
  expect(run()).toEqual(run());
  expect(new Set(run()).size).toBe(2);
  const { lag, weather } = lagInOddWeather();
  lag.wrote('a', 'before');
  weather.set('fair');
  expect(lag.behind('a')).toBeNull();
});

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let dynamo: DynamoDBClient;
beforeAll(async () => {
  local = await localCloudForTests({
    services: [{ cluster: 'c', service: 's', command: null, env: {}, cwd: '.', startDelayMs: 0 }],
    lagNowMs: () => nowMs,
  });
  dynamo = new DynamoDBClient(clientOptions());
});
beforeEach(() => local.localCloud.weather.set('odd'));
afterAll(async () => {
  dynamo.destroy();
  await local.stop();
});
const clientOptions = () => ({
  endpoint: local.url.replace('local@', ''),
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

test('a read of a table that does not ask for consistency sees what stood before, in whatever way it reads', async () => {
  const TableName = 'gobutton-live';
  const key = (sk: string) => ({ pk: { S: 'p' }, sk: { S: sk } });
  const put = (sk: string, body: string) =>
    dynamo.send(new PutItemCommand({ TableName, Item: { ...key(sk), body: { S: body }, more: { S: 'x' } } }));
  local.localCloud.weather.set('fair');
  await put('old', 'one');
  await put('gone', 'one');
  local.localCloud.weather.set('odd');
  await put('old', 'two');
  await put('new', 'one');
  await dynamo.send(new DeleteItemCommand({ TableName, Key: key('gone') }));

  const get = async (sk: string, ConsistentRead?: boolean) =>
    (await dynamo.send(new GetItemCommand({ TableName, Key: key(sk), ConsistentRead, ProjectionExpression: 'body' })))
      .Item;
  expect([await get('old'), await get('new'), await get('gone')]).toEqual([
    { body: { S: 'one' } },
    undefined,
    { body: { S: 'one' } },
  ]);
  expect([await get('old', true), await get('new', true), await get('gone', true)]).toEqual([
    { body: { S: 'two' } },
    { body: { S: 'one' } },
    undefined,
  ]);

  const batch = await dynamo.send(
    new BatchGetItemCommand({
      RequestItems: { [TableName]: { Keys: [key('old'), key('new'), key('gone')], ProjectionExpression: 'body' } },
    }),
  );
  expect(batch.Responses?.[TableName]).toEqual([{ body: { S: 'one' } }, { body: { S: 'one' } }]);

  const query = (ConsistentRead: boolean, FilterExpression?: string) =>
    dynamo.send(
      new QueryCommand({
        TableName,
        ConsistentRead,
        KeyConditionExpression: 'pk = :p',
        ProjectionExpression: 'body',
        FilterExpression,
        ExpressionAttributeValues: { ':p': { S: 'p' }, ...(FilterExpression ? { ':two': { S: 'two' } } : {}) },
      }),
    );
  // In the order of their keys: what was deleted stands before what was written over, and what is new is not there yet.
  expect((await query(false)).Items).toEqual([{ body: { S: 'one' } }, { body: { S: 'one' } }]);
  expect((await query(false, 'body = :two')).Items).toEqual([]);
  expect((await query(true)).Items).toHaveLength(2);
});

test('what was deleted a moment ago comes back in a search, in its place, and for a time only', async () => {
  const TableName = 'gobutton-live';
  const key = (sk: string, pk = 'deleted') => ({ pk: { S: pk }, sk: { S: sk } });
  local.localCloud.weather.set('fair');
  for (const item of [key('a'), key('b'), key('c'), key('b', 'elsewhere')])
    await dynamo.send(new PutItemCommand({ TableName, Item: item }));
  local.localCloud.weather.set('odd');
  for (const gone of [key('b'), key('b', 'elsewhere')])
    await dynamo.send(new DeleteItemCommand({ TableName, Key: gone }));
  const query = async (more: object = {}) =>
    (
      await dynamo.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :p',
          ExpressionAttributeValues: { ':p': { S: 'deleted' } },
          ...more,
        }),
      )
    ).Items?.map(({ sk }) => sk?.S);
  expect(await query()).toEqual(['a', 'b', 'c']);
  expect(await query({ ScanIndexForward: false })).toEqual(['c', 'b', 'a']);
  expect(await query({ ConsistentRead: true })).toEqual(['a', 'c']);
  const scan = async () =>
    (await dynamo.send(new ScanCommand({ TableName }))).Items?.filter(({ sk }) => sk?.S === 'b').length;
  expect(await scan()).toBe(2);
  nowMs += 1_001;
  expect(await query()).toEqual(['a', 'c']);
  expect(await scan()).toBe(0);
});

test('a parameter reads as it was, for a time', async () => {
  const { parameters } = local.cloud;
  const name = parameters.nameOf('l', 'halt');
  local.localCloud.weather.set('fair');
  await parameters.put(name, 'off');
  local.localCloud.weather.set('odd');
  expect(await parameters.put(name, 'on')).toBe(2);
  expect(await parameters.get(name)).toMatchObject({ value: 'off', version: 1 });
  nowMs += 1_000;
  expect(await parameters.get(name)).toMatchObject({ value: 'on', version: 2 });
});

test('a service is described as it stood before its count was changed, for a time', async () => {
  const ecs = new ECSClient(clientOptions());
  try {
    const desired = async () =>
      (await ecs.send(new DescribeServicesCommand({ cluster: 'c', services: ['s'] }))).services?.[0]?.desiredCount;
    await ecs.send(new UpdateServiceCommand({ cluster: 'c', service: 's', desiredCount: 3 }));
    expect(await desired()).toBe(0);
    nowMs += 1_000;
    expect(await desired()).toBe(3);
  } finally {
    ecs.destroy();
  }
});

test('what a queue is said to hold is what it held a while ago, and a new queue is not there at once', async () => {
  const { queues } = local.cloud;
  const queue = queueNames('late').batches.ios;
  const startedAt = performance.now();
  await queues.ensurePool('late');
  expect(performance.now() - startedAt).toBeGreaterThan(990);
  expect((await queues.depth(queue)).visible).toBe(0);
  await queues.send(queue, ['a']);
  expect((await queues.depth(queue)).visible).toBe(0);
  nowMs += 2_001;
  expect((await queues.depth(queue)).visible).toBe(1);
});
