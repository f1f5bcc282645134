import type { Logger } from 'pino';
import type { BatchMessage } from '../../contract/orders.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import type { ShotRun } from './shot-run.ts';

/** A batch message that was received and is not claimed yet. `sinceMs`: when its visibility was last begun, on the shared monotonic clock. */
export interface AtHand {
  message: BatchMessage;
  run: ShotRun;
  receipt: string;
  receives: number;
  sinceMs: number;
}

/**
 * Short, so that a dead worker's unclaimed messages come back soon; a claim makes redelivery harmless. A claimed batch
 * comes again every few seconds as long as its holder sends, and a thousand receives make a dead letter (infra/aws/queues.ts).
 */
export const VISIBILITY_SECONDS = 8;
const EXTEND_AFTER_MS = 4_000;
/** Beyond this somebody else has the message. */
const LOST_AFTER_MS = 7_000;
/** Messages at hand: at 1,000 devices each some tenth of a second of work. */
export const AT_HAND = 20;
const RELEASE_SECONDS = 1;
/** A thousand receives make a dead letter of a message: one that has been handed around half as often is kept, however long it waits. */
const RECEIVES_AT_MOST = 500;

/** The messages of one queue that wait here to be claimed, and their visibility. */
export class PrefetchBuffer {
  readonly #queues: Queues;
  readonly #queue: string;
  readonly #log: Logger;
  #waiting: AtHand[] = [];
  #arrival = Promise.withResolvers<void>();

  constructor({ queues, queue, log }: { queues: Queues; queue: string; log: Logger }) {
    this.#queues = queues;
    this.#queue = queue;
    this.#log = log;
  }

  get count(): number {
    return this.#waiting.length;
  }

  put(hand: AtHand): void {
    this.#waiting.push(hand);
    this.wake();
  }

  /** Resolves with the next `put` or `wake`. */
  arrival(): Promise<void> {
    return this.#arrival.promise;
  }

  wake(): void {
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
  }

  take(): AtHand | undefined {
    return this.#waiting.shift();
  }

  /** True: somebody else has this message by now. Otherwise sees to it that it stays ours, with all that waits behind it. */
  async isLost(hand: AtHand): Promise<boolean> {
    const heldMs = sharedClockMs() - hand.sinceMs;
    if (heldMs > LOST_AFTER_MS) return true;
    if (heldMs > EXTEND_AFTER_MS) {
      const all = [hand, ...this.#waiting];
      const nowMs = sharedClockMs();
      await this.#queues.handBack(
        this.#queue,
        all.map(({ receipt }) => receipt),
        VISIBILITY_SECONDS,
      );
      for (const one of all) one.sinceMs = nowMs;
    }
    return false;
  }

  /** Gives this one and what waits behind it to others, but for what has been handed around often enough. True: this one is gone. */
  async release(hand: AtHand): Promise<boolean> {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((one) => !mayGo(one));
    await this.back([hand, ...waiting].filter(mayGo), RELEASE_SECONDS);
    return mayGo(hand);
  }

  /** Best effort: what stays away comes back when its visibility ends. */
  async back(hands: readonly AtHand[], afterSeconds: number): Promise<void> {
    if (hands.length === 0) return;
    await this.#queues
      .handBack(
        this.#queue,
        hands.map(({ receipt }) => receipt),
        afterSeconds,
      )
      .catch((error: unknown) =>
        this.#log.warn({ err: error, messages: hands.length }, 'messages were not handed back'),
      );
  }

  async backAll(): Promise<void> {
    await this.back(this.#waiting.splice(0), 0);
  }
}

function mayGo({ receives }: AtHand): boolean {
  return receives <= RECEIVES_AT_MOST;
}
