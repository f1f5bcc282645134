import { setImmediate as turn } from 'node:timers/promises';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { BY_NEWER } from '../../runbooks/launch/fold-error.ts';
import { MESSAGE_FORMAT } from '../../runbooks/record/rows.ts';
import type { ChannelMessage } from './channel-message.ts';
import { messageHash } from './channel-message.ts';
import type { Head } from './seal.ts';

export type ChannelVerdict = { ok: true; sealed: number } | { ok: false; seq: number; why: string };

type Asked = [launchId: string, messages: readonly (ChannelMessage & Head)[], entries: readonly Entry[]];

/**
 * Whether the chain of channel messages holds, by itself and by the checkpoints that tie it to the record. `sealed`: so many of its
 * messages can't be changed any more without changing the record.
 */
export function verifyChannel(...asked: Asked): ChannelVerdict {
  const steps = verifying(...asked);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** So long others wait for it at a time, and for the message that is under way. */
const PIECE_MS = 5;

/** The same in pieces, between which everything else of the process has its turn: for who must stay quick beside it. */
export async function verifyChannelBeside(...asked: Asked): Promise<ChannelVerdict> {
  const steps = verifying(...asked);
  for (let begunMs = performance.now(); ;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - begunMs < PIECE_MS) continue;
    await turn();
    begunMs = performance.now();
  }
}

/** Message by message. */
function* verifying(...[launchId, messages, entries]: Asked): Generator<void, ChannelVerdict, void> {
  let head: Head = { seq: 0, hash: '' };
  for (const { seq, hash, ...message } of messages) {
    const place = head.seq + 1;
    if (seq !== place) return { ok: false, seq: place, why: `found message ${seq} in its place` };
    if (message.unread === 'newer')
      return {
        ok: false,
        seq,
        why: `it has format ${message.v}, and this version of gobutton reads 1 to ${MESSAGE_FORMAT}: ${BY_NEWER}`,
      };
    if (message.unread === 'broken')
      return { ok: false, seq, why: `${message.problem ?? ''}. It was changed or cut in the table` };
    if (hash !== messageHash(launchId, seq, head.hash, message))
      return { ok: false, seq, why: 'it was changed, or does not chain to the message before it' };
    head = { seq, hash };
    yield;
  }
  let sealed = 0;
  for (const entry of entries) {
    if (entry.kind !== 'Checkpoint' || entry.channelSeq === 0) continue;
    const { channelSeq, channelHash } = entry;
    if (channelSeq > head.seq)
      return {
        ok: false,
        seq: channelSeq,
        why: `it was cut off: entry ${entry.seq} has sealed ${channelSeq} messages`,
      };
    if (messages[channelSeq - 1]?.hash !== channelHash)
      return { ok: false, seq: channelSeq, why: `it is another one than entry ${entry.seq} has sealed` };
    sealed = Math.max(sealed, channelSeq);
  }
  return { ok: true, sealed };
}
