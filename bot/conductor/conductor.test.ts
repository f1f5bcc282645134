import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import type { Cloud } from '../../infra/aws/cloud.ts';
import type { LaunchIndexItem } from '../../infra/aws/live-store.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { MemoryContext } from '../../test/memory-context.ts';
import { LAUNCH_ID, measuredAt, people, sampleRunbook, setsLeft, slackVia } from '../../test/properties/scene.ts';
import { every } from '../../test/ticks.ts';
import type { SlackPort } from '../slack/slack-port.ts';
import { createConductor } from './conductor.ts';

/** Who leads, what is performed at once, and how it stops; lease, index and record in memory. With real stores: leader.test.ts, effects/outbox.test.ts, halt.test.ts. */

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function conducting(runbook = sampleRunbook(), slack: SlackPort | null = null) {
  const memory = await MemoryContext.ready(runbook);
  const performed: string[] = [];
  const index: LaunchIndexItem[] = [];
  const claimed: string[] = [];
  const lines: { level: number; msg: string }[] = [];
  const released: string[] = [];
  const state = {
    lease: (): Promise<boolean> => Promise.resolve(true),
    release: (): Promise<void> => Promise.resolve(),
    launches: [] as Pick<LaunchIndexItem, 'launchId' | 'closed'>[],
    listings: 0,
  };
  const base = memory.bot();
  const live: Partial<Cloud['live']> = {
    ...base.cloud.live,
    lease: () => state.lease(),
    release: async (name, holder) => {
      released.push(`${name} ${holder}`);
      await state.release();
    },
    launches: async () => ((state.listings += 1), state.launches as LaunchIndexItem[]),
    putLaunch: async (item) => void index.push(item),
    claimEffect: async (_, id) => (
      claimed.push(id),
      { mine: false, done: true, result: null, again: false, token: '' }
    ),
    finishEffect: async (_, id) => void performed.push(id.split('/')[1] ?? ''),
  };
  const switches = { apply: async () => true, noteHead: async () => true };
  const queues = { ...base.cloud.queues, sendFifo: async () => undefined };
  const cloud = { ...base.cloud, live, switches, queues, record: memory.record } as unknown as Cloud;
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const conductor = createConductor({
    cloud,
    journal: base.journal,
    slack,
    config: { holder: 'first', nowMs: () => memory.nowMs, timings: { stopMs: 100 }, everySecond: every(50) },
    log,
  });
  stops.push(() => conductor.stop());
  const said = (text: string) => lines.filter(({ msg }) => msg.includes(text));
  return { memory, conductor, journal: base.journal, state, performed, index, claimed, released, said };
}

const note: Command = { kind: 'note', by: 'ana', text: 'hello' };

test('what is accepted is performed at once, whoever leads; what is refused does nothing', async () => {
  const { conductor, performed, claimed } = await conducting();
  expect(await conductor.execute(LAUNCH_ID, { ...note, by: 'nobody' })).toMatchObject({ code: 'NOT_ON_ROSTER' });
  expect(performed).toEqual([]);
  const acted = await conductor.execute(LAUNCH_ID, {
    kind: 'set-switch',
    by: 'ana',
    switch: 'zombie',
    value: true,
    reason: '',
  });
  expect(acted.ok).toBe(true);
  expect(performed).toContain('write-switches');
  for (let at = 0; at < 20; at += 1) await turn();
  expect([conductor.isLeader(), claimed, conductor.signs()]).toEqual([false, [], { Leading: 0 }]);
});

test('a leader keeps the launches that are open, and an entry of its own wakes their keeper', async () => {
  const { conductor, state, claimed, memory } = await conducting();
  state.launches = [{ launchId: 'another', closed: true }];
  const reads = vi.spyOn(memory.record, 'readAfter');
  await conductor.start();
  expect([conductor.isLeader(), state.listings]).toEqual([true, 1]);
  expect(reads.mock.calls.filter(([id]) => id === 'another')).toEqual([]);
  expect(conductor.signs()).toEqual({ Leading: 1, WorkersMissing: 0, HaltUnconfirmed: 0 });
  await conductor.execute(LAUNCH_ID, note);
  await vi.waitFor(() => expect(claimed.length).toBeGreaterThan(0));
  expect(conductor.shutRooms()).toEqual([]);
});

test('one that has not got the lease asks for no launches until it has, and one that lost it says so', async () => {
  const { conductor, state, said, memory } = await conducting();
  state.lease = () => Promise.resolve(false);
  await conductor.start();
  expect([conductor.isLeader(), state.listings, said('leading')]).toEqual([false, 0, []]);
  state.lease = () => Promise.resolve(true);
  await vi.waitFor(() => expect(state.listings).toBeGreaterThan(0));
  expect(said('leading')).toMatchObject([{ msg: 'leading' }]);
  state.lease = () => Promise.reject(new Error('the store is away'));
  await vi.waitFor(() => expect(said('could not be renewed').length).toBeGreaterThan(0));
  expect(conductor.isLeader()).toBe(true);
  memory.nowMs += 5_000;
  expect(conductor.isLeader()).toBe(false);
  await vi.waitFor(() => expect(said('no longer leading')).toHaveLength(1));
});

test('who loses the lead lets its launches go, and reads them anew when it leads again', async () => {
  const { conductor, state, memory, said } = await conducting();
  state.launches = [{ launchId: LAUNCH_ID, closed: false }];
  const reads = vi.spyOn(memory.record, 'readAfter');
  const fromTheBeginning = () => reads.mock.calls.filter(([id, seq]) => id === LAUNCH_ID && seq === 0).length;
  await conductor.start();
  await vi.waitFor(() => expect(fromTheBeginning()).toBeGreaterThan(0));
  state.lease = () => Promise.resolve(false);
  await vi.waitFor(() => expect(said('no longer leading')).toHaveLength(1));
  const before = fromTheBeginning();
  state.lease = () => Promise.resolve(true);
  await vi.waitFor(() => expect(fromTheBeginning()).toBeGreaterThan(before));
});

test('a launch that is over is let go: nothing of it is read any more', async () => {
  const { conductor, state, memory, index } = await conducting();
  let ticks = 0;
  state.lease = () => ((ticks += 1), Promise.resolve(true));
  const ticked = async (more: number) => {
    const untilTick = ticks + more;
    await vi.waitFor(() => expect(ticks).toBeGreaterThanOrEqual(untilTick));
  };
  state.launches = [{ launchId: LAUNCH_ID, closed: false }];
  await conductor.start();
  await conductor.execute(LAUNCH_ID, { kind: 'close-launch', by: 'ana', reason: 'all done' });
  state.launches = [];
  await vi.waitFor(() => {
    memory.nowMs += 100;
    expect(index).toMatchObject([{ launchId: LAUNCH_ID, closed: true }]);
  });
  await ticked(1);
  const reads = vi.spyOn(memory.record, 'readAfter');
  await ticked(2);
  expect(reads).not.toHaveBeenCalled();
});

test('standstills are looked for past the end of a lease that could not be renewed: nobody else leads then', async () => {
  const away = new Proxy({} as SlackPort, { get: () => () => Promise.reject(new Error('SLACK_AWAY')) });
  const { conductor, journal, state, memory, said } = await conducting(sampleRunbook(), away);
  state.launches = [{ launchId: LAUNCH_ID, closed: false }];
  await conductor.start();
  await vi.waitFor(() => expect(state.listings).toBeGreaterThan(0));
  state.lease = () => Promise.reject(new Error('the store is away'));
  memory.nowMs += 5_000;
  await vi.waitFor(() => expect(said('no longer leading')).toHaveLength(1));
  const looks = vi.spyOn(journal, 'peek');
  await vi.waitFor(() => expect(looks).toHaveBeenCalledWith(LAUNCH_ID));
});

test('effects that can not be thought of are left to the leader, and the caller hears nothing of it', async () => {
  const { conductor, memory, said, performed } = await conducting();
  const entry = (await memory.entries()).at(-1) as Entry;
  memory.record.isReadable = () => false;
  await conductor.perform(LAUNCH_ID, entry);
  expect([performed, said('left to the leader').length]).toEqual([[], 1]);
});

test('it stops in its time and gives its lease back, also when something hangs or the store is away', async () => {
  const { conductor, state, released, said } = await conducting();
  await conductor.start();
  state.release = () => Promise.reject(new Error('away'));
  const hangs = Promise.withResolvers<void>();
  state.lease = () => (hangs.resolve(), new Promise(() => undefined));
  await hangs.promise;
  await conductor.stop();
  expect([released, said('could not be given back').length]).toEqual([['conductor first'], 1]);
  await conductor.stop();
  expect(released).toHaveLength(1);
});

test('a launch that is there already is not put on the index again; one that is not there has no measurements and no sets', async () => {
  const { conductor, index, journal } = await conducting();
  const item = { launchId: LAUNCH_ID, name: '', channelId: 'C0', pool: 'p', createdAtMs: 0, closed: false };
  await conductor.willCreate(item);
  expect(index).toEqual([]);
  await conductor.willCreate({ ...item, launchId: 'new' });
  expect(index).toMatchObject([{ launchId: 'new' }]);
  expect([await conductor.measured('new'), await conductor.frozenSets('new', 'all')]).toEqual([[], []]);
  const reads = vi.spyOn(journal, 'launch');
  await journal.launch(LAUNCH_ID);
  reads.mockClear();
  await conductor.measured(LAUNCH_ID).catch(() => null);
  expect(reads).not.toHaveBeenCalled();
  await conductor.measured(LAUNCH_ID, { anew: true }).catch(() => null);
  expect(reads).toHaveBeenCalled();
});

test('a person with two roles acts in each of them, and is one person all the same', async () => {
  const both = people.map((one) => (one.id === 'ana' ? { ...one, roles: ['marketer', 'on-call'] } : one));
  const { conductor, memory, performed } = await conducting(sampleRunbook({ people: both }));
  const raised = await conductor.execute(LAUNCH_ID, {
    kind: 'order-scale',
    by: 'ana',
    target: 'workers',
    desired: 2,
    step: null,
    reason: '',
  });
  expect(raised.ok).toBe(true);
  const asked = await conductor.execute(LAUNCH_ID, {
    kind: 'request-fire',
    by: 'ana',
    segments: 'all',
    measured: measuredAt(memory.nowMs),
    via: slackVia('ana'),
    lift: false,
    sets: setsLeft(await memory.launch()),
  });
  if (!asked.ok || asked.entry.kind !== 'FireRequested') throw new Error(JSON.stringify(asked));
  const { orderId, shownHash } = asked.entry;
  const press = (by: string) =>
    conductor.execute(LAUNCH_ID, {
      kind: 'approve-fire',
      by,
      orderId,
      shownHash,
      pressedAtMs: memory.nowMs,
      measured: measuredAt(memory.nowMs),
      via: slackVia(by),
      observedHaltEpoch: 0,
      observedHalted: false,
    });
  expect(await press('ana')).toMatchObject({ ok: false, code: 'SAME_PERSON' });
  expect(performed).not.toContain('send-segment-orders');
  expect(await press('mia')).toMatchObject({ ok: true });
  expect(performed).toContain('send-segment-orders');
});
