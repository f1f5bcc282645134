import { afterEach, expect, test, vi } from 'vitest';
import type { ChainedMessage } from '../../runbooks/record/export.ts';
import { countedReads } from '../../test/counted-reads.ts';
import { blankMessage, messageHash } from './channel-message.ts';
import { verifyChannel, verifyChannelBeside } from './verify-channel.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function chainOf(length: number): ChainedMessage[] {
  let prev = '';
  return Array.from({ length }, (_, at) => {
    const message = { ...blankMessage(at), ts: `${at}.000001`, user: 'U1', text: `message ${at} & more` };
    prev = messageHash('L', at + 1, prev, message);
    return { ...message, seq: at + 1, hash: prev };
  });
}

test('in pieces a long chain holds the process for five milliseconds at a time, and the verdict is the same', async () => {
  // By a clock in which each message takes a millisecond.
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const { links, readsByTurn } = countedReads(chainOf(50), () => (nowMs += 1));
  expect(await verifyChannelBeside('L', links, [])).toEqual({ ok: true, sealed: 0 });
  expect(readsByTurn).toEqual(Array.from({ length: 10 }, () => 5));
});

test('a break is the same one, wherever it is', async () => {
  const chain = chainOf(2_000);
  const broken = chain.map((one) => (one.seq === 1_700 ? { ...one, text: 'another' } : one));
  expect(await verifyChannelBeside('L', broken, [])).toEqual(verifyChannel('L', broken, []));
  expect(verifyChannel('L', broken, [])).toMatchObject({ ok: false, seq: 1_700 });
});
