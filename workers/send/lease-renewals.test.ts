import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Queues } from '../../infra/aws/queues.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { keep, LEASE_MS } from './keeper-for-tests.ts';
import { Lease } from './lease.ts';

/** When a lease is renewed and how far, and when its message is kept; when a batch is given back: lease-keeper.test.ts. */

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a lease is renewed', () => {
  test('when half of it is over, for a whole one from then', async () => {
    const { asked, pass, held } = keep();
    await pass(LEASE_MS / 2 - 20);
    expect(asked).toEqual([]);
    await pass(40);
    const sendUntilMs = Date.now() + LEASE_MS - 20;
    expect(asked.length).toBe(1);
    expect(Math.abs((asked[0]?.sendUntilMs ?? 0) - sendUntilMs)).toBeLessThanOrEqual(20);
    expect([asked[0]?.mark, held.sendUntilMs]).toEqual([Number.POSITIVE_INFINITY, asked[0]?.sendUntilMs]);
    await pass(LEASE_MS / 2 - 60);
    expect(asked.length).toBe(1);
    await pass(100);
    expect(asked.length).toBe(2);
  });

  test("never beyond its platform's window", async () => {
    const endsAtMs = Date.now() + LEASE_MS + 200;
    const { asked, pass, held } = keep({ endsInMs: LEASE_MS + 200 });
    await pass(LEASE_MS / 2 + 20);
    expect([asked[0]?.sendUntilMs, held.sendUntilMs]).toEqual([endsAtMs, endsAtMs]);
  });

  test('once at a time, however long the store takes', async () => {
    const answer = Promise.withResolvers<boolean>();
    const { asked, pass } = keep({ renew: () => answer.promise });
    await pass(LEASE_MS - 60);
    expect(asked.length).toBe(1);
    answer.resolve(true);
    await pass(LEASE_MS / 2);
    expect(asked.length).toBe(2);
  });

  test('no more once all of its devices are settled', async () => {
    const { asked, pass, kept } = keep();
    kept.wrote(10);
    for (let device = 0; device < 10; device += 1) kept.settled(sharedClockMs());
    await pass(5 * LEASE_MS);
    expect(asked).toEqual([]);
  });

  test('no more once it was given up on this worker, and a refusal is told', async () => {
    const { asked, pass, lines } = keep({ renew: () => Promise.resolve(false) });
    await pass(3 * LEASE_MS);
    expect(asked.length).toBe(1);
    expect(lines).toMatchObject([
      { key: 'k', msg: 'a batch was given up on this worker; what is unwritten of it is left to others' },
    ]);
  });

  test('again and again while the store is away, and its lease ends meanwhile', async () => {
    const { asked, pass, lines, why } = keep({ renew: () => Promise.reject(new Error('away')) });
    await pass(LEASE_MS + 40);
    expect(asked.length).toBeGreaterThan(10);
    expect(lines.at(-1)).toMatchObject({
      key: 'k',
      err: { message: 'away' },
      msg: 'a lease could not be renewed; trying again',
    });
    expect(why()).toBe('paused');
  });

  test.each([
    // At ten a second a lease of a second covers ten: due once fewer than five of them are unwritten.
    ['with five of ten unwritten not yet', 5, 10, []],
    ['with four of ten unwritten', 6, 10, [16]],
    ['with none of ten unwritten', 10, 10, [20]],
    ['up to all of it, where the rest is less than a lease', 95, 99, [Number.POSITIVE_INFINITY]],
    ['not at all where it covers all that a lease can be for', 2, 50, []],
    ['nor where it covers the whole batch', 99, Number.POSITIVE_INFINITY, []],
  ])('early if half of what it covers is written: %s', async (_, writes, mark, marks) => {
    const { asked, pass, kept, held } = keep({ share: { perSecond: 10, active: true }, devices: 100, mark });
    kept.wrote(writes);
    await pass(20);
    expect(asked.map((one) => one.mark)).toEqual(marks);
    expect(held.mark).toBe(marks[0] ?? mark);
  });

  test('by places in what is to be sent, which lie further apart than devices', async () => {
    const { asked, pass, kept, held } = keep({ share: { perSecond: 10, active: true }, devices: 100, mark: 20 });
    held.toSend = held.list.filter((device) => device % 2 === 0);
    kept.wrote(5);
    await pass(20);
    expect(asked).toEqual([]);
    kept.wrote(1);
    await pass(20);
    expect(asked.map(({ mark }) => mark)).toEqual([32]);
  });

  test('over the whole batch at once when the limit of the pace is gone', async () => {
    const { asked, pass, setup } = keep({ share: { perSecond: 10, active: true }, devices: 100, mark: 10 });
    await pass(20);
    expect(asked).toEqual([]);
    setup.share = { perSecond: 0, active: true };
    await pass(20);
    expect(asked.map(({ mark }) => mark)).toEqual([Number.POSITIVE_INFINITY]);
  });

  test('is looked at ten times a second, from the first batch to the last one', async () => {
    const share = { perSecond: 10, active: true };
    const { asked, pass, kept, keeper, held } = keep({ share, devices: 100, mark: 10, everyMs: null });
    kept.wrote(6);
    await pass(99);
    expect(asked.length).toBe(0);
    await pass(1);
    expect(asked.length).toBe(1);
    const other = { ...held, key: 'other', lease: Lease.create() };
    keeper.keep(other, 'other', LEASE_MS);
    expect(vi.getTimerCount()).toBe(1);
    keeper.drop(held);
    expect(vi.getTimerCount()).toBe(1);
    keeper.drop(other);
    keeper.drop(other);
    expect(vi.getTimerCount()).toBe(0);
    keeper.keep(held, 'again', LEASE_MS);
    expect(vi.getTimerCount()).toBe(1);
  });
});

describe('a batch', () => {
  test('moves by the latest answer, in whatever order they come, and is stuck beyond a whole lease, not at it', async () => {
    const { held, kept, pass } = keep();
    await pass(400);
    kept.settled(sharedClockMs());
    kept.settled(sharedClockMs() - 300);
    await pass(LEASE_MS);
    expect(held.lease.isGivenBack).toBe(false);
    await pass(20);
    expect(held.lease.isGivenBack).toBe(true);
  });

  test('that is lost is not given back a second time: its own account says what it knows', async () => {
    const { held, pass } = keep();
    held.isLost = true;
    await pass(2 * LEASE_MS);
    expect(held.lease.isGivenBack).toBe(false);
  });
});

describe('the message of a batch that is sent', () => {
  const told: [receipts: string[], seconds: number][] = [];
  const handBack: Queues['handBack'] = (_queue, receipts, seconds) => {
    told.push([[...receipts], seconds]);
    return Promise.resolve();
  };

  test('is kept every four seconds and a moment, with those of others in one call', async () => {
    told.length = 0;
    const { pass, keeper, held } = keep({ handBack, isPaused: () => true });
    keeper.keep({ ...held, key: 'other' }, 'other', LEASE_MS);
    await pass(4_000);
    expect(told).toEqual([]);
    await pass(20);
    expect(told).toEqual([[['receipt', 'other'], 8]]);
    await pass(4_000);
    expect(told).toHaveLength(1);
    await pass(20);
    expect(told).toHaveLength(2);
  });

  test('that cannot be kept is told: whoever gets it sees whose its batch is', async () => {
    const { pass, lines } = keep({ handBack: () => Promise.reject(new Error('away')), isPaused: () => true });
    await pass(4_100);
    expect(lines).toMatchObject([
      { messages: 1, msg: expect.stringContaining('messages could not be kept') as string },
    ]);
  });
});
