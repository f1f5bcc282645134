import { expect, test } from 'vitest';
import { ShotStop } from './shot-stop.ts';

const CONDEMNED = { reason: 'TopicDisallowed', bad: 20, of: 31 };

test('every view of the memory sees why nothing may be written', () => {
  const stop = ShotStop.create();
  const elsewhere = new ShotStop(stop.memory);
  expect([elsewhere.held, elsewhere.condemned]).toEqual([null, null]);
  stop.condemn(CONDEMNED);
  expect([elsewhere.held, elsewhere.condemned]).toEqual(['returned', CONDEMNED]);
});

test('the first word stands, cut to its room', () => {
  const stop = ShotStop.create();
  stop.condemn({ reason: 'x'.repeat(200), bad: 1, of: 2 });
  new ShotStop(stop.memory).condemn(CONDEMNED);
  expect(stop.condemned).toEqual({ reason: 'x'.repeat(96), bad: 1, of: 2 });
});

test('a halt stands above it, whichever came first', () => {
  for (const order of [
    ['halt', 'condemn'],
    ['condemn', 'halt'],
  ] as const) {
    const stop = ShotStop.create();
    for (const what of order) {
      if (what === 'halt') stop.halt();
      else stop.condemn(CONDEMNED);
    }
    expect([stop.held, stop.condemned]).toEqual(['halted', CONDEMNED]);
  }
});
