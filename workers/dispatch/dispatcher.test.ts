import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { queueNames } from '../../contract/queue-names.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { manifestReader } from '../../settle/close.ts';
import { setReader } from '../../settle/frozen-sets.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';
import { Foreign } from '../report/foreign.ts';
import { Dispatcher } from './dispatcher.ts';
import type { DispatcherOptions } from './dispatcher.ts';
import { Known } from './known.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  await stage.stop();
});

function dispatcher(launch: StagedLaunch, change: Partial<DispatcherOptions> = {}): Dispatcher {
  const { cloud, journal } = stage;
  const names = queueNames(launch.pool);
  return new Dispatcher({
    queues: cloud.queues,
    segments: names.segments,
    batches: names.batches,
    claims: cloud.claims,
    switches: cloud.switches,
    journal,
    launchId: launch.id,
    known: new Known(journal, launch.id),
    isServed: async () => false,
    foreign: new Foreign(),
    manifestOf: manifestReader(cloud.objects),
    setOf: setReader(cloud.objects),
    sendTest: async () => [],
    onRefused: () => undefined,
    log: pino({ level: 'silent' }),
    visibilitySeconds: 2,
    ...change,
  });
}

const never = () => Promise.withResolvers<never>().promise;
const waiting = async (launch: StagedLaunch) =>
  (await stage.cloud.queues.depth(queueNames(launch.pool).batches.ios)).visible;

test('an order at a dispatcher that dies is soon cut by another one; a slow one keeps it', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  // A dead process calls nothing any more.
  let isDead = false;
  let isTaken = false;
  const { queues } = stage.cloud;
  const mortal: Queues = {
    ...queues,
    handBack: (...call) => (isDead ? never() : queues.handBack(...call)),
    // Takes one order and no more, so that whoever gets it next is another one.
    async receive(...call) {
      if (isTaken) return never();
      const received = await queues.receive(...call);
      isTaken = received.length > 0;
      return received;
    },
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
  await sleep(3_000);
  expect(await waiting(launch)).toBe(0);
  isDead = true;
  await vi.waitFor(async () => expect(await waiting(launch)).toBe(3));
  await healthy.stop();
});

test('a test copy that waits for its provider holds up no fire', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const asked = await stage.journal.append(launch.id, { kind: 'request-test', by: 'ana', to: ['ana'] });
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
  await stage.cloud.queues.sendFifo(queueNames(launch.pool).segments, [
    { body: JSON.stringify({ v: 1, launchId: launch.id, testId }), group: testId, dedup: testId },
  ]);
  await sending.promise;
  await launch.fire();
  await vi.waitFor(async () => expect(await waiting(launch)).toBe(3));
  answer.resolve([]);
  await alone.stop();
  expect((await stage.journal.launch(launch.id))?.tests[testId]?.results).toEqual([]);
});

test('an order for test copies that comes a hundred times sends them once', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const asked = await stage.journal.append(launch.id, { kind: 'request-test', by: 'ana', to: ['ana'] });
  if (!asked.ok || asked.entry.kind !== 'TestRequested') throw new Error('not asked');
  const { testId } = asked.entry;
  let sends = 0;
  const foreign = new Foreign();
  const alone = dispatcher(launch, {
    foreign,
    sendTest: async () => {
      sends += 1;
      await sleep(300);
      return [];
    },
  });
  const { segments } = queueNames(launch.pool);
  await stage.cloud.queues.sendFifo(
    segments,
    Array.from({ length: 100 }, (_, at) => ({
      body: JSON.stringify({ v: 1, launchId: launch.id, testId: at < 98 ? testId : `T9${at}` }),
      group: `t${at}`,
      dedup: `t${at}`,
    })),
  );
  alone.start();
  await vi.waitFor(
    async () => expect(await stage.cloud.queues.depth(segments)).toEqual({ visible: 0, inFlight: 0, delayed: 0 }),
    { timeout: 20_000 },
  );
  await alone.stop();
  expect([sends, foreign.counts.orders]).toEqual([1, 2]);
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
  await vi.waitFor(async () =>
    expect(
      await Promise.all(
        Object.values(queueNames(launch.pool).batches).map(
          async (queue) => (await stage.cloud.queues.depth(queue)).visible,
        ),
      ),
    ).toEqual([3, 2]),
  );
  await alone.stop();
  expect(reads.slice(0, 2)).toEqual(['2 orders', launch.id]);
  expect(reads.filter((read) => read === launch.id)).toHaveLength(1);
});

test(
  "an order that can't be looked up is held, not handed back, and cut within a second of the store's return",
  secondTry(A_WAIT),
  async () => {
    const launch = await stage.newLaunch({ ios: 300, android: 0 });
    await launch.fire();
    let isAway = true;
    let handed = 0;
    const { journal, cloud } = stage;
    const alone = dispatcher(launch, {
      journal: {
        ...journal,
        entries: async (id: string) => (isAway ? Promise.reject(new Error('RECORD_UNAVAILABLE')) : journal.entries(id)),
      },
      queues: {
        ...cloud.queues,
        handBack: async (queue, receipts, seconds) => {
          if (seconds < 2) handed += 1;
          await cloud.queues.handBack(queue, receipts, seconds);
        },
      },
    });
    alone.start();
    // Beyond its visibility of 2 s: nobody else may have it meanwhile.
    await sleep(4_500);
    const { visible, inFlight } = await cloud.queues.depth(queueNames(launch.pool).segments);
    expect([visible, inFlight, handed]).toEqual([0, 1, 0]);
    isAway = false;
    await vi.waitFor(async () => expect(await waiting(launch)).toBe(3), { timeout: 1_500, interval: 20 });
    await alone.stop();
  },
);

test('a dispatcher that stops while the store is away hands its orders back at once', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const asked = Promise.withResolvers<void>();
  const alone = dispatcher(launch, {
    visibilitySeconds: 30,
    journal: {
      ...stage.journal,
      entries: async () => {
        asked.resolve();
        throw new Error('RECORD_UNAVAILABLE');
      },
    },
  });
  alone.start();
  await launch.fire();
  await asked.promise;
  await alone.stop();
  expect(await stage.cloud.queues.depth(queueNames(launch.pool).segments)).toMatchObject({ visible: 1, inFlight: 0 });
});

test('a thousand orders of made-up shots, attempts and repeats cost a few reads, and the real one is cut once', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const shot = await launch.fire({ wake: false });
  const seq = (await stage.journal.launch(launch.id))?.seq ?? 0;
  const real = { v: 1, launchId: launch.id, shotId: shot.id, segment: 'ios', attempt: 1 };
  const bodies = Array.from({ length: 1_000 }, (_, at) =>
    JSON.stringify(
      [{ ...real, shotId: `S${seq + 1 + at}` }, { ...real, attempt: 2 + at }, { ...real, shotId: 'S1' }, real][at % 4],
    ),
  );
  let whole = 0;
  let tails = 0;
  let sends = 0;
  const { journal, cloud } = stage;
  const counted = {
    ...journal,
    entries: (id: string) => ((whole += 1), journal.entries(id)),
    launch: (id: string) => ((tails += 1), journal.launch(id)),
  };
  const foreign = new Foreign();
  const startMs = performance.now();
  const alone = dispatcher(launch, {
    journal: counted,
    known: new Known(counted, launch.id),
    foreign,
    queues: { ...cloud.queues, send: (...call) => ((sends += 1), cloud.queues.send(...call)) },
  });
  await cloud.queues.sendFifo(
    queueNames(launch.pool).segments,
    bodies.map((body, at) => ({ body, group: `g${at}`, dedup: `d${at}` })),
  );
  alone.start();
  await vi.waitFor(() => expect(foreign.counts.orders).toBe(750), { timeout: 30_000 });
  await vi.waitFor(
    async () => {
      const { visible, inFlight } = await cloud.queues.depth(queueNames(launch.pool).segments);
      expect(visible + inFlight).toBe(0);
    },
    { timeout: 20_000 },
  );
  const seconds = (performance.now() - startMs) / 1_000;
  await alone.stop();
  expect(sends).toBe(1);
  expect(whole).toBeLessThanOrEqual(2 + seconds);
  expect(tails).toBeLessThanOrEqual(1 + 4 * seconds);
}, 60_000);

test('an order of the launch that has the pool now goes back for its workers, in its own group alone', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const foreign = new Foreign();
  const back: number[] = [];
  const { cloud } = stage;
  const alone = dispatcher(launch, {
    foreign,
    isServed: async (id) => id === 'the-next',
    queues: {
      ...cloud.queues,
      handBack: async (queue, receipts, seconds) => {
        back.push(seconds);
        await cloud.queues.handBack(queue, receipts, seconds);
      },
    },
  });
  const order = (launchId: string) => JSON.stringify({ v: 1, launchId, shotId: 'S9', segment: 'ios', attempt: 1 });
  await cloud.queues.sendFifo(queueNames(launch.pool).segments, [
    { body: order('the-next'), group: 'the-next/ios/1', dedup: 'a' },
    { body: order('the-next'), group: `${launch.id}/ios/1`, dedup: 'b' },
    { body: order('nobody'), group: 'nobody/ios/1', dedup: 'c' },
  ]);
  alone.start();
  await vi.waitFor(() => expect([foreign.counts.orders, back.length > 0]).toEqual([2, true]));
  await alone.stop();
  const { visible, inFlight } = await cloud.queues.depth(queueNames(launch.pool).segments);
  expect(visible + inFlight).toBe(1);
});

describe('an order that may not go out is refused in words, cut into nothing and taken off the queue', () => {
  type Staged = { launch: StagedLaunch; shot: Shot };
  const none = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: {} };
  const dead = async ({ launch, shot }: Staged, cause: 'not-after' | 'halt') => {
    const segments = shot.segments.map((one) => ({
      ...one,
      devices: 300,
      totals: { ...none, [cause === 'halt' ? 'halted' : 'late']: 300 },
    }));
    expect(
      await stage.journal.append(launch.id, { kind: 'close-shot', shotId: shot.id, cause, segments }),
    ).toMatchObject({ ok: true });
  };

  test.each<[string, RegExp, (staged: Staged) => Promise<Partial<DispatcherOptions> & { attempt?: number }>]>([
    [
      'a halt that only the switch knows yet',
      /the shot was halted/,
      async ({ launch }) => {
        await stage.cloud.switches.halt(launch.id);
        return {};
      },
    ],
    [
      'a halt that only the record knows',
      /the shot was halted/,
      async ({ launch }) => {
        expect(
          await stage.journal.append(launch.id, {
            kind: 'set-halt',
            by: 'mia',
            source: 'slack',
            epoch: 1,
            reason: 'test',
            pressedAtMs: Date.now(),
          }),
        ).toMatchObject({ ok: true });
        return {};
      },
    ],
    [
      'a shot that is closed',
      /the shot is closed/,
      async (staged) => {
        await dead(staged, 'not-after');
        return {};
      },
    ],
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
    await vi.waitFor(() => expect(refused.length + foreign.counts.orders).toBe(1));
    await alone.stop();
    expect(refused[0] ?? foreign.counts.last).toMatch(say);
    expect(await waiting(launch)).toBe(0);
    const { visible, inFlight } = await stage.cloud.queues.depth(queueNames(launch.pool).segments);
    expect(visible + inFlight).toBe(0);
  });
});
