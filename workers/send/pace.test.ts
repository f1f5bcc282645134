import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../runbooks/playbook/schema.ts';
import { poolPace, shareOf } from './pace.ts';

const delivery: Delivery = {
  ios_not_after: 60_000, android_not_after: 600_000, batch_size: 1_000, send_within: 5_000, android_per_second: 10_000, android_ramp: 60_000,
  ios_per_second: 0, uncertain: 'leave', expires_after: 0,
};

describe('pace of the pool', () => {
  test('Android climbs to its rate over the ramp, iOS has no limit', () => {
    expect([0, 30_000, 60_000, 90_000].map((sinceGoMs) => poolPace('android', delivery, 0, sinceGoMs))).toEqual([1, 5_000, 10_000, 10_000]);
    expect(poolPace('ios', delivery, 0, 0)).toBe(0);
  });

  test('the pace switch replaces the rate but not the ramp', () => {
    expect(poolPace('android', delivery, 2_000, 30_000)).toBe(1_000);
    expect(poolPace('ios', delivery, 700, 0)).toBe(700);
  });

  test('a recorded event quota allows its rate at once', () => {
    expect(poolPace('android', { ...delivery, android_event_quota: { reference: 'granted', per_second: 600_000 } }, 0, 0)).toBe(600_000);
  });
});

describe('share of a worker', () => {
  const workers = Array.from({ length: 8 }, (_, at) => `worker-${at}`);

  test('the shares of all workers together are the pace of the pool, and those who send can finish a batch', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 8 }), (pace, count) => {
      const some = workers.slice(0, count);
      const shares = some.map((me) => shareOf(pace, { workers: some, me, batchSize: 1_000, sendWithinMs: 5_000 }));
      const sending = shares.filter((share) => share.active);
      expect(sending.length).toBeGreaterThan(0);
      expect(sending.reduce((sum, share) => sum + share.perSecond, 0)).toBeCloseTo(pace, 3);
      if (sending.length > 1) for (const share of sending) expect(share.perSecond * 2.5).toBeGreaterThanOrEqual(1_000);
    }));
  });

  test('a worker that is not on the list counts itself', () => {
    expect(shareOf(10_000, { workers: [], me: 'alone', batchSize: 1_000, sendWithinMs: 5_000 })).toEqual({ perSecond: 10_000, active: true });
  });

  test('no limit is nobody\'s share', () => {
    expect(shareOf(0, { workers, me: 'worker-7', batchSize: 1_000, sendWithinMs: 5_000 })).toEqual({ perSecond: 0, active: true });
  });
});
