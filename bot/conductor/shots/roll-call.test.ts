import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import { createClients } from '../../../infra/aws/clients.ts';
import { signerOf } from '../../../infra/aws/keyring.ts';
import { vouch } from '../../../infra/aws/vouched.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { BOT_KEY, testKey, WORKER_KEY, workerKeyring } from '../../../test/keys.ts';
import { RollWatch } from '../../../workers/send/roll-watch.ts';
import { reportOf } from '../for-tests.ts';

let rig: Rig;
let timers: NodeJS.Timeout[] = [];
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  for (const timer of timers) clearInterval(timer);
  timers = [];
  await rig.stop();
});

const WORKER = signerOf(WORKER_KEY);
const STRANGER = signerOf(testKey(9));
const OPTIONS = { planned: 2, batchSize: 1, sendWithinMs: 5_000 };
const silent = pino({ level: 'silent' });

async function watchOf(bootId: string): Promise<RollWatch> {
  const launch = await rig.launch();
  return new RollWatch({
    live: rig.cloud.live,
    launchId: rig.launchId,
    bootId,
    launch: () => launch,
    trusted: workerKeyring().trusted,
    clock: { nowMs: Date.now },
    log: silent,
  });
}

/** Reports of these boots, as long as it is not stopped. */
function reporting(
  launch: Awaited<ReturnType<Rig['launch']>>,
  bootIds: string[],
  more: Partial<WorkerReport> = {},
  signer: typeof WORKER | null = WORKER,
): { stop(): void } {
  const put = () => {
    for (const bootId of bootIds)
      rig.cloud.live
        .putReport(reportOf(launch, bootId, Date.now(), { startedAtMs: 1, ...more }), signer)
        .catch(() => null);
  };
  put();
  const timer = setInterval(put, 300);
  timers.push(timer);
  return { stop: () => clearInterval(timer) };
}

async function calledNames(): Promise<{ named: number; others: number }> {
  const roll = await rig.cloud.live.roll(rig.launchId);
  const { workers = '', others = 0 } = JSON.parse(roll?.text ?? '{}') as { workers?: string; others?: number };
  return { named: workers.length / 8, others };
}
const called = (named: number, others = 0) =>
  until(
    `${named} on the roll`,
    async () => {
      const now = await calledNames();
      return now.named === named && now.others === others ? true : undefined;
    },
    20_000,
  );

test('the leader calls who is ready and signed it; who falls silent is off within seconds, who leaves at once', async () => {
  await rig.create();
  await rig.conductor('first').conductor.start();
  const launch = await rig.launch();
  const staying = reporting(launch, ['one', 'two']);
  const dying = reporting(launch, ['three']);
  await called(3);
  const watch = await watchOf('one');
  await watch.look();
  expect(watch.view.size).toBe(3);
  const sinceMs = Date.now();
  dying.stop();
  await called(2);
  // Silent for 3 s, and not before.
  expect(Date.now() - sinceMs).toBeGreaterThan(2_500);
  staying.stop();
  await rig.cloud.live.putReport(reportOf(launch, 'two', Date.now(), { state: 'draining' }), WORKER);
  await called(1);
}, 60_000);

test("reports that no worker has signed take nobody's turn and make no share smaller than in a full pool", async () => {
  await rig.create();
  await rig.conductor('first').conductor.start();
  const launch = await rig.launch();
  reporting(launch, ['real']);
  reporting(
    launch,
    Array.from({ length: 12 }, (_, at) => `unsigned-${at}`),
    {},
    null,
  );
  reporting(launch, ['of a stranger'], {}, STRANGER);
  reporting(launch, ['of the bot'], {}, signerOf(BOT_KEY));
  // A signed report under another's text, and one that was signed as something else.
  const clients = createClients({
    endpoint: rig.env['AWS_ENDPOINT_URL'] ?? '',
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
  const text = (bootId: string) => JSON.stringify(reportOf(launch, bootId, Date.now() + 2_000, { startedAtMs: 0 }));
  for (const [bootId, { key, sig }] of [
    ['copied', vouch('report', text('other'), WORKER)],
    ['misused', vouch('roll', text('misused'), WORKER)],
  ] as const) {
    await clients.dynamo.send(
      new PutItemCommand({
        TableName: 'gobutton-live',
        Item: {
          pk: { S: `reports/${launch.id}` },
          sk: { S: bootId },
          body: { S: text(bootId) },
          key: { S: key },
          sig: { S: sig },
        },
      }),
    );
  }
  // The runbook wants two workers.
  await called(1, 1);
  const watch = await watchOf('real');
  await watch.look();
  expect(watch.view.size).toBe(2);
  for (let at = 0; at < 6; at++) watch.view.share(1_000, Date.now() + at * 1_000, OPTIONS);
  expect(watch.view.share(1_000, Date.now() + 6_000, OPTIONS)).toEqual({ perSecond: 500, active: true });
  clients.destroy();
});

test('a roll that the bot has not signed, of another launch, or of a time to come is none: the last one stands', async () => {
  await rig.create();
  const { live } = rig.cloud;
  const watch = await watchOf('a');
  const name = JSON.stringify;
  const item = (workers: string, more: object = {}) =>
    name({ v: 1, launchId: rig.launchId, atMs: Date.now(), workers, others: 0, ...more });
  const bot = signerOf(BOT_KEY);
  const put = async (text: string, signer: typeof bot | null) => {
    await live.putRoll(rig.launchId, vouch('roll', text, signer));
    await watch.look();
    return watch.view.size;
  };
  expect(await put(item('abcdefgh'), bot)).toBe(1);
  for (const [text, signer] of [
    [item('abcdefgh'.repeat(9)), null],
    [item('abcdefgh'.repeat(9)), WORKER],
    [item('abcdefgh'.repeat(9)), STRANGER],
    [item('abcdefgh'.repeat(9), { launchId: 'another' }), bot],
    [item('abcdefgh'.repeat(9), { atMs: Date.now() + 60_000 }), bot],
    [item('abc'), bot],
    ['{', bot],
  ] as const)
    expect(await put(text, signer)).toBe(1);
  const good = vouch('roll', item('abcdefgh'.repeat(2)), bot);
  await live.putRoll(rig.launchId, { ...good, text: item('abcdefgh'.repeat(9)) });
  await watch.look();
  expect(watch.view.size).toBe(1);
  await live.putRoll(rig.launchId, good);
  await watch.look();
  expect(watch.view.size).toBe(2);
});

test('a table whose roll is taken away again and again keeps nobody from sending', async () => {
  await rig.create();
  const watch = await watchOf('a');
  const clients = createClients({
    endpoint: rig.env['AWS_ENDPOINT_URL'] ?? '',
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
  await rig.cloud.live.putRoll(rig.launchId, vouch('roll', '{}', STRANGER));
  await watch.look();
  expect(watch.view.share(1_000, Date.now(), OPTIONS)).toEqual({ perSecond: 500, active: true });
  await clients.dynamo.send(
    new DeleteItemCommand({ TableName: 'gobutton-live', Key: { pk: { S: `roll/${rig.launchId}` }, sk: { S: 'now' } } }),
  );
  await watch.look();
  expect(watch.view.share(1_000, Date.now(), OPTIONS)).toEqual({ perSecond: 500, active: true });
  clients.destroy();
});
