import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Conductor, EntryTold } from '../conductor/conductor-port.ts';

/** A message mostly comes a second behind its entry; with Slack away it may be an hour. What has none is asked for a dozen times in all. */
const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 3_600_000;
/** As one call to DynamoDB takes (docs/facts.md#dynamodb-batch-get). */
const MOST_AT_A_TIME = 100;
/** The live message of a shot may be posted anew at its end. */
const SETTLED_AFTER_MS = 60_000;
/** What failed is left alone for so long. */
const REST_MS = 10_000;

/** Found since they were taken last: the `ts` of each entry's message, and a link of this channel that all others are like. */
export interface FoundLinks {
  like: { ts: string; permalink: string };
  posted: (readonly [seq: number, ts: string])[];
}

/**
 * Where in the channel the bot has told of the entries that somebody looks at, as it becomes known. All that stands is read once; after that
 * only entries without a message are asked for, all in one call a second at most, each again when as much time has passed as before. An entry:
 * waiting → found, or given up after an hour. Neither store nor Slack can make it reject: what is not known is missing.
 */
export class MessageLinks {
  readonly #launchId: string;
  readonly #options: { conductor: Pick<Conductor, 'postedAt' | 'postedOf'>; client: WebClient; log: Logger };
  /** In order of the record. */
  readonly #waiting = new Map<number, EntryTold & { dueMs: number; waitMs: number }>();
  /** Shots whose live message moves down while the channel talks, by id; `untilMs`: until then it may. */
  readonly #moving = new Map<string, EntryTold & { untilMs: number }>();
  readonly #known = new Map<number, string>();
  #fresh = new Map<number, string>();
  #like: FoundLinks['like'] | null = null;
  #tries = 0;
  #hasReadAll = false;
  #isLooking = false;
  #restUntilMs = 0;

  constructor(
    launchId: string,
    options: { conductor: Pick<Conductor, 'postedAt' | 'postedOf'>; client: WebClient; log: Logger },
  ) {
    this.#launchId = launchId;
    this.#options = options;
  }

  learn(entries: readonly Entry[]): void {
    const nowMs = performance.now();
    for (const entry of entries) {
      const told = { seq: entry.seq, kind: entry.kind };
      this.#waiting.set(told.seq, { ...told, dueMs: nowMs, waitMs: FIRST_WAIT_MS });
      if (entry.kind === 'FireApproved') this.#moving.set(entry.shotId, { ...told, untilMs: Number.POSITIVE_INFINITY });
      const ended = entry.kind === 'ShotClosed' ? this.#moving.get(entry.shotId) : undefined;
      if (ended !== undefined) ended.untilMs = nowMs + SETTLED_AFTER_MS;
    }
  }

  /** One question to the store, and until the first link one to Slack; none, while there is nothing to ask or the last one has no answer. */
  async look(channelId: string): Promise<void> {
    if (this.#isLooking || performance.now() < this.#restUntilMs) return;
    this.#isLooking = true;
    try {
      await this.#ask();
      if (this.#like !== null || this.#fresh.size === 0) return;
      // Somebody may have deleted one: each time it is another one that is asked for.
      const ts = [...this.#fresh.values()].at(-1 - (this.#tries % this.#fresh.size)) ?? '';
      this.#tries += 1;
      const { permalink = '' } = await this.#options.client.chat.getPermalink({ channel: channelId, message_ts: ts });
      this.#like = { ts, permalink };
    } catch (error) {
      this.#restUntilMs = performance.now() + REST_MS;
      this.#options.log.warn({ err: error, launchId: this.#launchId }, 'no links to what the bot has said, for now');
    } finally {
      this.#isLooking = false;
    }
  }

  /** Null: none. */
  take(): FoundLinks | null {
    if (this.#like === null || this.#fresh.size === 0) return null;
    const found = { like: this.#like, posted: [...this.#fresh] };
    this.#fresh = new Map();
    return found;
  }

  async #ask(): Promise<void> {
    const { conductor } = this.#options;
    const nowMs = performance.now();
    for (const [shotId, { untilMs }] of this.#moving) if (untilMs < nowMs) this.#moving.delete(shotId);
    if (!this.#hasReadAll) {
      const all = [...this.#waiting.values()];
      this.#found(await conductor.postedAt(this.#launchId, all));
      this.#hasReadAll = true;
      // The room is told in the order of the record: what has none, well before the last that has one, gets none any more.
      const last = [...this.#known.keys()].at(-1) ?? 0;
      for (const seq of this.#waiting.keys()) if (seq < last - MOST_AT_A_TIME) this.#waiting.delete(seq);
      return;
    }
    const moving = [...this.#moving.values()].slice(-MOST_AT_A_TIME);
    const due = [...this.#waiting.values()]
      .filter(({ dueMs }) => dueMs <= nowMs)
      .toSorted((a, b) => a.waitMs - b.waitMs)
      .slice(0, MOST_AT_A_TIME - moving.length);
    if (moving.length + due.length === 0) return;
    this.#found(await conductor.postedOf(this.#launchId, [...moving, ...due]));
    for (const one of due) {
      one.dueMs = nowMs + one.waitMs;
      one.waitMs *= 2;
      if (one.waitMs > LAST_WAIT_MS) this.#waiting.delete(one.seq);
    }
  }

  #found(posted: ReadonlyMap<number, string>): void {
    for (const [seq, ts] of posted) {
      this.#waiting.delete(seq);
      if (this.#known.get(seq) === ts) continue;
      this.#known.set(seq, ts);
      this.#fresh.set(seq, ts);
    }
  }
}
