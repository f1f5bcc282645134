import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TimeLimitError, waitAtMost, within } from './time-limit.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const forever = () => new Promise<never>(() => undefined);
/** Ends when it is aborted, with the reason. */
const heeds = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
const limit = { limitMs: 300, what: 'the store gave no answer' };

describe('work that is given up', () => {
  test('is aborted when its time is over, and the error says what took how long', async () => {
    let seen: AbortSignal | null = null;
    const work = within(limit, (signal) => {
      seen = signal;
      return forever();
    });
    const caught = work.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(299);
    expect(seen).toMatchObject({ aborted: false });
    await vi.advanceTimersByTimeAsync(1);
    const error = await caught;
    expect(error).toBeInstanceOf(TimeLimitError);
    expect(error).toMatchObject({
      code: 'TIME_LIMIT',
      message: 'TIME_LIMIT: the store gave no answer within 300 ms',
      what: 'the store gave no answer',
      limitMs: 300,
    });
    expect(seen).toMatchObject({ aborted: true, reason: error });
  });

  test('has the limit’s error and its code, whatever it says of its own abort', async () => {
    const caught = within({ ...limit, code: 'REPORT_TIMEOUT' }, async (signal) => {
      signal.throwIfAborted();
      return heeds(signal).catch(() => {
        throw new Error('aborted');
      });
    }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(300);
    expect(await caught).toMatchObject({ code: 'REPORT_TIMEOUT' });
  });

  test('in time leaves no timer behind, and ends what it began beside', async () => {
    let seen: AbortSignal | undefined;
    const done = await within(limit, (signal) => {
      seen = signal;
      return Promise.resolve(7);
    });
    expect([done, seen?.aborted, vi.getTimerCount()]).toEqual([7, true, 0]);
    await expect(within(limit, () => Promise.reject(new Error('of its own')))).rejects.toThrow('of its own');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends with an outer signal too, by that one’s reason, and is not begun when it is over already', async () => {
    const outer = new AbortController();
    const caught = within({ ...limit, signal: outer.signal }, heeds).catch((error: unknown) => error);
    const reason = new Error('the bot stops');
    outer.abort(reason);
    expect(await caught).toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
    const begun = vi.fn(forever);
    await expect(within({ ...limit, signal: outer.signal }, begun)).rejects.toBe(reason);
    expect(begun).not.toHaveBeenCalled();
  });

  test('that fails after its time disturbs nobody', async () => {
    const late = Promise.withResolvers<never>();
    const caught = within(limit, () => late.promise).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(300);
    expect(await caught).toMatchObject({ code: 'TIME_LIMIT' });
    late.reject(new Error('too late'));
    vi.useRealTimers();
    await sleep(1);
  });
});

describe('work that is waited for', () => {
  test('gives what it gives, and leaves no timer behind', async () => {
    expect(await waitAtMost(300, Promise.resolve(7), null)).toBe(7);
    await expect(waitAtMost(300, Promise.reject(new Error('of its own')), null)).rejects.toThrow('of its own');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('goes on when the wait is over', async () => {
    const work = Promise.withResolvers<number>();
    const waited = waitAtMost(300, work.promise, 'late');
    await vi.advanceTimersByTimeAsync(300);
    expect(await waited).toBe('late');
    work.resolve(7);
    expect(await work.promise).toBe(7);
  });
});
