import type { Logger } from 'pino';
import type { Queues } from '../../infra/aws/queues.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { BatchMessage } from '../contract.ts';
import type { ShotRun } from './shot-run.ts';

/** A batch message that was received and is not claimed yet. `sinceMs`: when its visibility was last begun, epoch ms. */
export interface AtHand { message: BatchMessage; run: ShotRun; receipt: string; receives: number; sinceMs: number }

/**
 * Short, so that a dead worker's unclaimed messages come back soon; a claim makes redelivery harmless. A claimed batch
 * may take 5 s to write and 10 s to be answered: two redeliveries at most, of the five that make a dead letter.
 */
export const VISIBILITY_SECONDS = 8;
const EXTEND_AFTER_MS = 4_000;
/** Beyond this somebody else has the message. */
const LOST_AFTER_MS = 7_000;
/** Messages at hand per platform: at 1,000 devices each some half second of work. */
export const AT_HAND = 10;
const RELEASE_SECONDS = 1;
/**
 * What does not fit at hand goes back for others: soon the first time, later the second. After that it is kept however
 * many there are, because five receives make a dead letter of a message.
 */
const TOO_MANY_BACK_SECONDS = [1, 3];

/** The messages that wait here to be claimed, by platform, and their visibility. */
export class Hands {
  readonly #queues: Queues;
  readonly #queue: string;
  readonly #log: Logger;
  readonly #waiting: Record<Platform, AtHand[]> = { ios: [], android: [] };

  constructor({ queues, queue, log }: { queues: Queues; queue: string; log: Logger }) {
    this.#queues = queues;
    this.#queue = queue;
    this.#log = log;
  }

  count(platform: Platform): number {
    return this.#waiting[platform].length;
  }

  /** Keeps it, or hands it back because there are too many. */
  async put(platform: Platform, hand: AtHand): Promise<void> {
    const backSeconds = TOO_MANY_BACK_SECONDS[hand.receives - 1];
    if (this.count(platform) >= 2 * AT_HAND && backSeconds !== undefined) await this.back([hand], backSeconds);
    else this.#waiting[platform].push(hand);
  }

  take(platform: Platform): AtHand | undefined {
    return this.#waiting[platform].shift();
  }

  /** True: somebody else has this message by now. Otherwise sees to it that it stays ours, with all that waits behind it. */
  async isLost(platform: Platform, hand: AtHand): Promise<boolean> {
    const heldMs = Date.now() - hand.sinceMs;
    if (heldMs > LOST_AFTER_MS) return true;
    if (heldMs > EXTEND_AFTER_MS) {
      const all = [hand, ...this.#waiting[platform]];
      const nowMs = Date.now();
      await this.#queues.handBack(this.#queue, all.map(({ receipt }) => receipt), VISIBILITY_SECONDS);
      for (const one of all) one.sinceMs = nowMs;
    }
    return false;
  }

  /** Gives this one and what waits behind it to others, but for what has been handed around often enough. True: this one is gone. */
  async release(platform: Platform, hand: AtHand): Promise<boolean> {
    const waiting = this.#waiting[platform].splice(0);
    this.#waiting[platform].push(...waiting.filter((one) => !mayGo(one)));
    await this.back([hand, ...waiting].filter(mayGo), RELEASE_SECONDS);
    return mayGo(hand);
  }

  /** Best effort: what stays away comes back when its visibility ends. */
  async back(hands: readonly AtHand[], afterSeconds: number): Promise<void> {
    if (hands.length === 0) return;
    await this.#queues.handBack(this.#queue, hands.map(({ receipt }) => receipt), afterSeconds)
      .catch((error: unknown) => this.#log.warn({ err: error, messages: hands.length }, 'messages were not handed back'));
  }

  async backAll(): Promise<void> {
    await Promise.all(PLATFORMS.map((platform) => this.back(this.#waiting[platform].splice(0), 0)));
  }
}

function mayGo({ receives }: AtHand): boolean {
  return receives <= TOO_MANY_BACK_SECONDS.length;
}
