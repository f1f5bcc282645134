import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import type { Cloud } from '../../infra/aws/cloud.ts';
import type { LaunchIndexItem } from '../../infra/aws/live-store.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { effectsOf } from '../../runbooks/launch/effects.ts';
import { MemoryContext } from '../../test/memory-context.ts';
import { LAUNCH_ID, measuredAt, segmentTotals, slackVia } from '../../test/properties/scene.ts';
import { UpdateBudget } from '../slack/update-budget.ts';
import { reportOf } from './for-tests.ts';
import { Halting } from './halt.ts';
import { LaunchKeeper } from './launch-keeper.ts';

/** When a launch is over, and what a tick starts; the record is in memory, effects are said to be done, or not, by a word. With real stores and a room: effects/outbox.test.ts, room/slack-faults.test.ts. */

async function keeping(memory?: MemoryContext) {
  return keepingOf(memory ?? (await MemoryContext.ready()));
}

function keepingOf(memory: MemoryContext) {
  const index: boolean[] = [];
  const lines: { level: number; msg: string; why?: string; job?: string }[] = [];
  const dropped: string[] = [];
  const asked: string[] = [];
  /** `meanwhile` happens while the index is written. */
  const state = {
    areDone: true,
    isAway: false,
    claims: 0,
    boards: 0,
    poolOf: LAUNCH_ID,
    meanwhile: async (): Promise<void> => undefined,
    answers: Promise.resolve(),
  };
  const base = memory.bot();
  const live: Partial<Cloud['live']> = {
    ...base.cloud.live,
    gates: async () => ((state.boards += 1), []),
    claimEffect: async () => (
      (state.claims += 1),
      { mine: false, done: state.areDone, result: null, again: false, token: '' }
    ),
    putLaunch: async ({ closed }: LaunchIndexItem) => {
      index.push(closed);
      const { meanwhile } = state;
      state.meanwhile = async () => undefined;
      await meanwhile();
    },
    reports: async () => memory.reports ?? [],
    dropReport: async (_, bootId) => void dropped.push(bootId),
    poolLaunch: async () => state.poolOf,
  };
  const nameOf = (launchId: string, name: string) => `/${launchId}/${name}`;
  const parameters = { nameOf, get: async (name: string) => (asked.push(name), await state.answers, null) };
  const stores = { ...base.cloud, live, record: memory.record, parameters } as unknown as Cloud;
  const away = new Proxy(
    { nameOf },
    { get: (all, name) => Reflect.get(all, name) ?? (() => Promise.reject(new Error('MEMORY_AWAY'))) },
  );
  const cloud = new Proxy(stores, {
    get: (all, name) => (state.isAway && name !== 'record' ? away : Reflect.get(all, name)) as unknown,
  });
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const context = { ...base, cloud, log };
  const keeper = new LaunchKeeper(context, LAUNCH_ID, {
    halting: new Halting(context),
    closeShot: async () => ({ state: 'open', left: 1 }),
    budget: new UpdateBudget(context.nowMs),
    looks: new UpdateBudget(context.nowMs),
  });
  const does = async (command: Command) => {
    const entry = await memory.does(command);
    await keeper.wake([]);
    // Urgent effects are left to whoever decided for a moment.
    memory.nowMs += 2_000;
    await keeper.wake([]);
    return entry;
  };
  /** A tick so much later, and everything that it has begun. */
  const tick = async (afterMs: number) => {
    memory.nowMs += afterMs;
    keeper.tick();
    for (let at = 0; at < 5; at += 1) await turn();
  };
  const close: Command = { kind: 'close-launch', by: 'ana', reason: 'all done' };
  return { memory, keeper, state, index, lines, dropped, asked, does, tick, close };
}

const raise: Command = { kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: '' };

async function fires(rig: Awaited<ReturnType<typeof keeping>>) {
  const order = await rig.memory.asksForGo();
  if (order.kind !== 'FireRequested') throw new Error(order.kind);
  await rig.keeper.wake([]);
  const press = async () => {
    const { nowMs } = rig.memory;
    const approved = await rig.does({
      kind: 'approve-fire',
      by: 'mia',
      orderId: order.orderId,
      shownHash: order.shownHash,
      pressedAtMs: nowMs,
      measured: measuredAt(nowMs),
      via: slackVia('mia'),
      observedHaltEpoch: 0,
      observedHalted: false,
    });
    if (approved.kind !== 'FireApproved') throw new Error(approved.kind);
    return approved.shotId;
  };
  const ends = async (shotId: string, uncertain: number) =>
    rig.does({
      kind: 'close-shot',
      shotId,
      cause: 'complete',
      segments: (await rig.memory.launch()).shots[shotId]?.audience.segments.map(({ id, devices }) =>
        segmentTotals(id, 1, devices, { uncertain }),
      ) as never,
    });
  return { order, press, ends };
}

test('a launch is over when it is closed, and only then is it taken off the index', async () => {
  const { keeper, does, index, close, tick } = await keeping();
  expect(await keeper.endIfOver()).toBe(false);
  await keeper.wake([]);
  expect(await keeper.endIfOver()).toBe(false);
  await does(close);
  expect(index).toEqual([]);
  // What AWS was told of it in advance has not been looked for yet.
  expect(await keeper.endIfOver()).toBe(false);
  await tick(0);
  expect(await keeper.endIfOver()).toBe(true);
  expect(index).toEqual([true]);
});

test('not while an effect of it is not known to be done', async () => {
  const { memory, keeper, state, does, index, close, tick } = await keeping();
  state.areDone = false;
  await does(close);
  await tick(0);
  expect([await keeper.endIfOver(), index]).toEqual([false, []]);
  state.areDone = true;
  memory.nowMs += 2_000;
  await keeper.wake([]);
  expect(await keeper.endIfOver()).toBe(true);
});

test('effects that this process has performed by itself are not waited for', async () => {
  const { memory, keeper, state, close, tick } = await keeping();
  await keeper.wake([]);
  memory.nowMs += 2_000;
  await keeper.wake([]);
  state.areDone = false;
  const entry = await memory.does(close);
  await keeper.wake([]);
  await tick(0);
  expect(await keeper.endIfOver()).toBe(false);
  await keeper.wake(effectsOf(entry, await memory.launch()).map(({ id }) => id));
  expect(await keeper.endIfOver()).toBe(true);
});

test('not while a fleet that it has raised is not where it was ordered to be, or still up', async () => {
  const { keeper, memory, does, index, close, tick } = await keeping();
  await does(raise);
  await does(close);
  expect(await keeper.endIfOver()).toBe(false);
  await does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 1_000, stands: 2 });
  expect((await memory.launch()).scale['workers']?.state).toBe('reached');
  await tick(60_000);
  expect([await keeper.endIfOver(), index]).toEqual([false, []]);
});

test('not while late accounts of it can still come', async () => {
  const rig = await keeping();
  const { press, ends } = await fires(rig);
  await ends(await press(), 3);
  await rig.does(rig.close);
  expect([await rig.keeper.endIfOver(), rig.index]).toEqual([false, []]);
});

test('what somebody orders while it is taken off the index puts it back', async () => {
  const { memory, keeper, state, does, index, close, tick } = await keeping();
  await does(close);
  await tick(0);
  state.meanwhile = async () => void (await memory.does(raise));
  expect(await keeper.endIfOver()).toBe(false);
  expect(index).toEqual([true, false]);
});

test('it is under way while an order waits for its GO, in time, and while a shot runs', async () => {
  const rig = await keeping();
  const { keeper, memory } = rig;
  expect(keeper.isUnderWay).toBe(false);
  await keeper.wake([]);
  expect(keeper.isUnderWay).toBe(false);
  const { order, press, ends } = await fires(rig);
  expect(keeper.isUnderWay).toBe(true);
  const { nowMs } = memory;
  memory.nowMs = order.expiresAtMs + 1;
  expect(keeper.isUnderWay).toBe(false);
  memory.nowMs = nowMs;
  const shotId = await press();
  memory.nowMs = order.expiresAtMs + 1;
  expect(keeper.isUnderWay).toBe(true);
  await ends(shotId, 0);
  expect(keeper.isUnderWay).toBe(false);
});

test('the next leader begins nothing again that is known to be done', async () => {
  const first = await keeping();
  await first.keeper.wake([]);
  first.memory.nowMs += 2_000;
  await first.keeper.wake([]);
  expect(first.state.claims).toBeGreaterThan(0);
  const second = await keeping(first.memory);
  await second.keeper.wake([]);
  expect(second.state.claims).toBe(0);
});

test('what people look at to see whether it worked is brought up to date at once, other entries wait for the tick', async () => {
  const { keeper, memory, state, does } = await keeping();
  await keeper.wake([]);
  await does({ kind: 'note', by: 'ana', text: 'hello' });
  expect(state.boards).toBe(0);
  await memory.asksForGo();
  await keeper.wake([]);
  expect(state.boards).toBe(1);
});

test('alarms hear of workers that are missing, unless the pool serves another launch', async () => {
  const { keeper, state, does, tick } = await keeping();
  await does(raise);
  await does({ kind: 'report-scale', target: 'workers', desired: 2, tookMs: 1_000, stands: 2 });
  await tick(2_000);
  expect(keeper.signs.WorkersMissing).toBe(2);
  state.poolOf = 'another';
  await tick(2_000);
  expect(keeper.signs).toEqual({ WorkersMissing: 0, HaltUnconfirmed: 0 });
});

test('each watch looks at its stores in its time; of a closed launch only those whose work is not done with it', async () => {
  const rig = await keeping();
  const { keeper, state, lines, does, tick, close } = rig;
  await keeper.wake([]);
  await does(raise);
  const { press, ends } = await fires(rig);
  const shotId = await press();
  const failing = async () => {
    const before = lines.length;
    state.isAway = true;
    await tick(600_000);
    state.isAway = false;
    return lines
      .slice(before)
      .flatMap(({ job, msg }) => (msg.startsWith('failed') ? (job ?? []) : []))
      .toSorted();
  };
  const always = ['board', 'compile', 'fleets', 'record head', 'scale', 'schedule ahead', 'signs'];
  const whileOpen = [
    'deployment',
    'foreign messages',
    'foreign reports',
    'gates',
    'halt',
    'index item',
    'other parameters',
    'parameters',
    'queues',
  ];
  const ofShot = ['claims', 'failing platforms', 'lost workers', 'protection', 'roll', 'shots'];
  const afterwards = ['figures', 'late accounts', 'reports'];
  expect(await failing()).toEqual([...always, ...whileOpen, ...ofShot].toSorted());
  await ends(shotId, 3);
  await does(close);
  expect(await failing()).toEqual([...always, ...afterwards].toSorted());
});

test('an entry that nobody who may has written is not followed, nor what comes after it, and it is told', async () => {
  const { memory, keeper, does, lines, close } = await keeping();
  await does({ kind: 'note', by: 'ana', text: 'all is well' });
  await memory.does(close);
  memory.record.tamper(LAUNCH_ID, (entries) =>
    entries.map((entry) => (entry.kind === 'LaunchClosed' ? { ...entry, reason: 'another word' } : entry)),
  );
  await keeper.wake([]);
  expect(await keeper.endIfOver()).toBe(false);
  expect(lines.filter(({ level }) => level === 60)).toMatchObject([
    { why: expect.stringMatching(/^entry 5: /) as string },
  ]);
});

test('what people wrote is tied to the record, once, and by the next leader only what is new', async () => {
  const first = await keeping();
  const { memory } = first;
  const checkpoints = async () =>
    (await memory.entries()).flatMap((entry) => (entry.kind === 'Checkpoint' ? entry.channelSeq : []));
  const writes = (seq: number) =>
    memory.record.appendMessage(LAUNCH_ID, { seq, hash: '' }, { ts: `${seq}`, by: 'ana', text: 'hello' } as never);
  await first.keeper.wake([]);
  await first.tick(30_000);
  expect(await checkpoints()).toEqual([]);
  await writes(0);
  await writes(1);
  await first.tick(30_000);
  await first.tick(30_000);
  expect(await checkpoints()).toEqual([2]);
  await writes(2);
  // Whoever can write the table may have put something far behind the chain, and between.
  const read = memory.record.messagesAfter.bind(memory.record);
  vi.spyOn(memory.record, 'messagesAfter').mockImplementation(async (id, after) => {
    const found = await read(id, after);
    return [...found, ...[2.5, 10 ** 15].map((seq) => ({ ...found[0], seq, hash: 'forged' }) as never)];
  });
  await first.tick(30_000);
  await first.tick(30_000);
  expect(await checkpoints()).toEqual([2, 3]);
  await first.does(first.close);
  await first.tick(30_000);
  const second = await keeping(memory);
  await second.keeper.wake([]);
  await second.tick(30_000);
  expect(await checkpoints()).toEqual([2, 3]);
});

test('reports of workers that are gone are dropped after a minute, but none while a shot runs or an effect waits', async () => {
  const rig = await keeping();
  const { memory, keeper, state, dropped, tick } = rig;
  await keeper.wake([]);
  const launch = await memory.launch();
  const reports = (at: number) => [reportOf(launch, 'old', at - 60_001), reportOf(launch, 'here', at - 60_000)];
  state.areDone = false;
  await rig.does({ kind: 'note', by: 'ana', text: 'effects wait' });
  memory.reports = reports(memory.nowMs + 30_000);
  await tick(30_000);
  expect(dropped).toEqual([]);
  state.areDone = true;
  await tick(600);
  const { press, ends } = await fires(rig);
  const shotId = await press();
  memory.reports = reports(memory.nowMs + 30_000);
  await tick(30_000);
  expect(dropped).toEqual([]);
  await ends(shotId, 0);
  memory.reports = reports(memory.nowMs + 30_000);
  await tick(30_000);
  expect(dropped).toEqual(['old']);
});

test('before the record is read nothing is looked at, and a closed launch is not halted or set any more', async () => {
  const { keeper, does, tick, asked, close } = await keeping();
  keeper.tick();
  expect(asked).toEqual([]);
  await tick(10_000);
  await tick(10_000);
  expect(asked.length).toBeGreaterThan(0);
  await does(close);
  const before = asked.length;
  await tick(60_000);
  await tick(60_000);
  expect(asked.slice(before)).toEqual([]);
  expect(keeper.signs).toEqual({ WorkersMissing: 0, HaltUnconfirmed: 0 });
});

test('it stops when what it has begun is over, and begins nothing afterwards', async () => {
  const { keeper, tick, state, asked } = await keeping();
  await keeper.wake([]);
  const answer = Promise.withResolvers<void>();
  state.answers = answer.promise;
  await tick(10_000);
  expect(asked.length).toBeGreaterThan(0);
  let hasStopped = false;
  const stopping = keeper.stop().then(() => (hasStopped = true));
  for (let at = 0; at < 5; at += 1) await turn();
  expect(hasStopped).toBe(false);
  answer.resolve();
  await stopping;
  const before = asked.length;
  await tick(60_000);
  expect(asked.slice(before)).toEqual([]);
});
