import { setTimeout as sleep } from 'node:timers/promises';
import type { Shown } from '../../slack/differences.ts';
import { threadsOf } from '../../slack/differences.ts';
import { limitedForMs, slackErrorCode } from '../../slack/slack-fault.ts';
import type { HistoryPage, SlackPort } from '../../slack/slack-port.ts';
import { before } from '../../slack/ts.ts';
import type { Context } from '../context.ts';

/** A stretch ends after so long, or with so many threads: what is read is in the record before much more is asked for. */
const STRETCH_MS = 60_000;
const STRETCH_THREADS = 20;

type Page = Awaited<ReturnType<SlackPort['history']>>;
type Stretch = Pick<Shown, 'from' | 'until' | 'channel' | 'threads'> & { isLast: boolean };

interface HistoryReaderOptions {
  context: Context;
  slack: SlackPort;
  channelId: string;
  /** Nothing is asked while it says so. */
  isBusy: () => boolean;
  signal: AbortSignal;
  /** Slack refuses the channel or this thread; true: nothing is to be had of it now. */
  refused: (error: unknown, thread: string | undefined) => Promise<boolean>;
}

/**
 * Reads a channel's history back in time, stretch by stretch, each with the threads that begin in it. Slack may take a minute for each page
 * (docs/facts.md#slack-history-limit) and take no cursor that has become old meanwhile (docs/facts.md#slack-cursor): then it goes on from
 * the last message that it has.
 */
export class HistoryReader {
  readonly #options: HistoryReaderOptions;
  #calls = 0;

  constructor(options: HistoryReaderOptions) {
    this.#options = options;
  }

  /** The newest stretch of what lies between; null: refused. Rejects when Slack fails, and when it is stopped. */
  async stretch(since: string, until: string): Promise<Stretch | null> {
    const { nowMs } = this.#options.context;
    const begunMs = nowMs();
    const isEnough = (all: readonly unknown[]) =>
      all.length > 0 && (nowMs() - begunMs >= STRETCH_MS || threadsOf(all).length >= STRETCH_THREADS);
    const channel = await this.#pages({ oldest: since, latest: until }, isEnough);
    if (channel === null) return null;
    const threads = new Map<string, unknown[]>();
    for (const thread of threadsOf(channel.all)) {
      const replies = await this.#pages({ oldest: since, thread }, () => false);
      if (replies !== null) threads.set(thread, replies.all);
    }
    const { all, isLast } = channel;
    const from = isLast ? since : endOf(all, 'channel');
    // The next one would begin where this one did, and so would each behind it.
    if (Number(from) > Number(until))
      throw new Error(`HISTORY_CIRCLES: Slack gives what is newer than ${until}, and was asked for what is older`);
    return { from, until, channel: all, threads, isLast };
  }

  async #pages(
    range: Omit<HistoryPage, 'cursor'>,
    isEnough: (all: readonly unknown[]) => boolean,
  ): Promise<{ all: unknown[]; isLast: boolean } | null> {
    const all: unknown[] = [];
    let bounds = range;
    let cursor: string | null = null;
    let hadBefore = -1;
    const seen = new Set<string>();
    do {
      const page: Page | 'cursor' | null = await this.#page({ ...bounds, cursor });
      if (page === null) return null;
      if (page === 'cursor') {
        if (all.length === hadBefore) throw new Error('HISTORY_CURSORS: Slack refuses each cursor that it gives');
        hadBefore = all.length;
        bounds = beyond(range, all);
        cursor = null;
        seen.clear();
        continue;
      }
      all.push(...page.messages);
      if (page.next === null) return { all, isLast: true };
      cursor = page.next;
      if (seen.has(cursor)) throw new Error('HISTORY_CIRCLES: Slack gives a cursor that it gave before');
      seen.add(cursor);
    } while (!isEnough(all));
    return { all, isLast: false };
  }

  /** Waits out what Slack limits, for however long it says, and whatever keeps us busy: nobody waits for this. */
  async #page(where: HistoryPage): Promise<Page | 'cursor' | null> {
    const { context, slack, channelId, refused } = this.#options;
    let waitMs = this.#calls === 0 ? 0 : context.timings.historyPaceMs;
    for (;;) {
      await this.#pause(waitMs);
      this.#calls += 1;
      try {
        return await slack.history(channelId, where);
      } catch (error) {
        if (slackErrorCode(error) === 'invalid_cursor' && where.cursor !== null) return 'cursor';
        const limitMs = limitedForMs(error);
        if (limitMs === null) {
          if (await refused(error, where.thread)) return null;
          throw error;
        }
        waitMs = limitMs;
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    const { context, isBusy, signal } = this.#options;
    await sleep(ms, undefined, { signal, ref: false });
    while (isBusy()) await sleep(context.timings.shotMs, undefined, { signal, ref: false });
  }
}

/** What is left of this range behind what was read of it. */
function beyond(range: Omit<HistoryPage, 'cursor'>, all: readonly unknown[]): Omit<HistoryPage, 'cursor'> {
  if (all.length === 0) return range;
  return range.thread === undefined
    ? { ...range, latest: before(endOf(all, 'channel')) }
    : { ...range, oldest: endOf(all, 'thread') };
}

/** The last moment that was read: of a channel the oldest, of a thread the newest. */
function endOf(all: readonly unknown[], of: 'channel' | 'thread'): string {
  const stamps = (all as readonly { ts: string }[]).map(({ ts }) => ts);
  return stamps.reduce((end, ts) => (Number(ts) < Number(end) === (of === 'channel') ? ts : end));
}
