import { expect, test } from 'vitest';
import { REPORT_LIFE_MS } from '../../../contract/liveness.ts';
import type { ClockOffset } from '../../../infra/aws/store-clock.ts';
import { wallClock } from '../../../infra/aws/store-clock.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { keptAt, sampleRunbook, setsLeft, slackVia } from '../../../test/properties/scene.ts';
import type { Context } from '../context.ts';
import { reportOf } from '../for-tests.ts';
import { freshMeasurements, GateWatch } from './gate-watch.ts';

const gate = (id: string, probe: Record<string, unknown> | null) => ({
  id,
  title: id,
  ...(probe === null ? {} : { probe }),
});
const runbook = sampleRunbook({
  gates: [
    gate('workers', { kind: 'workers-ready' }),
    gate('queues', { kind: 'queue-empty', queue: 'batches' }),
    gate('copy-read', null),
  ],
});
const SETTLE_MS = 1_500;

async function watched() {
  const memory = await MemoryContext.ready(runbook);
  const context: Context = { ...memory.context, timings: { ...memory.context.timings, gateSettleMs: SETTLE_MS } };
  const watch = new GateWatch(context);
  return {
    memory,
    context,
    look: async (afterMs: number, workers = 0, by = watch): Promise<void> => {
      memory.nowMs += afterMs;
      const launch = await memory.launch();
      memory.reports = Array.from({ length: workers }, (_, i) => reportOf(launch, `w${i}`, memory.nowMs));
      await by.look(launch);
    },
    changes: async (gateId: string): Promise<string[]> =>
      (await memory.entries()).flatMap((entry) =>
        entry.kind === 'GateChanged' && entry.measured.gate === gateId ? [entry.measured.status] : [],
      ),
  };
}

test("a gate's change is recorded once it has lasted, and not again", async () => {
  const { look, changes, memory } = await watched();
  await look(0);
  await look(SETTLE_MS - 1);
  expect(await changes('workers')).toEqual([]);
  await look(1);
  await look(SETTLE_MS);
  await look(SETTLE_MS);
  expect(await changes('workers')).toEqual(['red']);
  expect(timesOf(memory.gates)).toEqual({ workers: memory.nowMs, queues: memory.nowMs });
});

test('a gate that flaps fills no record: each turn begins its time anew', async () => {
  const { look, changes } = await watched();
  await look(0);
  await look(SETTLE_MS);
  for (let i = 0; i < 5; i += 1) {
    await look(1_000, 2);
    await look(1_000, 0);
  }
  expect(await changes('workers')).toEqual(['red']);
  await look(1_000, 2);
  await look(1_000, 2);
  await look(500, 2);
  expect(await changes('workers')).toEqual(['red', 'green']);
});

test('a queue that fills while a shot runs is no news, and one that is full without a shot is', async () => {
  const { look, changes, memory } = await watched();
  await look(0, 2);
  await look(SETTLE_MS, 2);
  expect(await changes('queues')).toEqual(['green']);
  const launch = await memory.launch();
  const order = await memory.does({
    kind: 'request-fire',
    by: 'ana',
    segments: 'all',
    measured: measured(memory.nowMs),
    via: slackVia('ana'),
    lift: false,
    sets: setsLeft(launch),
  });
  if (order.kind !== 'FireRequested') throw new Error(order.kind);
  const shot = await memory.does({
    kind: 'approve-fire',
    by: 'mia',
    orderId: order.orderId,
    shownHash: order.shownHash,
    pressedAtMs: memory.nowMs,
    measured: measured(memory.nowMs),
    via: slackVia('mia'),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
  expect(shot.kind).toBe('FireApproved');
  memory.waiting = 40;
  await look(100, 2);
  await look(SETTLE_MS, 2);
  expect(await changes('queues')).toEqual(['green']);
  // What another gate finds is news then too.
  await look(REPORT_LIFE_MS + 1, 0);
  await look(SETTLE_MS, 0);
  expect(await changes('workers')).toEqual(['green', 'red']);

  const idle = await watched();
  idle.memory.waiting = 40;
  await idle.look(0, 2);
  await idle.look(SETTLE_MS, 2);
  expect(await idle.changes('queues')).toEqual(['red']);
});

test('a gate that can not be measured at first is no news: nobody knew it before', async () => {
  const { context, memory, changes } = await watched();
  const watch = new GateWatch(context);
  memory.reports = null;
  for (const ms of [0, SETTLE_MS, SETTLE_MS]) {
    memory.nowMs += ms;
    await watch.look(await memory.launch());
  }
  expect(memory.gates.find(({ gate: id }) => id === 'workers')?.status).toBe('unknown');
  expect(await changes('workers')).toEqual([]);
});

test('of a gate that was made nothing is news but what it finds: neither that it is green nor that it can not be measured', async () => {
  const { context, memory, changes } = await watched();
  const offset: { now: ClockOffset | null } = { now: null };
  const clock = { ...wallClock(() => memory.nowMs), offset: () => offset.now };
  const watch = new GateWatch({ ...context, cloud: { ...context.cloud, clock } });
  const looks = async (aheadMs: number | null) => {
    offset.now = aheadMs === null ? null : { aheadMs, errorMs: 0 };
    for (const ms of [0, SETTLE_MS]) {
      memory.nowMs += ms;
      await watch.look(await memory.launch());
    }
    return changes('clocks-agree');
  };
  expect([await looks(null), await looks(0)]).toEqual([[], []]);
  expect(await looks(60_000)).toEqual(['red']);
  expect(await looks(null)).toEqual(['red']);
  expect(await looks(0)).toEqual(['red', 'green']);
});

test('a change that could not be recorded is tried again at the very next look', async () => {
  const { context, memory, changes } = await watched();
  let refuses = 2;
  let asked = 0;
  const watch = new GateWatch({
    ...context,
    execute: async (id, command) => {
      asked += 1;
      if (refuses-- > 0) return { ok: false, code: 'RECORD_BUSY', say: 'not now' };
      return context.execute(id, command);
    },
  });
  const look = async (ms: number) => {
    memory.nowMs += ms;
    await watch.look(await memory.launch());
  };
  memory.waiting = 40;
  await look(0);
  await look(SETTLE_MS);
  expect([asked, await changes('workers'), await changes('queues')]).toEqual([2, [], []]);
  await look(1);
  expect([asked, await changes('workers'), await changes('queues')]).toEqual([4, ['red'], ['red']]);
});

test('without a time to settle a change is recorded at the first look', async () => {
  const { context, look, changes } = await watched();
  await look(0, 0, new GateWatch({ ...context, timings: { ...context.timings, gateSettleMs: 0 } }));
  expect(await changes('workers')).toEqual(['red']);
});

test('a press takes what the leader has measured while it is fresh, and measures by itself otherwise, or if it is asked anew', async () => {
  const { context, memory } = await watched();
  const { gateFreshMs } = context.timings;
  const launch = await memory.launch();
  const kept = measured(memory.nowMs);
  memory.gates = kept;
  memory.nowMs += gateFreshMs;
  expect(await freshMeasurements(context, launch)).toEqual(kept);
  expect(timesOf(await freshMeasurements(context, launch, true))).toEqual({
    workers: memory.nowMs,
    queues: memory.nowMs,
  });
  memory.gates = kept;
  memory.nowMs += 1;
  const own = await freshMeasurements(context, launch);
  expect(timesOf(own)).toEqual({ workers: memory.nowMs, queues: memory.nowMs });
  // And where every instance finds it.
  expect(memory.gates).toEqual(own);
  // One that is missing makes none of the others good, nor do others stand for it.
  memory.gates = measured(memory.nowMs).map((one) =>
    one.gate === 'queues' ? { ...one, gate: 'of another day' } : one,
  );
  expect(timesOf(await freshMeasurements(context, launch))).toEqual({ workers: memory.nowMs, queues: memory.nowMs });
});

const measured = (atMs: number) => keptAt(atMs).filter(({ gate: id }) => id !== 'credentials');
const AUTOMATIC = measured(0).map(({ gate: id }) => id);

test.each(AUTOMATIC)('a press measures by itself when %s was last measured too long ago, or never', async (old) => {
  const { context, memory } = await watched();
  const launch = await memory.launch();
  for (const kept of [
    measured(memory.nowMs).map((one) => (one.gate === old ? { ...one, atMs: one.atMs - 60_000 } : one)),
    measured(memory.nowMs).filter((one) => one.gate !== old),
  ]) {
    memory.gates = kept;
    expect(await freshMeasurements(context, launch)).not.toEqual(kept);
  }
});

/** When each gate of the runbook was measured. */
const timesOf = (gates: readonly Measured[]) =>
  Object.fromEntries(
    gates.filter(({ gate: id }) => ['workers', 'queues'].includes(id)).map(({ gate: id, atMs }) => [id, atMs]),
  );

test('a change that the record has already is not asked for at each look', async () => {
  const { context, memory } = await watched();
  let asked = 0;
  const watch = new GateWatch({
    ...context,
    execute: (launchId, command) => {
      if (!('measured' in command) || !('gate' in command.measured) || command.measured.gate !== 'workers')
        return context.execute(launchId, command);
      asked += 1;
      return Promise.resolve({ ok: false, code: 'ALREADY_SO', say: 'it is red already' });
    },
  });
  // Whoever reads behind the record sees no change of its own.
  const launch = await memory.launch();
  const after = async (ms: number) => {
    memory.nowMs += ms;
    await watch.look(launch);
    return asked;
  };
  expect(await after(0)).toBe(0);
  expect(await after(SETTLE_MS)).toBe(1);
  expect(await after(1)).toBe(1);
  expect(await after(SETTLE_MS - 1)).toBe(1);
  expect(await after(1)).toBe(2);
});

test('a gate that a person ticks makes no measurement stale, and one that is dated ahead of now is no measurement of now', async () => {
  const { context, memory } = await watched();
  const launch = await memory.launch();
  expect(launch.runbook.gates.some(({ probe }) => probe === undefined)).toBe(true);
  const kept = measured(memory.nowMs);
  memory.gates = kept;
  expect(await freshMeasurements(context, launch)).toEqual(kept);
  memory.nowMs -= context.timings.gateFreshMs + 1;
  expect(await freshMeasurements(context, launch)).not.toEqual(kept);
});
