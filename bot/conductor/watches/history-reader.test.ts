import { ErrorCode } from '@slack/web-api';
import { expect, test } from 'vitest';
import { MemoryContext } from '../../../test/memory-context.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { before } from '../../slack/ts.ts';
import { HistoryReader } from './history-reader.ts';

// How it reads a channel of the local Slack is in back-fill.test.ts.

/** Slack's word. */
const refusal = (error: string) =>
  Object.assign(new Error(error), { code: ErrorCode.PlatformError, data: { ok: false, error } });

async function readerOf(history: SlackPort['history']) {
  const { context } = await MemoryContext.ready();
  const refused: (string | undefined)[] = [];
  const reader = new HistoryReader({
    context: { ...context, timings: { ...context.timings, historyPaceMs: 0 } },
    slack: { history } as SlackPort,
    channelId: 'C0WARROOM',
    isBusy: () => false,
    signal: new AbortController().signal,
    refused: async (_, thread) => {
      refused.push(thread);
      return false;
    },
  });
  return { reader, refused };
}

test('a Slack that gives nothing but cursors, and takes none of them, is not asked for ever', async () => {
  let calls = 0;
  const { reader } = await readerOf(async (_, { cursor }) => {
    if ((calls += 1) > 10) throw new Error('TOO_OFTEN');
    if (cursor !== null) throw refusal('invalid_cursor');
    return { messages: [], next: 'a' };
  });
  await expect(reader.stretch('1.000000', '9.000000')).rejects.toThrow('HISTORY_CURSORS');
  expect(calls).toBe(4);
});

test('an empty page with a cursor is not the last one', async () => {
  const asked: (string | null)[] = [];
  const { reader } = await readerOf(async (_, { cursor }) => {
    asked.push(cursor);
    return cursor === 'b' ? { messages: [{ ts: '5.000000' }], next: null } : { messages: [], next: cursor ? 'b' : 'a' };
  });
  expect(await reader.stretch('1.000000', '9.000000')).toMatchObject({ channel: [{ ts: '5.000000' }], isLast: true });
  expect(asked).toEqual([null, 'a', 'b']);
});

test('a Slack that gives the same cursor again and again, or pays no heed to the bounds, is not asked for ever', async () => {
  let calls = 0;
  const { reader } = await readerOf(async (_, { thread }) => {
    if ((calls += 1) > 10) throw new Error('TOO_OFTEN');
    return thread === undefined
      ? { messages: [{ ts: '5.000000', reply_count: 1 }], next: null }
      : { messages: [{ ts: '5.000001' }], next: 'a' };
  });
  await expect(reader.stretch('1.000000', '9.000000')).rejects.toThrow('HISTORY_CIRCLES');
  expect(calls).toBe(3);
  const roots = Array.from({ length: 20 }, (_, at) => ({ ts: `5.0000${10 + at}`, reply_count: 1 }));
  const { reader: other } = await readerOf(async (_, { thread }) => ({
    messages: thread === undefined ? roots : [],
    next: thread === undefined ? 'a' : null,
  }));
  expect(await other.stretch('1.000000', '9.000000')).toMatchObject({ from: '5.000010', isLast: false });
  await expect(other.stretch('1.000000', before('5.000010'))).rejects.toThrow('HISTORY_CIRCLES');
});

test('a cursor that nobody has given is no reason to go on: whoever is refused hears of it', async () => {
  const { reader, refused } = await readerOf(() => Promise.reject(refusal('invalid_cursor')));
  await expect(reader.stretch('1.000000', '9.000000')).rejects.toThrow('invalid_cursor');
  expect(refused).toEqual([undefined]);
});
