import { expect, test } from 'vitest';
import type { ChainedMessage } from '../../runbooks/record/export.ts';
import { blankMessage, messageHash } from './channel-message.ts';
import { verifyChannel, verifyChannelBeside } from './verify-channel.ts';

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

function chainOf(length: number): ChainedMessage[] {
  let prev = '';
  return Array.from({ length }, (_, at) => {
    const message = { ...blankMessage(at), ts: `${at}.000001`, user: 'U1', text: `message ${at} & more` };
    prev = messageHash('L', at + 1, prev, message);
    return { ...message, seq: at + 1, hash: prev };
  });
}

test('in pieces a long chain holds the process for a few milliseconds at a time, and the verdict is the same', async () => {
  const chain = chainOf(25_000);
  const wholeMs = -cpuMs() + (verifyChannel('L', chain, []), cpuMs());
  // By the time that this thread has worked: what others on the machine do doesn't count.
  let [longestMs, atMs, isOn] = [0, cpuMs(), true];
  const turned = (): void => {
    longestMs = Math.max(longestMs, cpuMs() - atMs);
    atMs = cpuMs();
  };
  const tick = (): void => {
    turned();
    if (isOn) setImmediate(tick);
  };
  setImmediate(tick);
  expect(await verifyChannelBeside('L', chain, [])).toEqual({ ok: true, sealed: 0 });
  // The last piece, or all of it, where nothing had its turn.
  turned();
  isOn = false;
  expect(longestMs).toBeLessThan(wholeMs / 3);
});

test('a break is the same one, wherever it is', async () => {
  const chain = chainOf(2_000);
  const broken = chain.map((one) => (one.seq === 1_700 ? { ...one, text: 'another' } : one));
  expect(await verifyChannelBeside('L', broken, [])).toEqual(verifyChannel('L', broken, []));
  expect(verifyChannel('L', broken, [])).toMatchObject({ ok: false, seq: 1_700 });
});
