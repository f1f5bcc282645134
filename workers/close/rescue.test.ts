import { GetQueueUrlCommand, PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { segmentDedupId } from '../../contract/orders.ts';
import { queueNames } from '../../contract/queue-names.ts';
import { createClients } from '../../infra/aws/clients.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';

/** With real workers, queues and stores; when a segment counts as lost: rescue-rules.test.ts. */

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  await stage.stopWorkers();
});
afterAll(async () => {
  await stage.stop();
});

const accepted = (shot: Shot) => (shot.totals ?? []).reduce((sum, { totals }) => sum + totals.accepted, 0);
const firstPush = async (launch: StagedLaunch, atLeast = 1) =>
  vi.waitFor(() => expect(launch.counts().received).toBeGreaterThanOrEqual(atLeast), { interval: 10 });

async function purge(queue: string): Promise<void> {
  const { sqs } = createClients(stage.cloudConfig);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
}

test('a shot whose orders never came goes out all the same, about a second later', secondTry(A_WAIT), async () => {
  const launch = await stage.newLaunch({ ios: 500, android: 300 });
  await Promise.all([launch.worker(), launch.worker()]);
  const shot = await launch.fire({ wake: false });
  await firstPush(launch);
  expect(Date.now() - shot.pressedAtMs).toBeLessThan(2_500);
  expect(accepted(await launch.closed(shot.id))).toBe(800);
  expect(launch.counts()).toMatchObject({ received: 800, duplicates: 0 });
});

test('an order whose dedup id somebody used before the press is swallowed by SQS, and missed by nobody', async () => {
  const launch = await stage.newLaunch({ ios: 500, android: 0 });
  const worker = await launch.worker();
  const id = segmentDedupId({ launchId: launch.id, segment: 'ios', attempt: 1 });
  const { segments } = queueNames(launch.pool);
  await stage.cloud.queues.sendFifo(segments, [{ body: 'mine now', group: id, dedup: id }]);
  await vi.waitFor(() => expect(worker.report().foreign).toMatchObject({ orders: 1 }));
  const shot = await launch.fire();
  expect(await stage.cloud.queues.depth(segments)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  expect(accepted(await launch.closed(shot.id))).toBe(500);
  expect(launch.counts()).toMatchObject({ received: 500, duplicates: 0 });
});

test('a later attempt whose orders never came sends what the one before has left, and no more', async () => {
  const launch = await stage.newLaunch({ ios: 1_000, android: 0, delivery: { ios_per_second: 500 } });
  await launch.worker();
  const first = await launch.fire();
  await firstPush(launch, 250);
  await launch.halt();
  const reached = accepted(await launch.closed(first.id, 25_000));
  expect(reached).toBeLessThan(1_000);
  const second = await launch.closed((await launch.fire({ lift: true, wake: false })).id, 25_000);
  expect(accepted(second)).toBe(1_000 - reached);
  expect(launch.counts()).toMatchObject({ received: 1_000, distinctDevices: 1_000, duplicates: 0 });
});

test('a batch queue that is purged in mid-shot costs some seconds and no device, also while another segment goes on', async () => {
  const launch = await stage.newLaunch({
    ios: 3_000,
    android: 4_000,
    batchSize: 20,
    delivery: { ios_per_second: 600, android_per_second: 400, android_ramp: '0s' },
  });
  await launch.worker();
  const shot = await launch.fire();
  await firstPush(launch, 400);
  await purge(queueNames(launch.pool).batches.ios);
  const closed = await launch.closed(shot.id, 30_000);
  expect(accepted(closed)).toBe(7_000);
  expect(launch.counts()).toMatchObject({ received: 7_000, duplicates: 0 });
});
