import { expect, it } from 'vitest';
import { DelayWheel } from './delay-wheel.ts';
import { until } from './for-tests.ts';

interface Thing {
  name: string;
  delayMs: number;
  next: Thing | null;
}
const thing = (name: string, delayMs = 0): Thing => ({ name, delayMs, next: null });

it('lets things go in the order of their delays, none before its time and all of them', async () => {
  const gone: { name: string; delayMs: number; afterMs: number }[] = [];
  const wheel = new DelayWheel<Thing>(({ name, delayMs }) => {
    gone.push({ name, delayMs, afterMs: performance.now() - startMs });
  });
  const startMs = performance.now();
  for (const [name, delayMs] of [
    ['a', 60],
    ['b', 5],
    ['c', 30],
    ['d', 0.2],
    ['e', 30],
    ['f', 30],
  ] as const)
    wheel.hold(thing(name, delayMs), delayMs, startMs);
  expect(wheel.held).toBe(6);
  await until(() => gone.length === 6, 'all things gone');
  expect(gone.map(({ name }) => name).join('')).toBe('dbcefa');
  for (const { delayMs, afterMs } of gone) expect(afterMs).toBeGreaterThanOrEqual(delayMs - 1);
  expect(wheel.held).toBe(0);
});

it('holds again after it ran empty, and things held from within a turn, even the same one', async () => {
  const gone: string[] = [];
  const wheel: DelayWheel<Thing> = new DelayWheel((due) => {
    gone.push(due.name);
    if (gone.length === 1) wheel.hold(due, 3, performance.now());
  });
  wheel.hold(thing('first'), 2, performance.now());
  wheel.hold(thing('second'), 2, performance.now());
  await until(() => gone.length === 3, 'all gone');
  wheel.hold(thing('third'), 1, performance.now());
  await until(() => gone.length === 4, 'the third gone');
  expect(gone).toEqual(['first', 'second', 'first', 'third']);
});

it('in steps lets things go together, none before its time', () => {
  let nowMs = 1000;
  const gone: [string, number][] = [];
  const wheel = new DelayWheel<Thing>(
    ({ name }) => {
      gone.push([name, nowMs - 1000]);
    },
    () => nowMs,
  );
  for (const [name, delayMs] of [
    ['a', 5],
    ['b', 7.5],
    ['c', 8],
    ['d', 8.1],
    ['e', 11],
  ] as const)
    wheel.hold(thing(name), delayMs, nowMs, 4);
  for (; nowMs < 1020; nowMs += 1) wheel.turn();
  expect(gone).toEqual([
    ['a', 8],
    ['b', 8],
    ['c', 8],
    ['d', 12],
    ['e', 12],
  ]);
  wheel.stop();
});

it('jumps over the time that a blocked process missed', () => {
  let nowMs = 1000;
  const gone: string[] = [];
  const wheel = new DelayWheel<Thing>(
    ({ name }) => {
      gone.push(name);
    },
    () => nowMs,
  );
  wheel.hold(thing('soon'), 10, nowMs);
  wheel.hold(thing('late'), 500, nowMs);
  nowMs = 1200;
  wheel.turn();
  expect(gone).toEqual(['soon']);
  nowMs = 90_000;
  wheel.turn();
  expect(gone).toEqual(['soon', 'late']);
  wheel.stop();
});
