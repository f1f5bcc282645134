import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createCloud } from '../infra/aws/create-cloud.ts';
import type { Shot } from '../runbooks/launch/launch.ts';
import { inAll } from '../test/in-all.ts';
import { secondTry } from '../test/run/second-try.ts';
import { startStallProxy } from '../test/stall-proxy.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage } from '../test/worker-stage.ts';
import { loadAudience } from './audience/packed/load.ts';
import { packSkipList } from './audience/packed/skip-list.ts';
import { Worker } from './worker.ts';

/** The way through threads holds what the way without them does, and the handing over besides; the other tests here have none. */
const THREADS = [...inAll('without sending threads', [0]), 2];

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

function sumOf({ totals }: Shot) {
  const sum = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0 };
  for (const one of totals ?? [])
    for (const state of Object.keys(sum) as (keyof typeof sum)[]) sum[state] += one.totals[state];
  return sum;
}

const SECOND_TRY = secondTry('halts, leases and windows of seconds: a machine that stands still breaks them');

describe('worker pool', SECOND_TRY, () => {
  test('a shot goes to every device once, closes by itself, and its states sum to the audience', async () => {
    const launch = await stage.newLaunch({
      ios: 1_500,
      android: 1_500,
      marks: { 3: 'dead00', 4: '50000a', 1_701: 'dead00', 1_702: '42900a' },
      skip: (_, at) => at % 500 === 0,
    });
    await Promise.all([launch.worker(), launch.worker()]);
    const shot = await launch.fire();
    const closed = await launch.closed(shot.id);
    expect(sumOf(closed)).toEqual({ accepted: 2_990, failed: 4, uncertain: 0, halted: 0, late: 0, skipped: 6 });
    expect(closed.closed?.cause).toBe('complete');
    expect(closed.totals?.find(({ segment }) => segment === 'ios')?.totals.reasons).toEqual({
      InternalServerError: 1,
      Unregistered: 1,
    });
    expect(closed.totals?.find(({ segment }) => segment === 'android')?.totals.reasons).toEqual({
      QUOTA_EXCEEDED: 1,
      UNREGISTERED: 1,
    });
    expect(launch.counts()).toMatchObject({ received: 2_994, distinctDevices: 2_994, duplicates: 0 });
    await vi.waitFor(async () => {
      const snapshots = (await stage.cloud.live.reports(launch.id)).flatMap(({ shots }) => shots);
      expect(
        snapshots.reduce((sum, { platforms }) => sum + platforms.ios.accepted + platforms.android.accepted, 0),
      ).toBe(2_990);
    });
  });

  test.each(THREADS)(
    'orders and batch messages that come twice, to two dispatchers, send nothing twice (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({ ios: 1_000, android: 0 });
      await Promise.all([launch.worker({ threads }), launch.worker({ threads })]);
      const shot = await launch.fire({ wake: false });
      const batches = Array.from(
        { length: 10 },
        (_, at) => launch.audience.manifest.segments[0]?.batches[at]?.id ?? '',
      );
      const again = batches.map((batch) =>
        JSON.stringify({ v: 1, launchId: launch.id, shotId: shot.id, segment: 'ios', attempt: 1, batch }),
      );
      // Another deduplication id each time: what SQS would let through after five minutes (docs/facts.md#sqs-dedup).
      const order = JSON.stringify({ v: 1, launchId: launch.id, shotId: shot.id, segment: 'ios', attempt: 1 });
      await stage.cloud.queues.sendFifo(
        `${launch.pool}-segments.fifo`,
        ['a', 'b'].map((key) => ({ body: order, group: key, dedup: key })),
      );
      await stage.cloud.queues.send(`${launch.pool}-batches-ios`, [...again, ...again]);
      expect(sumOf(await launch.closed(shot.id))).toMatchObject({ accepted: 1_000 });
      expect(launch.counts()).toMatchObject({ received: 1_000, duplicates: 0 });
    },
  );

  test('nothing that was not approved is sent: forged orders and batches are dropped and reported', async () => {
    const launch = await stage.newLaunch({ ios: 200, android: 0 });
    const worker = await launch.worker();
    const batch = launch.audience.manifest.segments[0]?.batches[0]?.id ?? '';
    const forged = { v: 1, launchId: launch.id, shotId: 'S99', segment: 'ios', attempt: 1 };
    await stage.cloud.queues.sendFifo(`${launch.pool}-segments.fifo`, [
      { body: JSON.stringify(forged), group: 'x', dedup: 'x' },
      { body: 'fire!', group: 'y', dedup: 'y' },
    ]);
    await stage.cloud.queues.send(`${launch.pool}-batches-ios`, [JSON.stringify({ ...forged, batch })]);
    await vi.waitFor(() => expect(worker.report().foreign).toMatchObject({ orders: 2, batches: 1 }));
    await vi.waitFor(async () => {
      const depths = await Promise.all(
        ['segments.fifo', 'batches-ios', 'batches-android'].map((queue) =>
          stage.cloud.queues.depth(`${launch.pool}-${queue}`),
        ),
      );
      expect(depths.map(({ visible, inFlight }) => visible + inFlight)).toEqual([0, 0, 0]);
    });
    expect(launch.counts().received).toBe(0);
  });

  test('what is far too long, of another version, another launch or no JSON is deleted, counted and cut; the report stays small', async () => {
    const launch = await stage.newLaunch({ ios: 100, android: 0 });
    const worker = await launch.worker();
    const order = { v: 1, launchId: launch.id, shotId: 'S1', segment: 'ios', attempt: 1 };
    const long = 'x'.repeat(255 * 1_024);
    const orders = [
      { ...order, shotId: long },
      { ...order, v: 2 },
      { ...order, launchId: 'launch-of-nobody' },
      { ...order, segment: 'y'.repeat(41) },
      { v: 1, launchId: launch.id, testId: 'T1' },
    ].map((one) => JSON.stringify(one));
    await stage.cloud.queues.sendFifo(
      `${launch.pool}-segments.fifo`,
      ['{', ...orders].map((body, at) => ({ body, group: `g${at}`, dedup: `d${at}` })),
    );
    const batch = { ...order, batch: 'ios.00001' };
    const batches = [
      { ...batch, batch: long },
      { ...batch, v: 2 },
      { ...batch, launchId: 'launch-of-nobody' },
      { ...batch, extra: 1 },
      { ...batch, shotId: 'S1' },
    ].map((one) => JSON.stringify(one));
    await stage.cloud.queues.send(`${launch.pool}-batches-ios`, ['fire!', ...batches]);
    await vi.waitFor(() => expect(worker.report().foreign).toMatchObject({ orders: 6, batches: 6 }));
    await vi.waitFor(async () => {
      const [written] = await stage.cloud.live.reports(launch.id);
      expect(written?.foreign).toMatchObject({ orders: 6, batches: 6 });
      expect(Buffer.byteLength(JSON.stringify(written))).toBeLessThan(4_000);
    });
    expect(worker.report().say).toBe('ready');
    expect(launch.counts().received).toBe(0);
  });

  test('a batch of an approved shot under another attempt or segment is not sent either', async () => {
    const launch = await stage.newLaunch({ ios: 200, android: 200 });
    await launch.worker();
    const shot = await launch.fire({ wake: false, segments: ['ios'] });
    const manifest = launch.audience.manifest;
    const ofAndroid = manifest.segments.find(({ id }) => id === 'android')?.batches[0]?.id ?? '';
    const ofIos = manifest.segments.find(({ id }) => id === 'ios')?.batches[0]?.id ?? '';
    const message = { v: 1, launchId: launch.id, shotId: shot.id, segment: 'ios', attempt: 1, batch: ofIos };
    await stage.cloud.queues.send(
      `${launch.pool}-batches-ios`,
      [
        { ...message, attempt: 2 },
        { ...message, segment: 'android', batch: ofAndroid },
        { ...message, batch: ofAndroid },
        { ...message, batch: 'nope' },
      ].map((one) => JSON.stringify(one)),
    );
    await launch.wake(shot);
    await launch.closed(shot.id);
    expect(launch.counts()).toMatchObject({ received: 200, duplicates: 0 });
  });

  test.each(THREADS)(
    'a halt stops inside the batches, nothing leaves after it, and the next attempt sends only what was left (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({
        ios: 4_000,
        android: 0,
        // Two seconds a batch: what is begun would end well after the halt.
        batchSize: 2_000,
        delivery: { ios_per_second: 1_000 },
      });
      const worker = await launch.worker({ threads });
      const first = await launch.fire();
      await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(300), { interval: 5 });
      await launch.halt();
      const haltedAtMs = Date.now();
      const closed = await launch.closed(first.id, 25_000);
      expect(closed.closed?.cause).toBe('halt');
      const { accepted, halted } = sumOf(closed);
      expect(accepted + halted).toBe(4_000);
      expect(halted).toBeGreaterThan(0);
      expect(launch.counts().received).toBe(accepted);
      expect((worker.report().shots[0]?.lastWriteAtMs ?? 0) - haltedAtMs).toBeLessThan(1_000);

      const second = await launch.fire({ lift: true });
      expect(second.segments).toEqual([{ segment: 'ios', attempt: 2 }]);
      const after = await launch.closed(second.id, 25_000);
      expect(after.totals?.[0]).toMatchObject({ devices: halted, totals: { accepted: halted } });
      expect(launch.counts()).toMatchObject({ received: 4_000, distinctDevices: 4_000, duplicates: 0 });
    },
  );

  test('while the switches cannot be read nothing is sent; it goes on when they can', async () => {
    const proxy = await startStallProxy(stage.cloudConfig.endpoint ?? '');
    try {
      const launch = await stage.newLaunch({ ios: 2_000, android: 0, delivery: { ios_per_second: 1_000 } });
      await launch.worker({ cloud: { ...stage.cloudConfig, endpoint: proxy.url } });
      const shot = await launch.fire();
      await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(100), { interval: 5 });
      proxy.stall(true);
      let before = -1;
      await vi.waitFor(
        () => {
          const { received } = launch.counts();
          const same = received === before;
          before = received;
          expect(same).toBe(true);
        },
        { interval: 200 },
      );
      expect(before).toBeLessThan(2_000);
      proxy.stall(false);
      const { accepted, late } = sumOf(await launch.closed(shot.id, 20_000));
      expect(accepted + late).toBe(2_000);
      expect(accepted).toBeGreaterThan(before);
      expect(launch.counts()).toMatchObject({ received: accepted, duplicates: 0 });
    } finally {
      await proxy.close();
    }
  });

  test('Android climbs its ramp beside an iOS blast: nothing late, nothing among the dead letters, never over the pace', async () => {
    const launch = await stage.newLaunch({
      ios: 3_000,
      android: 4_000,
      workers: 2,
      delivery: { android_event_quota: undefined, android_per_second: 1_000, android_ramp: '3s' },
    });
    await Promise.all([launch.worker(), launch.worker()]);
    const shot = await launch.fire();
    const byPlatform = () => stage.providers.judge.counts(launch.id, null).byPlatform;
    // A ramp to 1,000/s in 3 s lets 1,000·t²/6 out; half a second and 100 more allow for the steps in which the pace is set.
    await vi.waitFor(() => expect(Date.now() - shot.pressedAtMs).toBeGreaterThan(1_000), {
      interval: 10,
    });
    const sinceGoS = (Date.now() - shot.pressedAtMs) / 1_000;
    expect(byPlatform().android.received).toBeLessThan((1_000 * (sinceGoS + 0.5) ** 2) / 6 + 100);
    const closed = await launch.closed(shot.id, 25_000);
    expect(sumOf(closed)).toMatchObject({ accepted: 7_000, late: 0 });
    const reports = await stage.cloud.live.reports(launch.id);
    expect(reports.every(({ shots }) => (shots[0]?.platforms.android.accepted ?? 0) > 0)).toBe(true);
    expect(await stage.cloud.queues.depth(`${launch.pool}-batches-dlq`)).toMatchObject({ visible: 0 });
    expect(launch.counts()).toMatchObject({ received: 7_000, duplicates: 0 });
  });

  test('a worker that is stopped while it is still being put together takes no order', async () => {
    const launch = await stage.newLaunch({ ios: 300, android: 0 });
    await launch.fire();
    const queue = `${launch.pool}-segments.fifo`;
    // The moment: its launch is found, its parts are not there yet.
    const assembling = Promise.withResolvers<void>();
    const config = launch.config();
    const worker = new Worker({
      cloud: createCloud(stage.cloudConfig),
      log: pino({ level: 'silent' }),
      metricsLine: null,
      config: {
        ...config,
        fcm: {
          ...config.fcm,
          get account() {
            assembling.resolve();
            return config.fcm.account;
          },
        },
      },
    });
    const started = worker.start();
    await assembling.promise;
    await Promise.all([worker.stop(), started]);
    await sleep(300);
    expect(await stage.cloud.queues.depth(queue)).toMatchObject({ visible: 1, inFlight: 0 });
    expect(launch.counts().received).toBe(0);
  });

  test('another skip list is taken in while nothing runs, and counts in the next shot', async () => {
    const launch = await stage.newLaunch({ ios: 300, android: 0, skip: (_, at) => at < 7 });
    const worker = await launch.worker();
    expect(worker.report().skipListHash).not.toBeNull();
    const key = 'skip-lists/empty.bin';
    const packed = packSkipList([]);
    await stage.cloud.objects.put(key, packed.bytes);
    await stage.journal.append(launch.id, { kind: 'set-skip-list', by: 'ana', skipList: { ...packed.ref, key } });
    await vi.waitFor(() => expect([worker.report().skipListHash, worker.state]).toEqual([packed.ref.hash, 'ready']));
    const shot = await launch.fire();
    expect(sumOf(await launch.closed(shot.id))).toMatchObject({ accepted: 300, skipped: 0 });
  });

  test('who is added to the skip list in mid-shot gets nothing any more, and the shot goes on', async () => {
    const launch = await stage.newLaunch({ ios: 600, android: 0, batchSize: 20, delivery: { ios_per_second: 150 } });
    const worker = await launch.worker();
    const shot = await launch.fire();
    await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(0));
    const { audience } = (await stage.journal.launch(launch.id)) ?? {};
    const loaded = await loadAudience(stage.cloud.objects, audience?.manifestKey ?? '');
    const all = loaded.manifest.segments.flatMap(({ batches }) =>
      batches.flatMap(({ id, count }) => Array.from({ length: count }, (_, i) => loaded.tokenAt(id, i))),
    );
    const packed = packSkipList(all.slice(-100));
    await stage.cloud.objects.put(packed.ref.key, packed.bytes);
    await stage.journal.append(launch.id, { kind: 'set-skip-list', by: 'ana', skipList: packed.ref, adds: null });
    await vi.waitFor(() => expect(worker.report().skipListHash).toBe(packed.ref.hash));
    expect(sumOf(await launch.closed(shot.id))).toMatchObject({
      accepted: 500,
      skipped: 100,
      uncertain: 0,
      late: 0,
      halted: 0,
      failed: 0,
    });
  });

  test('a worker that starts in mid-shot serves the shot with the skip list that it was approved with', async () => {
    const launch = await stage.newLaunch({ ios: 300, android: 0, skip: (_, at) => at < 7 });
    const shot = await launch.fire();
    await stage.cloud.objects.put('skip-lists/other.bin', packSkipList([]).bytes);
    await stage.journal.append(launch.id, {
      kind: 'set-skip-list',
      by: 'ana',
      skipList: { ...packSkipList([]).ref, key: 'skip-lists/other.bin' },
    });
    const worker = await launch.worker();
    expect(sumOf(await launch.closed(shot.id))).toMatchObject({ accepted: 293, skipped: 7 });
    await vi.waitFor(() => expect(worker.report().skipListHash).toBe(packSkipList([]).ref.hash));
  });

  test('a worker that could not load in mid-shot tries again, and sends what was waiting', async () => {
    const launch = await stage.newLaunch({ ios: 300, android: 0, skip: (_, at) => at < 7 });
    const worker = await launch.worker();
    const key = 'skip-lists/not-there-yet.bin';
    const packed = packSkipList([]);
    await stage.journal.append(launch.id, { kind: 'set-skip-list', by: 'ana', skipList: { ...packed.ref, key } });
    await vi.waitFor(() => expect(worker.report().audienceHash).toBeNull());
    const shot = await launch.fire();
    await vi.waitFor(async () =>
      expect((await stage.cloud.queues.depth(`${launch.pool}-batches-ios`)).inFlight).toBe(3),
    );
    await stage.cloud.objects.put(key, packed.bytes);
    expect(sumOf(await launch.closed(shot.id))).toMatchObject({ accepted: 300 });
  });

  test('a worker whose pool was given to another launch makes room for a successor, but not in mid-shot', async () => {
    const launch = await stage.newLaunch({ ios: 400, android: 0, delivery: { ios_per_second: 200 } });
    let movedAtMs = Number.NaN;
    const worker = new Worker({
      config: launch.config({ launchId: null }),
      cloud: createCloud(stage.cloudConfig),
      log: pino({ level: 'silent' }),
      metricsLine: null,
      onMoved: () => {
        if (Number.isNaN(movedAtMs)) movedAtMs = Date.now();
      },
    });
    await worker.start();
    try {
      await vi.waitFor(() => expect(worker.isReady).toBe(true));
      const shot = await launch.fire();
      await stage.cloud.live.assignPool(launch.pool, 'the-next-one');
      const closed = await launch.closed(shot.id);
      expect(sumOf(closed)).toMatchObject({ accepted: 400 });
      await vi.waitFor(() => expect(movedAtMs).toBeGreaterThanOrEqual(closed.closed?.atMs ?? Number.POSITIVE_INFINITY));
    } finally {
      await worker.stop();
    }
  });
});
