import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ailment } from '../../infra/local/providers/ailments.ts';
import { become } from '../../infra/local/providers/for-tests.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { inAll } from '../in-all.ts';
import { openLaneRig, sumOf } from '../lane-rig.ts';
import type { LaneRig, Sent } from '../lane-rig.ts';
import { secondTry } from '../run/second-try.ts';

/**
 * What a provider answers everybody for a while. Nothing may be lost to it but what was in flight and cannot be known, nothing may arrive
 * twice, nobody may be asked again before the time that the answer names, and afterwards everything goes on by itself.
 */

let rig: LaneRig;
beforeAll(async () => {
  rig = await openLaneRig({ ios: DEVICES, android: DEVICES });
});
afterAll(async () => {
  await rig.stop();
});

const SECOND_TRY = secondTry('storms of a second or two, and a send that is over soon after them');

const CONNECTIONS = 4;
const STREAMS = 100;
const IN_FLIGHT = CONNECTIONS * STREAMS;
const STORM_MS = 1_500;
const DEVICES = 20_000;
/** For the message of what fails. */
const brief = ({ counts: { received, distinctDevices, duplicates }, numbers: _numbers, ...sent }: Sent): string =>
  JSON.stringify({ ...sent, counts: { received, distinctDevices, duplicates } });

interface Storm {
  platform: Platform;
  how: Ailment;
  threads: number;
  retryAfterSeconds?: number | null;
  delivered?: boolean;
  perSecond?: number;
  forMs?: number;
  windowMs?: number;
  fromDevices?: number;
}

/** A send that a storm meets when it is a fifth through. */
async function sendThrough({
  platform,
  how,
  threads,
  retryAfterSeconds = null,
  delivered = false,
  perSecond = 0,
  forMs = STORM_MS,
  windowMs = 30_000,
  fromDevices = DEVICES / 5,
}: Storm): Promise<Sent & { stormFromMs: number }> {
  let stormFromMs = 0;
  const sent = await rig.send({
    platform,
    threads,
    connections: CONNECTIONS,
    devices: DEVICES,
    perSecond,
    windowMs,
    providers: { streamLimit: STREAMS, latencyMs: 15 },
    async during(progress) {
      await progress.received(fromDevices);
      stormFromMs = Date.now();
      become(rig.providers, { storm: { how, retryAfterSeconds, delivered, forMs } });
    },
  });
  return { ...sent, stormFromMs };
}

/** Receipts per 100 ms after the storm's first half second and before its end. */
function receivedIn(sent: Sent & { stormFromMs: number }, forMs = STORM_MS): number {
  return sumOf(
    Object.fromEntries(
      sent.counts.curve.filter(([atMs]) => atMs > sent.stormFromMs + 500 && atMs < sent.stormFromMs + forMs - 100),
    ),
  );
}

describe('a storm of answers that say "not now"', SECOND_TRY, () => {
  test.each<Storm>([
    { platform: 'ios', how: '429', retryAfterSeconds: 3, threads: 0, forMs: 3_000 },
    { platform: 'ios', how: '429', retryAfterSeconds: 2, threads: 1, perSecond: 10_000 },
    { platform: 'android', how: 'quota', retryAfterSeconds: 2, threads: 0 },
    { platform: 'ios', how: 'html404', threads: 1 },
    { platform: 'android', how: 'credential', threads: 1 },
    ...inAll<Storm>('each answer has a row above, on the other platform or at another pace', [
      { platform: 'ios', how: '429', threads: 1 },
      { platform: 'ios', how: 'html302', threads: 0 },
      { platform: 'android', how: '429', retryAfterSeconds: 1, threads: 1, perSecond: 10_000 },
      { platform: 'ios', how: 'credential', threads: 0 },
    ]),
  ])(
    '$how of $platform, Retry-After $retryAfterSeconds: all is sent afterwards, and nothing is burnt ($threads sending threads, pace $perSecond)',
    async (storm) => {
      const sent = await sendThrough(storm);
      const told = brief(sent);
      expect(sent.burnt, told).toBe(0);
      expect(sent.accepted, told).toBe(DEVICES);
      expect(sent.counts, told).toMatchObject({ received: DEVICES, distinctDevices: DEVICES, duplicates: 0 });
      // What was in flight, and without a word about the wait half of it each round trip until that is clear; then a try now and then.
      expect(sent.state.storm, told).toBeLessThanOrEqual(2 * IN_FLIGHT);
      expect(sent.state.impatient, told).toBeLessThanOrEqual(1);
      expect(receivedIn(sent, storm.forMs), told).toBe(0);
      // Nobody sleeps long after it is over.
      expect(sent.ms, told).toBeLessThan(12_000);
    },
  );
});

describe('a storm of answers that leave open what became of the device', SECOND_TRY, () => {
  test.each<Storm>([
    { platform: 'android', how: '503', threads: 0, delivered: true, retryAfterSeconds: 1 },
    { platform: 'ios', how: '503', threads: 0, delivered: true },
    { platform: 'ios', how: 'reset', threads: 1, delivered: true },
    // A gateway may have passed on what it then says this of.
    { platform: 'android', how: 'html502', threads: 0 },
    { platform: 'android', how: '500', threads: 1, delivered: true, retryAfterSeconds: 2 },
    ...inAll<Storm>('503 of both platforms stands above, with a Retry-After and without', [
      { platform: 'android', how: '503', threads: 1, delivered: true, retryAfterSeconds: 1, perSecond: 10_000 },
    ]),
  ])(
    '$how of $platform, delivered $delivered: what was in flight is not sent again, the rest afterwards ($threads sending threads)',
    async (storm) => {
      const sent = await sendThrough(storm);
      const told = brief(sent);
      expect(sent.accepted + sent.burnt, told).toBe(DEVICES);
      expect(sent.counts, told).toMatchObject({
        received: storm.delivered === true ? DEVICES : sent.accepted,
        duplicates: 0,
      });
      expect(sent.burnt, told).toBeGreaterThan(0);
      expect(sent.burnt, told).toBeLessThanOrEqual(IN_FLIGHT + 50);
      if (storm.platform === 'android') expect(sent.failed, told).toEqual({});
      expect(sent.state.impatient, told).toBeLessThanOrEqual(1);
      expect(sent.ms, told).toBeLessThan(12_000);
    },
  );
});

describe('a limit that nobody names', SECOND_TRY, () => {
  test.each([
    { retryAfterSeconds: null, windowMs: 20, threads: 0, writes: 1.4 },
    { retryAfterSeconds: null, windowMs: 1_000, threads: 1, writes: 1.3 },
    { retryAfterSeconds: 1, windowMs: 1_000, threads: 1, writes: 1.3 },
  ])(
    'of 5,000 a second with 429, in windows of $windowMs ms, Retry-After $retryAfterSeconds: nothing is burnt, and most of it is used ($threads sending threads)',
    async ({ retryAfterSeconds, windowMs, threads, writes }) => {
      const sent = await rig.send({
        platform: 'ios',
        threads,
        connections: CONNECTIONS,
        devices: DEVICES,
        providers: { streamLimit: STREAMS, latencyMs: 15 },
        before: () =>
          become(rig.providers, {
            overloadPerSecond: 5_000,
            overloadWindowMs: windowMs,
            overloadStatus: 429,
            overloadRetryAfterSeconds: retryAfterSeconds,
          }),
      });
      const told = brief(sent);
      expect(sent.accepted, told).toBe(DEVICES);
      expect(sent.counts, told).toMatchObject({ received: DEVICES, duplicates: 0 });
      // 4 s at the limit; with a Retry-After every other second is the provider's.
      expect(sent.ms, told).toBeLessThan(16_000);
      expect(sent.writes, told).toBeLessThan(DEVICES * writes);
    },
  );
});

describe('a window that ends in the storm', SECOND_TRY, () => {
  test.each([1, ...inAll('without sending threads', [0])])(
    'what is unsent is held or was never claimed, nothing is failed (%i sending threads)',
    async (threads) => {
      const sent = await sendThrough({
        platform: 'ios',
        how: '429',
        retryAfterSeconds: 60,
        threads,
        forMs: 60_000,
        windowMs: 2_500,
        fromDevices: 1_000,
      });
      const told = brief(sent);
      expect(sent.burnt, told).toBe(0);
      expect(sent.accepted + sumOf(sent.held) + sent.unclaimed, told).toBe(DEVICES);
      expect(sent.held, told).toEqual({ late: sumOf(sent.held) });
      expect(sent.counts, told).toMatchObject({ received: sent.accepted, duplicates: 0 });
      expect(sent.state.impatient, told).toBeLessThanOrEqual(1);
      expect(sent.ms, told).toBeLessThan(4_500);
    },
  );
});
