import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Delivery } from '../runbooks/playbook/schema.ts';
import { holds, PROPERTY } from '../test/properties/holds.ts';
import { poolPace, shareOf } from './pace.ts';
import type { Sight } from './pace.ts';

const delivery: Delivery = {
  ios_not_after: 60_000,
  android_not_after: 600_000,
  batch_size: 1_000,
  send_within: 5_000,
  android_per_second: 10_000,
  android_ramp: 60_000,
  ios_per_second: 0,
  uncertain: 'leave',
  expires_after: 0,
};

describe('pace of the pool', () => {
  test('Android climbs to its rate over the ramp, iOS has no limit', () => {
    expect([0, 30_000, 60_000, 90_000].map((sinceGoMs) => poolPace('android', delivery, 0, sinceGoMs))).toEqual([
      1, 5_000, 10_000, 10_000,
    ]);
    expect(poolPace('ios', delivery, 0, 0)).toBe(0);
  });

  test('the pace switch replaces the rate but not the ramp', () => {
    expect(poolPace('android', delivery, 2_000, 30_000)).toBe(1_000);
    expect(poolPace('ios', delivery, 700, 0)).toBe(700);
  });

  test('a recorded event quota allows its rate at once', () => {
    expect(
      poolPace('android', { ...delivery, android_event_quota: { reference: 'granted', per_second: 600_000 } }, 0, 0),
    ).toBe(600_000);
  });
});

describe('share of a worker', () => {
  const options = { planned: 10, batchSize: 1_000, sendWithinMs: 5_000 };
  const fresh = (size: number, rank: number | null): Sight => ({ mode: 'fresh', size, rank });

  test(
    'the shares of all workers together are the pace of the pool, and those who send can finish a batch',
    PROPERTY,
    async () => {
      await holds(
        'pace-shares',
        fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 8 }), (pace, count) => {
          const shares = Array.from({ length: count }, (_, rank) => shareOf(pace, fresh(count, rank), options));
          const sending = shares.filter((share) => share.active);
          expect(sending.length).toBeGreaterThan(0);
          expect(sending.reduce((sum, share) => sum + share.perSecond, 0)).toBeCloseTo(pace, 3);
          if (sending.length > 1)
            for (const share of sending) expect(share.perSecond * 2.5).toBeGreaterThanOrEqual(1_000);
        }),
        { seed: 1, runs: 100 },
      );
    },
  );

  test('whom a fresh roll does not name waits: the others have it all', () => {
    expect(shareOf(10_000, fresh(4, null), options)).toMatchObject({ active: false });
    expect(shareOf(10_000, { mode: 'unread' }, options)).toMatchObject({ active: false });
  });

  test('without a leader room is left for as many as the runbook wants', () => {
    expect(shareOf(50_000, { mode: 'kept', size: 4, rank: 0 }, options)).toEqual({ perSecond: 5_000, active: true });
    expect(shareOf(50_000, { mode: 'kept', size: 4, rank: null }, options)).toEqual({ perSecond: 5_000, active: true });
    // Too little for all of them: those on the roll have it.
    expect(shareOf(1_000, { mode: 'kept', size: 4, rank: 0 }, options)).toEqual({ perSecond: 500, active: true });
    expect(shareOf(1_000, { mode: 'kept', size: 4, rank: 3 }, options)).toMatchObject({ active: false });
    expect(shareOf(1_000, { mode: 'kept', size: 4, rank: null }, options)).toMatchObject({ active: false });
  });

  test('without a roll everybody takes what it would have in a full pool, not the whole', () => {
    expect(shareOf(10_000, { mode: 'none', size: 0 }, options)).toEqual({ perSecond: 1_000, active: true });
    expect(shareOf(10_000, { mode: 'none', size: 40 }, options)).toEqual({ perSecond: 250, active: true });
  });

  test("no limit is nobody's share", () => {
    for (const sight of [fresh(8, 7), fresh(8, null), { mode: 'none', size: 0 } as const])
      expect(shareOf(0, sight, options)).toEqual({ perSecond: 0, active: true });
  });
});
