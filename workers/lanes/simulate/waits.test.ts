import { expect, test } from 'vitest';
import { largest, noShares, Waits } from './waits.ts';
import type { Busy } from './waits.ts';

const idle: Busy = { cores: 0.4, main: 0.2, sending: 0.3 };

/** 60 ms at it and 40 ms asleep over `streams`, and as much over messages. */
function played(busy: Busy) {
  const waits = new Waits();
  waits.add('streams', true, 60);
  waits.add('streams', false, 40);
  waits.add('queue', false, 30);
  waits.add('done', false, 1_000);
  const shares = noShares();
  waits.addTo(shares, busy);
  return shares;
}

test('a thread that is at it waits for what it waited for, unless it or its cores are full', () => {
  expect(played(idle)).toMatchObject({ streams: 100, cores: 0, queue: 30 });
  expect(played({ ...idle, sending: 0.9 })).toMatchObject({ streams: 40, cores: 60, queue: 30 });
  expect(played({ ...idle, cores: 0.95 })).toMatchObject({ streams: 40, cores: 90, queue: 0 });
});

test("messages that don't come are the main thread's fault where that is full", () => {
  expect(played({ ...idle, main: 0.9 })).toMatchObject({ streams: 100, 'main thread': 30, queue: 0 });
});

test('the largest is the bound, and who has nothing to do counts nowhere', () => {
  const { bound, shares } = largest(played(idle));
  expect(bound).toBe('streams');
  expect(Object.values(shares).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1);
});
