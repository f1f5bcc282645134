import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import type { SwitchStore } from '../../infra/aws/switch-store.ts';
import { MemoryQueue } from '../../test/memory-queue.ts';
import { LAUNCH_ID } from '../../test/properties/scene.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { MANIFEST, settleRig } from '../../test/settle-rig.ts';
import { Foreign } from '../report/foreign.ts';
import { Dispatcher } from './dispatcher.ts';
import { Known } from './known.ts';

/** What a dispatcher does with each order's message, by its fate. Real queues, dying processes and floods: dispatcher.test.ts. */

const soon = { interval: 5 };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

function dispatching() {
  const { scene, journal, claims, record, write } = settleRig();
  const shot = scene.fired('all');
  write();
  const queue = new MemoryQueue();
  const sent: string[] = [];
  const refused: string[] = [];
  const foreign = new Foreign();
  const lines: { msg: string }[] = [];
  const fault: { now: Error | null } = { now: null };
  const dispatcher = new Dispatcher({
    queues: { ...queue.queues(), send: async (name, bodies) => void sent.push(...bodies.map(() => name)) },
    segments: 'orders',
    batches: { ios: 'ios-batches', android: 'android-batches' },
    claims,
    setOf: () => Promise.reject(new Error('no set was frozen')),
    switches: { read: () => Promise.resolve({ haltEpoch: 0, head: null }) } as unknown as SwitchStore,
    journal: {
      ...journal,
      entries: (id) => (fault.now === null ? journal.entries(id) : Promise.reject(fault.now)),
    },
    launchId: LAUNCH_ID,
    known: new Known(journal, LAUNCH_ID),
    isServed: (id) => Promise.resolve(id === 'the-next'),
    manifestOf: () => Promise.resolve(MANIFEST),
    sendTest: () => Promise.resolve([]),
    foreign,
    onRefused: (why) => void refused.push(why),
    log: pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as { msg: string }) }),
    nowMs: () => scene.nowMs,
  });
  stops.push(() => dispatcher.stop());
  const order = (receipt: string, more: object = {}) => ({
    receipt,
    body: JSON.stringify({ v: 1, launchId: LAUNCH_ID, shotId: shot.id, segment: 'ios', attempt: 1, ...more }),
  });
  const said = (text: string) => lines.filter(({ msg }) => msg.includes(text));
  return { dispatcher, scene, shot, record, write, queue, sent, refused, foreign, fault, order, said };
}

test('an order that was cut is gone', async () => {
  const { dispatcher, queue, order, sent, refused, foreign } = dispatching();
  dispatcher.start();
  queue.put(order('a'));
  await vi.waitFor(() => expect(queue.gone).toEqual(['a']), soon);
  expect([sent, refused, foreign.counts.orders, queue.back]).toEqual([['ios-batches', 'ios-batches'], [], 0, []]);
  expect(queue.received[0]).toEqual({ max: 10, waitSeconds: 5, visibilitySeconds: 8 });
});

test('one that is refused is gone and told to people, in the log with its text', async () => {
  const { dispatcher, queue, order, shot, scene, sent, refused, foreign, said } = dispatching();
  scene.nowMs = shot.notAfterAtMs.ios;
  dispatcher.start();
  queue.put(order('a'));
  await vi.waitFor(() => expect(queue.gone).toEqual(['a']), soon);
  const why = `${shot.id} ios: it is late`;
  expect([sent, refused, foreign.counts.orders]).toEqual([[], [why], 0]);
  expect(said('order refused')).toMatchObject([{ why, order: expect.stringContaining(shot.id) as string }]);
});

test("nobody's are gone and counted; one of the launch that has the pool now goes back for it", async () => {
  const { dispatcher, queue, order, sent, refused, foreign } = dispatching();
  dispatcher.start();
  queue.put({ receipt: 'text', body: 'no order' }, order('attempt', { attempt: 2 }), {
    ...order('theirs', { launchId: 'the-next' }),
    group: 'the-next/ios/1',
  });
  await vi.waitFor(
    () => expect([queue.gone.toSorted(), queue.back]).toEqual([['attempt', 'text'], [['theirs', 1]]]),
    soon,
  );
  expect([sent, refused, foreign.counts.orders]).toEqual([[], [], 2]);
});

test('one that cannot be looked up is held and tried again; a record that is broken is told meanwhile', async () => {
  const { dispatcher, queue, order, fault, refused, said } = dispatching();
  fault.now = Object.assign(new Error('RECORD_BROKEN: at entry 3'), { code: 'RECORD_BROKEN' });
  dispatcher.start();
  queue.put(order('a'));
  await vi.waitFor(() => expect(refused.length).toBeGreaterThanOrEqual(2), soon);
  expect([new Set(refused), queue.gone, queue.back]).toEqual([new Set(['RECORD_BROKEN: at entry 3']), [], []]);
  expect(said('order could not be served')).toMatchObject([{ delayMs: 50 }, { delayMs: 100 }]);
  fault.now = Object.assign(new Error('away'), { code: 'RECORD_UNAVAILABLE' });
  const before = refused.length;
  await vi.waitFor(() => expect(said('order could not be served').length).toBeGreaterThan(2), soon);
  fault.now = null;
  await vi.waitFor(() => expect(queue.gone).toEqual(['a']), soon);
  expect(refused.length - before).toBeLessThanOrEqual(1);
});

test('one that is at hand when it stops goes back at once, and nothing more is received', async () => {
  const { dispatcher, queue, order, fault, refused, said } = dispatching();
  fault.now = new Error('away');
  dispatcher.start();
  queue.put(order('a'));
  await vi.waitFor(() => expect(said('order could not be served')).toHaveLength(1), soon);
  await dispatcher.stop();
  expect([queue.back, queue.gone, refused]).toEqual([[['a', 0]], [], []]);
  const before = queue.received.length;
  queue.put(order('b'));
  await new Promise((done) => setTimeout(done, 30));
  expect([queue.received.length, said('segment queue cannot be read')]).toEqual([before, []]);
});

test('a hundred that wait are as many as it has, whatever was done before: no more are received until one of them is', async () => {
  const { dispatcher, queue, order, fault, refused } = dispatching();
  dispatcher.start();
  queue.put(...Array.from({ length: 110 }, (_, at) => order(`first${at}`, { attempt: 2 })));
  await vi.waitFor(() => expect(queue.gone).toHaveLength(110), soon);
  await vi.waitFor(() => expect(queue.received).toHaveLength(12), soon);
  fault.now = Object.assign(new Error('away'), { code: 'RECORD_UNAVAILABLE' });
  queue.put(...Array.from({ length: 130 }, (_, at) => order(`r${at}`, { segment: at % 2 === 0 ? 'ios' : 'android' })));
  await vi.waitFor(() => expect(queue.received).toHaveLength(21), soon);
  await new Promise((done) => setTimeout(done, 60));
  expect([queue.received.length, refused]).toEqual([21, []]);
  fault.now = null;
  await vi.waitFor(() => expect(queue.gone).toHaveLength(240), soon);
});

test('a queue that cannot be read is told, and read again half a second later', async () => {
  const { dispatcher, queue, order, said } = dispatching();
  queue.fault = new Error('SQS is away');
  queue.put(order('a'));
  const startMs = performance.now();
  dispatcher.start();
  await vi.waitFor(() => expect(queue.gone).toEqual(['a']), soon);
  expect(said('segment queue cannot be read')).toMatchObject([{ err: { message: 'SQS is away' } }]);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(490);
});

test('one that stops while it waits to read again does not wait that out', secondTry(A_WAIT), async () => {
  const { dispatcher, queue, said } = dispatching();
  queue.fault = new Error('SQS is away');
  dispatcher.start();
  await vi.waitFor(() => expect(said('segment queue cannot be read')).toHaveLength(1), soon);
  const startMs = performance.now();
  await dispatcher.stop();
  expect(performance.now() - startMs).toBeLessThan(400);
});

test('an order that cannot be taken off its queue is told: it comes again, and is cut no second time', async () => {
  const { dispatcher, queue, order, sent, said } = dispatching();
  queue.removeFault = new Error('not now');
  dispatcher.start();
  queue.put(order('a'));
  await vi.waitFor(
    () => expect(said('could not be taken off its queue')).toMatchObject([{ err: { message: 'not now' } }]),
    soon,
  );
  queue.put(order('a'));
  await vi.waitFor(() => expect(queue.gone).toEqual(['a']), soon);
  expect(sent).toHaveLength(2);
});
