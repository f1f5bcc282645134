import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { ChannelLog } from './channel-log.ts';
import { Refusals } from './refusals.ts';

afterEach(() => {
  vi.useRealTimers();
});

const refused = (n: number) => ({ what: `pressing GO on F${n}`, code: 'SAME_PERSON', say: 'no' });

function kept() {
  const written: Omit<ChannelMessage, 'permalink'>[] = [];
  const channelLog = {
    append: async (_: string, __: string | null, message: Omit<ChannelMessage, 'permalink'>) => {
      written.push(message);
    },
  } as unknown as ChannelLog;
  return {
    written,
    refusals: new Refusals({ channelLog, log: pino({ level: 'silent' }), nowMs: () => 1_000, windowMs: 60_000 }),
  };
}

test('a few refusals are written out, the rest of a minute is counted, and none is lost', async () => {
  vi.useFakeTimers();
  const { written, refusals } = kept();
  for (let n = 0; n < 1_000; n += 1) refusals.note('L', 'U1', refused(n));
  refusals.note('L', 'U2', refused(7));
  expect(written.map(({ user, refused: one }) => [user, one?.times])).toEqual([
    ...Array.from({ length: 5 }, () => ['U1', 1]),
    ['U2', 1],
  ]);
  vi.advanceTimersByTime(60_000);
  expect(written.slice(6).map(({ user, refused: one }) => [user, one?.times, one?.what])).toEqual([
    ['U1', 995, 'pressing GO on F999'],
  ]);
  refusals.note('L', 'U1', refused(1));
  expect(written).toHaveLength(8);
  expect(new Set(written.map(({ ts }) => ts)).size).toBe(8);
  await refusals.flush();
});

test('however many people press, the record grows by a bounded number of lines a minute', async () => {
  const { written, refusals } = kept();
  for (let person = 0; person < 500; person += 1)
    for (let n = 0; n < 4; n += 1) refusals.note('L', `U${person}`, refused(n));
  expect(written).toHaveLength(30);
  await refusals.flush();
  expect(written.length).toBeLessThanOrEqual(61);
  expect(written.reduce((sum, { refused: one }) => sum + (one?.times ?? 0), 0)).toBe(2_000);
});

test('what was cut in the middle of an emoji is written whole', async () => {
  const { written, refusals } = kept();
  refusals.note('L', 'U1', { what: 'note 👍'.slice(0, -1), code: 'TEXT_TOO_LONG', say: '“👍'.slice(0, -1) });
  expect(written[0]?.refused).toEqual({ what: 'note \uFFFD', code: 'TEXT_TOO_LONG', say: '“\uFFFD', times: 1 });
  await refusals.flush();
});
