/** What a lane asks about its pace. */
export interface Bucket {
  /** 0: no limit. */
  readonly perSecond: number;
  setRate(perSecond: number): void;
  available(): number;
  take(): boolean;
  giveBack(): void;
  waitMs(): number;
}

/**
 * Spreads writes evenly: `perSecond` tokens a second, at most 50 ms worth of them saved up, so that a pause is
 * not followed by a burst. 0 is no limit. `nowMs` is a monotonic clock.
 */
export class TokenBucket implements Bucket {
  readonly #nowMs: () => number;
  #perSecond = 0;
  #tokens = 0;
  #filledAtMs: number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#filledAtMs = nowMs();
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  /** Takes effect at once; tokens that were saved up under a higher rate are cut to what the new one may save. */
  setRate(perSecond: number): void {
    this.#fill();
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, this.#most());
  }

  /** Writes that may go now; none when there is no limit to count by. */
  available(): number {
    this.#fill();
    return Math.floor(this.#tokens);
  }

  /** True: one write may go now. */
  take(): boolean {
    if (this.#perSecond === 0) return true;
    if (this.#tokens < 1) this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Gives a token back that was taken for a write that did not happen. */
  giveBack(): void {
    if (this.#perSecond > 0) this.#tokens = Math.min(this.#tokens + 1, this.#most());
  }

  /** Milliseconds until the next token, at least 1. */
  waitMs(): number {
    if (this.#perSecond === 0) return 1;
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 1_000) / this.#perSecond));
  }

  #most(): number {
    return Math.max(1, this.#perSecond / 20);
  }

  #fill(): void {
    const nowMs = this.#nowMs();
    this.#tokens = Math.min(this.#most(), this.#tokens + ((nowMs - this.#filledAtMs) * this.#perSecond) / 1_000);
    this.#filledAtMs = nowMs;
  }
}
