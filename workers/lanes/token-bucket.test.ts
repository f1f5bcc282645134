import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, PROPERTY } from '../../test/properties/holds.ts';
import { TokenBucket } from './token-bucket.ts';

function bucketAt(perSecond: number) {
  let nowMs = 0;
  const bucket = new TokenBucket(() => nowMs);
  bucket.setRate(perSecond);
  return {
    bucket,
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}

function takeAll(bucket: TokenBucket): number {
  let taken = 0;
  while (taken < 1_000_000 && bucket.take()) taken += 1;
  return taken;
}

test('never more than the rate allows, whatever the steps of time are', PROPERTY, async () => {
  await holds(
    'token-bucket',
    fc.property(
      fc.integer({ min: 1, max: 50_000 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 30 }),
      (perSecond, steps) => {
        const { bucket, advance } = bucketAt(perSecond);
        let taken = 0;
        let passedMs = 0;
        for (const step of steps) {
          advance(step);
          passedMs += step;
          taken += takeAll(bucket);
        }
        expect(taken).toBeLessThanOrEqual((passedMs * perSecond) / 1_000 + 1);
      },
    ),
    { seed: 1, runs: 100 },
  );
});

test('a pause is followed by 50 ms worth at most', () => {
  const { bucket, advance } = bucketAt(10_000);
  advance(60_000);
  expect(takeAll(bucket)).toBe(500);
});

test('a lower rate cuts what was saved up, and 0 lifts the limit', () => {
  const { bucket, advance } = bucketAt(10_000);
  advance(1_000);
  bucket.setRate(100);
  expect(takeAll(bucket)).toBe(5);
  expect(bucket.waitMs()).toBe(10);
  bucket.setRate(0);
  expect(bucket.take()).toBe(true);
});
