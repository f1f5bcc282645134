import type { Worker } from 'node:worker_threads';
import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { endOfChain } from '../../infra/aws/channel-message.ts';
import type { RecordStore } from '../../infra/aws/record-store.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { startThread } from '../../infra/thread.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import { mentionedIds } from '../../runbooks/record/chat.ts';
import { namesOfOthers } from '../channel/names-of-others.ts';
import type { Conductor } from '../conductor/conductor-port.ts';
import { handRecord, inPortions } from '../timeline-page/hand-record.ts';
import { curvesOf } from '../timeline-page/page.ts';
import type { Curves } from '../timeline-page/page.ts';
import type { FromLiveThread, LiveThreadData, Settled, ToLiveThread } from './live-thread.ts';
import { MessageLinks } from './message-links.ts';

/** One read for all readers, no more often than this. */
const READ_EVERY_MS = 1_000;
/** A first page of 50,000 entries takes seconds; what takes this long is ended. */
const ANSWERED_WITHIN_MS = 60_000;
const HEAP_MB = 1_024;
/** Links to messages that take longer come with the next read. */
const LINKS_WITHIN_MS = 3_000;
/** News of several heads are kept, as readers come back at their own times. */
const KEPT = 8;
/** Readers ask for the news of few heads; more questions than this are somebody's who wants work done for nothing. */
const MOST_WAITING = 12;

export interface LiveRecordOptions {
  record: RecordStore;
  conductor: Pick<Conductor, 'keptFigures' | 'postedAt' | 'postedOf'>;
  client: WebClient;
  trusted: TrustedKeys | null;
  log: Logger;
  /** Default 60,000 ms. */
  answeredWithinMs?: number;
}

/**
 * The record of one launch while somebody looks at it. Opened by the first question, it reads what is new at most once a second whoever
 * asks, and a thread makes page and news, each once for all readers; so a reader costs the process the sending alone. A thread that fails
 * or is late ends it: `ended` is true then, for good. Rejects with LIVE_LATE, LIVE_LOST, LIVE_BUSY, LIVE_FORGOT, or a CloudError.
 */
export class LiveRecord {
  ended = false;
  readonly #launchId: string;
  readonly #options: LiveRecordOptions;
  readonly #thread: Worker;
  #entries = 0;
  /** Of the messages that were read. */
  #end: Head = { seq: 0, hash: '' };
  /** Items that stand far behind the end of the chain: they are read each time, and handed over once. */
  readonly #far = new Set<number>();
  readonly #names = new Map<string, string>();
  readonly #asked = new Set<string>();
  readonly #links: MessageLinks;
  #curves: Curves = {};
  #settled: Settled = { at: '', channelId: '', slackIds: [], closedShots: [] };
  #reading: Promise<Settled> | null = null;
  #readAtMs = -READ_EVERY_MS;
  /** The thread answers in the order that it is asked in. */
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #made = new Map<string, Promise<Uint8Array | null>>();

  constructor(launchId: string, options: LiveRecordOptions) {
    this.#launchId = launchId;
    this.#options = options;
    this.#links = new MessageLinks(launchId, options);
    const data: LiveThreadData = { launchId, trusted: options.trusted };
    this.#thread = startThread(new URL('./live-thread.ts', import.meta.url), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    // Nobody may be asking when it ends.
    this.#thread.once('error', (error) => {
      this.ended = true;
      options.log.error({ err: error, launchId }, 'the thread of a live timeline ended');
    });
  }

  /** Where the record ends and who may look, as of a second ago at most. */
  async settled(): Promise<Settled> {
    if (performance.now() - this.#readAtMs < READ_EVERY_MS && this.#settled.at !== '') return this.#settled;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** The page as it is now. Null: the record has no entry that created the launch. */
  page(): Promise<Uint8Array | null> {
    return this.#once(`page ${this.#settled.at}`, { page: true });
  }

  /** What a page lacks that ends at `after`, as JSON; null: nothing. */
  async news(after: string): Promise<Uint8Array | null> {
    const { at } = await this.settled();
    return after === at ? null : this.#once(`news ${after} ${at}`, { news: after });
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.#thread.terminate();
  }

  async #read(): Promise<Settled> {
    const { record } = this.#options;
    // Entries first: no message is missing that a checkpoint among them has sealed.
    const entries = await record.readAfter(this.#launchId, this.#entries, AbortSignal.timeout(ANSWERED_WITHIN_MS));
    const behind = await record.messagesAfter(this.#launchId, this.#end.seq, { prev: this.#end.hash });
    const messages = behind.filter(({ seq }) => !this.#far.has(seq));
    // The thread still has the words that were deleted: it must not go on showing them.
    if (this.#end.seq > 0 && messages.some(({ forgot }) => forgot !== undefined)) {
      await this.end();
      throw failure('LIVE_FORGOT', 'what people wrote was deleted meanwhile');
    }
    this.#entries += entries.length;
    this.#end = endOfChain(messages, this.#end);
    for (const { seq } of messages) if (seq > this.#end.seq) this.#far.add(seq);
    this.#links.learn(entries);
    await handRecord(this.#thread, { entries, messages });
    void this.#learnNames(messages);
    let settled = await this.#settle();
    const found = await Promise.all([this.#findCurves(settled), this.#findLinks(settled)]);
    if (found.includes(true)) settled = await this.#settle();
    this.#settled = settled;
    this.#readAtMs = performance.now();
    return settled;
  }

  /** True: there are new ones; as below. */
  async #findCurves({ closedShots }: Settled): Promise<boolean> {
    const missing = closedShots.filter((shotId) => this.#curves[shotId] === undefined);
    if (missing.length === 0) return false;
    const found = await curvesOf(this.#launchId, missing, this.#options.conductor);
    this.#curves = { ...this.#curves, ...found };
    return Object.keys(found).length > 0;
  }

  async #findLinks({ channelId }: Settled): Promise<boolean> {
    if (channelId === '') return false;
    await waitAtMost(LINKS_WITHIN_MS, this.#links.look(channelId), null);
    const found = this.#links.take();
    if (found === null) return false;
    const { like, posted } = found;
    const tell = (links: ToLiveThread): void => this.#thread.postMessage(links);
    await inPortions(posted, (some) => tell({ like, posted: some }));
    return true;
  }

  /** Beside the reading: Slack may be slow, or away. What it says is in the next one. */
  async #learnNames(messages: readonly { user: string; text: string }[]): Promise<void> {
    const ids = messages.flatMap(({ user, text }) => [user, ...mentionedIds(text)]);
    if (ids.every((id) => this.#asked.has(id))) return;
    const known = new Set([...this.#asked, ...this.#settled.slackIds]);
    for (const id of ids) this.#asked.add(id);
    for (const [id, name] of await namesOfOthers(this.#options, known, messages)) this.#names.set(id, name);
  }

  async #settle(): Promise<Settled> {
    const answer = await this.#ask({ settle: { slackNames: this.#names, curves: this.#curves } });
    if (answer === null || !('at' in answer)) throw failure('LIVE_LOST', 'the thread gave another answer');
    return answer;
  }

  #once(key: string, question: ToLiveThread): Promise<Uint8Array | null> {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#ask(question).then((answer) => (answer !== null && 'bytes' in answer ? answer.bytes : null));
    this.#made.set(key, made);
    for (const old of [...this.#made.keys()].slice(0, -KEPT)) this.#made.delete(old);
    // Whoever asks again may have better luck.
    made.catch(() => this.#made.delete(key));
    return made;
  }

  async #ask(question: ToLiveThread): Promise<FromLiveThread> {
    if (this.#waiting >= MOST_WAITING) throw failure('LIVE_BUSY', 'too much is asked at a time');
    this.#waiting += 1;
    const answer = this.#queue.then(() => this.#answerTo(question));
    this.#queue = answer.catch(() => undefined);
    try {
      return await answer;
    } catch (error) {
      // It may still be at work on what nobody waits for.
      await this.end();
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #answerTo(question: ToLiveThread): Promise<FromLiveThread> {
    const thread = this.#thread;
    const limitMs = this.#options.answeredWithinMs ?? ANSWERED_WITHIN_MS;
    const stop = new AbortController();
    const { signal } = stop;
    try {
      return await new Promise<FromLiveThread>((resolve, reject) => {
        const timer = setTimeout(() => reject(failure('LIVE_LATE', `no answer within ${limitMs} ms`)), limitMs);
        const exit = (): void => reject(failure('LIVE_LOST', 'the thread ended'));
        thread.once('message', resolve).once('error', reject).once('exit', exit);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          thread.off('message', resolve).off('error', reject).off('exit', exit);
        });
        if (thread.threadId === -1) return exit();
        thread.postMessage(question);
      });
    } finally {
      stop.abort();
    }
  }
}

const failure = (code: string, say: string): Error => Object.assign(new Error(`${code}: ${say}`), { code });
