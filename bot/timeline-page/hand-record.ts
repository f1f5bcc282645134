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
  await inPortions(entries, (some) => post({ entries: some }));
  await inPortions(messages, (some) => post({ messages: some }));
}

/** With room for other work behind each portion. */
export async function inPortions<T>(all: readonly T[], hand: (some: T[]) => void): Promise<void> {
  for (let at = 0; at < all.length; at += PORTION) {
    hand(all.slice(at, at + PORTION));
    await turn();
  }
}
