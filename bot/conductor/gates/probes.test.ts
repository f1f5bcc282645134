import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import { createClients } from '../../../infra/aws/clients.ts';
import { tableNames } from '../../../infra/aws/tables.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { GROUP, startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { botKeyring, workerKeyring } from '../../../test/keys.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { reportOf } from '../for-tests.ts';
import { measureGates } from './probes.ts';

let rig: Rig;
const runbook = sampleRunbook({
  pool: { name: 'gobutton-workers', scale_target: 'workers', workers: 3, ready_at_least: 2 },
  scale_targets: [{ id: 'workers', kind: 'auto-scaling-group', group: GROUP }],
  gates: [
    { id: 'ready', title: 'R', probe: { kind: 'workers-ready' } },
    { id: 'primed', title: 'P', probe: { kind: 'primed-share', at_least: 0.9 } },
    { id: 'queue', title: 'Q', probe: { kind: 'queue-empty', queue: 'batches' } },
    { id: 'credentials', title: 'C', probe: { kind: 'credentials' } },
    { id: 'size', title: 'S', probe: { kind: 'payload-size' } },
    { id: 'test', title: 'T', probe: { kind: 'test-send' } },
    { id: 'scaled', title: 'X', probe: { kind: 'scaled', target: 'workers' } },
    { id: 'reach', title: 'H', probe: { kind: 'switch-reach', within: '800ms' } },
    { id: 'copy-read', title: 'The copy was read' },
  ],
});
beforeEach(async () => {
  rig = await startRig();
  await rig.create({ runbook });
});
afterEach(async () => {
  await rig.stop();
});

const bot = (version: string | null = null) => ({ cloud: rig.cloud, journal: rig.journal, version });
const measure = async (launch: Launch) =>
  new Map((await measureGates(bot(), launch, Date.now())).map((one) => [one.gate, one]));
const statuses = (measured: Map<string, Measured>) =>
  Object.fromEntries([...measured].map(([gate, one]) => [gate, one.status]));
const put = (...reports: WorkerReport[]) => rig.reports(...reports);

test('without workers, tests or orders every gate that needs them is red or unknown, never green', async () => {
  expect(statuses(await measure(await rig.launch()))).toEqual({
    ready: 'red',
    primed: 'unknown',
    queue: 'green',
    credentials: 'unknown',
    size: 'green',
    test: 'red',
    scaled: 'red',
    reach: 'unknown',
    'clocks-agree': 'green',
    'providers-met': 'unknown',
    'one-version': 'unknown',
  });
});

test('the payload gate is red for what a provider would refuse, and names it', async () => {
  const launch = await rig.launch();
  for (const [campaign, said] of [
    [{ ...launch.campaign, data: { from: 'tv-ad' } }, 'data.from: found "from"'],
    [{ ...launch.campaign, apns: { ...launch.campaign.apns, topic: 'lingo' } }, 'bundle id'],
    [{ ...launch.campaign, locales: { en: { title: 'Hi', body: 'half \ud83d' } } }, 'half an emoji'],
  ] as const)
    expect((await measure({ ...launch, campaign })).get('size')).toMatchObject({
      status: 'red',
      say: expect.stringContaining(said) as string,
    });
});

test('workers count as ready only with this audience and skip list, whole, fresh and alive', async () => {
  const launch = await rig.launch();
  const nowMs = Date.now();
  await put(
    reportOf(launch, 'good', nowMs),
    reportOf(launch, 'other-audience', nowMs, { audienceHash: 'b'.repeat(64) }),
    reportOf(launch, 'half', nowMs, { shardsLoaded: 1 }),
    reportOf(launch, 'old', nowMs, { reads: 2 }),
    reportOf(launch, 'loading', nowMs, { state: 'loading' }),
    reportOf(launch, 'silent', nowMs - 6_000),
    reportOf(launch, 'gone', nowMs, { state: 'gone' }),
  );
  expect((await measure(launch)).get('ready')).toMatchObject({
    status: 'red',
    value: 1,
    say: expect.stringContaining('1 of 2 ready') as string,
  });
  expect((await measure(launch)).get('ready')?.say).toContain('1 of an older version');
  // One dead worker of three doesn't block: the sizing needs two.
  await put(reportOf(launch, 'sending', nowMs, { state: 'sending' }));
  expect((await measure(launch)).get('ready')).toMatchObject({ status: 'green', value: 0 });
  await put(reportOf(launch, 'third', nowMs));
  expect((await measure(launch)).get('ready')?.say).toMatch(/^3 ready, 2 needed, /);
});

test('one badly primed provider, one stale credential or one deaf worker turns its gate red with a figure to waive', async () => {
  const launch = await rig.launch();
  const nowMs = Date.now();
  const good = reportOf(launch, 'good', nowMs);
  await put(good, reportOf(launch, 'loading', nowMs, { state: 'priming', lanes: [], switchReadAgoMs: null }));
  expect(statuses(await measure(launch))).toMatchObject({ primed: 'green', credentials: 'green', reach: 'green' });
  expect((await measure(launch)).get('credentials')?.say).toMatch(/^fresh on 1 worker$/);
  expect((await measure(launch)).get('reach')?.say).toMatch(/^read within \d+ ms by 1 worker$/);
  const [apns, fcm] = good.lanes;
  if (apns === undefined || fcm === undefined) throw new Error('unexpected');
  await put(
    reportOf(launch, 'bad', nowMs, {
      lanes: [
        { ...apns, credentialAgeMs: 50 * 60_000, credentialLeftMs: 10 * 60_000 },
        { ...fcm, primed: 1 },
      ],
      switchReadAgoMs: 1_200,
    }),
  );
  const measured = await measure(launch);
  expect(measured.get('primed')).toMatchObject({ status: 'red', value: 0.375 });
  expect(measured.get('credentials')).toMatchObject({ status: 'red', value: 1 });
  expect(measured.get('reach')).toMatchObject({ status: 'red', value: 1_200 });
});

test('what a provider answers everybody is seen before GO, with the figure and the way out; connections that were replaced are only told', async () => {
  const launch = await rig.launch();
  const nowMs = Date.now();
  const good = reportOf(launch, 'good', nowMs);
  const [apns, fcm] = good.lanes;
  if (apns === undefined || fcm === undefined) throw new Error('unexpected');
  const weather = {
    state: 'stopped',
    reason: 'QUOTA_EXCEEDED',
    forMs: 12_000,
    refused: 40,
    waiting: 0,
    againInMs: 8_000,
  } as const;
  await put(
    good,
    reportOf(launch, 'other', nowMs, {
      lanes: [
        { ...apns, sick: { connections: 2, reason: 'ServiceUnavailable' } },
        { ...fcm, weather },
      ],
    }),
  );
  const measured = await measure(launch);
  expect(measured.get('ready')).toMatchObject({
    status: 'red',
    value: 1,
    say: expect.stringMatching(
      /2 of 2 ready.*FCM takes no pushes from 1 of 2 workers: it answers QUOTA_EXCEEDED for 12 s, 40 times\. .*\/go pace android N.*2 connections to APNs given up as sick and replaced \(1 worker, 8 held; last: ServiceUnavailable\)/,
    ) as string,
  });
  expect(measured.get('primed')).toMatchObject({ status: 'red', value: 0.5 });
  expect(measured.get('credentials')?.status).toBe('green');
  // Slow is no reason to wait, and neither is a connection that had to be replaced.
  await put(
    good,
    reportOf(launch, 'other', nowMs, {
      lanes: [
        { ...apns, sick: { connections: 2, reason: 'ServiceUnavailable' } },
        { ...fcm, weather: { ...weather, state: 'slow' } },
      ],
    }),
  );
  expect((await measure(launch)).get('ready')).toMatchObject({
    status: 'green',
    value: 0,
    say: expect.stringContaining('takes fewer pushes') as string,
  });
  // Its wait is over: the next push is the try.
  await put(
    good,
    reportOf(launch, 'other', nowMs, { lanes: [apns, { ...fcm, weather: { ...weather, againInMs: 0 } }] }),
  );
  expect((await measure(launch)).get('ready')).toMatchObject({
    status: 'green',
    say: expect.stringContaining('takes no pushes from') as string,
  });
  const refused = { ...weather, reason: 'InvalidProviderToken' };
  await put(good, reportOf(launch, 'other', nowMs, { lanes: [{ ...apns, primed: 2, weather: refused }, fcm] }));
  expect((await measure(launch)).get('credentials')?.status).toBe('green');
  await put(good, reportOf(launch, 'other', nowMs, { lanes: [{ ...apns, primed: 0, weather: refused }, fcm] }));
  expect((await measure(launch)).get('credentials')).toMatchObject({
    status: 'red',
    value: 1,
    say: expect.stringMatching(/APNs takes no pushes just now: it answers InvalidProviderToken.*APNS_KEY_ID/) as string,
  });
});

test('a waiting message, an ordered count that is not there and a test copy of older content are seen', async () => {
  await rig.cloud.queues.send('gobutton-workers-batches-ios', ['{}']);
  await rig.append({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 4, step: null, reason: 'now' });
  const asked = await rig.appendAs('TestRequested', { kind: 'request-test', by: 'ana', to: ['ana'] });
  await rig.append({
    kind: 'report-test',
    testId: asked.testId,
    results: [{ person: 'ana', platform: 'ios', accepted: true, reason: '', tookMs: 80 }],
  });
  const measured = await measure(await rig.launch());
  expect(measured.get('queue')).toMatchObject({ status: 'red', value: 1 });
  expect(measured.get('scaled')).toMatchObject({ status: 'red', value: 4 });
  // Accepted on iOS; the audience has Android devices too.
  expect(measured.get('test')).toMatchObject({
    status: 'red',
    value: 1,
    say: expect.stringContaining('Android') as string,
  });
});

test('versions are those of the workers, of the bot that asks and of the one that leads', async () => {
  const launch = await rig.launch();
  const version = 'aaaa';
  await put(reportOf(launch, 'one', Date.now(), { version }), reportOf(launch, 'two', Date.now(), { version }));
  const now = async (own: string | null) =>
    (await measureGates(bot(own), launch, Date.now())).find(({ gate }) => gate === 'one-version');
  expect(await now(version)).toMatchObject({ status: 'green', value: 0 });
  expect(await now('bbbb')).toMatchObject({ status: 'red', value: 1 });
  await rig.cloud.live.lease('conductor', 'other', 5_000, Date.now(), () => false, 'cccc');
  expect(await now(version)).toMatchObject({
    status: 'red',
    value: 1,
    say: expect.stringMatching(/^aaaa on 2 workers .* and a bot; cccc on a bot$/) as string,
  });
  expect(await now(null)).toMatchObject({ status: 'green' });
});

test('a probe that fails is unknown and leaves the others alone', async () => {
  const cloud = {
    ...rig.cloud,
    live: { ...rig.cloud.live, signedReports: () => Promise.reject(new Error('throttled')) },
  };
  const measured = new Map(
    (await measureGates({ ...bot(), cloud }, await rig.launch(), Date.now())).map((one) => [one.gate, one]),
  );
  expect(measured.get('ready')).toMatchObject({
    status: 'unknown',
    say: expect.stringContaining('throttled') as string,
  });
  expect(measured.get('queue')?.status).toBe('green');
});

test('the leader records a change that lasts, not one that flaps, and a press gets measurements of now', async () => {
  const { conductor } = rig.conductor('first', { slack: null, timings: { gateSettleMs: 600, gatesMs: 100 } });
  expect((await conductor.measured(rig.launchId)).map(({ gate }) => gate)).toContain('ready');
  await conductor.start();
  await until('changes are recorded', async () => (await rig.entries('GateChanged')).length === 5);
  expect((await rig.entries('GateChanged')).every(({ measured }) => measured.status !== 'unknown')).toBe(true);
  const launch = await rig.launch();
  await put(reportOf(launch, 'one', Date.now()), reportOf(launch, 'two', Date.now()));
  await until('ready is recorded', async () =>
    (await rig.entries('GateChanged')).some(({ measured }) => measured.gate === 'ready' && measured.status === 'green'),
  );
});

test('whoever asks how things stand sees them as they are now; a press takes what was measured some seconds ago', async () => {
  const { conductor } = rig.conductor('one');
  const launch = await rig.launch();
  const now = await measureGates(bot(), launch, Date.now());
  expect(now.find(({ gate }) => gate === 'queue')?.status).toBe('green');
  await rig.cloud.live.putGates(
    rig.launchId,
    now.map((one) => ({ ...one, status: 'red' as const })),
    botKeyring().signer,
  );
  const queue = async (anew: boolean) =>
    (await conductor.measured(rig.launchId, { anew })).find(({ gate }) => gate === 'queue')?.status;
  expect([await queue(false), await queue(true), await queue(false)]).toEqual(['red', 'green', 'green']);
});

test('a press goes by no measurement that no bot of this launch has signed: it measures by itself', async () => {
  // However slow this machine is.
  const { conductor } = rig.conductor('one', { timings: { gateFreshMs: 60_000 } });
  const launch = await rig.launch();
  const { live } = rig.cloud;
  const ready = async () => (await conductor.measured(rig.launchId)).find(({ gate }) => gate === 'ready')?.status;
  const now = await measureGates(bot(), launch, Date.now());
  expect(now.find(({ gate }) => gate === 'ready')?.status).toBe('red');
  const green = now.map((one) => ({ ...one, status: 'green' as const }));
  for (const forge of [
    () => live.putGates(rig.launchId, green),
    () => live.putGates(rig.launchId, green, workerKeyring().signer),
    // Of another launch, under the key of this one's bot.
    async () => {
      await live.putGates('other', green, botKeyring().signer);
      await moveItems(`gates/other`, `gates/${rig.launchId}`);
    },
  ]) {
    await forge();
    expect(await ready()).toBe('red');
  }
  await live.putGates(rig.launchId, green, botKeyring().signer);
  expect(await ready()).toBe('green');
});

/** As whoever can write the table would. */
async function moveItems(from: string, to: string): Promise<void> {
  const clients = createClients({
    endpoint: rig.localCloud.url,
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
  const TableName = tableNames('gobutton').live;
  const { Items: items = [] } = await clients.dynamo.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: from } },
    }),
  );
  for (const item of items)
    await clients.dynamo.send(new PutItemCommand({ TableName, Item: { ...item, pk: { S: to } } }));
  clients.destroy();
}
