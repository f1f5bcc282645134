import type { ChannelMessage } from '../../infra/aws/record-store.ts';
import { keyOf, standing } from './spoken.ts';
import type { Spoken } from './spoken.ts';

/** What Slack shows of a channel, read to the end. */
export interface Shown {
  /** All of its messages since then. */
  since: string;
  channel: readonly unknown[];
  /** Replies by the ts of what they reply to; what could not be read is not here. */
  threads: ReadonlyMap<string, readonly unknown[]>;
}

interface Raw {
  ts: string;
  subtype?: string | null;
  reply_count?: number | null;
}

/**
 * What the channel says and the chain does not, in the order in which it was said: messages, edits (the last one of each message, for
 * Slack shows no other) and, last, deletions. `chain` must have been read before Slack was asked. A deletion has no time: it was
 * found now. What was kept without its thread may stand in one that was not read, so it is never taken for deleted.
 */
export function differences(chain: readonly ChannelMessage[], shown: Shown, nowMs: number): Spoken[] {
  const all = [...shown.channel, ...[...shown.threads.values()].flat()];
  const heard = new Set(chain.map(keyOf));
  const found = new Map<string, Spoken>();
  for (const one of all.map(standing)) {
    if (one !== null && !heard.has(keyOf(one)) && isSince(one.edits ?? one.ts, shown)) found.set(keyOf(one), one);
  }
  return [...[...found.values()].toSorted((a, b) => a.atMs - b.atMs), ...gone(chain, shown, all as Raw[], nowMs)].map(
    (one) => ({ ...one, found: true }),
  );
}

function gone(chain: readonly ChannelMessage[], shown: Shown, all: readonly Raw[], nowMs: number): Spoken[] {
  const there = new Set(all.filter(({ subtype }) => subtype !== 'tombstone').map(({ ts }) => ts));
  const kept = new Map<string, ChannelMessage>();
  for (const one of chain) {
    if (one.deleted) kept.delete(one.edits ?? '');
    else if (one.thread !== undefined) kept.set(one.edits ?? one.ts, one);
  }
  return [...kept]
    .filter(([ts, { thread = null }]) => !there.has(ts) && isSince(ts, shown) && wasRead(thread, shown))
    .map(([ts, { user }]) => ({
      ts: (nowMs / 1_000).toFixed(6),
      user,
      text: '',
      atMs: nowMs,
      edits: ts,
      deleted: true,
      files: [],
    }));
}

/** A thread without replies is read with the channel. */
function wasRead(thread: string | null, shown: Shown): boolean {
  if (thread === null || shown.threads.has(thread)) return true;
  return (
    isSince(thread, shown) && !(shown.channel as readonly Raw[]).some((one) => one.ts === thread && hasReplies(one))
  );
}

const isSince = (ts: string, { since }: Shown): boolean => Number(ts) >= Number(since);

const hasReplies = ({ reply_count: replies }: Raw): boolean => (replies ?? 0) > 0;

/** Of messages of a channel, those that have a thread. */
export const threadsOf = (channel: readonly unknown[]): string[] =>
  (channel as readonly Raw[]).filter(hasReplies).map(({ ts }) => ts);
