import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { claimKey } from '../../contract/orders.ts';
import type { Share } from '../../contract/pace.ts';
import { queueNames } from '../../contract/queue-names.ts';
import type { Claim } from '../../infra/aws/claim-item.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { stateOf, totalsOf, unpackStates } from '../../settle/account-codec.ts';
import { newestStates } from '../../settle/batch-words.ts';
import type { LateAccount } from '../../settle/correct.ts';
import { setReader } from '../../settle/frozen-sets.ts';
import { workerKeyring } from '../../test/keys.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';
import { loadAudience } from '../audience/packed/load.ts';
import type { BatchView } from '../audience/packed/loaded-audience.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import type { SwitchMemory } from '../halt/switch-view.ts';
import type { Lane, LaneJob, Outcome } from '../lanes/lane.ts';
import { authorityFor } from './authority.ts';
import { sendBatch } from './batch-run.ts';
import { wallClock } from './lease-for-tests.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { ShotRun } from './shot-run.ts';
import { takeBatch } from './take-batch.ts';
import type { HeldBatch } from './take-batch.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(async () => {
  await stage.stop();
});

/** A lane that keeps its jobs, so that a test decides when something would be written. */
class HeldLane implements Lane {
  readonly platform: Platform;
  readonly job = Promise.withResolvers<LaneJob>();
  readonly done = Promise.withResolvers<void>();
  constructor(platform: Platform) {
    this.platform = platform;
  }
  async open() {
    await Promise.resolve();
  }
  async prime() {
    await Promise.resolve();
  }
  prepare() {
    return { templates: [] };
  }
  send(_shot: unknown, job: LaneJob) {
    this.job.resolve(job);
    return this.done.promise;
  }
  async capacity() {
    await Promise.resolve();
  }
  pace() {
    /* as fast as asked */
  }
  freezeCredential() {
    /* it has none */
  }
  status() {
    return {
      provider: 'apns' as const,
      connections: 0,
      primed: 0,
      streams: 0,
      inFlight: 0,
      credentialAgeMs: null,
      credentialLeftMs: null,
      key: null,
      refusal: null,
      weather: null,
      sick: null,
      peer: null,
    };
  }
  async close() {
    await Promise.resolve();
  }
}

async function batchOf(launch: StagedLaunch, shotId: string): Promise<{ run: ShotRun; view: BatchView }> {
  const verdict = authorityFor(launch.id, shotId, await stage.journal.entries(launch.id), workerKeyring(), null);
  if (!verdict.ok) throw new Error(verdict.say);
  const audience = await loadAudience(stage.cloud.objects, launch.audience.audience.manifestKey, {
    hash: launch.audience.audience.hash,
  });
  audience.applySkipList(null);
  return {
    run: new ShotRun(verdict.authority, audience.manifest.locales),
    view: audience.view(launch.audience.manifest.segments[0]?.batches[0]?.id ?? ''),
  };
}

interface Sending {
  run: ShotRun;
  job: LaneJob;
  lane: HeldLane;
  done: Promise<'accounted' | 'handed-on'>;
  key: string;
  held: HeldBatch;
  claims: ClaimStore;
}

/** Takes the first batch of a fresh launch, or of this one, and begins to send it. */
async function begin({
  launch,
  shotId,
  share = { perSecond: 0, active: true },
  claims = { ...stage.cloud.claims },
  memory = confirmed(),
  queues = stage.cloud.queues,
}: {
  launch: StagedLaunch;
  shotId: string;
  share?: Share;
  claims?: ClaimStore;
  memory?: SwitchMemory;
  queues?: Pick<Queues, 'handBack'>;
}): Promise<Sending> {
  const { run, view } = await batchOf(launch, shotId);
  const platform = view.platform;
  const lane = new HeldLane(platform);
  const switches = new SwitchView(memory);
  const log = pino({ level: 'silent' });
  const common = { claims, clock: wallClock, share: () => share, log };
  const keeper = new LeaseKeeper({
    ...common,
    queues,
    queue: queueNames(launch.pool).batches[platform],
    isPaused: () => false,
    everyMs: 10,
  });
  const message = { v: 1 as const, launchId: launch.id, shotId, segment: platform, attempt: 1, batch: view.id };
  const taken = await takeBatch(
    {
      ...common,
      setOf: setReader(stage.cloud.objects),
      bootId: randomUUID(),
      isOver: () => false,
      complain: () => undefined,
    },
    run,
    message,
    view,
  );
  if (!taken.won) throw new Error(`not won: ${JSON.stringify(taken)}`);
  const done = sendBatch(
    { claims, lane, switches, clock: wallClock, keeper, log, onLateAccount: (late) => lateAccounts.push(late) },
    run,
    message,
    view,
    taken.held,
    'receipt',
  );
  return {
    run,
    job: await lane.job.promise,
    lane,
    done,
    key: claimKey(launch.id, platform, 1, view.id),
    held: taken.held,
    claims,
  };
}

const lateAccounts: LateAccount[] = [];

/** Switches that are read all the time. */
function confirmed(): SwitchMemory {
  const memory = createSwitchMemory();
  writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() + 60_000);
  return memory;
}

function write(job: LaneJob, ...devices: number[]): void {
  for (const device of devices) {
    expect(job.stop(device)).toBeNull();
    job.wrote?.(device);
  }
}

function settle({ job, lane }: Sending, outcome: (device: number) => Outcome): void {
  for (let device = 0; device < job.count; device++) job.settle(device, outcome(device));
  lane.done.resolve();
}

async function claimOf(key: string): Promise<Claim> {
  const claim = (await stage.cloud.claims.read([key], true)).get(key);
  if (claim === undefined) throw new Error('it was never claimed');
  return claim;
}

const statesIn = async (key: string, count: number) => [...newestStates(await claimOf(key), count)].map(stateOf);

async function fired(devices: number, delivery: Record<string, unknown>) {
  const launch = await stage.newLaunch({ ios: devices, android: 0, delivery });
  return { launch, shotId: (await launch.fire({ wake: false })).id };
}

test('a lease is renewed while its batch is being sent, and its end is the end of the window at the latest', async () => {
  const sending = await begin(await fired(10, { send_within: '300ms', ios_not_after: '2s' }));
  const firstUntilMs = (await claimOf(sending.key)).sendUntilMs;
  await vi.waitFor(
    async () => {
      write(sending.job, 0);
      expect((await claimOf(sending.key)).sendUntilMs).toBeGreaterThan(firstUntilMs + 400);
    },
    { interval: 50 },
  );
  await vi.waitFor(
    () => {
      sending.job.wrote?.(0);
      expect(sending.job.stop(5)).toBe('late');
    },
    { interval: 20 },
  );
  settle(sending, (device) => (device === 0 ? { state: 'accepted' } : { state: 'held', why: 'late' }));
  expect(await sending.done).toBe('accounted');
  expect((await claimOf(sending.key)).sendUntilMs).toBe(sending.held.notAfterMs);
  expect(await statesIn(sending.key, 10)).toEqual(['accepted', ...Array.from({ length: 9 }, () => 'late')]);
});

test('a batch that goes at once costs one claim and one account', async () => {
  const calls: string[] = [];
  const claims = counting(stage.cloud.claims, calls);
  const sending = await begin({ ...(await fired(10, {})), claims });
  write(sending.job, ...Array.from({ length: 10 }, (_, device) => device));
  settle(sending, () => ({ state: 'accepted' }));
  expect(await sending.done).toBe('accounted');
  expect(calls).toEqual(['claim', 'account']);
});

test('nothing is written beyond its lease when that can not be renewed, although the wall clock is set back; it goes on when it can', async () => {
  let isAway = false;
  const claims = {
    ...stage.cloud.claims,
    renew: (...args: Parameters<ClaimStore['renew']>) =>
      isAway ? Promise.reject(new Error('DynamoDB is away')) : stage.cloud.claims.renew(...args),
  };
  const sending = await begin({ ...(await fired(10, { send_within: '300ms' })), claims });
  isAway = true;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  expect(sending.job.stop(0)).toBeNull();
  await vi.waitFor(() => expect(sending.job.stop(0)).toBe('paused'), { interval: 10 });
  vi.useRealTimers();
  isAway = false;
  await vi.waitFor(() => expect(sending.job.stop(0)).toBeNull(), { interval: 10 });
  write(sending.job, ...Array.from({ length: 10 }, (_, device) => device));
  settle(sending, () => ({ state: 'accepted' }));
  expect(await sending.done).toBe('accounted');
});

test('a wall clock that jumps ahead, as after a suspension, makes it ask the store before it writes on', async () => {
  const sending = await begin(await fired(10, { send_within: '20s' }));
  expect(sending.job.stop(0)).toBeNull();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 30_000 });
  expect(sending.job.stop(0)).toBe('paused');
  vi.useRealTimers();
  settle(sending, () => ({ state: 'accepted' }));
  await sending.done;
});

test('under a pace a lease covers what the pace lets out, and a dead worker leaves no more than that uncertain; the rest is sent in the same attempt', async () => {
  const { launch, shotId } = await fired(100, { send_within: '500ms' });
  const first = await begin({ launch, shotId, share: { perSecond: 20, active: true } });
  expect((await claimOf(first.key)).mark).toBe(10);
  expect(first.job.stop(10)).toBe('paused');
  write(first.job, 0, 1, 2, 3, 4, 5);
  // It has written half of what it may: so the next piece is asked for.
  await vi.waitFor(() => expect(first.job.stop(15)).toBeNull(), { interval: 10 });
  const { mark } = await claimOf(first.key);
  expect(mark).toBe(16);
  dies(first);

  const second = await takeSoon({ launch, shotId });
  expect(second.held.list).toEqual(Array.from({ length: 100 - mark }, (_, at) => at + mark));
  write(second.job, 0);
  settle(second, () => ({ state: 'accepted' }));
  expect(await second.done).toBe('accounted');
  expect(await statesIn(first.key, 100)).toEqual(
    Array.from({ length: 100 }, (_, device) => (device < mark ? 'uncertain' : 'accepted')),
  );
});

test('a worker that was only paused writes nothing after its lease, and what it knows is a late account', async () => {
  const { launch, shotId } = await fired(20, { send_within: '400ms' });
  const calls: string[] = [];
  const counted = counting(stage.cloud.claims, calls);
  const first = await begin({
    launch,
    shotId,
    share: { perSecond: 25, active: true },
    claims: { ...counted, renew: () => Promise.reject(new Error('cut off')) },
  });
  write(first.job, 0, 1, 2);
  const second = await takeSoon({ launch, shotId });
  expect(second.held.list[0]).toBe(10);
  // It is back, and asks the store.
  expect(first.job.stop(3)).toBe('paused');
  first.claims.renew = (...args) => counted.renew(...args);
  await vi.waitFor(() => expect(first.job.stop(3)).toBe('returned'), { interval: 10 });
  settle(first, (device) => (device < 3 ? { state: 'accepted' } : { state: 'held', why: 'returned' }));
  lateAccounts.length = 0;
  expect(await first.done).toBe('accounted');
  expect(lateAccounts).toMatchObject([{ holder: 1 }]);
  // It knows that nothing is its own to renew or to hand on any more.
  expect(calls).toEqual(['claim', 'renew', 'account']);
  // Nor is the rest its own to count: the other one does.
  expect(first.run.tally.counts('ios')).toMatchObject({ accepted: 3, halted: 7 });
  settle(second, () => ({ state: 'accepted' }));
  await second.done;
  // Written: what it was answered. Covered and unwritten: within reach of a further order. The rest: the second's.
  expect(await statesIn(first.key, 20)).toEqual(
    Array.from({ length: 20 }, (_, device) => (device < 3 || device >= 10 ? 'accepted' : 'halted')),
  );
});

test('what nothing is written of for a whole lease is given back, answered for what was written, and sent by another', async () => {
  const { launch, shotId } = await fired(10, { send_within: '300ms' });
  const stuck = await begin({ launch, shotId });
  write(stuck.job, 0, 1);
  await vi.waitFor(() => expect(stuck.job.stop(2)).toBe('returned'), { interval: 10 });
  settle(stuck, (device) => (device < 2 ? { state: 'accepted' } : { state: 'held', why: 'returned' }));
  expect(await stuck.done).toBe('handed-on');
  expect(await claimOf(stuck.key)).toMatchObject({ state: 'open' });
  const second = await begin({ launch, shotId });
  expect(second.held.list).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  settle(second, () => ({ state: 'accepted' }));
  expect(await second.done).toBe('accounted');
  expect(await statesIn(stuck.key, 10)).toEqual(Array.from({ length: 10 }, () => 'accepted'));
});

test("of a shot that was approved before leases nothing is handed on: what is unwritten is halted, and the next attempt's", async () => {
  const { launch, shotId } = await fired(10, { send_within: '300ms' });
  const stuck = await begin({ launch, shotId });
  const { shot } = stuck.run.authority;
  stuck.run.authority.shot = { ...shot, approvedBySchema: undefined } as unknown as typeof shot;
  write(stuck.job, 0, 1);
  await vi.waitFor(() => expect(stuck.job.stop(2)).toBe('returned'), { interval: 10 });
  settle(stuck, (device) => (device < 2 ? { state: 'accepted' } : { state: 'held', why: 'returned' }));
  expect(await stuck.done).toBe('accounted');
  expect(await claimOf(stuck.key)).toMatchObject({ state: 'accounted', parts: [] });
  expect(await statesIn(stuck.key, 10)).toEqual(
    Array.from({ length: 10 }, (_, device) => (device < 2 ? 'accepted' : 'halted')),
  );
});

test('a batch that is waited for keeps its message, with others in one call', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  const extended: string[][] = [];
  const queues = {
    handBack: (_queue: string, receipts: readonly string[], seconds: number) =>
      Promise.resolve(void extended.push([...receipts, String(seconds)])),
  };
  const sending = await begin({ ...(await fired(10, { send_within: '20s' })), queues });
  const startMs = performance.now();
  await vi.waitFor(
    () => {
      vi.advanceTimersByTime(10);
      expect(extended).toEqual([['receipt', '8']]);
    },
    { interval: 50 },
  );
  expect(performance.now() - startMs).toBeGreaterThan(3_900);
  vi.useRealTimers();
  settle(sending, () => ({ state: 'accepted' }));
  await sending.done;
});

test('a claim that landed with every answer lost is ours when the store is back', async () => {
  const { launch, shotId } = await fired(10, {});
  let away = 5;
  const claims = {
    ...stage.cloud.claims,
    async claim(...args: Parameters<ClaimStore['claim']>) {
      const answer = await stage.cloud.claims.claim(...args);
      if (away-- > 0) throw new Error('the answer was lost');
      return answer;
    },
  };
  const sending = await begin({ launch, shotId, claims });
  expect((await claimOf(sending.key)).token).toBe(sending.held.token);
  settle(sending, () => ({ state: 'accepted' }));
  expect(await sending.done).toBe('accounted');
});

/** Nothing renews its lease any more, and it says nothing. */
function dies({ held, claims }: Sending): void {
  claims.renew = () => Promise.reject(new Error('dead'));
  held.isLost = true;
}

/** Once the lease of the one before is over. */
async function takeSoon(options: Parameters<typeof begin>[0]): Promise<Sending> {
  return vi.waitFor(() => begin(options), { interval: 100 });
}

function counting(claims: ClaimStore, calls: string[]): ClaimStore {
  return Object.fromEntries(
    Object.entries(claims).map(([name, call]: [string, (...args: never[]) => unknown]) => [
      name,
      (...args: never[]) => {
        calls.push(name);
        return call(...args);
      },
    ]),
  ) as unknown as ClaimStore;
}

test.each([
  ['ios', 'bad-token', ['Unregistered', 'BadDeviceToken', 'DeviceTokenNotForTopic', 'ExpiredToken']],
  ['ios', 'failed', ['TooManyRequests', 'InternalServerError', 'PayloadTooLarge', 'Http404']],
  ['android', 'bad-token', ['UNREGISTERED', 'SENDER_ID_MISMATCH', 'INVALID_TOKEN']],
  // A bad message, or a token that FCM's text doesn't name.
  ['android', 'failed', ['INVALID_ARGUMENT', 'NOT_FOUND', 'QUOTA_EXCEEDED', 'INTERNAL']],
] as const)(
  'the account of an %s batch says %s for a device that the provider answered with one of %j',
  async (platform, state, reasons) => {
    const launch = await stage.newLaunch({ ios: 0, android: 0, [platform]: reasons.length + 1 });
    const sending = await begin({ launch, shotId: (await launch.fire({ wake: false })).id });
    for (const [device, reason] of reasons.entries()) sending.job.settle(device, { state: 'failed', reason });
    sending.job.settle(reasons.length, { state: 'accepted' });
    sending.lane.done.resolve();
    await sending.done;
    const { key } = sending;
    const count = reasons.length + 1;
    const account = (await stage.cloud.claims.read([key], true)).get(key)?.account;
    expect([...unpackStates(account?.states ?? new Uint8Array(), count)].map(stateOf)).toEqual([
      ...reasons.map(() => state),
      'accepted',
    ]);
    expect(account?.reasons).toEqual(Object.fromEntries(reasons.map((reason) => [reason, 1])));
    expect(totalsOf([{ states: new Uint8Array(), reasons: {}, ...account, count }]).totals).toMatchObject({
      accepted: 1,
      failed: reasons.length,
      ...(state === 'failed' ? { reachable: reasons.length } : {}),
    });
  },
);
