import { expect, test } from 'vitest';
import { createPaceMemory, SharedPace } from './shared-pace.ts';

const MS = 1_000_000n;

function paces(count: number) {
  const memory = createPaceMemory();
  let nowNs = 5_000n * MS;
  const all = Array.from({ length: count }, () => new SharedPace(memory, () => nowNs));
  return {
    all,
    pass: (ns: bigint) => {
      nowNs += ns;
    },
  };
}

/** Takes all it can get, millisecond by millisecond. */
function takenIn(ms: number, { all, pass }: ReturnType<typeof paces>, hungry = all): number[] {
  const taken = all.map(() => 0);
  for (let at = 0; at < ms; at++) {
    pass(MS);
    for (const one of hungry) while (one.take()) taken[all.indexOf(one)] = (taken[all.indexOf(one)] ?? 0) + 1;
  }
  return taken;
}

test.each([1, 7, 333, 50_000, 1_200_000])(
  '%i a second hold in sum over three threads, whoever is hungry',
  (perSecond) => {
    const shared = paces(3);
    shared.all[0]?.setRate(perSecond);
    for (const hungry of [shared.all, shared.all.slice(1, 2)]) {
      const sum = takenIn(3_000, shared, hungry).reduce((a, b) => a + b, 0);
      // A token may lie over from before, and a millisecond's worth in each thread's hand.
      expect(Math.abs(sum - perSecond * 3)).toBeLessThanOrEqual(Math.max(1, perSecond * 0.004));
    }
  },
);

test('a pause is not followed by a burst of more than 50 ms', () => {
  const shared = paces(2);
  shared.all[0]?.setRate(10_000);
  shared.pass(60_000n * MS);
  expect(takenIn(1, shared).reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(510);
});

test('a change counts in every thread at once, and 0 is no limit', () => {
  const shared = paces(2);
  const [one, two] = shared.all;
  expect([one?.take(), two?.perSecond]).toEqual([true, 0]);
  one?.setRate(1_000);
  expect([two?.perSecond, two?.take()]).toEqual([1_000, false]);
  takenIn(100, shared);
  two?.setRate(100_000);
  const sum = takenIn(100, shared).reduce((a, b) => a + b, 0);
  expect(sum).toBeGreaterThan(9_900);
  expect(sum).toBeLessThan(10_300);
  one?.setRate(0);
  expect(two?.take()).toBe(true);
});

test('what may go and how long to wait fit together', () => {
  const shared = paces(1);
  const [one] = shared.all;
  one?.setRate(100);
  expect([one?.take(), one?.waitMs(), one?.available()]).toEqual([false, 10, 0]);
  shared.pass(10n * MS);
  expect([one?.available(), one?.take(), one?.take()]).toEqual([1, true, false]);
});
