import './loads.ts';
import { expect, it } from 'vitest';
import { isSlow, isTooFast, waitMs } from './pace.ts';

it('200 a second are allowed, one more is not', () => {
  expect([isTooFast(200), isTooFast(201)]).toEqual([false, true]);
});

it('100 a second are ten milliseconds apart', () => {
  expect(waitMs(100)).toBe(10);
});

it('one a second is slow, and nobody asks about ten', () => {
  expect(isSlow(1)).toBe(true);
});
