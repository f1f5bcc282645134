import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { Mark } from '../../runbooks/record/rows.ts';
import { Heard } from './heard.ts';
import { markName, markOf, standing } from './spoken.ts';
import type { Spoken } from './spoken.ts';
import { tsAt } from './ts.ts';

/** What Slack shows of a stretch of a channel. */
export interface Shown {
  /** Nothing that was said or edited before is looked at. */
  since: string;
  /** The stretch: all messages of the channel from and until then, and the whole of their threads since `since`. */
  from: string;
  until: string;
  channel: readonly unknown[];
  /** Replies by the ts of what they reply to; what could not be read is not here. */
  threads: ReadonlyMap<string, readonly unknown[]>;
  /** The reactions that are marks. */
  marks: readonly string[];
}

interface Raw {
  ts: string;
  subtype?: string | null;
  reply_count?: number | null;
  reactions?: readonly { name: string; users?: readonly string[]; count?: number }[] | null;
}

/**
 * What the channel says there and the chain does not, in the order in which it was said: messages, edits (the last one of each message, for
 * Slack shows no other), marks and, last, deletions. `chain` must have been read before Slack was asked. Marks and deletions have no
 * time: they were found now. What was kept without its thread may stand in one that was not read, so it is never taken for deleted.
 */
export function differences(chain: readonly ChannelMessage[], shown: Shown, nowMs: number): Spoken[] {
  const all = [...shown.channel, ...[...shown.threads.values()].flat()];
  const shownNow = new Set((all as Raw[]).map(({ ts }) => ts));
  // What is said elsewhere can't be what is shown here; a launch's chain is long, and a press waits for this.
  const heard = new Heard(
    chain.filter(
      ({ ts, edits, forgot }) => forgot !== undefined || shownNow.has(ts) || (edits !== null && shownNow.has(edits)),
    ),
  );
  const found: Spoken[] = [];
  for (const one of all.map(standing)) {
    if (one === null || heard.has(one) || !isSince(one.edits ?? one.ts, shown)) continue;
    // The first message of a thread comes with the channel and with its replies.
    heard.add(one);
    found.push(one);
  }
  return [
    ...found.toSorted((a, b) => a.atMs - b.atMs),
    ...marked(chain, shown, all as Raw[], nowMs),
    ...gone(chain, shown, all as Raw[], nowMs),
  ].map((one) => ({ ...one, found: true }));
}

/** Slack names those who reacted, but if there are many not all of them: who is not named has taken it off if all are. */
function marked(chain: readonly ChannelMessage[], shown: Shown, all: readonly Raw[], nowMs: number): Spoken[] {
  const heard = new Heard(chain.filter(({ mark }) => mark !== undefined));
  const told: Spoken[] = [];
  const tell = (user: string, mark: Mark) => {
    const one = markOf({ ts: tsAt(nowMs), user, atMs: nowMs, mark });
    if (heard.has(one)) return;
    heard.add(one);
    told.push(one);
  };
  const there = new Map(all.filter(({ ts }) => isSince(ts, shown)).map((one) => [one.ts, reactionsOf(one)]));
  for (const [of, reactions] of there)
    for (const { name, users = [] } of reactions)
      if (shown.marks.includes(name)) for (const user of users) tell(user, { of, name, on: true });
  for (const { user, mark } of chain) {
    const reactions = there.get(mark?.of ?? '')?.filter(({ name }) => name === mark?.name);
    const isGone = reactions?.every(({ users = [], count = 0 }) => !users.includes(user) && users.length >= count);
    if (mark !== undefined && isGone === true) tell(user, { ...mark, on: false });
  }
  return told;
}

const reactionsOf = ({ reactions }: Raw) => (reactions ?? []).map((one) => ({ ...one, name: markName(one.name) }));

function gone(chain: readonly ChannelMessage[], shown: Shown, all: readonly Raw[], nowMs: number): Spoken[] {
  const there = new Set(all.filter(({ subtype }) => subtype !== 'tombstone').map(({ ts }) => ts));
  const kept = new Map<string, ChannelMessage>();
  for (const one of chain) {
    if (one.deleted) kept.delete(one.edits ?? '');
    else if (one.thread !== undefined) kept.set(one.edits ?? one.ts, one);
  }
  return [...kept]
    .filter(([ts, { thread = null }]) => !there.has(ts) && isSince(ts, shown) && wasRead(ts, thread, shown))
    .map(([ts, { user }]) => ({
      ts: tsAt(nowMs),
      user,
      text: '',
      atMs: nowMs,
      edits: ts,
      deleted: true,
      files: [],
    }));
}

/** A thread without replies is read with the channel. */
function wasRead(ts: string, thread: string | null, shown: Shown): boolean {
  if (thread === null) return isInStretch(ts, shown);
  if (shown.threads.has(thread)) return true;
  return (
    isInStretch(thread, shown) && !(shown.channel as readonly Raw[]).some((one) => one.ts === thread && hasReplies(one))
  );
}

const isInStretch = (ts: string, { from, until }: Shown): boolean =>
  Number(ts) >= Number(from) && Number(ts) <= Number(until);

const isSince = (ts: string, { since }: Shown): boolean => Number(ts) >= Number(since);

const hasReplies = ({ reply_count: replies }: Raw): boolean => (replies ?? 0) > 0;

/** Of messages of a channel, those that have a thread. */
export const threadsOf = (channel: readonly unknown[]): string[] =>
  (channel as readonly Raw[]).filter(hasReplies).map(({ ts }) => ts);
