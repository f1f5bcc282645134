import { z } from 'zod';
import type { ChannelMessage } from '../../../infra/aws/channel-message.ts';
import type { Head } from '../../../infra/aws/seal.ts';
import { verifyChannelBeside } from '../../../infra/aws/verify-channel.ts';
import type { ChannelVerdict } from '../../../infra/aws/verify-channel.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { runningShots } from '../../../runbooks/launch/remaining.ts';
import { channelBreak } from '../../../runbooks/record/model.ts';
import { deletedIn } from '../../../runbooks/record/rows.ts';
import { differences } from '../../slack/differences.ts';
import type { Shown } from '../../slack/differences.ts';
import { sharedFiles } from '../../slack/shared-files.ts';
import { roomFaultText, slackErrorCode, slackFault } from '../../slack/slack-fault.ts';
import { marksOf } from '../../slack/spoken.ts';
import { before, tsAt } from '../../slack/ts.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { noteOnce } from '../shots/note-once.ts';
import { HistoryReader } from './history-reader.ts';

/** What was said in a channel so long before its first launch belongs to the record. */
const BEFORE_MS = 14 * 86_400_000;
/** Edits and deletions of older messages are looked for only so often. */
const WHOLE_MS = 6 * 3_600_000;
const OVERLAP_MS = 3_600_000;

/** No clock is further ahead. */
const AHEAD_MS = 5 * 60_000;

/**
 * Behind what was deleted from the record, which is not to come back from the channel; what was deleted alone is known one by one. The chain has
 * whole milliseconds, rounded: what it has at this one was said up to half of one later. Whoever can write the table may have put something with a time that
 * is to come: it deletes what stands before it, and nothing that is said until then.
 */
function deletedUntilMs(chain: readonly (ChannelMessage & Head)[], nowMs: number): number {
  const { seqs } = deletedIn(chain);
  let [deletedMs, beforeMs] = [0, 0];
  for (const { atMs, forgot, forgotten, seq } of chain) {
    if (atMs <= nowMs + AHEAD_MS) beforeMs = Math.max(beforeMs, atMs);
    const isAll = forgot === undefined ? forgotten === true && !seqs.has(seq) : forgot.seqs === undefined;
    if (isAll) deletedMs = Math.max(deletedMs, (atMs <= nowMs + AHEAD_MS ? atMs : beforeMs) + 0.5);
  }
  return deletedMs;
}

const TS = /^\d{1,10}\.\d{6}$/;

/** A read of the history that is under way. All that was said from `downTo` until it began is in the record. */
const readingSchema = z.object({
  /** Where it ends. */ since: z.string().regex(TS),
  downTo: z.string().regex(TS),
  begunAtMs: z.number(),
  isWhole: z.boolean(),
});
type Reading = z.output<typeof readingSchema>;

/** Begins the note, and no other. */
const HEAD =
  "What is written here while no bot listens is missing from the record: Slack refuses the channel's history";

/** Begins the note of a chain that does not hold, and no other. */
const BROKEN = 'What stands in the record of what was written here is not all as it was written';

type Chain = Awaited<ReturnType<Context['cloud']['record']['messagesAfter']>>;

const isBroken = ({ unread }: ChannelMessage): boolean => unread === 'broken';

/**
 * Reads in the channel's history what nobody heard: Slack gives an event up after six minutes (docs/facts.md#slack-redelivery), and a
 * channel may be older than its launch. It asks for nothing while a shot runs: then the limit is for what people look at. idle →
 * reading (stretch by stretch) → idle. Each stretch is in the record before the next one is read, and how far it has come is kept: a read that
 * fails, or whose leader ends, goes on from there.
 */
export class BackFill {
  readonly #context: Context;
  readonly #stopped = new AbortController();
  #dueAtMs: number | null = null;
  /** When the last whole read, and the last one at all, began; null: none has ended well. */
  #wholeAtMs: number | null = null;
  #readAtMs: number | null = null;
  /** Then only a whole read verifies the chain anew: that takes the longer the longer the chain is. */
  #isBreakTold = false;

  constructor(context: Context) {
    this.#context = context;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async look(launch: Launch): Promise<void> {
    const { slack, channelLog, timings } = this.#context;
    const nowMs = this.#context.nowMs();
    this.#dueAtMs ??= nowMs + timings.backFillFirstMs;
    if (slack === null || channelLog === undefined || nowMs < this.#dueAtMs || this.#isBusy(launch)) return;
    this.#dueAtMs = nowMs + timings.backFillMs;
    const sinceMs = await this.#beginMs(launch);
    if (sinceMs === null) return;
    const reading = (await this.#kept(launch, nowMs)) ?? this.#begun(sinceMs, nowMs);
    const reader = new HistoryReader({
      context: this.#context,
      slack,
      channelId: launch.channelId,
      isBusy: () => this.#isBusy(launch),
      signal: this.#stopped.signal,
      refused: (error, thread) => this.#refused(launch, error, thread),
    });
    if (!(await this.#read(launch, reader, reading, sinceMs))) return;
    await keepFact(this.#context, launch.id, FACT.backFill, '');
    this.#readAtMs = reading.begunAtMs;
    if (reading.isWhole) this.#wholeAtMs = reading.begunAtMs;
  }

  #begun(sinceMs: number, nowMs: number): Reading {
    const isWhole = this.#wholeAtMs === null || this.#readAtMs === null || nowMs - this.#wholeAtMs >= WHOLE_MS;
    const fromMs = isWhole ? sinceMs : Math.max(sinceMs, (this.#readAtMs ?? 0) - OVERLAP_MS);
    return { since: tsAt(fromMs), downTo: tsAt(nowMs), begunAtMs: nowMs, isWhole };
  }

  /** Of this leader or one before it. What can't be read, or begins later, is none. */
  async #kept({ id }: Launch, nowMs: number): Promise<Reading | null> {
    const kept = await fact(this.#context, id, FACT.backFill);
    if (kept === null || kept === '') return null;
    try {
      const reading = readingSchema.parse(JSON.parse(kept));
      if (reading.begunAtMs > nowMs + AHEAD_MS) throw new Error(`it begins at ${reading.begunAtMs}`);
      return reading;
    } catch (error) {
      this.#context.log.warn({ launchId: id, kept, err: error }, "how far the channel's history was read is not known");
      return null;
    }
  }

  /** False: not to its end. */
  async #read(launch: Launch, reader: HistoryReader, reading: Reading, sinceMs: number): Promise<boolean> {
    let chain: Chain | null = null;
    for (let until = reading.downTo; ;) {
      chain = await this.#chain(launch, reading.isWhole && until === reading.downTo, chain);
      if (chain === null) return false;
      // Nobody can have one that is whole begin later than it does.
      const fromMs = reading.isWhole ? sinceMs : Math.max(Number(reading.since) * 1_000, sinceMs);
      const sinceIn = (all: Chain): string => tsAt(Math.max(fromMs, deletedUntilMs(all, this.#context.nowMs())));
      const since = sinceIn(chain);
      if (Number(until) < Number(since)) return true;
      const stretch = await reader.stretch(since, until);
      if (stretch === null) return false;
      // It may have taken minutes: what was deleted meanwhile is not to come back.
      const grown = await this.#grown(launch, chain);
      await this.#add(launch, chain, { ...stretch, since: sinceIn(grown), marks: marksOf(launch.runbook) });
      chain = grown;
      if (stretch.isLast) return true;
      until = before(stretch.from);
      await keepFact(this.#context, launch.id, FACT.backFill, JSON.stringify({ ...reading, downTo: until }));
    }
  }

  /**
   * `read`: as it was read before the last stretch; then what came since is read alone. Null: a newer version has written to it. What that wrote may be what
   * would be missed here, and would stand there twice.
   */
  async #chain(launch: Launch, isVerified: boolean, read: Chain | null): Promise<Chain | null> {
    const { cloud } = this.#context;
    // Entries first: no message is missing that a checkpoint among them has sealed. What is no message is one without them.
    const entries = isVerified ? await cloud.record.readAfter(launch.id, 0) : [];
    const chain = await this.#grown(launch, read);
    if (chain.some(({ unread }) => unread === 'newer')) return null;
    if (isVerified || (!this.#isBreakTold && chain.some(isBroken)))
      await this.#tellBreak(launch, await verifyChannelBeside(launch.id, chain, entries));
    return chain;
  }

  /** Behind a place that is empty or stands elsewhere nobody knows what is new; what was deleted meanwhile may be what stands here. Then all of it is read. */
  async #grown({ id }: Launch, read: Chain | null): Promise<Chain> {
    const { record } = this.#context.cloud;
    if (read?.every(({ seq }, index) => seq === index + 1)) {
      const came = await record.messagesAfter(id, read.length);
      const isNext = came.every(({ seq, forgot }, index) => seq === read.length + index + 1 && forgot === undefined);
      if (isNext) return [...read, ...came];
    }
    return record.messagesAfter(id, 0);
  }

  async #add(launch: Launch, chain: Chain, shown: Shown): Promise<void> {
    const { channelLog, roomFiles, log, nowMs } = this.#context;
    const missing = differences(chain, shown, nowMs());
    // A vandalised one was heard, and is not there any more.
    if (chain.some(isBroken)) channelLog?.reload(launch.id);
    for (const one of missing) await channelLog?.append(launch.id, launch.channelId, one);
    if (missing.length > 0) log.info({ found: missing.length }, "found in the channel's history");
    const { of } = deletedIn(chain);
    const kept = new Set(chain.map(({ file }) => `${file?.of} ${file?.id}`));
    for (const file of [shown.channel, ...shown.threads.values()].flat().flatMap(sharedFiles))
      if (!kept.has(`${file.of} ${file.id}`) && !of.has(file.of))
        await roomFiles?.keep(launch.id, launch.channelId, file);
  }

  /** Told once in the room. What is no message any more, and stands in the channel still, is found missing, and recorded anew. */
  async #tellBreak(launch: Launch, channel: ChannelVerdict): Promise<void> {
    const broken = channelBreak({ channel });
    if (broken === null) return;
    // A record that can't be gone on with takes no note; what was said is looked for all the same.
    this.#isBreakTold = await noteOnce(
      this.#context,
      launch,
      BROKEN,
      `: its chain is ${broken}. Messages go on being recorded, and nothing else of this launch hangs on them. \`npm run record -- verify --launch ${launch.id}\` shows the break; find out who can write that table.`,
    ).catch((error: unknown) => {
      this.#context.log.warn({ err: error }, 'a break of the channel chain is not told yet');
      return false;
    });
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
