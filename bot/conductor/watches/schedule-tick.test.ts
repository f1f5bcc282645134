import { expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID, measuredAt, people, sampleRunbook, T0_MS } from '../../../test/properties/scene.ts';
import { scheduleTick } from './schedule-tick.ts';

const step = (id: string, more: Record<string, unknown>) => ({
  id,
  title: id,
  at: 'T-1h',
  do: { kind: 'checklist' },
  ...more,
});
const withSteps = (...steps: unknown[]) => sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] });
const due = T0_MS - 3_600_000;

/** Steps that the tick has moved: what became of each, and why. */
async function moved(memory: MemoryContext): Promise<string[]> {
  return (await memory.entries()).flatMap((entry) =>
    entry.kind === 'StepStarted'
      ? [`start ${entry.step}`]
      : entry.kind === 'StepPut'
        ? [`put ${entry.step}: ${entry.why}`]
        : entry.kind === 'StepHeld'
          ? [`hold ${entry.step}: ${entry.why}`]
          : [],
  );
}

test('a step starts when it is due, not before, and once, also if two bots tick', async () => {
  const memory = await MemoryContext.ready(withSteps(step('a', {}), step('b', { at: 'T-30m' })));
  memory.nowMs = due - 1;
  await scheduleTick(memory.context, await memory.launch());
  expect(await moved(memory)).toEqual([]);
  memory.nowMs = due;
  const launch = await memory.launch();
  await Promise.all([scheduleTick(memory.context, launch), scheduleTick(memory.bot(), launch)]);
  await scheduleTick(memory.context, await memory.launch());
  expect(await moved(memory)).toEqual(['start a']);
});

test('what waited too long for its second person is written down as over, once, also if two bots tick', async () => {
  const memory = await MemoryContext.ready(withSteps(step('a', { at: 'T' })));
  await memory.does({ kind: 'request-roster-change', by: 'ana', people: people.slice(0, 3), reason: 'shift' });
  const expired = async () => (await memory.entries()).filter(({ kind }) => kind === 'ChangeExpired').length;
  memory.nowMs += 900_000;
  await scheduleTick(memory.context, await memory.launch());
  expect(await expired()).toBe(0);
  memory.nowMs += 1;
  const launch = await memory.launch();
  await Promise.all([scheduleTick(memory.context, launch), scheduleTick(memory.bot(), launch)]);
  expect(await expired()).toBe(1);
});

test('a step that is too late is put before people, with how late it is; one that never starts by itself says that', async () => {
  const memory = await MemoryContext.ready(
    withSteps(step('late', { catch_up_within: '5m' }), step('ask', { catch_up_within: '0s' })),
  );
  memory.nowMs = due + 5 * 60_000;
  await scheduleTick(memory.context, await memory.launch());
  expect(await moved(memory)).toEqual(['start late', 'put ask: it never starts by itself']);

  const later = await MemoryContext.ready(withSteps(step('late', { catch_up_within: '5m' })));
  later.nowMs = due + 6 * 60_000;
  await scheduleTick(later.context, await later.launch());
  const [why] = await moved(later);
  expect(why).toMatch(/^put late: it was due .*, 6 min ago, and more than 5 min late it does not start by itself$/);
});

test('a step that would take down workers that are still needed is put, with that reason', async () => {
  const memory = await MemoryContext.ready(
    withSteps(step('down', { do: { kind: 'scale', target: 'workers', to: 0 } })),
  );
  await memory.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: 'up' });
  memory.nowMs = due;
  await scheduleTick(memory.context, await memory.launch());
  expect(await moved(memory)).toEqual(['put down: nothing has been sent yet']);
});

test('a step that waits for a gate is held once, by what the leader has measured, and starts when it is green', async () => {
  const memory = await MemoryContext.ready(withSteps(step('b', { after: ['workers'] })));
  memory.nowMs = due;
  memory.gates = measuredAt(due, { workers: { status: 'red', say: '1 of 2' } });
  const launch = await memory.launch();
  await Promise.all([scheduleTick(memory.context, launch), scheduleTick(memory.bot(), launch)]);
  await scheduleTick(memory.context, await memory.launch());
  expect(await moved(memory)).toEqual(['hold b: “Workers are ready” is red: 1 of 2']);
  memory.nowMs += 60_000;
  memory.gates = measuredAt(memory.nowMs);
  await scheduleTick(memory.context, await memory.launch());
  expect(await moved(memory)).toEqual(['hold b: “Workers are ready” is red: 1 of 2', 'start b']);
});

test('a step that has waited and is too late since says since when it could have started', async () => {
  const memory = await MemoryContext.ready(withSteps(step('a', {}), step('b', { after: ['a'] })));
  memory.nowMs = due;
  await memory.does({ kind: 'start-step', step: 'a' });
  memory.nowMs = due + 3_600_000;
  await memory.does({ kind: 'finish-step', step: 'a', say: '' });
  memory.nowMs += 11 * 60_000;
  await scheduleTick(memory.context, await memory.launch());
  expect((await moved(memory)).at(-1)).toMatch(/^put b: it could have started .*, 11 min ago/);
});

test('a step that the record refuses keeps no other from starting', async () => {
  const memory = await MemoryContext.ready(withSteps(step('a', {}), step('b', {})));
  memory.nowMs = due;
  const old = await memory.launch();
  await memory.does({ kind: 'skip-step', by: 'ana', step: 'a', reason: 'not today' });
  await scheduleTick(memory.context, old);
  expect(await moved(memory)).toEqual(['start b']);
});

test('an order whose time is over ends in the record, once, and an open one stays', async () => {
  const memory = await MemoryContext.ready();
  memory.nowMs = due;
  const entry = await memory.asksForGo();
  const orderId = entry.kind === 'FireRequested' ? entry.orderId : '';
  const expired = async () => (await memory.entries()).filter(({ kind }) => kind === 'FireExpired').length;
  await scheduleTick(memory.context, await memory.launch());
  expect(await expired()).toBe(0);
  expect((await memory.launch()).orders[orderId]?.state).toBe('open');
  memory.nowMs += 3_600_000;
  await scheduleTick(memory.context, await memory.launch());
  await scheduleTick(memory.context, await memory.launch());
  expect(await expired()).toBe(1);
  expect((await memory.context.journal.launch(LAUNCH_ID))?.orders[orderId]?.state).toBe('expired');
});

test('a launch that was called off is closed once all is back, also by a bot that has just come; of two that tick one does it', async () => {
  const memory = await MemoryContext.ready(
    withSteps(step('off', { at: 'T+1h', do: { kind: 'switch', switch: 'zombie', value: false } })),
  );
  await memory.does({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: true, reason: '' });
  await memory.does({ kind: 'stand-down', by: 'ana', reason: 'no ad' });
  memory.nowMs = T0_MS + 86_400_000;
  await scheduleTick(memory.context, await memory.launch());
  expect((await memory.entries()).at(-1)?.kind).toBe('StoodDown');
  await memory.does({ kind: 'run-step', by: 'ana', step: 'off' });
  await memory.does({ kind: 'turn-switch', switch: 'zombie', value: false, reason: '' });
  const launch = await memory.launch();
  await Promise.all([scheduleTick(memory.bot(), launch), scheduleTick(memory.context, launch)]);
  const closes = (await memory.entries()).filter(({ kind }) => kind === 'LaunchClosed');
  expect(closes).toMatchObject([{ by: { system: 'conductor' }, reason: 'no ad' }]);
});

test('a step that may miss its deadline is told of once, with its owner and the backup, and anew when the target moves', async () => {
  const memory = await MemoryContext.ready(
    withSteps(
      step('window', { at: 'T' }),
      step('a', { after: ['window'], deadline: 'T-20m', owner: 'mia', backup: { say: 'Call them.' } }),
    ),
  );
  const tick = async (bot = memory.context) => scheduleTick(bot, await memory.launch());
  memory.nowMs = T0_MS - 31 * 60_000;
  await tick();
  expect(await memory.notes()).toEqual([]);
  memory.nowMs = T0_MS - 30 * 60_000;
  await tick();
  await tick(memory.bot());
  expect(await memory.notes()).toEqual([
    "“a” may not be verified by 23:10 UTC, in 10 min: it waits itself. It is Mia Chen's. If it is not: Call them.",
  ]);
  await memory.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 60_000, reason: 'late' });
  memory.nowMs += 2 * 60_000;
  await tick();
  expect(await memory.notes()).toHaveLength(2);
});
