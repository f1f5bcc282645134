import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Batch } from './batches.ts';
import { drawsFrom } from './curve.ts';
import type { Draws } from './curve.ts';
import type { CloudFigures } from './question.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** A message of a receive, and one long poll that waits for some. */
const PER_CALL = 10;
interface Poll {
  most: number;
  got: (batches: Batch[]) => void;
  isGone: () => boolean;
}

/** A write that was refused is tried again after a while, twice as long each time, within these. */
const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 1_000;
/** Writes that a table takes at once beyond its rate, as a part of a second's. */
const BURST = 0.1;

export interface CloudOptions {
  figures: CloudFigures;
  timeline: Timeline;
  random: Random;
  /** The service's own CPU time for a call, where it has to share cores; then `done`. */
  serve: (done: () => void) => void;
}

/** SQS and DynamoDB: how long a call takes, what a table takes, and messages that wait for a poll. */
export class SimCloud {
  readonly #options: CloudOptions;
  readonly #store: Draws;
  readonly #queue: Draws;
  readonly #messages: Record<Platform, Batch[]> = { ios: [], android: [] };
  readonly #polls: Record<Platform, Poll[]> = { ios: [], android: [] };
  #tokens: number;
  #tokensAtMs = 0;
  calls = 0;
  throttled = 0;

  constructor(options: CloudOptions) {
    const { figures, random } = options;
    this.#options = options;
    this.#store = drawsFrom(figures.storeCall, random);
    this.#queue = drawsFrom(figures.queueCall, random);
    this.#tokens = figures.writesPerSecond * BURST;
  }

  read(done: () => void): void {
    this.#call(this.#store, done);
  }

  /** Of the claims table. */
  write(done: () => void, waitMs = RETRY_FIRST_MS): void {
    const { timeline, random } = this.#options;
    this.#call(this.#store, () => {
      if (this.#mayWrite()) return done();
      this.throttled += 1;
      timeline.after(waitMs * (0.5 + random() / 2), () => this.write(done, Math.min(RETRY_MOST_MS, waitMs * 2)));
    });
  }

  queueCall(done: () => void): void {
    this.#call(this.#queue, done);
  }

  waiting(platform: Platform): number {
    return this.#messages[platform].length;
  }

  put(platform: Platform, batches: readonly Batch[]): void {
    this.#messages[platform].push(...batches);
    this.#hand(platform);
  }

  /** A receive, which waits for messages as long as it takes. */
  receive(platform: Platform, got: (batches: Batch[]) => void, isGone: () => boolean): void {
    this.#polls[platform].push({ most: PER_CALL, got, isGone });
    this.#hand(platform);
  }

  /** SQS gives what is there to whoever polls; which of the waiting ones is its own matter, so a random one. */
  #hand(platform: Platform): void {
    const messages = this.#messages[platform];
    const polls = this.#polls[platform];
    while (messages.length > 0 && polls.length > 0) {
      const at = Math.floor(this.#options.random() * polls.length);
      const [poll] = polls.splice(at, 1);
      if (poll === undefined || poll.isGone()) continue;
      const batches = messages.splice(0, poll.most);
      this.#call(this.#queue, () => poll.got(batches));
    }
  }

  #call(curve: Draws, done: () => void): void {
    const { timeline, serve } = this.#options;
    this.calls += 1;
    timeline.after(curve.draw(), () => serve(done));
  }

  #mayWrite(): boolean {
    const {
      timeline,
      figures: { writesPerSecond },
    } = this.#options;
    this.#tokens = Math.min(
      Math.max(1, writesPerSecond * BURST),
      this.#tokens + ((timeline.nowMs - this.#tokensAtMs) * writesPerSecond) / 1_000,
    );
    this.#tokensAtMs = timeline.nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
