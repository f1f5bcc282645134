import { expect, test } from 'vitest';
import { postedAt, postedOf } from './posted-at.ts';

const stored = (results: Record<string, string>) => ({
  cloud: {
    live: {
      results: async () => new Map(Object.entries(results)),
      resultsOf: async (_: string, names: readonly string[]) =>
        new Map(Object.entries(results).filter(([name]) => names.includes(name))),
    },
  },
});

test('each kind of entry is found by the message that told it, a shot by its live message, wherever that was moved', async () => {
  const marks = {
    '3/post-order': '3.1',
    '4/post-entry': '4.0',
    '4/start-live': '4.1',
    '5/post-summary': '5.1',
    '6/finish-scale': '6.1',
    '7/post-stand-down': '7.1',
    '8/post-entry': '8.1',
    'message/live/S4': '4.2',
  };
  const entries = [
    { seq: 3, kind: 'FireRequested' },
    { seq: 4, kind: 'FireApproved' },
    { seq: 5, kind: 'ShotClosed' },
    { seq: 6, kind: 'ScaleReached' },
    { seq: 7, kind: 'StoodDown' },
    { seq: 8, kind: 'HaltSet' },
  ] as const;
  expect([...(await postedAt(stored(marks), 'L', entries))]).toEqual([
    [3, '3.1'],
    [4, '4.2'],
    [5, '5.1'],
    [6, '6.1'],
    [7, '7.1'],
    [8, '8.1'],
  ]);
  // By their keys it is the same.
  expect(await postedOf(stored(marks), 'L', entries)).toEqual(await postedAt(stored(marks), 'L', entries));
});

test('an entry that the channel was not told of is missing', async () => {
  const entries = [3, 4].map((seq) => ({ seq, kind: 'Noted' as const }));
  expect(await postedAt(stored({ '3/post-entry': 'no message' }), 'L', entries)).toEqual(new Map());
});

test('what is no moment leads nowhere', async () => {
  const marks = {
    '3/post-entry': `${'9'.repeat(400)}.1`,
    '4/post-entry': `1.${'0'.repeat(400_000)}`,
    '5/post-entry': '1770000000.000100/../../evil',
    '6/post-entry': 'javascript:alert(1.1)',
    '7/post-entry': '1770000000.000100\n',
  };
  const entries = [3, 4, 5, 6, 7].map((seq) => ({ seq, kind: 'Noted' as const }));
  expect(await postedAt(stored(marks), 'L', entries)).toEqual(new Map());
});
