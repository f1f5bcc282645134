import { expect, test } from 'vitest';
import { Cores, Thread } from './cores.ts';
import { Timeline } from './timeline.ts';

const never = () => false;

/** Each of so many CPU-ms on a thread of its own, all at once: when each was through. */
function play(
  cores: number,
  works: readonly number[],
  threads = works.map(() => new Thread()),
): { endedMs: number[]; busyMs: number } {
  const timeline = new Timeline();
  const machine = new Cores(timeline, cores);
  const endedMs: number[] = [];
  for (const [at, ms] of works.entries())
    machine.run(threads[at] as Thread, {
      begin: () => ms * 1_000,
      end: () => {
        endedMs[at] = Number(timeline.nowMs.toFixed(3));
      },
    });
  timeline.play(10_000, never);
  return { endedMs, busyMs: machine.busyMs };
}

test("threads on one core take turns: none waits for all of another one's work", () => {
  expect(play(1, [10, 10, 1]).endedMs).toEqual([20, 21, 3]);
});

test('with a core each nobody waits, and what is done takes what it takes', () => {
  expect(play(3, [10, 10, 1])).toEqual({ endedMs: [10, 10, 1], busyMs: 21 });
});

test('one thread does one thing after the other, on however many cores', () => {
  const one = new Thread();
  expect(play(4, [5, 5], [one, one]).endedMs).toEqual([5, 10]);
});

test('a new thread is slow, and less so with every ms', () => {
  const cold = new Thread({ times: 2, ms: 10 });
  const [first = 0, then = 0, late = 0] = play(1, [1, 50, 1], [cold, cold, cold]).endedMs;
  expect(first).toBeCloseTo(3, 2);
  expect(late - then).toBeLessThan(1.1);
});

test('helpers take their share on top, where there is a core for them', () => {
  const helper = new Thread();
  const { endedMs, busyMs } = play(2, [10], [new Thread({ times: 0, ms: 1 }, { thread: helper, share: 0.5 })]);
  expect([endedMs[0], busyMs, helper.busyMs]).toEqual([10, 15, 5]);
});
