import { z } from 'zod';
import type { Json, Message } from '../state/model.ts';
import { SlackError } from '../state/slack-error.ts';
import { memberOf } from './member-of.ts';
import { boolArg, intArg, method } from './method.ts';
import type { WebApiContext } from './method.ts';
import { shownMessage } from './shown-message.ts';

/** What stands in a channel and in its threads (docs/facts.md#slack-history). An archived channel is read as any other. */

/** For how long Slack takes a cursor it does not say; that it refuses older ones it does (docs/facts.md#slack-cursor). */
const CURSOR_LIFE_MS = 300_000;
/** Of an app that is sold outside the Marketplace (docs/facts.md#slack-history-limit). */
const SOLD_PAGE = 15;

const time = (refusal: string) =>
  z.string().transform((given) => {
    if (!/^\d+(\.\d{1,6})?$/.test(given)) throw new SlackError(refusal);
    return given;
  });

const historyArgs = z.object({
  channel: z.string(),
  cursor: z.string().optional(),
  limit: intArg.pipe(z.int().min(1).max(999)).default(100),
  oldest: time('invalid_ts_oldest').optional(),
  latest: time('invalid_ts_latest').optional(),
  inclusive: boolArg.default(false),
  include_all_metadata: boolArg.default(false),
});
type HistoryArgs = z.output<typeof historyArgs>;

/** Newest first; with `oldest` alone the page that is closest to it comes first, and the cursor leads to newer ones. */
export const history = method({
  scope: 'channels:history',
  limit: 'history',
  args: historyArgs,
  run: (context, args) => {
    const channel = memberOf(context, args.channel);
    const all = context.state.messages(channel.id);
    const roots = new Map(all.map((one) => [one.ts, one]));
    const shown = all.filter((one) => isInChannel(one) && isWithin(one.ts, args));
    const forward = args.oldest !== undefined && Number(args.oldest) > 0 && args.latest === undefined;
    const { items, next } = timePage(context, forward ? shown : shown.toReversed(), { ...args, rises: forward });
    return {
      ...pageOf(forward ? items.toReversed() : items, next, args, roots),
      pin_count: all.filter((one) => one.pinned !== undefined).length,
    };
  },
});

/** Oldest first; the first page has the message that the thread hangs on, however old it is. Of a reply's ts that reply alone. */
export const replies = method({
  scope: 'channels:history',
  limit: 'history',
  args: historyArgs.extend({ ts: z.string() }),
  run: (context, args) => {
    const channel = memberOf(context, args.channel);
    const all = context.state.messages(channel.id);
    if (!all.some((one) => one.ts === args.ts)) throw new SlackError('thread_not_found');
    const thread = all.filter((one) => one.ts === args.ts || (one.thread_ts === args.ts && isWithin(one.ts, args)));
    const { items, next } = timePage(context, thread, { ...args, rises: true });
    return pageOf(items, next, args, new Map());
  },
});

/** A reply that was sent to the channel too stands in both. */
const isInChannel = ({ ts, thread_ts: thread, subtype }: Message): boolean =>
  thread === undefined || thread === ts || subtype === 'thread_broadcast';

function isWithin(ts: string, { oldest = '0', latest, inclusive }: HistoryArgs): boolean {
  const at = Number(ts);
  const until = latest === undefined ? Infinity : Number(latest);
  return inclusive ? at >= Number(oldest) && at <= until : at > Number(oldest) && at < until;
}

function pageOf(
  items: readonly Message[],
  next: string,
  { include_all_metadata: withMetadata }: HistoryArgs,
  roots: ReadonlyMap<string, Message>,
): Json {
  const shown = (one: Message): Json => {
    const root = one.subtype === 'thread_broadcast' ? roots.get(one.thread_ts ?? '') : undefined;
    return {
      ...shownMessage(one, { withMetadata }),
      ...(root !== undefined && { root: shownMessage(root, { withMetadata: false }) }),
    };
  };
  return {
    messages: items.map(shown),
    has_more: next !== '',
    ...(next !== '' && { response_metadata: { next_cursor: next } }),
  };
}

/** A cursor names a moment, so that it survives what is deleted meanwhile, and the time at which it was given out. */
function timePage(
  { state, isSold }: WebApiContext,
  items: readonly Message[],
  { cursor = '', limit, rises }: HistoryArgs & { rises: boolean },
): { items: Message[]; next: string } {
  const size = isSold ? Math.min(limit, SOLD_PAGE) : limit;
  const from = cursor === '' ? 0 : placeOf(cursor, items, { rises, nowMs: state.nowMs() });
  const following = items[from + size];
  return {
    items: items.slice(from, from + size),
    next: following === undefined ? '' : Buffer.from(`next_ts:${following.ts}:${state.nowMs()}`).toString('base64'),
  };
}

function placeOf(
  cursor: string,
  items: readonly Message[],
  { rises, nowMs }: { rises: boolean; nowMs: number },
): number {
  const [, ts, givenMs] = /^next_ts:(\d+\.\d{6}):([\d.]+)$/.exec(Buffer.from(cursor, 'base64').toString()) ?? [];
  if (ts === undefined || nowMs - Number(givenMs) > CURSOR_LIFE_MS) throw new SlackError('invalid_cursor');
  const at = items.findIndex((one) => (rises ? Number(one.ts) >= Number(ts) : Number(one.ts) <= Number(ts)));
  return at === -1 ? items.length : at;
}
