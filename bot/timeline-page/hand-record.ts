import { setImmediate as turn } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { ChainedMessage } from '../../runbooks/record/export.ts';

/** Copying so many to a thread holds the process for a few milliseconds. */
const PORTION = 500;

/** A record as a thread gets it: in portions, with room for other work between them. */
export type RecordPortion = { entries: readonly Entry[] } | { messages: readonly ChainedMessage[] };

export async function handRecord(
  thread: Worker,
  { entries, messages }: { entries: readonly Entry[]; messages: readonly ChainedMessage[] },
): Promise<void> {
  const post = (portion: RecordPortion): void => thread.postMessage(portion);
  for (let at = 0; at < entries.length; at += PORTION) {
    post({ entries: entries.slice(at, at + PORTION) });
    await turn();
  }
  for (let at = 0; at < messages.length; at += PORTION) {
    post({ messages: messages.slice(at, at + PORTION) });
    await turn();
  }
}
