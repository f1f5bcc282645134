import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ailment } from '../../infra/local/providers/ailments.ts';
import { become } from '../../infra/local/providers/for-tests.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { openLaneRig, sumOf } from '../lane-rig.ts';
import type { LaneRig, Sent } from '../lane-rig.ts';
import { secondTry } from '../run/second-try.ts';

/**
 * Single connections that are ill, among healthy ones: what they may cost is what is in flight on them when it begins, and
 * a little until it is known. The figures are the providers' own.
 */

let rig: LaneRig;
beforeAll(async () => {
  rig = await openLaneRig(DEVICES, { addresses: ADDRESSES });
});
afterAll(async () => {
  await rig.stop();
});

/** Of the providers; a test says which of them their name stands for. */
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;
const STREAMS = 100;
const DEVICES = { ios: 60_000, android: 20_000 };
/** What a sick connection may take: all of its streams, and as long as it takes to know better. */
const AT_MOST = STREAMS + 1_000;

/** Every device has its outcome, and nobody got anything twice. */
function expectAccounted(sent: Sent, devices: number): void {
  expect(sent.accepted + sent.burnt + sumOf(sent.held) + sent.unclaimed).toBe(devices);
  expect(sent.counts).toMatchObject({ duplicates: 0 });
  expect(sent.counts.received).toBeGreaterThanOrEqual(sent.accepted);
}

interface Case {
  platform: Platform;
  how: Ailment;
  connections: number;
  threads: number;
  delivered?: boolean;
}

describe('a connection that fails at once takes no more than what is in flight on it', () => {
  test.each<Case>([
    { platform: 'ios', how: '503', connections: 4, threads: 0 },
    { platform: 'ios', how: '429', connections: 4, threads: 1 },
    { platform: 'ios', how: 'reset', connections: 4, threads: 0, delivered: true },
    { platform: 'ios', how: 'credential', connections: 4, threads: 0 },
    { platform: 'ios', how: '503', connections: 20, threads: 1 },
    { platform: 'ios', how: 'html502', connections: 60, threads: 0 },
    { platform: 'android', how: '503', connections: 4, threads: 1, delivered: true },
    { platform: 'android', how: 'quota', connections: 4, threads: 0 },
    { platform: 'android', how: 'reset', connections: 20, threads: 1 },
    { platform: 'android', how: 'cut', connections: 4, threads: 0, delivered: true },
  ])(
    '$platform, 1 of $connections: $how ($threads sending threads)',
    async ({ platform, how, connections, threads, delivered = false }) => {
      const provider = platform === 'ios' ? 'apns' : 'fcm';
      let sick = 0;
      const sent = await rig.send({
        platform,
        threads,
        connections,
        devices: DEVICES[platform],
        providers: { streamLimit: STREAMS, latencyMs: 15 },
        before(numbers) {
          // One of those that are open; what takes its place is healthy.
          sick = numbers.at(-1) ?? 0;
          become(rig.providers, { sick: { how, number: sick, delivered } });
        },
      });
      const took = rig.providers.connections(provider).find(({ number }) => number === sick)?.sickRequests ?? 0;
      expectAccounted(sent, DEVICES[platform]);
      expect(
        sent.burnt,
        JSON.stringify({ took, failed: sent.failed, uncertain: sent.uncertain, writes: sent.writes }),
      ).toBeLessThanOrEqual(AT_MOST);
      expect(took).toBeLessThanOrEqual(AT_MOST);
      expect(sent.accepted).toBe(DEVICES[platform] - sent.burnt);
    },
  );

  test('a node that refuses every stream gets few of them, and all is sent over the others', async () => {
    const sent = await rig.send({
      platform: 'android',
      threads: 0,
      connections: 4,
      devices: 20_000,
      before: (numbers) => become(rig.providers, { latencyMs: 15, sick: { how: 'refused', number: numbers[3] ?? 1 } }),
    });
    expectAccounted(sent, 20_000);
    expect(sent.accepted).toBe(20_000);
    expect(sent.writes).toBeLessThan(20_000 + 2 * STREAMS);
  });
});

describe('a connection that says nothing', secondTry('a deadline of 400 ms in real time'), () => {
  test.each(['silent', 'mute'] as const)('gets nothing more after the first deadline (%s)', async (how) => {
    const deadlineMs = 400;
    let silent = 0;
    const sent = await rig.send({
      platform: 'android',
      threads: 0,
      connections: 4,
      devices: 20_000,
      perSecond: 8_000,
      answerDeadlineMs: deadlineMs,
      before(numbers) {
        silent = numbers[2] ?? 0;
        become(rig.providers, { latencyMs: 10, sick: { how, number: silent, delivered: true } });
      },
    });
    const record = rig.providers.connections('fcm').find(({ number }) => number === silent);
    expectAccounted(sent, 20_000);
    expect({ ...sent.uncertain, sum: sent.burnt }).toEqual({ ...sent.uncertain, sum: record?.sickRequests });
    // One that expires alone is an accident: it takes some in a row.
    expect(sent.burnt).toBeLessThanOrEqual(STREAMS + 5);
    expect((record?.lastSickAtMs ?? 0) - (record?.firstSickAtMs ?? 0)).toBeLessThan(deadlineMs + 200);
    // It was asked whether it lives, and gave its place to another one.
    expect(record?.pings).toBeGreaterThanOrEqual(1);
  });
});

describe('a name that stands for three addresses', () => {
  /** Open connections by address. */
  function shares({ connections }: Sent): Record<string, number> {
    const shares: Record<string, number> = {};
    for (const { address, closedAtMs } of connections)
      if (closedAtMs === null) shares[address] = (shares[address] ?? 0) + 1;
    return shares;
  }

  test('gets a third of the connections at each', async () => {
    const sent = await rig.send({
      platform: 'ios',
      threads: 0,
      connections: 12,
      devices: 6_000,
      addresses: ADDRESSES,
      providers: { latencyMs: 5 },
    });
    expect(shares(sent)).toEqual({ '127.0.0.1': 4, '127.0.0.2': 4, '127.0.0.3': 4 });
    expect(sent).toMatchObject({ accepted: 6_000, burnt: 0 });
  });

  test('and one of which nobody listens at has them all at the other two', async () => {
    const sent = await rig.send({
      platform: 'ios',
      threads: 0,
      connections: 12,
      devices: 6_000,
      addresses: ['127.0.0.1', '127.0.0.2', '127.0.0.9'],
      providers: { latencyMs: 5 },
    });
    expect(shares(sent)).toEqual({ '127.0.0.1': 6, '127.0.0.2': 6 });
    expect(sent).toMatchObject({ accepted: 6_000, burnt: 0 });
  });

  test.each<Ailment>(['503', '429', 'html502'])(
    'and one of which is ill (%s) loses what is in flight there, and its connections go to the others',
    secondTry('one connection may just be trying the ill address anew when they are counted'),
    async (how) => {
      const sent = await rig.send({
        platform: 'ios',
        threads: 0,
        connections: 12,
        devices: DEVICES.ios,
        addresses: ADDRESSES,
        providers: { streamLimit: STREAMS, latencyMs: 15 },
        before: () => become(rig.providers, { sick: { how, address: '127.0.0.2' } }),
      });
      expectAccounted(sent, DEVICES.ios);
      const told = JSON.stringify({
        shares: shares(sent),
        burnt: sent.burnt,
        failed: sent.failed,
        uncertain: sent.uncertain,
        held: sent.held,
        state: sent.state,
        ms: sent.ms,
      });
      expect(sent.burnt, told).toBeLessThanOrEqual(4 * STREAMS + 1_000);
      expect(sent.state.sick, told).toBeLessThanOrEqual(4 * STREAMS + 1_000);
      // One may just be trying the ill address anew when they are counted; four of twelve were there.
      expect(shares(sent)['127.0.0.2'] ?? 0, told).toBeLessThanOrEqual(1);
      expect(sent.accepted, told).toBe(DEVICES.ios - sent.burnt);
    },
  );
});

describe('single answers', () => {
  test.each([0, 1])(
    'one credential that is refused in 6,000 costs no device: it goes out again (%i sending threads)',
    async (threads) => {
      const sent = await rig.send({
        platform: 'ios',
        threads,
        connections: 4,
        devices: 6_000,
        before: () => become(rig.providers, { latencyMs: 10, sporadic: { how: 'credential', every: 5_000 } }),
      });
      expect(sent).toMatchObject({ accepted: 6_000, failed: {}, uncertain: {}, held: {}, writes: 6_001 });
      expect(sent.counts).toMatchObject({ received: 6_000, duplicates: 0 });
    },
  );

  test('five malformed answers in 5,000 leave five devices uncertain', async () => {
    const sent = await rig.send({
      platform: 'ios',
      threads: 0,
      connections: 4,
      devices: 5_000,
      before: () =>
        become(rig.providers, { latencyMs: 10, sporadic: { how: 'malformed', every: 1_000, delivered: true } }),
    });
    expect(sent).toMatchObject({ accepted: 4_995, failed: {}, burnt: 5 });
    expect(sent.counts).toMatchObject({ received: 5_000, duplicates: 0 });
  });

  test('an Apple token without its certificate at Firebase fails alone', async () => {
    const sent = await rig.send({
      platform: 'android',
      threads: 0,
      connections: 2,
      devices: 2_000,
      before: () => become(rig.providers, { latencyMs: 5, sporadic: { how: 'third-party', every: 500 } }),
    });
    expect(sent).toMatchObject({ accepted: 1_996, failed: { THIRD_PARTY_AUTH_ERROR: 4 } });
  });
});
