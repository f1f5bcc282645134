import { pino } from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Share } from '../../contract/pace.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import type { Received } from '../../infra/aws/queues.ts';
import { wallClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { wordOf } from '../../settle/batch-words.ts';
import { closeShot } from '../../settle/close.ts';
import { wholeBatch } from '../../settle/members.ts';
import { MemoryQueue } from '../../test/memory-queue.ts';
import { LAUNCH_ID } from '../../test/properties/scene.ts';
import { COUNT, MANIFEST, settleRig } from '../../test/settle-rig.ts';
import type { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import { Known } from '../dispatch/known.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import type { LaneJob } from '../lanes/lane.ts';
import { Foreign } from '../report/foreign.ts';
import { ShotTrace } from '../report/shot-trace.ts';
import type { BatchTimes } from '../report/shot-trace.ts';
import { QuickLane } from './lane-for-tests.ts';
import { Sender } from './sender.ts';
import { ShotRuns } from './shot-runs.ts';

/** What a sender does with each message of its queue: record, claims and queue in memory, everything between them real. With real queues: sender.test.ts and admit.test.ts. */

const audience = {
  batch: (id: string) => {
    const segment = MANIFEST.segments.find(({ batches }) => batches.some((one) => one.id === id));
    if (segment === undefined) throw new Error('BATCH_UNKNOWN');
    return { platform: segment.platform, segment: segment.id, count: COUNT };
  },
  view: (id: string) => ({
    id,
    ...audience.batch(id),
    token: () => 'token',
    tokenBytes: () => 5,
    locale: () => 0,
    skipped: () => false,
  }),
} as unknown as LoadedAudience;

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

function sending({ trace = null }: { trace?: ShotTrace | null } = {}) {
  const rig = settleRig();
  const { scene, journal, claims } = rig;
  const shot = scene.fired('all');
  rig.write();
  const queue = new MemoryQueue();
  const lane = new QuickLane();
  const memory = createSwitchMemory();
  const reading = { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } };
  const switchesSay = (more: Partial<typeof reading>) =>
    writeReading(memory, { ...reading, ...more }, sharedNowMs() + 60_000);
  switchesSay({});
  const clock = wallClock(() => scene.nowMs);
  const share: { now: Share } = { now: { perSecond: 0, active: true } };
  const foreign = new Foreign();
  const complaints: string[] = [];
  const lines: { msg: string }[] = [];
  const loaded: { audience: LoadedAudience | null } = { audience };
  const append: { now: typeof journal.append } = { now: (...call) => journal.append(...call) };
  const runs = new ShotRuns({
    journal,
    launchId: LAUNCH_ID,
    clock,
    atHome: () => Promise.resolve({ ok: true }),
    head: () => Promise.resolve(null),
    loaded: () => ({ audienceHash: shot.audience.hash, skipListHash: null, locales: ['en'] }),
    onRun: () => undefined,
    traceOf: () => trace,
  });
  const sender = new Sender({
    platform: 'ios',
    lane,
    queues: queue.queues(),
    queue: 'ios-batches',
    claims,
    setOf: () => Promise.reject(new Error('no set was frozen')),
    journal: { ...journal, append: (...call) => append.now(...call) },
    clock,
    launchId: LAUNCH_ID,
    bootId: 'boot',
    switches: new SwitchView(memory),
    runs,
    known: new Known(journal, LAUNCH_ID),
    isServed: (id) => Promise.resolve(id === 'the-next'),
    foreign,
    audience: () => loaded.audience,
    share: () => share.now,
    complain: (say) => void complaints.push(say),
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) }),
  });
  const stop = () => sender.drain();
  stops.push(stop);
  const message = (batch: string, more: object = {}): Partial<Received> => ({
    receipt: batch,
    body: JSON.stringify({
      v: 1,
      launchId: LAUNCH_ID,
      shotId: shot.id,
      segment: batch.slice(0, batch.indexOf('.')),
      attempt: 1,
      batch,
      ...more,
    }),
  });
  const said = (text: string) => lines.filter(({ msg }) => msg.includes(text));
  const received = (times: number) => vi.waitFor(() => expect(queue.received.length).toBeGreaterThanOrEqual(times));
  return {
    ...rig,
    shot,
    queue,
    lane,
    switchesSay,
    share,
    foreign,
    complaints,
    said,
    loaded,
    append,
    runs,
    sender,
    message,
    received,
  };
}

const soon = { interval: 5 };

describe('a batch of a shot that runs', () => {
  test('is claimed, sent, accounted for, and then its message is gone; its run knows when', async () => {
    const { sender, queue, message, shot, standing, runs, claims, key } = sending();
    const startMs = sharedClockMs();
    sender.start();
    queue.put(message('ios.0'), message('ios.1'));
    await vi.waitFor(() => expect(queue.gone.toSorted()).toEqual(['ios.0', 'ios.1']), soon);
    expect([standing('ios.0'), standing('ios.1'), sender.inHand]).toEqual(['accounted', 'accounted', 0]);
    expect(claims.items.get(key('ios.0'))).toMatchObject({ bootId: 'boot' });
    const run = runs.get(shot.id);
    expect(run?.inHand).toBe(0);
    expect(run?.claimedAtMs.get('ios')).toBeGreaterThanOrEqual(startMs);
    expect(run?.activeAtMs).toBeGreaterThanOrEqual(startMs);
    expect(queue.back).toEqual([]);
    expect(queue.received[0]).toEqual({ max: 10, waitSeconds: 5, visibilitySeconds: 8 });
  });

  test('has its times in the trace of its shot: looked for, claimed, accounted for', async () => {
    const now = { ms: 1_000 };
    const trace = new ShotTrace(
      { launchId: LAUNCH_ID, shotId: 'S1' },
      { bootId: 'boot', clock: { nowMs: () => now.ms }, startMs: 0 },
    );
    const ended: BatchTimes[] = [];
    trace.end = (times) => void ended.push({ ...times });
    const { sender, queue, message, claims, scene } = sending({ trace });
    const claim = claims.claim.bind(claims);
    claims.claim = (...call) => ((scene.nowMs += 5), claim(...call));
    const claimedMs = scene.nowMs + 5;
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(queue.gone).toEqual(['ios.0']), soon);
    const times = { batch: 'ios.0', platform: 'ios', devices: COUNT, claimFromMs: 1_000, claimedMs };
    expect(ended).toMatchObject([times]);
    expect(ended[0]?.answeredMs).toBeGreaterThanOrEqual(claimedMs);
  });

  test('is in hand while it is sent, and a drain waits for it', async () => {
    const { sender, queue, message, lane, runs, shot, standing } = sending();
    const sent = Promise.withResolvers<void>();
    lane.hold = sent.promise;
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(runs.get(shot.id)?.claimedAtMs.size).toBe(1), soon);
    expect([sender.inHand, runs.get(shot.id)?.inHand]).toEqual([1, 1]);
    let isDrained = false;
    const draining = sender.drain().then(() => {
      isDrained = true;
    });
    await new Promise((done) => setImmediate(done));
    expect([isDrained, standing('ios.0'), queue.gone]).toEqual([false, 'claimed', []]);
    sent.resolve();
    await draining;
    expect([standing('ios.0'), queue.gone, sender.inHand, runs.get(shot.id)?.inHand]).toEqual([
      'accounted',
      ['ios.0'],
      0,
      0,
    ]);
  });

  test('waits for room on the lane, which is asked once for all that wait, with what is being claimed', async () => {
    const { sender, queue, message, lane, standing } = sending();
    const room = Promise.withResolvers<void>();
    let asked = 0;
    let claiming = -1;
    lane.capacity = (wanted?: () => number) => {
      asked += 1;
      claiming = wanted?.() ?? -1;
      return room.promise;
    };
    sender.start();
    queue.put(message('ios.0'));
    // Longer than two looks at it.
    await vi.waitFor(() => expect(asked).toBe(1), soon);
    await new Promise((done) => setTimeout(done, 120));
    expect([asked, claiming, standing('ios.0'), queue.back]).toEqual([1, 0, undefined, []]);
    room.resolve();
    await vi.waitFor(() => expect(queue.gone).toEqual(['ios.0']), soon);
  });

  test('that somebody holds comes again when that may be over, in ten seconds at most; one that is final is gone', async () => {
    const { scene, sender, queue, message, claim, accounted } = sending();
    await claim('ios.0', { sendUntilMs: scene.nowMs + 2_500 });
    await accounted('ios.1', 'accepted');
    sender.start();
    queue.put(message('ios.0'), message('ios.1'));
    await vi.waitFor(() => expect([queue.gone, queue.back.length]).toEqual([['ios.1'], 1]), soon);
    const [[, afterSeconds]] = queue.back as [[string, number]];
    expect(afterSeconds).toBeGreaterThanOrEqual(3);
    expect(afterSeconds).toBeLessThanOrEqual(10);
    expect(Number.isInteger(afterSeconds)).toBe(true);
  });

  test('whose claim fails by a fault of ours goes back for a second, and is told in the log', async () => {
    const { sender, queue, message, said, loaded, shot } = sending();
    loaded.audience = Object.assign(Object.create(audience) as LoadedAudience, {
      view: () => {
        throw new Error('no view');
      },
    });
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(queue.back).toEqual([['ios.0', 1]]), soon);
    expect(said('batch could not be claimed')).toMatchObject([
      { batch: 'ios.0', shotId: shot.id, err: { message: 'no view' } },
    ]);
  });

  test('whose audience was taken away while it was at hand goes back for a second: there is nothing to send it to', async () => {
    const { sender, queue, message, said, loaded, lane } = sending();
    const room = Promise.withResolvers<void>();
    const asked = vi.spyOn(lane, 'capacity').mockReturnValue(room.promise);
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(asked).toHaveBeenCalled(), soon);
    loaded.audience = null;
    room.resolve();
    await vi.waitFor(() => expect(queue.back).toEqual([['ios.0', 1]]), soon);
    expect(said('batch could not be claimed')).toMatchObject([
      { err: { message: expect.stringMatching(/^AUDIENCE_NOT_LOADED/) as string } },
    ]);
  });

  test('whose sending breaks is told, and neither gone nor handed back: its lease says the rest', async () => {
    const { sender, queue, message, lane, said, runs, shot } = sending();
    lane.send = () => Promise.reject(new Error('lane broke'));
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(
      () =>
        expect(said('BATCH_LOST')).toMatchObject([{ batch: 'ios.0', shotId: shot.id, err: { message: 'lane broke' } }]),
      soon,
    );
    await vi.waitFor(() => expect([sender.inHand, runs.get(shot.id)?.inHand]).toEqual([0, 0]), soon);
    expect([queue.gone, queue.back]).toEqual([[], []]);
  });

  test('that is given back while it is sent goes on to others: its message is handed back, its account is open', async () => {
    const { sender, queue, message, lane, standing, runs, shot } = sending();
    const sent = Promise.withResolvers<void>();
    lane.send = async (_shot: unknown, job: LaneJob) => {
      job.settle(0, { state: 'accepted' });
      await sent.promise;
      for (let index = 1; index < job.count; index += 1) {
        const why = job.stop(index);
        job.settle(index, why === null ? { state: 'accepted' } : { state: 'held', why: why as 'returned' });
      }
    };
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(runs.get(shot.id)?.inHand).toBe(1), soon);
    await vi.waitFor(() => expect(standing('ios.0')).toBe('claimed'), soon);
    sender.giveBack();
    sent.resolve();
    await vi.waitFor(() => expect(queue.back).toEqual([['ios.0', 0]]), soon);
    expect([standing('ios.0'), queue.gone, runs.get(shot.id)?.inHand]).toEqual(['open', [], 0]);
  });

  test.each([
    ['of which nothing is written for a lease goes to others', 'nobody', [0], []],
    ['waits through a pause of everybody, however long', 'everybody', [], ['ios.0']],
  ])('%s', async (_, pauses, back, gone) => {
    const { sender, queue, message, lane, scene, claims, key, switchesSay, standing } = sending();
    const sent = Promise.withResolvers<void>();
    lane.send = async (_shot: unknown, job: LaneJob) => {
      await sent.promise;
      for (let index = 0; index < job.count; index += 1) {
        const why = job.stop(index);
        job.settle(index, why === null ? { state: 'accepted' } : { state: 'held', why: why as 'returned' });
      }
    };
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(standing('ios.0')).toBe('claimed'), soon);
    switchesSay({ halted: pauses === 'everybody' });
    const leaseUntilMs = () => claims.items.get(key('ios.0'))?.sendUntilMs ?? 0;
    const leaseMs = leaseUntilMs() - scene.nowMs;
    const now = performance.now.bind(performance);
    for (let passes = 1; passes <= 2; passes += 1) {
      const beforeMs = leaseUntilMs();
      scene.nowMs += leaseMs * 0.6;
      vi.spyOn(performance, 'now').mockImplementation(() => now() + passes * leaseMs * 0.6);
      // The look that renews the lease has seen what has passed.
      await vi.waitFor(() => expect(leaseUntilMs()).toBeGreaterThan(beforeMs), soon);
    }
    switchesSay({});
    sent.resolve();
    await vi.waitFor(
      () => expect([queue.back.map(([, seconds]) => seconds), queue.gone]).toEqual([[8, ...back], gone]),
      soon,
    );
  });

  test('whose claim has no answer is tried until it is over for it: by a drain, or a halt; then it comes again in five seconds', async () => {
    for (const ends of ['drain', 'halt'] as const) {
      const { sender, queue, message, claims, said, switchesSay } = sending();
      claims.claim = () => Promise.reject(new Error('DynamoDB is away'));
      claims.handOn = () => Promise.resolve(true);
      sender.start();
      queue.put(message('ios.0'));
      await vi.waitFor(() => expect(said('a batch could not be claimed').length).toBeGreaterThan(1), soon);
      expect(queue.back).toEqual([]);
      if (ends === 'drain') await sender.drain();
      else switchesSay({ haltEpoch: 1, halted: true });
      await vi.waitFor(() => expect(queue.back).toEqual([['ios.0', 5]]), soon);
      expect(queue.gone).toEqual([]);
    }
  });

  test('wants room beside what is being claimed, each time anew', async () => {
    const { sender, queue, message, lane, claims } = sending();
    const wanted: number[] = [];
    lane.capacity = (claiming?: () => number) => {
      wanted.push(claiming?.() ?? -1);
      return Promise.resolve();
    };
    const claim = claims.claim.bind(claims);
    const answer = Promise.withResolvers<void>();
    claims.claim = async (...call) => {
      await answer.promise;
      return claim(...call);
    };
    sender.start();
    queue.put(message('ios.0'), message('ios.1'));
    await vi.waitFor(() => expect(wanted).toEqual([0, COUNT]), soon);
    answer.resolve();
    await vi.waitFor(() => expect(queue.gone).toHaveLength(2), soon);
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(wanted).toEqual([0, COUNT, 0]), soon);
  });

  test('that a closer gave up while it was sent corrects the closed shot', async () => {
    const { sender, queue, message, lane, scene, shot, claims, key, deps, totals, said, standing } = sending();
    const sent = Promise.withResolvers<void>();
    lane.hold = sent.promise;
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(standing('ios.0')).toBe('claimed'), soon);
    expect(scene.nowMs).toBeLessThan(shot.notAfterAtMs.ios);
    const nowMs = shot.notAfterAtMs.android + 3_600_000;
    expect(await closeShot({ ...deps, claims }, { launchId: LAUNCH_ID, shotId: shot.id, nowMs })).toMatchObject({
      state: 'closed',
    });
    expect(claims.items.get(key('ios.0'))?.state).toBe('closed');
    expect(await totals(shot)).toMatchObject({ ios: { uncertain: 4, late: 4 } });
    sent.resolve();
    await vi.waitFor(() => expect(said('late account recorded')).toMatchObject([{ corrected: true }]), soon);
    expect(await totals(shot)).toMatchObject({ ios: { accepted: 4, late: 4, uncertain: 0 } });
  });

  test('that a closer gave up is waited for until its shot is closed, but not beyond a drain', async () => {
    const { sender, queue, message, lane, claims, key, said, standing } = sending();
    const sent = Promise.withResolvers<void>();
    lane.hold = sent.promise;
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(standing('ios.0')).toBe('claimed'), soon);
    const claim = claims.items.get(key('ios.0'));
    if (claim === undefined) throw new Error('not claimed');
    await claims.close(key('ios.0'), wordOf(claim, wholeBatch(COUNT), 'late'), claim);
    sent.resolve();
    await vi.waitFor(() => expect(queue.gone).toEqual(['ios.0']), soon);
    expect(said('late account')).toEqual([]);
    await sender.drain();
    await vi.waitFor(() => expect(said('late account recorded')).toMatchObject([{ corrected: false }]), soon);
  });

  test.each<[string, Journal['append'], string, object]>([
    [
      'that the launch does not take is told',
      () => Promise.resolve({ ok: false, code: 'TOTALS_WRONG', say: 'no' }),
      'late account recorded',
      { corrected: false },
    ],
    [
      'that cannot be written is told',
      () => Promise.reject(new Error('away')),
      'late account could not be recorded',
      { batch: 'ios.0', err: { message: 'away' } },
    ],
  ])('a correction %s', async (_, fails, say, fields) => {
    const { sender, queue, message, lane, shot, deps, said, standing, append } = sending();
    const sent = Promise.withResolvers<void>();
    lane.hold = sent.promise;
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(standing('ios.0')).toBe('claimed'), soon);
    await closeShot(deps, { launchId: LAUNCH_ID, shotId: shot.id, nowMs: shot.notAfterAtMs.android + 3_600_000 });
    append.now = fails;
    sent.resolve();
    await vi.waitFor(() => expect(said(say)).toMatchObject([{ shotId: shot.id, ...fields }]), soon);
  });
});

describe('a batch that may not be claimed', () => {
  test('for a halt of its shot is dropped: the closer says what becomes of it', async () => {
    const { sender, queue, message, switchesSay, standing, said } = sending();
    switchesSay({ haltEpoch: 1, halted: true });
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(queue.gone).toEqual(['ios.0']), soon);
    expect([standing('ios.0'), queue.back]).toEqual([undefined, []]);
    expect(said('batch dropped unclaimed')).toMatchObject([{ why: 'halted', batch: 'ios.0' }]);
  });

  test('for the end of its window is dropped too', async () => {
    const { sender, queue, message, scene, shot, standing, said } = sending();
    scene.nowMs = shot.notAfterAtMs.ios;
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(queue.gone).toEqual(['ios.0']), soon);
    expect(standing('ios.0')).toBeUndefined();
    expect(said('batch dropped unclaimed')).toMatchObject([{ why: 'late' }]);
  });

  test('while everybody pauses stays at hand, and is claimed when that is over', async () => {
    const { sender, queue, message, switchesSay, standing } = sending();
    switchesSay({ halted: true });
    sender.start();
    queue.put(message('ios.0'));
    await new Promise((done) => setTimeout(done, 120));
    expect([standing('ios.0'), queue.gone, queue.back]).toEqual([undefined, [], []]);
    switchesSay({});
    await vi.waitFor(() => expect(queue.gone).toEqual(['ios.0']), soon);
  });

  test('because its answers stopped the shot here goes back for others in a second, and no more is received until that is over', async () => {
    const { sender, queue, message, runs, shot, standing, switchesSay, received } = sending();
    switchesSay({ halted: true });
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(runs.get(shot.id)).toBeDefined(), soon);
    runs.get(shot.id)?.stops.ios.condemn({ reason: 'TopicDisallowed', bad: 20, of: 20 });
    switchesSay({});
    await vi.waitFor(() => expect(queue.back).toEqual([['ios.0', 1]]), soon);
    expect(standing('ios.0')).toBeUndefined();
    await received(2);
    queue.put(message('ios.1'));
    await vi.waitFor(() => expect(queue.back).toHaveLength(2), soon);
    const before = queue.received.length;
    await new Promise((done) => setTimeout(done, 120));
    expect(queue.received.length).toBe(before);
  });

  test('while everybody pauses stays at hand though others send for now; after eight seconds somebody else has its message', async () => {
    const { sender, queue, message, share, switchesSay, standing, runs, shot } = sending();
    switchesSay({ halted: true });
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(runs.get(shot.id)).toBeDefined(), soon);
    share.now = { perSecond: 0, active: false };
    await new Promise((done) => setTimeout(done, 120));
    expect(queue.back).toEqual([]);
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 7_500);
    await new Promise((done) => setTimeout(done, 120));
    switchesSay({});
    share.now = { perSecond: 0, active: true };
    await new Promise((done) => setTimeout(done, 120));
    expect([standing('ios.0'), queue.gone, queue.back]).toEqual([undefined, [], []]);
  });

  test('and that cannot be kept at hand goes back in a second', async () => {
    const { sender, queue, message, switchesSay, said, runs, shot } = sending();
    switchesSay({ halted: true });
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(runs.get(shot.id)).toBeDefined(), soon);
    queue.backFault = new Error('SQS is away');
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 4_500);
    await vi.waitFor(() => expect(queue.back).toEqual([['ios.0', 1]]), soon);
    expect(said('batch could not be claimed')).toMatchObject([{ err: { message: 'SQS is away' } }]);
  });

  test('and that was handed around often enough stays at hand while others send for now, until this one does again', async () => {
    const { sender, queue, message, share, standing } = sending();
    sender.start();
    await vi.waitFor(() => expect(queue.received).toHaveLength(1), soon);
    share.now = { perSecond: 0, active: false };
    queue.put({ ...message('ios.0'), receives: 1_000 });
    await new Promise((done) => setTimeout(done, 80));
    expect([standing('ios.0'), queue.back, queue.gone]).toEqual([undefined, [], []]);
    share.now = { perSecond: 0, active: true };
    await vi.waitFor(() => expect(standing('ios.0')).toBe('accounted'), soon);
  });

  test('because others send for now is released to them, with what waits behind it', async () => {
    const { sender, queue, message, share, standing } = sending();
    sender.start();
    await vi.waitFor(() => expect(queue.received).toHaveLength(1), soon);
    share.now = { perSecond: 0, active: false };
    queue.put(message('ios.0'), message('ios.1'));
    await vi.waitFor(
      () =>
        expect(queue.back.toSorted((a, b) => a[0].localeCompare(b[0]))).toEqual([
          ['ios.0', 1],
          ['ios.1', 1],
        ]),
      soon,
    );
    expect([standing('ios.0'), queue.gone]).toEqual([undefined, []]);
    await new Promise((done) => setTimeout(done, 80));
    expect(queue.received).toHaveLength(1);
    share.now = { perSecond: 0, active: true };
    await vi.waitFor(() => expect(queue.received).toHaveLength(2), soon);
  });
});

describe('a sender', () => {
  test('receives nothing while it is paused or has no audience; what comes meanwhile, and what is at hand, goes back at once', async () => {
    const { sender, queue, message, switchesSay, loaded, runs, shot, foreign } = sending();
    switchesSay({ halted: true });
    sender.start();
    queue.put(message('ios.0'), message('ios.1'));
    await vi.waitFor(() => expect(runs.get(shot.id)).toBeDefined(), soon);
    await vi.waitFor(() => expect(queue.received).toHaveLength(2), soon);
    await new Promise((done) => setImmediate(done));
    await sender.pause(true);
    // Whoever waits for the pause finds nothing at hand but the one that looks again whether it may be claimed.
    expect(queue.back).toContainEqual(['ios.1', 0]);
    // One of the audience that is being loaded is not judged by the one before.
    queue.put(message('ios.0', {}), { ...message('ios.0', { batch: 'ios.9' }), receipt: 'next' });
    await vi.waitFor(
      () => expect(queue.back.map(([receipt]) => receipt).toSorted()).toEqual(['ios.0', 'ios.0', 'ios.1', 'next']),
      soon,
    );
    expect([queue.gone, foreign.counts.batches]).toEqual([[], 0]);
    expect(new Set(queue.back.map(([, afterSeconds]) => afterSeconds))).toEqual(new Set([0]));
    await new Promise((done) => setTimeout(done, 80));
    expect(queue.received).toHaveLength(2);
    loaded.audience = null;
    await sender.pause(false);
    await new Promise((done) => setTimeout(done, 80));
    expect(queue.received).toHaveLength(2);
    loaded.audience = audience;
    await vi.waitFor(() => expect(queue.received).toHaveLength(3), soon);
  });

  test('receives no more than it can have at hand', async () => {
    const { sender, queue, message, switchesSay, runs, shot } = sending();
    switchesSay({ halted: true });
    sender.start();
    queue.put(message('ios.0'));
    await vi.waitFor(() => expect(runs.get(shot.id)).toBeDefined(), soon);
    queue.put(...Array.from({ length: 100 }, () => message('ios.0')));
    // The first, and ten and ten more: one of the first ten waits for its claim.
    await vi.waitFor(() => expect(queue.received.length).toBeGreaterThanOrEqual(3), soon);
    await new Promise((done) => setTimeout(done, 120));
    expect(queue.received.length).toBeLessThanOrEqual(4);
  });

  test('whose queue cannot be read says so and tries again', async () => {
    const { sender, queue, message, said } = sending();
    queue.fault = new Error('SQS is away');
    queue.put(message('ios.0'));
    const startMs = performance.now();
    sender.start();
    await vi.waitFor(() => expect(queue.gone).toEqual(['ios.0']), soon);
    expect(said('batch queue cannot be read')).toMatchObject([{ err: { message: 'SQS is away' } }]);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(450);
  });

  test('that drains hands back what it has not claimed, and receives nothing more', async () => {
    const { sender, queue, message, switchesSay, standing, runs, shot, said } = sending();
    switchesSay({ halted: true });
    sender.start();
    queue.put(message('ios.0'), message('ios.1'));
    await vi.waitFor(() => expect(runs.get(shot.id)).toBeDefined(), soon);
    await sender.drain();
    expect(queue.back.toSorted((a, b) => a[0].localeCompare(b[0]))).toEqual([
      ['ios.0', 0],
      ['ios.1', 0],
    ]);
    const before = queue.received.length;
    switchesSay({});
    await new Promise((done) => setTimeout(done, 80));
    expect([queue.received.length, standing('ios.0'), queue.gone, said('trying again')]).toEqual([
      before,
      undefined,
      [],
      [],
    ]);
  });

  test("takes nobody else's batches: those are counted, or go back for the launch that is served", async () => {
    const { sender, queue, message, foreign, standing } = sending();
    sender.start();
    queue.put(
      message('ios.0', { launchId: 'nobody' }),
      message('ios.1', { launchId: 'the-next' }),
      message('android.0'),
      { receipt: 'text', body: 'no batch' },
      { ...message('ios.0', { attempt: 2 }), receipt: 'attempt' },
      { ...message('ios.0', { batch: 'ios.9' }), receipt: 'unknown' },
      { ...message('ios.0', { segment: 'android' }), receipt: 'segment' },
    );
    await vi.waitFor(
      () => expect(queue.gone.toSorted()).toEqual(['android.0', 'attempt', 'ios.0', 'segment', 'text', 'unknown']),
      soon,
    );
    expect(queue.back).toEqual([['ios.1', 1]]);
    expect(foreign.counts.batches).toBe(6);
    expect([standing('ios.0'), standing('android.0')]).toEqual([undefined, undefined]);
  });
});
