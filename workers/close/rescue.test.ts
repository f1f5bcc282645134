import { GetQueueUrlCommand, PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { claimKey, segmentDedupId } from '../../contract/orders.ts';
import { queueNames } from '../../contract/queue-names.ts';
import type { WorkerReport } from '../../contract/report.ts';
import { createClients } from '../../infra/aws/clients.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { stateCode, toAccount } from '../../settle/account-codec.ts';
import { CloseMemo, manifestReader, partsOf } from '../../settle/close.ts';
import { setReader } from '../../settle/frozen-sets.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';
import { Rescue } from './rescue.ts';
import type { RescueOptions } from './rescue.ts';

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

describe('with workers', () => {
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
});

describe('judged', () => {
  /** A shot of three batches without any worker, and a clock that the test moves. */
  async function judged(
    change: Partial<RescueOptions> = {},
    devices: Parameters<Stage['newLaunch']>[0] = { ios: 300, android: 0 },
  ) {
    const launch = await stage.newLaunch(devices);
    const shot = await launch.fire({ wake: false });
    const present = await stage.journal.launch(launch.id);
    if (present === null) throw new Error('no launch');
    const deps = {
      claims: stage.cloud.claims,
      journal: stage.journal,
      manifestOf: manifestReader(stage.cloud.objects),
      setOf: setReader(stage.cloud.objects),
    };
    const parts = await partsOf(deps, present, shot);
    const memo = new CloseMemo();
    let atMs = shot.pressedAtMs;
    const sent: { atMs: number; batches: number }[] = [];
    let reads = 0;
    const rescue = new Rescue({
      claims: {
        read: (...call) => {
          reads += 1;
          return stage.cloud.claims.read(...call);
        },
      },
      queues: {
        send: async (_queue, bodies) => {
          sent.push({ atMs: atMs - shot.pressedAtMs, batches: bodies.length });
        },
        depth: async () => ({ visible: 0, inFlight: 0, delayed: 0 }),
      },
      live: stage.cloud.live,
      batches: queueNames(launch.pool).batches,
      launchId: launch.id,
      earliestMs: () => atMs,
      heldBack: () => null,
      isBusy: () => false,
      log: pino({ level: 'silent' }),
      nowMs: () => atMs,
      ...change,
    });
    const until = async (ms: number) => {
      for (; atMs < shot.pressedAtMs + ms; atMs += 250) if (rescue.isDue(shot)) await rescue.look(shot, parts, memo);
    };
    const key = (at: number) => claimKey(launch.id, 'ios', 1, parts[0]?.batches[at]?.id ?? '');
    /** Devices below the mark are under the lease. */
    const claim = (at: number, forMs: number, mark = 10) =>
      stage.cloud.claims.claim(key(at), {
        bootId: 'b',
        token: `t${at}`,
        claimedAtMs: atMs,
        sendUntilMs: atMs + forMs,
        mark,
      });
    const account = (at: number) =>
      stage.cloud.claims.account(key(at), `t${at}`, toAccount(new Uint8Array(100).fill(stateCode('accepted')), {}));
    const skip = (ms: number) => {
      atMs += ms;
    };
    return { rescue, sent, until, skip, claim, account, shot, reads: () => reads };
  }

  test('a segment that is not begun gets its batches after a second, then after 3 s, 6 s, 12 s', async () => {
    const { sent, until } = await judged();
    await until(30_000);
    expect(sent.map(({ batches }) => batches)).toEqual([3, 3, 3, 3]);
    const times = sent.map(({ atMs }) => atMs);
    expect(times[0]).toBeLessThanOrEqual(1_250);
    const gaps = times.slice(1).map((at, nth) => at - (times[nth] ?? 0));
    for (const [nth, gap] of [3_000, 6_000, 12_000].entries())
      expect(Math.abs((gaps[nth] ?? 0) - gap)).toBeLessThanOrEqual(1_250);
  });

  test('while a lease lives nothing is lost; when it is over, and its grace, what nobody holds is, and what it covers whole is not', async () => {
    const { sent, until, claim, account } = await judged();
    await claim(0, 5_000);
    await until(5_900);
    expect(sent).toEqual([]);
    await account(0);
    await claim(1, 1_000);
    await claim(2, 1_000, 100);
    await until(30_000);
    // What the lease of the second left.
    expect(sent[0]?.batches).toBe(1);
    expect(sent[0]?.atMs).toBeGreaterThan(5_900 + 1_000 + 3_000);
  });

  test('a store that was away for long is no stillness of the segment', async () => {
    const { sent, until, skip, claim, account } = await judged();
    await claim(0, 500);
    await account(0);
    await until(2_000);
    skip(20_000);
    await until(23_000);
    expect(sent).toEqual([]);
    await until(26_000);
    expect(sent.map(({ batches }) => batches)).toEqual([2]);
  });

  test('a pause, a halt, a shot that is over and a process that is busy with it cost no rescue and no read', async () => {
    for (const change of [{ heldBack: () => 'paused' }, { isBusy: () => true }] satisfies Partial<RescueOptions>[]) {
      const { sent, until, reads } = await judged(change);
      await until(20_000);
      expect([sent, reads()]).toEqual([[], 0]);
    }
    const over = await judged();
    await over.until(60_000);
    const before = over.sent.length;
    await over.until(200_000);
    expect(over.sent.length).toBe(before);
    expect(over.rescue.isDue({ ...over.shot, haltedAtMs: 1 })).toBe(false);
  });

  test('what has lost its claims is not put back: more was answered than there are claims for', async () => {
    const answered = (accepted: number) => ({
      written: accepted,
      accepted,
      failed: 0,
      uncertain: 0,
      halted: 0,
      late: 0,
      skipped: 0,
      reasons: {},
      histogram: '',
      curve: [],
    });
    let accepted = 0;
    let shotId = '';
    const { sent, until, shot, claim, account } = await judged({
      live: {
        reports: async () => [
          {
            shots: [
              {
                shotId,
                platforms: { ios: answered(accepted), android: answered(0) },
                firstWriteAtMs: null,
                lastWriteAtMs: null,
              },
            ],
          } as unknown as WorkerReport,
        ],
      },
    });
    shotId = shot.id;
    accepted = 1;
    await until(10_000);
    expect(sent).toEqual([]);
    await claim(0, 1);
    await account(0);
    await until(30_000);
    expect(sent[0]?.batches).toBe(2);
  });

  test('a queue that is full of messages gets no more than a hundred of them', async () => {
    const sent: number[] = [];
    const { until } = await judged(
      {
        queues: {
          send: async (_queue, bodies) => {
            sent.push(bodies.length);
          },
          depth: async () => ({ visible: 9_000, inFlight: 1_000, delayed: 0 }),
        },
      },
      { ios: 150, android: 0, batchSize: 1 },
    );
    await until(2_000);
    expect(sent).toEqual([100]);
  });
});
