import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BatchMessage } from '../../contract/orders.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { MemoryQueue } from '../../test/memory-queue.ts';
import { PrefetchBuffer } from './prefetch-buffer.ts';
import type { AtHand } from './prefetch-buffer.ts';
import type { ShotRun } from './shot-run.ts';

/** The shared clock stands still here but for what a test lets pass. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function buffering() {
  const queue = new MemoryQueue();
  const lines: { msg: string; messages: number }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const buffer = new PrefetchBuffer({ queues: queue.queues(), queue: 'q', log });
  const hand = (receipt: string, receives = 1): AtHand => ({
    receipt,
    receives,
    sinceMs: sharedClockMs(),
    message: {} as BatchMessage,
    run: {} as ShotRun,
  });
  return { buffer, queue, lines, hand };
}

test('messages are taken in the order in which they came, each once', () => {
  const { buffer, hand } = buffering();
  buffer.put(hand('a'));
  buffer.put(hand('b'));
  expect([buffer.count, buffer.take()?.receipt, buffer.take()?.receipt, buffer.take(), buffer.count]).toEqual([
    2,
    'a',
    'b',
    undefined,
    0,
  ]);
});

test('an arrival is the next one, not one of before', async () => {
  const { buffer, hand } = buffering();
  buffer.put(hand('a'));
  let arrivals = 0;
  const next = buffer.arrival().then(() => {
    arrivals += 1;
  });
  await Promise.resolve();
  expect(arrivals).toBe(0);
  buffer.put(hand('b'));
  await next;
  const woken = buffer.arrival();
  buffer.wake();
  await woken;
  expect([arrivals, buffer.count]).toEqual([1, 2]);
});

test('a message is kept with all behind it once it is older than four seconds, and lost beyond seven', async () => {
  const { buffer, queue, hand } = buffering();
  const first = hand('a');
  vi.advanceTimersByTime(3_000);
  const behind = hand('b');
  buffer.put(behind);
  vi.advanceTimersByTime(1_000);
  expect([await buffer.isLost(first), queue.back]).toEqual([false, []]);
  vi.advanceTimersByTime(1);
  expect(await buffer.isLost(first)).toBe(false);
  expect(queue.back).toEqual([
    ['a', 8],
    ['b', 8],
  ]);
  expect([first.sinceMs, behind.sinceMs]).toEqual([sharedClockMs(), sharedClockMs()]);
  vi.advanceTimersByTime(7_000);
  expect([await buffer.isLost(first), queue.back.length]).toEqual([false, 4]);
  vi.advanceTimersByTime(7_001);
  expect([await buffer.isLost(first), queue.back.length]).toEqual([true, 4]);
});

test('what cannot be kept is not taken for kept: it ages on', async () => {
  const { buffer, queue, hand } = buffering();
  const first = hand('a');
  vi.advanceTimersByTime(5_000);
  queue.backFault = new Error('SQS is away');
  await expect(buffer.isLost(first)).rejects.toThrow('SQS is away');
  vi.advanceTimersByTime(2_001);
  expect(await buffer.isLost(first)).toBe(true);
});

test('a release gives everything to others in a second, but for what was handed around five hundred times', async () => {
  const { buffer, queue, hand } = buffering();
  buffer.put(hand('old', 501));
  buffer.put(hand('young', 500));
  expect(await buffer.release(hand('first', 500))).toBe(true);
  expect(queue.back).toEqual([
    ['first', 1],
    ['young', 1],
  ]);
  expect(await buffer.release(hand('tired', 501))).toBe(false);
  expect([queue.back.length, buffer.count, buffer.take()?.receipt]).toEqual([2, 1, 'old']);
});

test('all go back at once; nothing costs no call, and a call that fails is told', async () => {
  const { buffer, queue, lines, hand } = buffering();
  queue.backFault = new Error('SQS is away');
  await buffer.backAll();
  expect(lines).toEqual([]);
  buffer.put(hand('a'));
  buffer.put(hand('b'));
  await buffer.backAll();
  expect(lines).toMatchObject([{ msg: 'messages were not handed back', messages: 2 }]);
  buffer.put(hand('c'));
  await buffer.backAll();
  expect([queue.back, buffer.count]).toEqual([[['c', 0]], 0]);
});
