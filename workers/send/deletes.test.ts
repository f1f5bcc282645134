import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deletes } from './deletes.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function rig(fails = false) {
  const calls: string[][] = [];
  const remove = async (_queue: string, receipts: readonly string[]) => {
    calls.push([...receipts]);
    if (fails) throw new Error('SQS is away');
  };
  return { calls, deletes: new Deletes({ queues: { remove }, queue: 'q', log: pino({ level: 'silent' }) }) };
}

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, at) => String(from + at));

test('messages are deleted ten at a time, and what is left over soon after', async () => {
  const { calls, deletes } = rig();
  for (const receipt of numbers(0, 23)) deletes.put(receipt);
  expect(calls).toEqual([numbers(0, 10), numbers(10, 10)]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls.slice(2)).toEqual([numbers(20, 3)]);
  expect(vi.getTimerCount()).toBe(0);
});

test('what waits is deleted before the end, and a failure does not stand in its way', async () => {
  const { calls, deletes } = rig(true);
  for (const receipt of numbers(0, 12)) deletes.put(receipt);
  await deletes.flush();
  expect(calls).toEqual([numbers(0, 10), numbers(10, 2)]);
  await deletes.flush();
  expect(calls).toHaveLength(2);
});
