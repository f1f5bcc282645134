import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { keep, LEASE_MS } from './keeper-for-tests.ts';

/** All clocks stand still here but for what a test lets pass. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a batch that was given up on this worker is neither written nor renewed any more', async () => {
  const { held, asked, pass, why } = keep({ renew: () => Promise.resolve(false) });
  await pass(LEASE_MS - 100);
  expect([why(), held.isLost, asked.length]).toEqual(['returned', true, 1]);
});

test("a lease that ends while its batch is being accounted for is nobody's loss", async () => {
  const { held, keeper, pass } = keep({
    renew: () => {
      keeper.drop(held);
      return Promise.resolve(false);
    },
  });
  await pass(LEASE_MS - 100);
  expect(held.isLost).toBe(false);
});

test('what nothing is written of for a whole lease is given back; a pause of the switches does not count', async () => {
  let paused = true;
  const { held, kept, pass, why } = keep({ isPaused: () => paused });
  await pass(5 * LEASE_MS);
  expect(why()).toBeNull();
  paused = false;
  await pass(LEASE_MS - 100);
  kept.wrote(1);
  await pass(LEASE_MS - 100);
  kept.settled(sharedClockMs());
  await pass(LEASE_MS - 100);
  expect(held.lease.isGivenBack).toBe(false);
  await pass(200);
  expect(why()).toBe('returned');
});

test('a device that was refused unread is unsent: ten writes of nine devices leave one that others may have', async () => {
  const { held, kept, pass } = keep();
  kept.wrote(9);
  kept.again(1);
  kept.wrote(1);
  await pass(LEASE_MS - 100);
  expect(held.lease.isGivenBack).toBe(false);
  await pass(200);
  expect(held.lease.isGivenBack).toBe(true);
});

test('one that was refused at the end is unsent too, though each was written once', async () => {
  const { held, kept, pass } = keep();
  kept.wrote(10);
  kept.again(1);
  await pass(LEASE_MS + 100);
  expect(held.lease.isGivenBack).toBe(true);
});

test('nor does a store that renews nothing: it says nothing of the connections', async () => {
  let isAway = true;
  const { pass, why } = keep({
    renew: () => (isAway ? Promise.reject(new Error('DynamoDB is away')) : Promise.resolve(true)),
  });
  await pass(5 * LEASE_MS);
  expect(why()).toBe('paused');
  isAway = false;
  await pass(500);
  expect(why()).toBeNull();
});

test('what is all written is waited for, however long its answers take', async () => {
  const { held, kept, pass, setup } = keep();
  kept.wrote(10);
  await pass(5 * LEASE_MS);
  setup.share = { perSecond: 10, active: false };
  await pass(100);
  expect(held.lease.isGivenBack).toBe(false);
});

test('a worker that is no longer one of those that send gives its batches back at once', async () => {
  const { pass, why, setup } = keep({ share: { perSecond: 10, active: true } });
  await pass(100);
  expect(why()).toBeNull();
  setup.share = { perSecond: 10, active: false };
  await pass(40);
  expect(why()).toBe('returned');
});

test('a pace with more than a lease between two writes is no reason to give a batch back; three such gaps are', async () => {
  const { held, pass, why } = keep({ share: { perSecond: 0.5, active: true }, mark: 1 });
  await pass(5_900);
  expect(why()).toBeNull();
  await pass(200);
  expect([why(), held.mark]).toEqual(['returned', 1]);
});

test('nothing smaller is asked for than before, as an answer that was lost may have been a yes', async () => {
  let isLost = true;
  const { asked, clock, held, setup, kept, pass } = keep({
    renew: () => (isLost ? Promise.reject(new Error('the answer was lost')) : Promise.resolve(true)),
    share: { perSecond: 8, active: true },
    devices: 100,
    mark: 8,
  });
  kept.wrote(7);
  await pass(20);
  expect(asked).toEqual([{ sendUntilMs: Date.now() + LEASE_MS, mark: 15 }]);
  isLost = false;
  clock.behindMs = 400;
  setup.share = { perSecond: 4, active: true };
  await pass(20);
  expect(asked.slice(1)).toEqual(asked.slice(0, 1));
  expect(held).toMatchObject({ ...asked[0], isLost: false });
});

test('at the end of a drain all that is unwritten is given back', async () => {
  const { keeper, why } = keep();
  expect(why()).toBeNull();
  keeper.giveBackAll();
  expect(why()).toBe('returned');
  await Promise.resolve();
});
