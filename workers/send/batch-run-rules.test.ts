import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import { wallClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { stateOf, toAccount } from '../../settle/account-codec.ts';
import { newestStates, wordOf } from '../../settle/batch-words.ts';
import type { LateAccount } from '../../settle/correct.ts';
import { goneTimesIn } from '../../settle/gone-times.ts';
import { wholeBatch } from '../../settle/members.ts';
import { workerKeyring } from '../../test/keys.ts';
import { MemoryQueue } from '../../test/memory-queue.ts';
import { LAUNCH_ID } from '../../test/properties/scene.ts';
import { COUNT, settleRig } from '../../test/settle-rig.ts';
import type { BatchView } from '../audience/packed/loaded-audience.ts';
import { createSwitchMemory, SwitchView } from '../halt/switch-view.ts';
import type { LaneJob, Outcome } from '../lanes/lane.ts';
import type { BatchTimes } from '../report/shot-trace.ts';
import { authorityFor } from './authority.ts';
import { sendBatch } from './batch-run.ts';
import { QuickLane } from './lane-for-tests.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Lease } from './lease.ts';
import { ShotRun } from './shot-run.ts';
import type { HeldBatch } from './take-batch.ts';

/** What a batch's account says, by what its lane has told; claims in memory, the script of the lane is the test's. With leases that end and real stores: batch-run.test.ts. */

const BATCH = 'ios.0';
const RETURNED: Outcome = { state: 'held', why: 'returned' };
const soon = { interval: 5 };

type Sent = Partial<Pick<HeldBatch, 'list' | 'toSend' | 'mark' | 'isLost' | 'notAfterMs'>>;

async function sending({ list = [0, 1, 2, 3], toSend = list, ...more }: Sent = {}, count = COUNT) {
  const rig = settleRig();
  const { scene, claims, key } = rig;
  const shot = scene.fired('all');
  const authority = authorityFor(LAUNCH_ID, shot.id, scene.entries, workerKeyring(), null);
  if (!authority.ok) throw new Error(authority.say);
  const clock = wallClock(() => scene.nowMs);
  const run = new ShotRun(authority.authority, ['en'], clock);
  run.activeAtMs = 0;
  await rig.claim(BATCH);
  const held: HeldBatch = {
    key: key(BATCH),
    token: BATCH,
    list,
    toSend,
    lease: Lease.create(),
    sendUntilMs: scene.nowMs + 5_000,
    mark: Number.POSITIVE_INFINITY,
    notAfterMs: shot.notAfterAtMs.ios,
    isLost: false,
    ...more,
  };
  const lines: { msg: string; waitMs?: number }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const queues = new MemoryQueue().queues();
  const common = { clock, log, queues, queue: 'q', share: () => ({ perSecond: 0, active: true }) };
  const keeper = new LeaseKeeper({ ...common, claims, isPaused: () => false, everyMs: 60_000 });
  const late: LateAccount[] = [];
  const view = {
    id: BATCH,
    platform: 'ios',
    segment: 'ios',
    count,
    token: (device: number) => `token${device}`,
    locale: () => 0,
    skipped: () => false,
  } as unknown as BatchView;
  /** `change`: what the claims do instead of their own. */
  const send = (
    script: (job: LaneJob) => Promise<void> | void,
    change: Partial<ClaimStore> = {},
    times: BatchTimes | null = null,
  ) => {
    const lane = new QuickLane();
    lane.send = async (_shot, job) => script(job);
    const store: ClaimStore = {
      claim: claims.claim.bind(claims),
      takeOver: claims.takeOver.bind(claims),
      renew: claims.renew.bind(claims),
      handOn: claims.handOn.bind(claims),
      account: claims.account.bind(claims),
      close: claims.close.bind(claims),
      read: claims.read.bind(claims),
      ...change,
    };
    const switches = new SwitchView(createSwitchMemory());
    return sendBatch(
      { claims: store, lane, switches, clock, keeper, log, times, onLateAccount: (one) => void late.push(one) },
      run,
      { v: 1, launchId: LAUNCH_ID, shotId: shot.id, segment: 'ios', attempt: 1, batch: BATCH },
      view,
      held,
      'receipt',
    );
  };
  const claim = () => {
    const found = claims.items.get(key(BATCH));
    if (found === undefined) throw new Error('it was never claimed');
    return found;
  };
  const states = () => [...newestStates(claim(), COUNT)].map(stateOf);
  const waits = (text: string) => lines.filter(({ msg }) => msg.includes(text)).map(({ waitMs }) => waitMs);
  return { ...rig, shot, run, held, keeper, late, send, claim, states, waits, lines };
}

const settleAll = (job: LaneJob, ...outcomes: Outcome[]) => {
  for (let index = 0; index < job.count; index += 1)
    job.settle(index, outcomes[Math.min(index, outcomes.length - 1)] ?? { state: 'accepted' });
};

test.each<[string, Outcome, string, Record<string, number>]>([
  ['accepted', { state: 'accepted' }, 'accepted', {}],
  ['refused for its token', { state: 'failed', reason: 'Unregistered' }, 'bad-token', { Unregistered: 1 }],
  ['refused for something else', { state: 'failed', reason: 'Http404' }, 'failed', { Http404: 1 }],
  ['written and never answered', { state: 'uncertain', reason: 'Unregistered' }, 'uncertain', {}],
  ['held by a halt', { state: 'held', why: 'halted' }, 'halted', {}],
  ['held at the end of the window', { state: 'held', why: 'late' }, 'late', {}],
  ['held by a pause until then', { state: 'held', why: 'paused' }, 'late', {}],
])('a device that was %s is so in the account, the counts and the reasons', async (_, outcome, state, reasons) => {
  const { send, states, claim, run } = await sending();
  expect(await send((job) => settleAll(job, outcome, { state: 'accepted' }))).toBe('accounted');
  expect(states()).toEqual([state, 'accepted', 'accepted', 'accepted']);
  expect([claim().state, { ...claim().account?.reasons }]).toEqual(['accounted', reasons]);
  const counted = state === 'bad-token' ? 'failed' : state;
  expect(run.tally.counts('ios')).toMatchObject({ [counted]: state === 'accepted' ? 4 : 1 });
  expect({ ...run.tally.reasons('ios') }).toEqual(reasons);
});

test('since when tokens are gone is in the account, also of what is handed on, and nothing of a batch that knows none', async () => {
  const gone = (goneAtMs: number): Outcome => ({ state: 'failed', reason: 'Unregistered', goneAtMs });
  const { send, claim, scene } = await sending({ list: [0, 2, 3], toSend: [2, 3] });
  const atMs = scene.nowMs - 86_400_000;
  await send((job) => settleAll(job, gone(atMs), { state: 'failed', reason: 'BadDeviceToken' }));
  expect(goneTimesIn(claim(), COUNT, scene.nowMs)).toEqual({ goneAtMs: new Map([[2, atMs]]), leftOut: 0 });

  const part = await sending();
  expect(await part.send((job) => settleAll(job, gone(atMs), RETURNED))).toBe('handed-on');
  expect(goneTimesIn(part.claim(), COUNT, scene.nowMs)).toEqual({ goneAtMs: new Map([[0, atMs]]), leftOut: 0 });

  const none = await sending();
  await none.send((job) => settleAll(job, { state: 'failed', reason: 'Unregistered' }));
  expect(none.claim().account).not.toHaveProperty('goneAt');
  expect([part.lines, none.lines]).toEqual([[], []]);
});

test('a time that lies in the future is left out of the account, and said to be', async () => {
  const { send, claim, scene, lines, shot } = await sending();
  const gone = (goneAtMs: number): Outcome => ({ state: 'failed', reason: 'Unregistered', goneAtMs });
  const soonMs = scene.nowMs + 30_000;
  await send((job) => settleAll(job, gone(scene.nowMs + 3_600_000), gone(soonMs), { state: 'accepted' }));
  expect(goneTimesIn(claim(), COUNT, soonMs)).toEqual({ goneAtMs: new Map([[1, soonMs]]), leftOut: 0 });
  expect(lines).toMatchObject([
    {
      shotId: shot.id,
      batch: BATCH,
      noRoom: 0,
      inFuture: 1,
      msg: expect.stringContaining('since when they are gone') as string,
    },
  ]);
});

test('what the account has no room for is left out of it, and said to be', async () => {
  const devices = Array.from({ length: 300 }, (_, device) => device);
  const { send, claim, scene, lines, shot } = await sending({ list: devices }, devices.length);
  await send((job) => {
    for (const device of devices)
      job.settle(device, {
        state: 'failed',
        reason: 'Unregistered',
        goneAtMs: scene.nowMs - (device + 30) * 86_400_000,
      });
  });
  const { goneAtMs, leftOut } = goneTimesIn(claim(), devices.length, scene.nowMs);
  expect([goneAtMs.size + leftOut, leftOut > 100]).toEqual([300, true]);
  expect(lines).toMatchObject([{ shotId: shot.id, batch: BATCH, noRoom: leftOut, inFuture: 0 }]);
});

test('a job has the devices that are to be sent, in order; who is skipped is so, and who is nobody of ours is left out', async () => {
  const { send, states, run } = await sending({ list: [0, 1, 3], toSend: [1, 3] });
  await send((job) => {
    expect([job.count, job.token(0), job.token(1)]).toEqual([2, 'token1', 'token3']);
    expect(job.elsewhere).toMatchObject({ batch: BATCH, devices: Uint32Array.from([1, 3]) });
    settleAll(job, { state: 'accepted' }, { state: 'failed', reason: 'Http404' });
  });
  expect(states()).toEqual(['skipped', 'accepted', 'absent', 'failed']);
  expect(run.tally.counts('ios')).toMatchObject({ skipped: 1, accepted: 1, failed: 1 });
});

test('a whole batch needs no list of its devices', async () => {
  const { send, run, shot } = await sending();
  await send((job) => {
    expect([job.elsewhere?.devices, job.token(3)]).toEqual([null, 'token3']);
    expect(job.elsewhere?.terms).toMatchObject({ haltEpoch: shot.haltEpoch, stopped: run.stops.ios.memory });
    settleAll(job);
  });
  expect(run.tally.counts('ios')).toMatchObject({ skipped: 0, accepted: 4 });
});

test('writes here and in other threads are counted at their times, and the keeper knows which are unsent again', async () => {
  const { send, run, keeper, scene } = await sending();
  const told: [string, number][] = [];
  const keep = keeper.keep.bind(keeper);
  keeper.keep = (...call) => {
    const kept = keep(...call);
    return {
      wrote: (writes) => (told.push(['wrote', writes]), kept.wrote(writes)),
      again: (writes) => (told.push(['again', writes]), kept.again(writes)),
      settled: (atMs) => (told.push(['settled', atMs]), kept.settled(atMs)),
    };
  };
  const nowMs = sharedClockMs();
  await send((job) => {
    job.wrote?.(0);
    job.again?.(0);
    job.elsewhere?.wrote(3, nowMs - 400, nowMs - 100);
    job.elsewhere?.again?.(2);
    job.settle(0, { state: 'accepted' }, nowMs - 50);
    for (const index of [1, 2, 3]) job.settle(index, { state: 'accepted' }, nowMs - 60);
  });
  expect(told.slice(0, 5)).toEqual([
    ['wrote', 1],
    ['again', 1],
    ['wrote', 3],
    ['again', 2],
    ['settled', nowMs - 50],
  ]);
  const { firstWriteAtMs, lastWriteAtMs } = run.tally.snapshot();
  expect(run.tally.counts('ios').written).toBe(4);
  expect(lastWriteAtMs).toBe(scene.nowMs);
  // The scene's clock stands while the shared one goes on: to within what the test itself takes.
  const tookMs = sharedClockMs() - nowMs;
  expect(Math.abs(scene.nowMs - 400 - (firstWriteAtMs ?? 0))).toBeLessThanOrEqual(tookMs);
});

test('a run was last active when the last answer came, whatever order they come in, and when the account stood', async () => {
  const { send, run } = await sending();
  const seen: number[] = [];
  const nowMs = sharedClockMs();
  await send((job) => {
    for (const [index, atMs] of [nowMs - 50, nowMs - 80, nowMs - 20].entries()) {
      job.settle(index, { state: 'accepted' }, atMs);
      seen.push(run.activeAtMs);
    }
    job.settle(3, { state: 'accepted' });
    seen.push(run.activeAtMs);
    run.activeAtMs = 0;
  });
  expect(seen.slice(0, 3)).toEqual([nowMs - 50, nowMs - 50, nowMs - 20]);
  expect(seen[3]).toBeGreaterThanOrEqual(nowMs);
  expect(run.activeAtMs).toBeGreaterThanOrEqual(nowMs);
});

test('what came back unwritten is handed on, tried again while the store is away, and not in the counts', async () => {
  const { send, claim, states, claims, run, waits } = await sending();
  let tries = 0;
  const startMs = sharedClockMs();
  const handOn: ClaimStore['handOn'] = (...call) => {
    tries += 1;
    return tries < 3 ? Promise.reject(new Error('away')) : claims.handOn(...call);
  };
  expect(await send((job) => settleAll(job, { state: 'accepted' }, RETURNED), { handOn })).toBe('handed-on');
  expect([claim().state, states()]).toEqual(['open', ['accepted', 'absent', 'absent', 'absent']]);
  expect(waits('could not be handed on')).toEqual([100, 200]);
  expect(sharedClockMs() - startMs).toBeGreaterThanOrEqual(290);
  expect(run.activeAtMs).toBeGreaterThanOrEqual(startMs);
  expect(run.tally.counts('ios')).toMatchObject({ accepted: 1, halted: 0, late: 0 });
});

test('of a batch that is all written nothing is handed on', async () => {
  const { send } = await sending();
  const handOn = vi.fn<ClaimStore['handOn']>();
  await send((job) => settleAll(job), { handOn });
  expect(handOn).not.toHaveBeenCalled();
});

test('what somebody else has by now, or what cannot be handed on before its time is over, is answered for here', async () => {
  const taken = await sending();
  const no = () => Promise.resolve(false);
  expect(await taken.send((job) => settleAll(job, { state: 'accepted' }, RETURNED), { handOn: no })).toBe('accounted');
  expect(taken.states()).toEqual(['accepted', 'halted', 'halted', 'halted']);
  expect(taken.run.tally.counts('ios')).toMatchObject({ accepted: 1, halted: 3, late: 0 });
  const over = await sending();
  const away = vi.fn<ClaimStore['handOn']>(() => {
    over.scene.nowMs = over.held.notAfterMs;
    return Promise.reject(new Error('away'));
  });
  await over.send((job) => settleAll(job, { state: 'accepted' }, RETURNED), { handOn: away });
  expect([over.states(), away.mock.calls.length]).toEqual([['accepted', 'late', 'late', 'late'], 1]);
  expect(over.run.tally.counts('ios')).toMatchObject({ accepted: 1, halted: 0, late: 3 });
});

test('of a batch that was lost nothing is handed on, and only what its lease covered is counted here', async () => {
  const { send, run, states } = await sending({ isLost: true, mark: 2 });
  const handOn = vi.fn<ClaimStore['handOn']>();
  await send((job) => settleAll(job, { state: 'accepted' }, RETURNED), { handOn });
  expect([handOn.mock.calls.length, states()]).toEqual([0, ['accepted', 'halted', 'halted', 'halted']]);
  expect(run.tally.counts('ios')).toMatchObject({ accepted: 1, halted: 1 });
});

test('an account that cannot be written is tried until it stands', async () => {
  const { send, claims, claim, waits, late } = await sending();
  let tries = 0;
  const startMs = sharedClockMs();
  const account: ClaimStore['account'] = (...call) => {
    tries += 1;
    return tries < 3 ? Promise.reject(new Error('away')) : claims.account(...call);
  };
  await send((job) => settleAll(job), { account });
  expect([claim().state, waits('account could not be written'), late]).toEqual(['accounted', [100, 200], []]);
  expect(sharedClockMs() - startMs).toBeGreaterThanOrEqual(290);
});

test('an account that a closer was before is a late one, with what the closer had said', async () => {
  const { send, claims, claim, key, late, shot, lines } = await sending();
  const closed = wordOf(structuredClone(claim()), wholeBatch(COUNT), 'late');
  await send(async (job) => {
    await claims.close(key(BATCH), closed, claim());
    settleAll(job);
  });
  expect(lines).toMatchObject([
    { shotId: shot.id, batch: BATCH, msg: expect.stringContaining('given the batch up') as string },
  ]);
  expect(late).toEqual([
    {
      launchId: LAUNCH_ID,
      shotId: shot.id,
      segment: 'ios',
      attempt: 1,
      batch: BATCH,
      holder: 1,
      count: COUNT,
      closed,
      account: toAccount(
        Uint8Array.from({ length: COUNT }, () => 1),
        {},
      ),
    },
  ]);
});

test('an account of a claim that is not ours any more is told, and tried no second time', async () => {
  const { send, lines, late, shot } = await sending();
  const account = vi.fn<ClaimStore['account']>(() => Promise.resolve({ ok: false }));
  await send((job) => settleAll(job), { account });
  expect([account.mock.calls.length, late]).toEqual([1, []]);
  expect(lines).toMatchObject([
    { shotId: shot.id, batch: BATCH, msg: 'ACCOUNT_NOT_OURS: the claim is not ours any more' },
  ]);
});

test('its lease is kept while it is sent and no longer, however that ends', async () => {
  const { send, keeper, held } = await sending();
  const drop = vi.spyOn(keeper, 'drop');
  const sent = Promise.withResolvers<void>();
  const done = send(() => sent.promise);
  await vi.waitFor(() => expect(held.lease.isGivenBack).toBe(false), soon);
  expect(drop).not.toHaveBeenCalled();
  sent.reject(new Error('lane broke'));
  await expect(done).rejects.toThrow('lane broke');
  expect(drop).toHaveBeenCalledWith(held);
  keeper.giveBackAll();
  expect(held.lease.isGivenBack).toBe(false);
});

test('its trace has the first write, the thread that wrote it and the last answer', async () => {
  const times = (): BatchTimes => ({
    batch: BATCH,
    platform: 'ios',
    devices: COUNT,
    thread: null,
    claimFromMs: 0,
    claimedMs: 0,
    writtenMs: null,
    answeredMs: null,
    endMs: 0,
  });
  const { send, scene } = await sending();
  const [here, there] = [times(), times()];
  const startMs = scene.nowMs;
  await send(
    (job) => {
      scene.nowMs += 10;
      job.wrote?.(0);
      scene.nowMs += 10;
      job.wrote?.(1);
      settleAll(job);
    },
    {},
    here,
  );
  expect([here.writtenMs, here.thread, here.answeredMs]).toEqual([startMs + 10, null, startMs + 20]);
  const other = await sending();
  await other.send(
    ({ elsewhere, ...job }) => {
      elsewhere?.by?.(3);
      elsewhere?.wrote(2, sharedClockMs() - 40, sharedClockMs());
      elsewhere?.wrote(2, sharedClockMs() - 20, sharedClockMs());
      settleAll(job);
    },
    {},
    there,
  );
  expect(there.thread).toBe(3);
  expect(there.writtenMs).toBeLessThan(other.scene.nowMs - 25);
});
