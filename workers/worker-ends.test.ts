import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { claimKey } from '../contract/orders.ts';
import type { Shot } from '../runbooks/launch/launch.ts';
import { inAll } from '../test/in-all.ts';
import { secondTry } from '../test/run/second-try.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage } from '../test/worker-stage.ts';

/** What a shot comes to when a lease, its window, a provider or a worker ends in the middle of it. */

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

describe('a shot in the middle of which something ends', SECOND_TRY, () => {
  test.each(THREADS)(
    'a batch that takes longer than its lease is sent whole, with one claim: the lease is renewed (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({
        ios: 300,
        android: 0,
        batchSize: 300,
        delivery: { ios_per_second: 100, send_within: '1s' },
      });
      await launch.worker({ threads });
      const shot = await launch.fire();
      expect(sumOf(await launch.closed(shot.id))).toMatchObject({ accepted: 300, late: 0, uncertain: 0 });
      const [batch] = launch.audience.manifest.segments[0]?.batches ?? [];
      const claim = (await stage.cloud.claims.read([claimKey(launch.id, 'ios', 1, batch?.id ?? '')], true))
        .values()
        .next().value;
      expect(claim).toMatchObject({ state: 'accounted', parts: [] });
      expect((claim?.sendUntilMs ?? 0) - (claim?.claimedAtMs ?? 0)).toBeGreaterThan(2_000);
    },
  );

  test(
    'what the window leaves no time for is late, and nothing is written after it',
    secondTry('a machine that stands still through the window sends nothing in it'),
    async () => {
      const launch = await stage.newLaunch({
        ios: 500,
        android: 0,
        batchSize: 500,
        delivery: { ios_per_second: 100, ios_not_after: '3s' },
      });
      const worker = await launch.worker();
      const shot = await launch.fire();
      const { accepted, late } = sumOf(await launch.closed(shot.id));
      expect(accepted + late).toBe(500);
      expect(late).toBeGreaterThan(180);
      expect(accepted).toBeGreaterThan(20);
      const [snapshot] = worker.report().shots;
      expect(snapshot?.lastWriteAtMs ?? 0).toBeLessThan(shot.notAfterAtMs.ios);
    },
  );

  test('providers that stop for 8 s at GO cost 8 s: nothing is late while there is time', async () => {
    const launch = await stage.newLaunch({
      ios: 3_000,
      android: 0,
      batchSize: 500,
      delivery: { ios_not_after: '15s', send_within: '2s' },
    });
    await Promise.all([launch.worker({ connections: 1 }), launch.worker({ connections: 1 })]);
    stage.providers.behaviour.silent = true;
    const shot = await launch.fire();
    await sleep(8_000);
    stage.providers.behaviour.silent = false;
    const totals = sumOf(await launch.closed(shot.id, 30_000));
    expect(totals).toMatchObject({ accepted: 3_000, late: 0, halted: 0, uncertain: 0 });
    expect(launch.counts()).toMatchObject({ received: 3_000, duplicates: 0 });
  });

  test.each(THREADS)(
    'what a provider refused for its own sake stays within reach: a further order goes to exactly those (%i sending threads)',
    async (threads) => {
      // Two have bad tokens of their own.
      const launch = await stage.newLaunch({ ios: 500, android: 0, marks: { 3: 'dead00', 7: 'badd00' } });
      await launch.worker({ threads });
      stage.providers.behaviour.overloadPerSecond = 1;
      const first = await launch.closed((await launch.fire()).id).finally(() => {
        stage.providers.behaviour.overloadPerSecond = 0;
      });
      const lost = first.totals?.[0]?.totals;
      expect(lost?.failed).toBeGreaterThan(450);
      const left = lost?.reachable ?? 0;
      expect(left).toBe(lost?.reasons['ServiceUnavailable']);

      const second = await launch.fire();
      expect(second.segments).toEqual([{ segment: 'ios', attempt: 2 }]);
      const sent = (await launch.closed(second.id)).totals?.[0];
      expect(sent?.devices).toBe(left);
      const bad = Object.values(sent?.totals.reasons ?? {}).reduce((sum, often) => sum + often, 0);
      expect(sent?.totals).toMatchObject({ accepted: left - bad, failed: bad, uncertain: 0, late: 0 });
      expect((lost?.accepted ?? 0) + (sent?.totals.accepted ?? 0)).toBe(498);
      expect((await stage.journal.launch(launch.id))?.attempts['ios']).toHaveLength(2);
      await expect(launch.fire()).rejects.toThrow('NOTHING_TO_FIRE');
    },
  );

  test.each(THREADS)(
    'answers about the content stop the shot of that platform on the worker, loudly; what is unwritten is left to others (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({
        ios: 6_000,
        android: 600,
        delivery: { ios_not_after: '4s', android_not_after: '4s' },
      });
      const worker = await launch.worker({ threads });
      stage.providers.behaviour.topics = ['com.example.other'];
      try {
        const shot = await launch.fire();
        await vi.waitFor(() =>
          expect(worker.report().say).toMatch(
            /STOPPED sending .* to ios: the provider answered TopicDisallowed \(\d+ of the last \d+ answers/,
          ),
        );
        const closed = await launch.closed(shot.id);
        const [ios, android] = ['ios', 'android'].map(
          (segment) => closed.totals?.find((one) => one.segment === segment)?.totals,
        );
        expect(android).toMatchObject({ accepted: 600 });
        // Nobody else was there: late, and within reach. Failed is what was open when it was clear.
        expect(ios).toMatchObject({ accepted: 0, halted: 0, late: 6_000 - (ios?.failed ?? 0) });
        expect(ios?.failed).toBeGreaterThanOrEqual(20);
        expect(ios?.failed).toBeLessThan(3_000);
        expect(closed.closed?.cause).toBe('not-after');
      } finally {
        stage.providers.behaviour.topics = null;
      }
    },
  );

  test.each(THREADS)(
    'SIGTERM hands back what is unclaimed, accounts for every claimed device, and another worker sends the rest (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({
        ios: 3_000,
        android: 0,
        delivery: { ios_per_second: 1_500 },
      });
      const leaving = await launch.worker({ threads }, { drainMs: 300 });
      const shot = await launch.fire();
      await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(450), { interval: 5 });
      // What is in flight at the end of its drain gets no answer.
      stage.providers.behaviour.silent = true;
      await leaving.stop().finally(() => {
        stage.providers.behaviour.silent = false;
      });
      expect(leaving.state).toBe('gone');
      expect((await stage.cloud.live.reports(launch.id)).find(({ bootId }) => bootId === leaving.bootId)?.state).toBe(
        'gone',
      );
      await launch.worker();
      const { accepted, halted, uncertain, late } = sumOf(await launch.closed(shot.id, 20_000));
      expect(uncertain).toBeGreaterThanOrEqual(1);
      expect(accepted + uncertain + halted + late).toBe(3_000);
      expect(accepted).toBeGreaterThan(2_000);
      expect(launch.counts()).toMatchObject({ duplicates: 0 });
      expect(launch.counts().received).toBeGreaterThanOrEqual(accepted);
      expect(launch.counts().received).toBeLessThanOrEqual(accepted + uncertain);
    },
  );

  test.each(THREADS)(
    'what a worker has claimed and not written at the end of its drain goes to another one in the same attempt (%i sending threads)',
    async (threads) => {
      const launch = await stage.newLaunch({
        ios: 400,
        android: 0,
        batchSize: 200,
        delivery: { ios_per_second: 200, send_within: '4s' },
      });
      const leaving = await launch.worker({ threads }, { drainMs: 50 });
      const shot = await launch.fire();
      await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(20), { interval: 5 });
      await leaving.stop();
      const keys = (launch.audience.manifest.segments[0]?.batches ?? []).map(({ id }) =>
        claimKey(launch.id, 'ios', 1, id),
      );
      const left = [...(await stage.cloud.claims.read(keys, true)).values()];
      expect(left).toMatchObject([{ state: 'open', parts: [{ closedAccount: null }] }]);
      await launch.worker();
      const totals = sumOf(await launch.closed(shot.id));
      expect(totals).toMatchObject({ halted: 0, late: 0, accepted: 400 - totals.uncertain });
      expect(totals.uncertain).toBeLessThan(20);
      expect(launch.counts()).toMatchObject({ duplicates: 0, received: 400 });
    },
  );
});
