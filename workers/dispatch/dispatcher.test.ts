import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Queues } from '../../infra/aws/queues.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';
import { manifestReader } from '../close/close.ts';
import { queueNames } from '../contract.ts';
import { Foreign } from '../report/foreign.ts';
import { Known } from './known.ts';
import { Dispatcher } from './dispatcher.ts';
import type { DispatcherOptions } from './dispatcher.ts';

let stage: Stage;
beforeAll(async () => { stage = await startStage(); });
afterAll(async () => { await stage.stop(); });

function dispatcher(launch: StagedLaunch, change: Partial<DispatcherOptions> = {}): Dispatcher {
  const { cloud, journal } = stage;
  const names = queueNames(launch.pool);
  return new Dispatcher({
    queues: cloud.queues, segments: names.segments, batches: names.batches, claims: cloud.claims, switches: cloud.switches, journal, launchId: launch.id,
    known: new Known(journal, launch.id), isServed: async () => false, foreign: new Foreign(),
    manifestOf: manifestReader(cloud.objects), sendTest: async () => [], onRefused: () => undefined, log: pino({ level: 'silent' }), visibilitySeconds: 2, ...change,
  });
}

const never = () => Promise.withResolvers<never>().promise;
const waiting = async (launch: StagedLaunch) => (await stage.cloud.queues.depth(queueNames(launch.pool).batches.ios)).visible;

test('an order at a dispatcher that dies is soon cut by another one; a slow one keeps it', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  // A dead process calls nothing any more.
  let isDead = false;
  const { queues } = stage.cloud;
  const mortal: Queues = {
    ...queues,
    handBack: (...call) => (isDead ? never() : queues.handBack(...call)),
    receive: (...call) => (isDead ? never() : queues.receive(...call)),
  };
  const taken = Promise.withResolvers<void>();
  const stuck = dispatcher(launch, {
    queues: mortal,
    manifestOf: () => {
      taken.resolve();
      return never();
    },
  });
  stuck.start();
  await launch.fire();
  await taken.promise;
  const healthy = dispatcher(launch);
  healthy.start();
  // Beyond the visibility that it was taken with.
  await expect(vi.waitFor(async () => expect(await waiting(launch)).toBe(3), { timeout: 3_000 })).rejects.toThrow();
  isDead = true;
  await vi.waitFor(async () => expect(await waiting(launch)).toBe(3), { timeout: 8_000 });
  await healthy.stop();
});

test('a test copy that waits for its provider holds up no fire', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const asked = await stage.journal.submit(launch.id, { kind: 'request-test', by: 'ana', to: ['ana'] });
  if (!asked.ok || asked.entry.kind !== 'TestRequested') throw new Error('not asked');
  const { testId } = asked.entry;
  const answer = Promise.withResolvers<[]>();
  const sending = Promise.withResolvers<void>();
  const alone = dispatcher(launch, {
    sendTest: () => {
      sending.resolve();
      return answer.promise;
    },
  });
  alone.start();
  await stage.cloud.queues.sendFifo(queueNames(launch.pool).segments, [{ body: JSON.stringify({ v: 1, launchId: launch.id, testId }), group: testId, dedup: testId }]);
  await sending.promise;
  await launch.fire();
  await vi.waitFor(async () => expect(await waiting(launch)).toBe(3), { timeout: 3_000 });
  answer.resolve([]);
  await alone.stop();
  expect((await stage.journal.launch(launch.id))?.tests[testId]?.results).toEqual([]);
});

test('orders that come together are judged by one read of the record, made after them', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 200 });
  await launch.fire();
  const reads: string[] = [];
  const journal = { ...stage.journal, entries: (id: string) => (reads.push(id), stage.journal.entries(id)) };
  const queues: Queues = {
    ...stage.cloud.queues,
    async receive(queue, options) {
      const received = await stage.cloud.queues.receive(queue, options);
      reads.push(`${received.length} orders`);
      return received;
    },
  };
  const alone = dispatcher(launch, { journal, queues });
  alone.start();
  await vi.waitFor(async () => expect(await Promise.all(Object.values(queueNames(launch.pool).batches).map(async (queue) => (await stage.cloud.queues.depth(queue)).visible))).toEqual([3, 2]), { timeout: 3_000 });
  await alone.stop();
  expect(reads.slice(0, 2)).toEqual(['2 orders', launch.id]);
  expect(reads.filter((read) => read === launch.id)).toHaveLength(1);
});

describe('an order that may not go out is refused in words, cut into nothing and taken off the queue', () => {
  type Staged = { launch: StagedLaunch; shot: Shot };
  const none = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: {} };
  const dead = async ({ launch, shot }: Staged, cause: 'not-after' | 'halt') => {
    const segments = shot.segments.map((one) => ({ ...one, devices: 300, totals: { ...none, [cause === 'halt' ? 'halted' : 'late']: 300 } }));
    expect(await stage.journal.submit(launch.id, { kind: 'close-shot', shotId: shot.id, cause, segments })).toMatchObject({ ok: true });
  };

  test.each<[string, RegExp, (staged: Staged) => Promise<Partial<DispatcherOptions> & { attempt?: number }>]>([
    ['a halt that only the switch knows yet', /the shot was halted/, async ({ launch }) => {
      await stage.cloud.switches.halt(launch.id);
      return {};
    }],
    ['a halt that only the record knows', /the shot was halted/, async ({ launch }) => {
      expect(await stage.journal.submit(launch.id, { kind: 'set-halt', by: 'mia', source: 'slack', epoch: 1, reason: 'test', pressedAtMs: Date.now() })).toMatchObject({ ok: true });
      return {};
    }],
    ['a shot that is closed', /the shot is closed/, async (staged) => {
      await dead(staged, 'not-after');
      return {};
    }],
    ['an attempt that nobody approved', /attempt 2 of it was not approved/, async () => ({ attempt: 2 })],
    ['a time that is over', /it is late/, async ({ shot }) => ({ nowMs: () => shot.notAfterAtMs.ios })],
  ])('%s', async (_, say, change) => {
    const launch = await stage.newLaunch({ ios: 300, android: 0 });
    const shot = await launch.fire({ wake: false });
    const { attempt = 1, ...options } = await change({ launch, shot });
    const refused: string[] = [];
    const foreign = new Foreign();
    const alone = dispatcher(launch, { ...options, foreign, onRefused: (why) => refused.push(why) });
    alone.start();
    await launch.wake({ ...shot, segments: shot.segments.map((one) => ({ ...one, attempt })) });
    await vi.waitFor(() => expect(refused.length + foreign.counts.orders).toBe(1), { timeout: 3_000 });
    await alone.stop();
    expect(refused[0] ?? foreign.counts.last).toMatch(say);
    expect(await waiting(launch)).toBe(0);
    const { visible, inFlight } = await stage.cloud.queues.depth(queueNames(launch.pool).segments);
    expect(visible + inFlight).toBe(0);
  });
});
