import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { become, becomeUsual } from '../../infra/local/providers/for-tests.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import type { Worker } from '../../workers/worker.ts';
import { inAll } from '../in-all.ts';
import { secondTry } from '../run/second-try.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage, StagedLaunch } from '../worker-stage.ts';

/** A provider's weather in a whole shot: workers, claims, accounts and the record, beside what the providers counted. */

/** The way through a thread holds what the way without one does, and the telling besides; the other tests here have none. */
const THREADS = [...inAll('without sending threads', [0]), 1];

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  await stage.stopWorkers();
  usual();
  await fetch(`${stage.providers.controlUrl}/reset`, { method: 'POST' });
});
afterAll(async () => {
  await stage.stop();
});

const usual = (): void => {
  becomeUsual(stage.providers);
  become(stage.providers, { apnsPerDevicePerMinute: 0, fcmPerDevicePerMinute: 0 });
};
const received = (launch: StagedLaunch, devices: number) =>
  vi.waitFor(() => expect(launch.counts().received).toBeGreaterThanOrEqual(devices), { timeout: 15_000, interval: 5 });
const laneOf = (worker: Worker, provider: 'apns' | 'fcm') =>
  worker.report().lanes.find((lane) => lane.provider === provider);

function sumOf({ totals }: Shot) {
  const sum = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0 };
  for (const one of totals ?? [])
    for (const state of Object.keys(sum) as (keyof typeof sum)[]) sum[state] += one.totals[state];
  return sum;
}

const SECOND_TRY = secondTry('storms of seconds within windows of seconds');

describe('weather in a shot', SECOND_TRY, () => {
  test.each(THREADS)(
    '429 with Retry-After for 2 s: it is told, nothing is burnt, and all is sent afterwards (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({ ios: 6_000, android: 0, delivery: { ios_per_second: 4_000 } });
      const worker = await launch.worker({ threads });
      const shot = await launch.fire();
      await received(launch, 1_000);
      become(stage.providers, { storm: { how: '429', retryAfterSeconds: 1, forMs: 2_000 } });
      await vi.waitFor(
        () => expect(laneOf(worker, 'apns')?.weather).toMatchObject({ state: 'stopped', reason: 'TooManyRequests' }),
        { interval: 20 },
      );
      expect(laneOf(worker, 'fcm')?.weather ?? null).toBeNull();
      const closed = await launch.closed(shot.id, 20_000);
      expect(sumOf(closed)).toEqual({ accepted: 6_000, failed: 0, uncertain: 0, halted: 0, late: 0 });
      expect(closed.closed?.cause).toBe('complete');
      expect(launch.counts()).toMatchObject({ received: 6_000, distinctDevices: 6_000, duplicates: 0 });
      expect(stage.providers.state().apns.impatient).toBeLessThanOrEqual(2);
    },
  );

  test.each(THREADS)(
    'a window that ends in the storm leaves what is unsent late, and a further order goes to exactly those (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({
        ios: 4_000,
        android: 0,
        delivery: { ios_per_second: 4_000, ios_not_after: '4s' },
      });
      await launch.worker({ threads });
      const shot = await launch.fire();
      await received(launch, 1_000);
      become(stage.providers, { storm: { how: '429', retryAfterSeconds: 60 } });
      const first = await launch.closed(shot.id, 15_000);
      const { accepted, late, ...rest } = sumOf(first);
      expect(rest).toEqual({ failed: 0, uncertain: 0, halted: 0 });
      expect(accepted + late).toBe(4_000);
      expect(launch.counts()).toMatchObject({ received: accepted, duplicates: 0 });
      expect(stage.providers.state().apns.impatient).toBeLessThanOrEqual(1);

      usual();
      await stage.stopWorkers();
      await launch.worker({ threads });
      const second = await launch.closed((await launch.fire()).id, 15_000);
      expect(sumOf(second)).toEqual({ accepted: late, failed: 0, uncertain: 0, halted: 0, late: 0 });
      expect(launch.counts()).toMatchObject({ received: 4_000, distinctDevices: 4_000, duplicates: 0 });
    },
  );

  test.each(THREADS)(
    '503 of FCM that delivers all the same: uncertain, and nobody gets it twice, in a further order either (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({ ios: 0, android: 6_000, delivery: { android_per_second: 4_000 } });
      await launch.worker({ threads });
      const shot = await launch.fire();
      await received(launch, 1_000);
      become(stage.providers, { storm: { how: '503', retryAfterSeconds: 1, delivered: true, forMs: 1_500 } });
      const { accepted, uncertain, ...rest } = sumOf(await launch.closed(shot.id, 20_000));
      expect(rest).toEqual({ failed: 0, halted: 0, late: 0 });
      expect(uncertain).toBeGreaterThan(0);
      // Two connections of 100 streams were the most that could be in flight.
      expect(uncertain).toBeLessThanOrEqual(250);
      expect(accepted + uncertain).toBe(6_000);
      expect(launch.counts()).toMatchObject({ received: 6_000, distinctDevices: 6_000, duplicates: 0 });
      await expect(launch.fire()).rejects.toThrow('NOTHING_TO_FIRE');
    },
  );

  test.each(THREADS)(
    'credentials that are refused everywhere for 2 s hold the shot, and do not end it (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({ ios: 6_000, android: 0, delivery: { ios_per_second: 4_000 } });
      const worker = await launch.worker({ threads });
      const shot = await launch.fire();
      await received(launch, 1_000);
      become(stage.providers, { storm: { how: 'credential', forMs: 2_000 } });
      await vi.waitFor(
        () =>
          expect(laneOf(worker, 'apns')?.weather).toMatchObject({ state: 'stopped', reason: 'InvalidProviderToken' }),
        { interval: 20 },
      );
      expect(sumOf(await launch.closed(shot.id, 20_000))).toEqual({
        accepted: 6_000,
        failed: 0,
        uncertain: 0,
        halted: 0,
        late: 0,
      });
      expect(launch.counts()).toMatchObject({ received: 6_000, distinctDevices: 6_000, duplicates: 0 });
    },
  );

  test('one refused credential in 6,000 costs no device, and the worker goes on', async () => {
    const launch = await stage.newLaunch({ ios: 6_000, android: 0, batchSize: 500 });
    const worker = await launch.worker({ connections: 4 });
    become(stage.providers, { sporadic: { how: 'credential', every: 5_000 } });
    const closed = await launch.closed((await launch.fire()).id);
    expect(sumOf(closed)).toEqual({ accepted: 6_000, failed: 0, uncertain: 0, halted: 0, late: 0 });
    expect(worker.report().say).not.toContain('STOPPED');
    expect(launch.counts()).toMatchObject({ received: 6_000, duplicates: 0 });
  });

  test('a token of an Apple app without its certificate at Firebase concerns that token alone', async () => {
    const launch = await stage.newLaunch({ ios: 0, android: 2_000 });
    await launch.worker();
    become(stage.providers, { sporadic: { how: 'third-party', every: 400 } });
    const closed = await launch.closed((await launch.fire()).id);
    const { accepted, failed, ...rest } = sumOf(closed);
    expect(rest).toEqual({ uncertain: 0, halted: 0, late: 0 });
    expect([accepted + failed, closed.totals?.[0]?.totals.reasons]).toEqual([
      2_000,
      { THIRD_PARTY_AUTH_ERROR: failed },
    ]);
    expect(failed).toBeGreaterThanOrEqual(4);
  });

  test('a sick connection of one worker costs the shot no more than a second of it', async () => {
    const launch = await stage.newLaunch({ ios: 20_000, android: 0, batchSize: 500 });
    const worker = await launch.worker({ connections: 4 });
    const number =
      stage.providers
        .connections('apns')
        .filter(({ closedAtMs }) => closedAtMs === null)
        .at(-1)?.number ?? 1;
    become(stage.providers, { streamLimit: 100, latencyMs: 10, sick: { how: '503', number } });
    const { accepted, failed, ...rest } = sumOf(await launch.closed((await launch.fire()).id, 20_000));
    expect(rest).toEqual({ uncertain: 0, halted: 0, late: 0 });
    expect(failed).toBeLessThanOrEqual(1_100);
    expect(accepted + failed).toBe(20_000);
    expect(launch.counts()).toMatchObject({ received: accepted, duplicates: 0 });
    expect(laneOf(worker, 'apns')?.sick).toEqual({ connections: 1, reason: 'ServiceUnavailable' });
  });
});
