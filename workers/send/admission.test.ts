import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { MESSAGE_CHARS } from '../../contract/orders.ts';
import type { Received } from '../../infra/aws/queues.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { MemoryQueue } from '../../test/memory-queue.ts';
import { LAUNCH_ID } from '../../test/properties/scene.ts';
import { COUNT, MANIFEST, settleRig } from '../../test/settle-rig.ts';
import type { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import { Known } from '../dispatch/known.ts';
import { Foreign } from '../report/foreign.ts';
import { Admission } from './admission.ts';
import { Deletes } from './deletes.ts';
import { wallClock } from './lease-for-tests.ts';
import { AT_HAND, PrefetchBuffer } from './prefetch-buffer.ts';
import { ShotRuns } from './shot-runs.ts';

/** What becomes of each message of a batch queue; record and queue in memory. At what cost, with real queues: admit.test.ts. */

const soon = { interval: 5 };
const AUDIENCE = {
  batch: (id: string) => {
    const segment = MANIFEST.segments.find(({ batches }) => batches.some((one) => one.id === id));
    if (segment === undefined) throw new Error('BATCH_UNKNOWN');
    return { platform: segment.platform, segment: segment.id, count: COUNT };
  },
} as unknown as LoadedAudience;

function admitting() {
  const { scene, journal, write } = settleRig();
  const shot = scene.fired('all');
  write();
  const queue = new MemoryQueue();
  const queues = queue.queues();
  const lines: { msg: string; delayMs?: number; code?: string }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const common = { queues, queue: 'q', log };
  const buffer = new PrefetchBuffer(common);
  const deletes = new Deletes(common);
  const foreign = new Foreign();
  const stop = new AbortController();
  const state = { audience: AUDIENCE as LoadedAudience | null, hash: shot.audience.hash, head: null as object | null };
  const fault: { now: Error | null } = { now: null };
  const reads: string[] = [];
  const asked = {
    ...journal,
    entries: (id: string) => {
      reads.push(id);
      return fault.now === null ? journal.entries(id) : Promise.reject(fault.now);
    },
  };
  const admission = new Admission({
    ...common,
    platform: 'ios',
    launchId: LAUNCH_ID,
    runs: new ShotRuns({
      journal: asked,
      launchId: LAUNCH_ID,
      clock: wallClock,
      atHome: () => Promise.resolve({ ok: true }),
      head: () => Promise.resolve(state.head as { seq: number; hash: string } | null),
      loaded: () => ({ audienceHash: state.hash, skipListHash: null, locales: ['en'] }),
      onRun: () => undefined,
    }),
    known: new Known(journal, LAUNCH_ID),
    isServed: (id) => Promise.resolve(id === 'the-next'),
    foreign,
    audience: () => state.audience,
    buffer,
    deletes,
    signal: stop.signal,
  });
  const one = (receipt: string, more: object = {}, receives = 1): Received => ({
    receipt,
    receives,
    group: null,
    body: JSON.stringify({
      v: 1,
      launchId: LAUNCH_ID,
      shotId: shot.id,
      segment: 'ios',
      attempt: 1,
      batch: 'ios.0',
      ...more,
    }),
  });
  /** Takes it, and says what became of it. */
  const take = async (...received: Received[]) => {
    for (const message of received) admission.take(message);
    await admission.end();
    await deletes.flush();
    await new Promise((done) => setImmediate(done));
    return { atHand: buffer.count, gone: queue.gone, back: queue.back, foreign: foreign.counts.batches };
  };
  const said = (text: string) => lines.filter(({ msg }) => msg.includes(text));
  return { admission, scene, shot, write, journal, queue, buffer, foreign, state, fault, reads, stop, one, take, said };
}

test('a batch of ours is at hand, as it came and since when it is hidden from others', async () => {
  const { take, one, buffer, shot } = admitting();
  const startMs = sharedClockMs();
  expect(await take(one('a', {}, 7))).toEqual({ atHand: 1, gone: [], back: [], foreign: 0 });
  const hand = buffer.take();
  expect(hand).toMatchObject({ receipt: 'a', receives: 7, message: { batch: 'ios.0' } });
  expect(hand?.run.authority.shot.id).toBe(shot.id);
  expect(hand?.sinceMs).toBeGreaterThanOrEqual(startMs);
});

test.each<[string, object, RegExp]>([
  ['of a launch that nobody serves', { launchId: 'nobody' }, /a batch of another launch: nobody/],
  ['of an attempt that nobody approved', { attempt: 2 }, /attempt 2/],
  ['of a shot that is not in the record', { shotId: 'S1' }, /not in the record: S1 ios.0/],
  ['that the audience has not', { batch: 'ios.9' }, /batch ios.9 of attempt 1 is not part of the shot/],
  ['of the other platform', { segment: 'android', batch: 'android.0' }, /batch android.0/],
  ['of another segment than it says', { segment: 'android' }, /batch ios.0/],
  ['of a newer version', { v: 2 }, /has version 2, and this process knows version 1: it was written by a newer one/],
  ['with a field that we do not know', { later: true }, /no batch of this version/],
])("one %s is nobody's: counted, and gone", async (_, more, why) => {
  const { take, one, foreign } = admitting();
  expect(await take(one('a', more))).toEqual({ atHand: 0, gone: ['a'], back: [], foreign: 1 });
  expect(foreign.counts.last).toMatch(why);
});

test('one is read up to the length that a message of ours can have', async () => {
  const { take, one } = admitting();
  const { body } = one('');
  expect(await take({ ...one('a'), body: body.padEnd(MESSAGE_CHARS) })).toMatchObject({ atHand: 1, foreign: 0 });
  expect(await take({ ...one('b'), body: body.padEnd(MESSAGE_CHARS + 1) })).toMatchObject({ atHand: 1, foreign: 1 });
});

test('one that is no batch is shown cut short; what the record is known to say against it costs no read', async () => {
  const { take, one, foreign, journal, reads } = admitting();
  await take({ ...one('a'), body: 'y'.repeat(500) });
  expect(foreign.counts.last).not.toContain('y'.repeat(301));
  await journal.launch(LAUNCH_ID);
  expect(await take(one('b', { attempt: 2 }), one('c', { segment: 'de' }), one('d', { shotId: 'S1' }))).toMatchObject({
    foreign: 4,
  });
  expect(reads).toEqual([]);
});

test('one of the launch that has the pool now goes back for it in a second', async () => {
  const { take, one } = admitting();
  expect(await take(one('a', { launchId: 'the-next' }))).toEqual({ atHand: 0, gone: [], back: [['a', 1]], foreign: 0 });
});

test('one of a shot that is known to be closed is gone, and nobody looks', async () => {
  const { take, one, scene, shot, write, journal, reads } = admitting();
  scene.closes(shot);
  write();
  await journal.launch(LAUNCH_ID);
  expect(await take(one('a'))).toEqual({ atHand: 0, gone: ['a'], back: [], foreign: 0 });
  expect(reads).toEqual([]);
});

test.each<[string, (state: ReturnType<typeof admitting>['state']) => void]>([
  ['there is none', (state) => (state.audience = null)],
  ["it is not the shot's", (state) => (state.hash = 'b'.repeat(64))],
])('one that comes while the audience is loaded, as %s, goes back, for longer each time', async (_, change) => {
  const { take, one, state } = admitting();
  change(state);
  expect(await take(one('a', {}, 1), one('b', {}, 3))).toEqual({
    atHand: 0,
    gone: [],
    back: [
      ['a', 1],
      ['b', 3],
    ],
    foreign: 0,
  });
});

test('one without authority is dropped, and told', async () => {
  const { take, one, state, said } = admitting();
  state.head = { seq: 99, hash: 'f'.repeat(64) };
  expect(await take(one('a'))).toEqual({ atHand: 0, gone: ['a'], back: [], foreign: 0 });
  expect(said('without authority dropped')).toMatchObject([{ code: 'RECORD_BROKEN', batch: 'ios.0' }]);
});

test('one that cannot be looked up is held and tried again; when it stops, it goes back at once', async () => {
  const { admission, one, fault, said, stop, buffer, queue, shot } = admitting();
  fault.now = new Error('away');
  admission.take(one('a'));
  await vi.waitFor(() => expect(said('the batch is held').length).toBe(2), soon);
  expect(said('the batch is held')).toMatchObject([{ delayMs: 50, shotId: shot.id, batch: 'ios.0' }, { delayMs: 100 }]);
  fault.now = null;
  await admission.end();
  expect([buffer.count, queue.back]).toEqual([1, []]);
  fault.now = new Error('away');
  const second = admitting();
  second.fault.now = fault.now;
  second.admission.take(second.one('b'));
  await vi.waitFor(() => expect(second.said('the batch is held').length).toBe(1), soon);
  second.stop.abort();
  await second.admission.end();
  expect([second.queue.back, second.queue.gone, stop.signal.aborted]).toEqual([[['b', 0]], [], false]);
});

test('a message that could not be judged is told: it comes again', async () => {
  const { take, one, queue, said } = admitting();
  queue.backFault = new Error('SQS is away');
  await take(one('a', { launchId: 'the-next' }));
  expect(said('could not be judged')).toMatchObject([{ err: { message: 'SQS is away' } }]);
});

test('more than are wanted at hand go back together at once; a call that fails is told', async () => {
  const { take, one, queue, said } = admitting();
  const many = (from: number, count: number) => Array.from({ length: count }, (_, at) => one(`r${from + at}`));
  expect(await take(...many(0, AT_HAND + 3))).toMatchObject({
    atHand: AT_HAND,
    back: [
      ['r20', 0],
      ['r21', 0],
      ['r22', 0],
    ],
  });
  expect(queue.backCalls).toBe(1);
  queue.backFault = new Error('SQS is away');
  await take(...many(30, 2));
  expect(said('not handed back')).toMatchObject([{ messages: 2 }]);
  expect((await take(...many(40, 2))).back).toHaveLength(5);
});

test('is full beyond three hundred that are looked up, and no longer when they are', async () => {
  const { admission, one, fault } = admitting();
  fault.now = new Error('away');
  expect(admission.isFull).toBe(false);
  for (let at = 0; at < 300; at += 1) admission.take(one(`r${at}`));
  expect(admission.isFull).toBe(false);
  admission.take(one('r300'));
  expect(admission.isFull).toBe(true);
  fault.now = null;
  await admission.end();
  expect(admission.isFull).toBe(false);
});
