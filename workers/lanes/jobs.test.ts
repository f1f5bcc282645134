import { expect, test } from 'vitest';
import type { Held } from './held.ts';
import { Jobs } from './jobs.ts';
import type { ActiveJob } from './jobs.ts';
import type { Outcome } from './lane.ts';
import type { WireShot } from './wire-shot.ts';

function added(jobs: Jobs, stop: (index: number) => Held | null, { next = 0, again = [] as number[] } = {}): Outcome[] {
  const outcomes: Outcome[] = [];
  const job = {
    count: 3,
    token: String,
    template: () => 0,
    stop,
    settle: (index: number, outcome: Outcome) => {
      outcomes[index] = outcome;
    },
  };
  const active: ActiveJob = {
    job,
    shot: {} as WireShot,
    next,
    again,
    unsettled: 3,
    done: () => undefined,
    primed: null,
    refusals: null,
    accidents: null,
  };
  jobs.add(active);
  return outcomes;
}

const held = (why: Held): Outcome => ({ state: 'held', why });

test('a lane that ends halts what is unsent, but for what was given back before: that is for others', () => {
  const jobs = new Jobs();
  const all = [
    added(jobs, () => null),
    added(jobs, () => 'paused'),
    added(jobs, () => 'returned'),
    added(jobs, () => 'returned', { next: 2, again: [0] }),
  ];
  jobs.holdAll();
  expect(all).toEqual([
    Array.from({ length: 3 }, () => held('halted')),
    Array.from({ length: 3 }, () => held('halted')),
    Array.from({ length: 3 }, () => held('returned')),
    [held('returned'), undefined, held('returned')],
  ]);
  expect([jobs.isEmpty, jobs.unsent]).toEqual([true, 0]);
});

test('a job is asked about the device that would be written next, one that the provider refused unread before new ones', () => {
  const jobs = new Jobs();
  const asked: number[] = [];
  added(
    jobs,
    (index) => {
      asked.push(index);
      return 'paused';
    },
    { next: 2, again: [0] },
  );
  expect(jobs.first()).toBe('paused');
  expect(asked).toEqual([0]);
});
