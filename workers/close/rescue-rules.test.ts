import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { BatchMessage } from '../../contract/orders.ts';
import { claimKey } from '../../contract/orders.ts';
import type { WorkerReport } from '../../contract/report.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { stateCode, toAccount } from '../../settle/account-codec.ts';
import { CloseMemo } from '../../settle/close.ts';
import { wholeBatch } from '../../settle/members.ts';
import type { Part } from '../../settle/part.ts';
import { MemoryClaims } from '../../test/memory-claims.ts';
import { LAUNCH_ID, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { Rescue } from './rescue.ts';
import type { RescueOptions } from './rescue.ts';

/** When a segment counts as lost, and what is put on its queue again; claims, queues and clock are in memory. With workers and real queues: rescue.test.ts. */

const COUNT = 100;
const STEP_MS = 250;

function judged(change: Partial<RescueOptions> = {}, { batches = 3, attempt = 1 } = {}) {
  const scene = Scene.ready(sampleRunbook({ delivery: { ios_not_after: '10m', android_not_after: '10m' } }));
  const shot = scene.fired('all');
  const launch = scene.state;
  const claims = new MemoryClaims();
  const now = { ms: shot.pressedAtMs };
  const keyOf = (at: number, segment = 'us-ios') => claimKey(LAUNCH_ID, segment, attempt, `${segment}.${at}`);
  const part = (segment: string, platform: Part['platform'], many: number): Part => ({
    segment,
    attempt,
    platform,
    notAfterMs: shot.notAfterAtMs[platform],
    batches: Array.from({ length: many }, (_, at) => ({
      id: `${segment}.${at}`,
      key: keyOf(at, segment),
      set: wholeBatch(COUNT),
      count: COUNT,
      variant: null,
    })),
    setNow: () => Promise.reject(new Error('not asked for')),
    unclaimed: () => null,
    variants: [],
  });
  const parts = [part('us-ios', 'ios', batches)];
  const memo = new CloseMemo();
  const sent: { atMs: number; queue: string; batches: string[] }[] = [];
  const bodies: BatchMessage[] = [];
  const reads: number[] = [];
  const consistent = new Set<boolean>();
  const lines: { level: number; msg: string }[] = [];
  const rescue = new Rescue({
    claims: {
      read: (keys, isConsistent) => {
        reads.push(keys.length);
        consistent.add(isConsistent);
        return claims.read(keys);
      },
    },
    queues: {
      send: async (queue, all) => {
        const found = all.map((body) => JSON.parse(body) as BatchMessage);
        bodies.push(...found);
        sent.push({ atMs: now.ms - shot.pressedAtMs, queue, batches: found.map(({ batch }) => batch) });
      },
      depth: async () => ({ visible: 0, inFlight: 0, delayed: 0 }),
    },
    live: { signedReports: async () => ({ reports: [], foreign: [] }) },
    trusted: null,
    batches: { ios: 'ios-queue', android: 'android-queue' },
    launchId: LAUNCH_ID,
    earliestMs: () => now.ms,
    heldBack: () => null,
    isBusy: () => false,
    log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) }),
    nowMs: () => now.ms,
    ...change,
  });
  /** As if these segments were all of it: one that nobody has looked at is always due. */
  const only = (of: readonly Part[]): Shot => ({
    ...shot,
    segments: shot.segments.filter(({ segment }) => of.some((one) => one.segment === segment)),
  });
  /** As the closer looks, to so long after the press. What came back is how many were put on their queues. */
  const until = async (ms: number, of: readonly Part[] = parts) => {
    let rescued = 0;
    for (; now.ms < shot.pressedAtMs + ms; now.ms += STEP_MS)
      if (rescue.isDue(only(of))) rescued += await rescue.look(launch, shot, of, memo);
    return rescued;
  };
  /** Devices below the mark are under the lease. */
  const claim = (at: number, forMs: number, mark = 10) =>
    claims.claim(keyOf(at), {
      bootId: 'b',
      token: `t${at}`,
      claimedAtMs: now.ms,
      sendUntilMs: now.ms + forMs,
      mark,
    });
  const account = (at: number) =>
    claims.account(keyOf(at), `t${at}`, toAccount(new Uint8Array(COUNT).fill(stateCode('accepted')), {}));
  const counts = () => sent.map((one) => one.batches.length);
  return {
    rescue,
    launch,
    shot,
    claims,
    now,
    parts,
    part,
    memo,
    sent,
    bodies,
    reads,
    consistent,
    lines,
    until,
    claim,
    account,
    counts,
  };
}

describe('a segment that nobody works at', () => {
  test('gets its batches a second after the press, then after 3 s, 6 s, 12 s … a minute at most', async () => {
    const { sent, until, counts, bodies, shot, lines } = judged();
    expect(await until(1_000)).toBe(0);
    expect(await until(1_250)).toBe(3);
    await until(400_000);
    expect(new Set(counts())).toEqual(new Set([3]));
    const times = sent.map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((at, nth) => at - (times[nth] ?? 0));
    expect(times[0]).toBe(1_000);
    for (const [nth, gap] of [3_000, 6_000, 12_000, 24_000, 48_000, 60_000, 60_000].entries()) {
      expect(gaps[nth], `gap ${nth}`).toBeGreaterThanOrEqual(gap);
      expect(gaps[nth], `gap ${nth}`).toBeLessThanOrEqual(gap + 1_000);
    }
    expect(sent[0]?.queue).toBe('ios-queue');
    expect(bodies[0]).toEqual({
      v: 1,
      launchId: LAUNCH_ID,
      shotId: shot.id,
      segment: 'us-ios',
      attempt: 1,
      batch: 'us-ios.0',
    });
    expect(lines[0]).toMatchObject({ level: 40, segment: 'us-ios', batches: 3 });
  });

  test('is looked at twice a second as long as nobody has begun it, and once a second then', async () => {
    const uncut = judged();
    await uncut.until(1_000);
    expect(uncut.reads).toEqual([3]);
    await uncut.until(1_250);
    // What is put back was read whole: the first hundred, and none beyond.
    expect(uncut.reads).toEqual([3, 3, 0]);
    await uncut.until(2_000);
    expect(uncut.reads).toEqual([3, 3, 0]);
    await uncut.until(2_250);
    expect(uncut.reads).toEqual([3, 3, 0, 3]);
    const cut = judged();
    await cut.claim(0, 60_000);
    await cut.until(5_250);
    expect(cut.reads).toEqual([3, 3, 3, 3, 3]);
  });

  test('gets them again after 3 s, if somebody had got on with it meanwhile', async () => {
    const { until, claim, counts } = judged();
    await until(6_000);
    expect(counts()).toEqual([3, 3]);
    await claim(0, 1);
    await until(11_000);
    expect(counts()).toEqual([3, 3, 3]);
  });

  test('is begun as well where some of it is known to be answered: it is still after 3 s', async () => {
    const { until, memo, parts, counts } = judged();
    memo.final.add(parts[0]?.batches[0]?.key ?? '');
    await until(3_000);
    expect(counts()).toEqual([]);
    await until(5_000);
    expect(counts()).toEqual([2]);
  });

  test('is told apart from others of the shot: each by its own queue and its own sign of life', async () => {
    const { until, sent, part, parts, claim } = judged();
    await claim(0, 600_000);
    await until(2_500, [...parts, part('us-android', 'android', 2)]);
    expect(sent).toEqual([{ atMs: 1_000, queue: 'android-queue', batches: ['us-android.0', 'us-android.1'] }]);
  });

  test('is not put back once its platform has run out of time', async () => {
    const { until, sent, now, shot, reads } = judged();
    now.ms = shot.notAfterAtMs.ios - 500;
    await until(shot.notAfterAtMs.ios - shot.pressedAtMs);
    const before = reads.length;
    await until(shot.notAfterAtMs.ios - shot.pressedAtMs + 60_000);
    expect([sent, reads.length - before]).toEqual([[], 0]);
  });
});

describe('what is lost', () => {
  test('while a lease lives, and its grace, nothing is; then what nobody holds is, and what it covers whole is not', async () => {
    const { sent, until, claim, account } = judged();
    await claim(0, 5_000);
    await until(5_900);
    expect(sent).toEqual([]);
    await account(0);
    await claim(1, 1_000);
    await claim(2, 1_000, COUNT);
    await until(30_000);
    // What the lease of the second left.
    expect(sent[0]?.batches).toEqual(['us-ios.1']);
    expect(sent[0]?.atMs).toBeGreaterThanOrEqual(10_000);
    expect(sent[0]?.atMs).toBeLessThanOrEqual(11_000);
  });

  test('three seconds after a lease and its grace were last seen alive, what nobody has is put back', async () => {
    const { until, claim, counts } = judged();
    await claim(0, 5_000);
    await until(8_250);
    expect(counts()).toEqual([]);
    await until(8_750);
    expect(counts()).toEqual([3]);
  });

  test('a lease may be over by our clock alone: it lives as long as the earliest that the time may be says so', async () => {
    const earliest = { agoMs: 60_000 };
    const rig = judged({ earliestMs: () => rig.now.ms - earliest.agoMs });
    await rig.claim(0, 5_000);
    await rig.until(30_000);
    expect(rig.sent).toEqual([]);
    earliest.agoMs = 0;
    await rig.until(40_000);
    expect(rig.counts()[0]).toBe(3);
  });

  test('a batch that somebody handed on is; one that is answered or closed is not, and is not read again', async () => {
    const { sent, until, claim, account, claims, reads, parts, memo } = judged();
    for (const at of [0, 1, 2]) await claim(at, 1_000);
    await account(0);
    const given = toAccount(new Uint8Array(COUNT), {});
    await claims.handOn(parts[0]?.batches[1]?.key ?? '', 't1', given);
    const closing = parts[0]?.batches[2]?.key ?? '';
    await claims.close(closing, given, claims.items.get(closing) ?? null);
    await until(20_000);
    expect(sent[0]?.batches).toEqual(['us-ios.1']);
    expect(memo.final.size).toBe(2);
    expect([reads[0], reads[1]]).toEqual([3, 1]);
  });

  test('nothing is as long as something changes: a claim, a mark, an answer, a time, a batch that is handed on', async () => {
    const { sent, until, claim, account, claims, parts } = judged();
    const key = parts[0]?.batches[0]?.key ?? '';
    await claim(0, 1, 0);
    const renewed = (mark: number, ms: number) =>
      claims.renew(key, 't0', { sendUntilMs: (claims.items.get(key)?.sendUntilMs ?? 0) + ms, mark });
    const changes = [
      () => claim(1, 1),
      () => renewed(5, 0),
      () => account(1),
      () => renewed(5, 1),
      () => claims.handOn(key, 't0', toAccount(new Uint8Array(COUNT), {})),
    ];
    for (const [at, change] of changes.entries()) {
      await until(2_750 * (at + 1));
      await change();
    }
    await until(2_750 * 6);
    expect(sent).toEqual([]);
    await until(20_000);
    expect(sent).toHaveLength(1);
  });

  test('among the first hundred that are not answered somebody works; a lease beyond them is seen before anything is put back', async () => {
    const { sent, until, claim, reads, consistent } = judged({}, { batches: 150 });
    await claim(120, 10_000);
    await until(2_000);
    expect([sent, reads.slice(0, 3)]).toEqual([[], [100, 100, 50]]);
    await until(40_000);
    expect(sent[0]?.batches).toHaveLength(150);
    // What is a little old is old for a moment only, and costs half.
    expect([...consistent]).toEqual([false]);
  });

  test('what is found to be answered beyond them is not', async () => {
    const { sent, until, claim, account } = judged({}, { batches: 150 });
    await claim(120, 1);
    await account(120);
    await until(1_250);
    expect(sent[0]?.batches).toHaveLength(149);
    expect(sent[0]?.batches).not.toContain('us-ios.120');
  });

  test('nothing is where all that is left is under leases that were written whole', async () => {
    const { sent, until, claim } = judged();
    for (const at of [0, 1, 2]) await claim(at, 1_000, COUNT);
    await until(60_000);
    expect(sent).toEqual([]);
  });
});

describe('what counts as still', () => {
  test('a store that was away for long is no stillness of the segment', async () => {
    const { sent, until, now, claim, account, counts } = judged();
    await claim(0, 500);
    await account(0);
    await until(2_000);
    now.ms += 20_000;
    await until(23_000);
    expect(sent).toEqual([]);
    await until(26_000);
    expect(counts()).toEqual([2]);
  });

  test('a pause, and a process that is busy with it, cost no rescue and no read', async () => {
    for (const change of [{ heldBack: () => 'paused' }, { isBusy: () => true }] satisfies Partial<RescueOptions>[]) {
      const { sent, until, reads, rescue, shot } = judged(change);
      await until(20_000);
      expect([sent, reads, rescue.isDue(shot)]).toEqual([[], [], false]);
    }
  });

  test('after a pause it begins anew; after this process was busy with it, from there on', async () => {
    const held = { why: null as string | null };
    const paused = judged({ heldBack: () => held.why });
    await paused.claim(0, 1);
    await paused.until(3_000);
    held.why = 'paused';
    await paused.until(3_500);
    held.why = null;
    await paused.until(5_500);
    expect(paused.sent).toEqual([]);
    await paused.until(9_000);
    expect(paused.counts()).toEqual([3]);

    const work = { isBusy: false };
    const busy = judged({ isBusy: () => work.isBusy });
    await busy.until(6_000);
    expect(busy.counts()).toEqual([3, 3]);
    work.isBusy = true;
    await busy.until(10_000);
    work.isBusy = false;
    await busy.until(12_750);
    expect(busy.counts()).toEqual([3, 3]);
    await busy.until(13_250);
    expect(busy.counts()).toEqual([3, 3, 3]);
  });

  test('one segment that this process is busy with keeps it from no other', async () => {
    const { until, sent, part, parts, reads } = judged({ isBusy: (_, segment) => segment === 'us-ios' });
    await until(1_250, [...parts, part('us-android', 'android', 2)]);
    expect(sent.map(({ queue }) => queue)).toEqual(['android-queue']);
    expect(reads).toEqual([2, 2, 0]);
  });
});

describe('it is not due', () => {
  test('of one segment while another one of the shot is: that one is read alone', async () => {
    const { rescue, launch, shot, now, parts, part, memo, reads } = judged();
    now.ms += 1_000;
    await rescue.look(launch, shot, parts, memo);
    const both = [...parts, part('us-android', 'android', 2)];
    now.ms += 250;
    await rescue.look(launch, shot, both, memo);
    now.ms += 250;
    await rescue.look(launch, shot, both, memo);
    expect(reads).toEqual([3, 2, 3, 0]);
  });

  test('in the first half second, after a halt, and when it is closed', () => {
    const { rescue, shot, now } = judged();
    now.ms = shot.pressedAtMs + 499;
    expect(rescue.isDue(shot)).toBe(false);
    now.ms += 1;
    expect(rescue.isDue(shot)).toBe(true);
    expect(rescue.isDue({ ...shot, haltedAtMs: 1 })).toBe(false);
    expect(rescue.isDue({ ...shot, closed: { atMs: 1, cause: 'complete' } as unknown as Shot['closed'] })).toBe(false);
  });

  test('before the next look at any of its segments; what is over is forgotten, what runs is not', async () => {
    const { rescue, launch, shot, now, parts, memo } = judged();
    now.ms += 1_000;
    await rescue.look(launch, { ...shot, segments: shot.segments.slice(0, 1) }, parts, memo);
    const only = { ...shot, segments: shot.segments.filter(({ segment }) => segment === 'us-ios') };
    expect(rescue.isDue(only)).toBe(false);
    expect(rescue.isDue(shot)).toBe(true);
    rescue.forget([shot]);
    expect(rescue.isDue(only)).toBe(false);
    rescue.forget([{ ...shot, id: 'S' }]);
    expect(rescue.isDue(only)).toBe(true);
  });
});

test('what has lost its claims is not put back: more was answered than there are claims for', async () => {
  const answered = (accepted: number) => ({ accepted, failed: 0 });
  let accepted = 1;
  const rig = judged({
    live: {
      signedReports: async () => ({
        reports: [
          { shots: [{ shotId: rig.shot.id, platforms: { ios: answered(accepted), android: answered(0) } }] },
        ] as unknown as WorkerReport[],
        foreign: [],
      }),
    },
  });
  await rig.until(10_000);
  expect(rig.sent).toEqual([]);
  expect(rig.lines[0]).toMatchObject({ level: 50, platform: 'ios', answered: 1, claimed: 0 });
  accepted = 0;
  await rig.until(30_000);
  expect(rig.counts()[0]).toBe(3);
});

test.each([
  [{ visible: 9_000, inFlight: 999, delayed: 0 }, 150],
  [{ visible: 9_000, inFlight: 900, delayed: 100 }, 100],
])('a queue with %j on it gets %d of 150 batches', async (depth, expected) => {
  const sent: number[] = [];
  const queues: RescueOptions['queues'] = {
    send: async (_, bodies) => void sent.push(bodies.length),
    depth: async (queue) => (queue === 'ios-queue' ? depth : { visible: 0, inFlight: 0, delayed: 0 }),
  };
  const { until } = judged({ queues }, { batches: 150 });
  expect(await until(2_000)).toBe(expected);
  expect(sent).toEqual([expected]);
});
