import { expect, it } from 'vitest';
import { DelayWheel } from './delay-wheel.ts';
import { until } from './for-tests.ts';

it('lets things go in the order of their delays, none before its time and all of them', async () => {
  const startMs = performance.now();
  const gone: { delayMs: number; afterMs: number }[] = [];
  const wheel = new DelayWheel<number>((delayMs) => { gone.push({ delayMs, afterMs: performance.now() - startMs }); });
  for (const delayMs of [60, 5, 30, 0.2, 30]) wheel.hold(delayMs, delayMs);
  expect(wheel.held).toBe(5);
  await until(() => gone.length === 5, 'all things gone');
  expect(gone.map((thing) => thing.delayMs)).toEqual([0.2, 5, 30, 30, 60]);
  for (const { delayMs, afterMs } of gone) expect(afterMs).toBeGreaterThanOrEqual(delayMs - 1);
  expect(wheel.held).toBe(0);
});

it('holds again after it ran empty, and things held from within a turn', async () => {
  const gone: string[] = [];
  const wheel: DelayWheel<string> = new DelayWheel((name) => {
    gone.push(name);
    if (name === 'first') wheel.hold('second', 3);
  });
  wheel.hold('first', 2);
  await until(() => gone.length === 2, 'both gone');
  wheel.hold('third', 1);
  await until(() => gone.length === 3, 'the third gone');
  expect(gone).toEqual(['first', 'second', 'third']);
});

it('jumps over the time that a blocked process missed', () => {
  let nowMs = 1000;
  const gone: number[] = [];
  const wheel = new DelayWheel<number>((thing) => { gone.push(thing); }, () => nowMs);
  wheel.hold(1, 10);
  wheel.hold(2, 500);
  nowMs = 1200;
  wheel.turn();
  expect(gone).toEqual([1]);
  nowMs = 90_000;
  wheel.turn();
  expect(gone).toEqual([1, 2]);
  wheel.stop();
});
