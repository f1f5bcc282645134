import type { Row } from '../../contract/answers.ts';

/** An answer that nearly everybody gets because of what is sent: `bad` of the last `of` answers. */
export interface Condemned {
  reason: string;
  bad: number;
  of: number;
}

/** Of the last answers … */
const WINDOW = 100;
/** … so many and so large a part … */
const BAD_LEAST = 20;
const BAD_PART = 0.5;
/** … of a word that may mean a bad token too, so many more: a list of old tokens is no bad message. */
const WEAK_WINDOW = 400;
const WEAK_LEAST = 200;

/**
 * When a shot is stopped on a worker, because every further push would be refused too: for its content, never for a token,
 * a connection or the provider's state, and never for a single answer. When the first answers of all say so, it is early
 * enough to matter: nothing was accepted before them.
 */
export class CampaignMeter {
  readonly #strong = new Share(WINDOW);
  readonly #weak = new Share(WEAK_WINDOW);
  #condemned = false;

  accepted(): void {
    // Nearly always: full, and nothing bad in it.
    if (this.#weak.isClean) return;
    this.#strong.take(false);
    this.#weak.take(false);
  }

  /** An answer about a device or the content. Returns what it amounts to, once. */
  take(row: Row, reason: string): Condemned | null {
    const isCampaign = row.concerns === 'campaign';
    this.#strong.take(isCampaign && row.isWeak !== true);
    this.#weak.take(isCampaign);
    if (!isCampaign || this.#condemned) return null;
    const share = row.isWeak === true ? this.#weak.over(WEAK_LEAST) : this.#strong.over(BAD_LEAST);
    if (share === null) return null;
    this.#condemned = true;
    return { reason, ...share };
  }
}

class Share {
  readonly #bad: Uint8Array;
  #at = 0;
  #taken = 0;
  #sum = 0;

  constructor(window: number) {
    this.#bad = new Uint8Array(window);
  }

  /** Full, and nothing bad in it: another good one changes nothing. */
  get isClean(): boolean {
    return this.#sum === 0 && this.#taken === this.#bad.length;
  }

  take(isBad: boolean): void {
    const bad = isBad ? 1 : 0;
    this.#sum += bad - (this.#bad[this.#at] ?? 0);
    this.#bad[this.#at] = bad;
    this.#at = (this.#at + 1) % this.#bad.length;
    if (this.#taken < this.#bad.length) this.#taken += 1;
  }

  over(least: number): { bad: number; of: number } | null {
    return this.#sum >= least && this.#sum >= this.#taken * BAD_PART ? { bad: this.#sum, of: this.#taken } : null;
  }
}
