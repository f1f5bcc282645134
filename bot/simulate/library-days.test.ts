import { expect, test } from 'vitest';
import { library, of, play, room, twice } from './for-tests.ts';

/** Every ready-made runbook, on a day on which all goes well. */
test.each([
  ['superbowl', 1],
  ['flash-sale', 5],
  ['breaking-news', 1],
  ['in-plain-sight', 1],
  ['silent-rehearsal', 0],
])('%s runs through, every step once and in time, with %i shots', async (name, shots) => {
  const day = await play(library(name));
  const planned = day.launch.runbook.phases.flatMap(({ steps }) => steps.map(({ id }) => id));
  expect(of(day, 'StepDone').map(({ step }) => step)).toEqual(expect.arrayContaining(planned));
  expect(of(day, 'StepMissed')).toEqual([]);
  expect(Object.values(day.launch.shots).map(({ closed }) => closed?.cause)).toEqual(Array(shots).fill('complete'));
  expect(twice(day)).toEqual([]);
  expect(room(day).includes('No step of the plan opens the window for GO')).toBe(shots === 0);
});
