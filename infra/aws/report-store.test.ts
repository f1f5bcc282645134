import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkerReport } from '../../contract/report.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { Throughput } from '../local/cloud/throughput.ts';
import type { Charge } from '../local/cloud/throughput.ts';
import { createClients } from './clients.ts';
import type { Clients } from './clients.ts';
import { createReportStore } from './report-store.ts';

const TABLE = 'gobutton-live';
let charges: Charge[] = [];
let local: Awaited<ReturnType<typeof localCloudForTests>>;
let clients: Clients;
beforeAll(async () => {
  local = await localCloudForTests({ throughput: new Throughput({ onCharge: (charge) => charges.push(charge) }) });
  clients = createClients(local.config);
});
afterAll(async () => {
  clients.destroy();
  await local.stop();
});

const report = (launchId: string, bootId: string, more: Partial<WorkerReport> = {}): WorkerReport => ({
  v: 1,
  launchId,
  bootId,
  host: 'h',
  pid: 1,
  atMs: 1,
  startedAtMs: 1,
  state: 'ready',
  say: '',
  audienceHash: null,
  skipListHash: null,
  shardsLoaded: 0,
  shardsTotal: 0,
  lanes: [],
  switchReadAgoMs: null,
  rssMb: 1,
  shots: [],
  ...more,
});
const storeFor = (planned: number | null) =>
  createReportStore({ dynamo: clients.dynamo, table: TABLE, plannedOf: async () => planned });
/** Writes of this launch's reports, by key. */
const written = (launchId: string) =>
  charges
    .filter(
      ({ kind, key }) =>
        kind === 'write' && (key === `reports/${launchId}` || key?.startsWith(`reports/${launchId}/`) === true),
    )
    .map(({ key }) => key);
const boots = async (store: ReturnType<typeof storeFor>, launchId: string) =>
  (await store.all(launchId)).reports.map(({ report: { bootId } }) => bootId).toSorted();

test('reports of a small pool lie under one key, those of a large one under many, and all are read', async () => {
  const names = Array.from({ length: 200 }, (_, at) => `boot-${at}`).toSorted();
  for (const [launchId, planned, keys] of [
    ['small', 8, 1],
    ['unknown', null, 1],
    ['middle', 60, 8],
    ['large', 500, 16],
  ] as const) {
    charges = [];
    const store = storeFor(planned);
    await Promise.all(names.map((bootId) => store.put(report(launchId, bootId), null)));
    const all = written(launchId);
    expect(new Set(all).size).toBe(keys);
    expect(await boots(store, launchId)).toEqual(names);
    const most = Math.max(...[...new Set(all)].map((key) => all.filter((one) => one === key).length));
    expect(most).toBeLessThanOrEqual((all.length / keys) * 2);
  }
});

test('a report that was written before it was known how large the pool is, is read all the same, once, and dropped', async () => {
  await storeFor(null).put(report('grown', 'boot-1'), null);
  const store = storeFor(500);
  expect(await boots(store, 'grown')).toEqual(['boot-1']);
  await store.put(report('grown', 'boot-1', { atMs: 2 }), null);
  expect((await store.all('grown')).reports.map(({ report: { atMs } }) => atMs)).toEqual([2]);
  await store.drop('grown', 'boot-1');
  expect(await boots(store, 'grown')).toEqual([]);
});

test('who asks while reports are read gets what was written before it asked, and twenty who ask cost one read', async () => {
  const held = Promise.withResolvers<void>();
  let queries = 0;
  const send = async (command: { input: object }) => {
    const answer: unknown = await clients.dynamo.send(command as QueryCommand);
    // Read, and not answered yet.
    if (command instanceof QueryCommand && ++queries === 1) await held.promise;
    return answer;
  };
  const store = createReportStore({
    dynamo: { send } as unknown as Clients['dynamo'],
    table: TABLE,
    plannedOf: async () => 1,
  });
  const first = store.all('asked');
  await expect.poll(() => queries).toBe(1);
  await store.put(report('asked', 'boot-1'), null);
  const late = Promise.all(Array.from({ length: 20 }, () => boots(store, 'asked')));
  held.resolve();
  expect((await first).reports).toEqual([]);
  expect(await late).toEqual(Array.from({ length: 20 }, () => ['boot-1']));
  expect(queries).toBe(2);
});

test('what is no report is counted and keeps nobody from the others', async () => {
  const store = storeFor(1);
  await store.put(report('junk', 'boot-1'), null);
  const put = (sk: string, body: string) =>
    clients.dynamo.send(
      new PutItemCommand({ TableName: TABLE, Item: { pk: { S: 'reports/junk' }, sk: { S: sk }, body: { S: body } } }),
    );
  await put('a', 'no JSON');
  await put('b', JSON.stringify({ v: 1, state: 'ready' }));
  await put('c', JSON.stringify(report('junk', 'boot-1', { atMs: 9 })));
  await put('d', JSON.stringify(report('other', 'd')));
  // Of a version to come: it has fields that we don't know.
  await put('e', JSON.stringify({ ...report('junk', 'e'), later: 1 }));
  const { reports, unreadable } = await store.all('junk');
  expect([reports.map(({ report: { bootId, atMs } }) => [bootId, atMs]), unreadable]).toEqual([
    [
      ['boot-1', 1],
      ['e', 1],
    ],
    ['a', 'b', 'c', 'd'],
  ]);
});

test('a report says when it may go: a month after it was last written', async () => {
  const store = storeFor(1);
  const monthFromNow = (): number => Date.now() / 1_000 + 30 * 86_400;
  const earliest = monthFromNow();
  await store.put(report('old', 'boot-1'), null);
  const latest = monthFromNow();
  const { Items: items = [] } = await clients.dynamo.send(
    new QueryCommand({
      TableName: TABLE,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'reports/old' } },
    }),
  );
  const expiresAt = Number(items[0]?.['expiresAt']?.N);
  expect(expiresAt).toBeGreaterThanOrEqual(Math.floor(earliest));
  expect(expiresAt).toBeLessThanOrEqual(Math.ceil(latest));
});
