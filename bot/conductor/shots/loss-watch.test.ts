import { DeleteQueueCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../../../contract/manifest.ts';
import { manifestHash } from '../../../contract/manifest.ts';
import { claimKey } from '../../../contract/orders.ts';
import { queueNames } from '../../../contract/queue-names.ts';
import type { ShotSnapshot } from '../../../contract/report.ts';
import { createClients } from '../../../infra/aws/clients.ts';
import { sha256 } from '../../../infra/aws/sha256.ts';
import { stateCode, toAccount } from '../../../settle/account-codec.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { emptyTable } from '../../../test/empty-table.ts';
import { audience, segmentTotals } from '../../../test/properties/scene.ts';
import { countsOf, evenly, reportOf } from '../for-tests.ts';

/** What somebody deletes by hand from the real stores, and what the room is told. */

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const config = () => ({
  endpoint: rig.env['AWS_ENDPOINT_URL'] ?? '',
  region: 'us-east-1',
  tablePrefix: 'gobutton',
  bucket: 'gobutton',
});
const BATCHES = [
  ['us-ios', 'i-0', 500],
  ['us-android', 'a-0', 300],
  ['br-ios', 'i-1', 200],
] as const;

/** A shot of three batches, each claimed and accounted as accepted. */
async function sentShot() {
  const body: Omit<Manifest, 'hash'> = {
    v: 1,
    devices: 1_000,
    batchSize: 1_000,
    locales: ['en', 'pt-BR'],
    localeCounts: { en: 800, 'pt-BR': 200 },
    shards: [
      { id: 'i', platform: 'ios', key: 'i.shard', bytes: 1, sha256: sha256('i'), devices: 700 },
      { id: 'a', platform: 'android', key: 'a.shard', bytes: 1, sha256: sha256('a'), devices: 300 },
    ],
    segments: BATCHES.map(([id, batch, count]) => ({
      id,
      platform: id.endsWith('-ios') ? ('ios' as const) : ('android' as const),
      devices: count,
      batches: [{ id: batch, shard: batch.slice(0, 1), start: batch === 'i-1' ? 500 : 0, count }],
    })),
  };
  const hash = manifestHash(body);
  const manifestKey = `audiences/${hash}/manifest.json`;
  await rig.cloud.objects.put(manifestKey, new TextEncoder().encode(JSON.stringify({ ...body, hash })));
  await rig.create({ ready: false });
  await rig.append({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash, manifestKey } });
  await rig.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const approved = await rig.append(rig.approval(await rig.request()));
  if (approved.kind !== 'FireApproved') throw new Error(approved.kind);
  for (const [segment, batch, count] of BATCHES) {
    const key = claimKey(rig.launchId, segment, 1, batch);
    await rig.cloud.claims.claim(key, {
      bootId: 'one',
      token: batch,
      claimedAtMs: Date.now(),
      sendUntilMs: Date.now() + 5_000,
    });
    await rig.cloud.claims.account(key, batch, toAccount(new Uint8Array(count).fill(stateCode('accepted')), {}));
  }
  const shot: ShotSnapshot = {
    shotId: approved.shotId,
    platforms: { ios: countsOf(evenly(700, 0, 500)), android: countsOf(evenly(300, 0, 500)) },
    firstWriteAtMs: Date.now(),
    lastWriteAtMs: Date.now(),
  };
  await rig.reports(reportOf(await rig.launch(), 'one', Date.now(), { state: 'sending', shots: [shot] }));
  return approved.shotId;
}

test('a claims table that is emptied while a shot runs is said once, with what it means and the way out', async () => {
  const shotId = await sentShot();
  const timings = { closeAfterDueMs: 600_000 };
  const { conductor } = rig.conductor('first', { timings });
  await conductor.start();
  await rig.seen('Sending: 1,000 of 1,000');
  // Some looks at claims that are there; what nobody of this launch has answered says nothing of them.
  const forged: ShotSnapshot = {
    shotId,
    platforms: { ios: countsOf(evenly(9_000, 0, 500)), android: countsOf(evenly(9_000, 0, 500)) },
    firstWriteAtMs: Date.now(),
    lastWriteAtMs: Date.now(),
  };
  await rig.cloud.live.putReport(
    reportOf(await rig.launch(), 'evil', Date.now(), { state: 'sending', shots: [forged] }),
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  const told = async () => (await rig.entries('Noted')).filter(({ text = '' }) => text.startsWith('Claims of shot'));
  expect(await told()).toEqual([]);
  // Nobody looks while only some are gone.
  await conductor.stop();
  await emptyTable(config(), 'claims');
  await rig.conductor('second', { timings }).conductor.start();
  const said = await rig.seen(`Claims of shot ${shotId} (`);
  expect(said.html).toContain('700 answered pushes on iOS, and the claims table knows of 0 devices');
  expect(said.html).toContain('point-in-time recovery');
  await rig.conductor('third').conductor.start();
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await told()).toHaveLength(1);
});

test('a further attempt is refused in words when the claims of the one before are gone, and not when they are there', async () => {
  const shotId = await sentShot();
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'complete',
    segments: BATCHES.map(([segment, , devices]) => segmentTotals(segment, 1, devices, { late: 10 })),
  });
  const segments = BATCHES.map(([segment]) => segment);
  const { conductor } = rig.conductor('first');
  // They say that all were accepted: nobody is left.
  expect(await conductor.frozenSets(rig.launchId, segments)).toMatchObject(
    segments.map((segment) => ({ segment, attempt: 2, devices: 0 })),
  );
  await emptyTable(config(), 'claims');
  await expect(conductor.frozenSets(rig.launchId, segments)).rejects.toMatchObject({
    code: 'CLAIMS_LOST',
    message: expect.stringMatching(/attempt 1 of us-ios: 1 of 1 accounts are gone.*Restore the table/) as string,
  });
});

test('queues that somebody deletes are said once, made again, and serve', async () => {
  await rig.create();
  const { name } = (await rig.launch()).runbook.pool;
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await until(
    'the queues are made',
    async () => (await rig.cloud.live.effectResult(rig.launchId, '1/ensure-queues')) ?? undefined,
  );
  // Nobody looks while only one is gone.
  await conductor.stop();
  const clients = createClients(config());
  for (const queue of [queueNames(name).segments, queueNames(name).batches.ios]) {
    const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
    await clients.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  }
  clients.destroy();
  await rig.conductor('second').conductor.start();
  const said = await rig.seen(`Queues of the pool ${name} were deleted`);
  expect(said.html).toContain(`${name}-segments.fifo, ${name}-batches-ios`);
  await until('made again', async () =>
    rig.cloud.queues.depth(queueNames(name).segments).then(
      () => true,
      () => undefined,
    ),
  );
  await rig.cloud.queues.send(queueNames(name).batches.ios, ['{}']);
  expect((await rig.entries('Noted')).filter(({ text = '' }) => text.startsWith('Queues of the pool'))).toHaveLength(1);
});

test('a live table that is emptied is said once; the launch is on the list again, and the messages of its shot go on where they stand', async () => {
  const shotId = await sentShot();
  await rig.conductor('first', { timings: { closeAfterDueMs: 600_000 } }).conductor.start();
  const before = await rig.seen('Sending: 1,000 of 1,000');
  await until(
    'the list is written',
    async () => (await rig.cloud.live.effectResult(rig.launchId, '1/index-launch')) ?? undefined,
  );
  await emptyTable(config(), 'live');
  expect((await rig.seen('The live table has lost its contents')).html).toContain(
    'what was sent, and who may fire, is not touched',
  );
  await until('on the list again', async () => ((await rig.cloud.live.launches()).length > 0 ? true : undefined));
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'complete',
    segments: BATCHES.map(([segment, , devices]) => segmentTotals(segment, 1, devices)),
  });
  expect((await rig.seen('Done: 1,000 of 1,000')).ts).toBe(before.ts);
  expect(await rig.messages('The live table has lost')).toHaveLength(1);
});
