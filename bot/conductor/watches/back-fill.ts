import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelMessage } from '../../../infra/aws/channel-message.ts';
import { verifyChannel } from '../../../infra/aws/verify-channel.ts';
import type { Entry } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { runningShots } from '../../../runbooks/launch/remaining.ts';
import { channelBreak } from '../../../runbooks/record/model.ts';
import { differences, threadsOf } from '../../slack/differences.ts';
import type { Shown } from '../../slack/differences.ts';
import { sharedFiles } from '../../slack/shared-files.ts';
import { limitedForMs, roomFaultText, slackErrorCode, slackFault } from '../../slack/slack-fault.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import { marksOf } from '../../slack/spoken.ts';
import type { Context } from '../context.ts';
import { noteOnce } from '../shots/note-once.ts';

/** What was said in a channel so long before its first launch belongs to the record. */
const BEFORE_MS = 14 * 86_400_000;
/** Edits and deletions of older messages are looked for only so often. */
const WHOLE_MS = 6 * 3_600_000;
const OVERLAP_MS = 3_600_000;

/** What was deleted from the record is not to come back from the channel. */
const deletedUntilMs = (chain: readonly ChannelMessage[]): number =>
  chain.reduce((ms, { atMs, forgot, forgotten }) => ((forgot ?? forgotten) === undefined ? ms : Math.max(ms, atMs)), 0);

type Page = Awaited<ReturnType<SlackPort['history']>>;

/** Begins the note, and no other. */
const HEAD =
  "What is written here while no bot listens is missing from the record: Slack refuses the channel's history";

/** Begins the note of a chain that does not hold, and no other. */
const BROKEN = 'What stands in the record of what was written here is not all as it was written';

/**
 * Reads in the channel's history what nobody heard: Slack gives an event up after six minutes (docs/facts.md#slack-redelivery), and a
 * channel may be older than its launch. It never reads while a shot runs: then the limit is for what people look at. idle →
 * reading → idle; a read that fails is made anew as a whole.
 */
export class BackFill {
  readonly #context: Context;
  readonly #stopped = new AbortController();
  #dueAtMs: number | null = null;
  /** When the last whole read, and the last one at all, began; null: none has ended well. */
  #wholeAtMs: number | null = null;
  #readAtMs: number | null = null;
  #calls = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async look(launch: Launch): Promise<void> {
    const { slack, channelLog, timings, log } = this.#context;
    const nowMs = this.#context.nowMs();
    this.#dueAtMs ??= nowMs + timings.backFillFirstMs;
    if (slack === null || channelLog === undefined || nowMs < this.#dueAtMs || this.#isBusy(launch)) return;
    this.#dueAtMs = nowMs + timings.backFillMs;
    const sinceMs = await this.#beginMs(launch);
    if (sinceMs === null) return;
    const isWhole = this.#wholeAtMs === null || this.#readAtMs === null || nowMs - this.#wholeAtMs >= WHOLE_MS;
    const fromMs = isWhole ? sinceMs : Math.max(sinceMs, (this.#readAtMs ?? 0) - OVERLAP_MS);
    // Entries first: no message is missing that a checkpoint among them has sealed.
    const entries = await this.#context.journal.entries(launch.id);
    const chain = await this.#context.cloud.record.messagesAfter(launch.id, 0);
    // What a newer version has written may be what would be missed here: it would stand there twice.
    if (chain.some(({ unread }) => unread === 'newer')) return;
    if (isWhole || chain.some(({ unread }) => unread === 'broken')) await this.#tellBreak(launch, chain, entries);
    const shown = await this.#read(slack, launch, Math.max(fromMs, deletedUntilMs(chain)));
    if (shown === null) return;
    const missing = differences(chain, shown, this.#context.nowMs());
    // A vandalised one was heard, and is not there any more.
    if (chain.some(({ unread }) => unread === 'broken')) channelLog.reload(launch.id);
    for (const one of missing) await channelLog.append(launch.id, launch.channelId, one);
    if (missing.length > 0) log.info({ found: missing.length }, "found in the channel's history");
    const kept = new Set(chain.map(({ file }) => `${file?.of} ${file?.id}`));
    for (const file of [shown.channel, ...shown.threads.values()].flat().flatMap(sharedFiles))
      if (!kept.has(`${file.of} ${file.id}`)) await this.#context.roomFiles?.keep(launch.id, launch.channelId, file);
    this.#readAtMs = nowMs;
    if (isWhole) this.#wholeAtMs = nowMs;
  }

  /** Told once in the room. What is no message any more, and stands in the channel still, is found missing, and recorded anew. */
  async #tellBreak(launch: Launch, chain: Parameters<typeof verifyChannel>[1], entries: readonly Entry[]) {
    const channel = verifyChannel(launch.id, chain, entries);
    const broken = channelBreak({ channel });
    if (broken === null) return;
    await noteOnce(
      this.#context,
      launch,
      BROKEN,
      `: its chain is ${broken}. Messages go on being recorded, and nothing else of this launch hangs on them. \`npm run record -- verify --launch ${launch.id}\` shows the break; find out who can write that table.`,
    );
  }

  /** Null: people of this channel talk into the record of another launch. What was said before belongs to the launch before. */
  async #beginMs({ id, channelId, createdAtMs }: Launch): Promise<number | null> {
    const others = (await this.#context.cloud.live.launches()).filter(
      (item) => item.channelId === channelId && item.launchId !== id,
    );
    if (others.some((other) => !other.closed && other.createdAtMs > createdAtMs)) return null;
    return others.length === 0
      ? createdAtMs - BEFORE_MS
      : Math.max(createdAtMs, ...others.map((other) => other.createdAtMs));
  }

  #isBusy({ id }: Launch): boolean {
    const now = this.#context.journal.peek(id);
    return now !== null && runningShots(now).length > 0;
  }

  /** Null: it was refused, or given up for a shot. */
  async #read(slack: SlackPort, launch: Launch, fromMs: number): Promise<Shown | null> {
    const since = (fromMs / 1_000).toFixed(6);
    this.#calls = 0;
    const channel = await this.#pages(slack, launch, since);
    if (channel === null) return null;
    const threads = new Map<string, unknown[]>();
    for (const thread of threadsOf(channel)) {
      const replies = await this.#pages(slack, launch, since, thread);
      if (replies === null && this.#isBusy(launch)) return null;
      if (replies !== null) threads.set(thread, replies);
    }
    return { since, channel, threads, marks: marksOf(launch.runbook) };
  }

  async #pages(slack: SlackPort, launch: Launch, oldest: string, thread?: string): Promise<unknown[] | null> {
    const all: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: Page | null = await this.#page(slack, launch, {
        oldest,
        cursor,
        ...(thread === undefined ? {} : { thread }),
      });
      if (page === null) return null;
      all.push(...page.messages);
      cursor = page.next;
    } while (cursor !== null);
    return all;
  }

  /** Waits out what Slack limits, for however long it says: nobody waits for this. */
  async #page(slack: SlackPort, launch: Launch, where: Parameters<SlackPort['history']>[1]): Promise<Page | null> {
    let waitMs = this.#calls === 0 ? 0 : this.#context.timings.historyPaceMs;
    for (;;) {
      await sleep(waitMs, undefined, { signal: this.#stopped.signal, ref: false });
      if (this.#isBusy(launch)) return null;
      this.#calls += 1;
      try {
        return await slack.history(launch.channelId, where);
      } catch (error) {
        const limitMs = limitedForMs(error);
        if (limitMs === null) {
          if (await this.#refused(launch, error, where.thread)) return null;
          throw error;
        }
        waitMs = limitMs;
      }
    }
  }

  /** Told once in the room: what stays away until somebody mends it. */
  async #refused(launch: Launch, error: unknown, thread: string | undefined): Promise<boolean> {
    const code = slackErrorCode(error);
    // A thread that was deleted in between.
    if (thread !== undefined && code === 'thread_not_found') return true;
    if (code === null || slackFault(error) !== 'room') return false;
    const what = thread === undefined ? '' : ' of threads';
    return noteOnce(
      this.#context,
      launch,
      HEAD,
      `${what} (\`${code}\`): ${roomFaultText(code)}. As soon as it can be read, what is missing is added, with the time at which it was written.`,
    );
  }
}
