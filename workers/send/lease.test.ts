import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sharedClockMs } from '../halt/switch-view.ts';
import { Lease } from './lease.ts';

/** Both clocks stand still here but for what a test lets pass. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Some ms beyond a whole one are cut off: a lease may end that much early. */
const CUT_MS = 2;

function leased({ leaseMs = 1_000, windowMs = 5_000, mark = 7 } = {}) {
  const lease = Lease.create();
  const nowMs = sharedClockMs();
  lease.grant({ untilMs: nowMs + leaseMs, lateAtMs: nowMs + windowMs, mark });
  return { lease, nowMs, stopAfter: (ms: number) => lease.stop(nowMs + ms) };
}

describe('a lease', () => {
  test('lets nothing be written before it is granted', () => {
    const lease = Lease.create();
    expect([lease.stop(sharedClockMs()), lease.mark, lease.isGivenBack]).toEqual(['late', 0, false]);
  });

  test('lets the devices below its mark be written until its end, never beyond it', () => {
    const { lease, stopAfter, nowMs } = leased();
    expect([lease.mark, stopAfter(0), stopAfter(1_000 - CUT_MS)]).toEqual([7, null, null]);
    expect([stopAfter(1_000), stopAfter(4_990)]).toEqual(['paused', 'paused']);
    expect(lease.leftMs(nowMs)).toBeLessThanOrEqual(1_000);
    expect(lease.leftMs(nowMs)).toBeGreaterThan(1_000 - CUT_MS);
    expect(lease.leftMs(nowMs) - lease.leftMs(nowMs + 300)).toBeCloseTo(300, 3);
  });

  test("is over for good with its platform's window, whatever it was granted for", () => {
    const { stopAfter } = leased({ leaseMs: 9_000, windowMs: 500 });
    expect([stopAfter(500 - CUT_MS), stopAfter(500)]).toEqual([null, 'late']);
  });

  test('ends at the very moment that it names', () => {
    const { lease } = leased();
    const { baseMs } = lease.memory;
    lease.grant({ untilMs: baseMs + 100, lateAtMs: baseMs + 200, mark: 1 });
    vi.advanceTimersByTime(50);
    expect([99, 100, 199, 200].map((ms) => lease.stop(baseMs + ms))).toEqual([null, 'paused', 'paused', 'late']);
  });

  test('pauses after the machine was suspended: its wall clock has gone on, the other one stood still', () => {
    const { lease, nowMs } = leased();
    const wallMs = Date.now();
    vi.setSystemTime(wallMs + 990);
    expect(lease.stop(nowMs)).toBeNull();
    vi.setSystemTime(wallMs + 1_000);
    expect(lease.stop(nowMs)).toBe('paused');
    const again = nowMs;
    lease.grant({ untilMs: again + 1_000, lateAtMs: again + 5_000, mark: 9 });
    expect([lease.stop(again), lease.mark]).toEqual([null, 9]);
  });

  test('that was given back lets nothing be written for good, and every view of its memory says so', () => {
    const { lease, stopAfter, nowMs } = leased();
    const other = new Lease(lease.memory);
    expect([other.stop(nowMs), other.mark, other.isGivenBack]).toEqual([null, 7, false]);
    lease.giveBack();
    expect([stopAfter(0), other.stop(nowMs), other.isGivenBack]).toEqual(['returned', 'returned', true]);
    lease.grant({ untilMs: nowMs + 9_000, lateAtMs: nowMs + 9_000, mark: 9 });
    expect(stopAfter(0)).toBe('returned');
  });

  test('holds the whole batch, and times beyond what memory can hold, as the most and the least that it can', () => {
    const { lease, stopAfter } = leased({ leaseMs: 2 ** 40, windowMs: 2 ** 40, mark: Number.POSITIVE_INFINITY });
    expect([lease.mark, stopAfter(1_000_000)]).toEqual([0x7fffffff, null]);
    const past = leased({ leaseMs: -(2 ** 40), mark: -1 });
    expect([past.lease.mark, past.stopAfter(0)]).toEqual([0, 'paused']);
  });
});
