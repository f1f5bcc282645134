/** Time, so that tests need not wait. */
export interface Waiting {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

/** A debt of less counts as none: the clock has no finer steps, and a wait of nothing would turn in place. */
const LEAST = 1e-6;

/**
 * Read units a second as one bucket for all calls: what a call will cost is taken before it, and the difference settled when its
 * answer says what it did cost. It begins empty and saves up one second at most, so any span of t seconds takes at most
 * (t + 1) times `perSecond`, and one call's error of estimate.
 */
export class ReadUnits {
  readonly #perSecond: number;
  readonly #time: Waiting;
  #units = 0;
  #atMs: number;
  #turn: Promise<void> = Promise.resolve();

  constructor(perSecond: number, time: Waiting) {
    this.#perSecond = perSecond;
    this.#time = time;
    this.#atMs = time.nowMs();
  }

  /** Waits its turn, then until there are `units`; a call that wants more than a second has gets it from a full bucket. */
  take(units: number): Promise<void> {
    const taken = this.#turn.then(() => this.#take(units));
    this.#turn = taken;
    return taken;
  }

  /** What the call cost beyond what was taken; negative: less. */
  settle(more: number): void {
    this.#units -= more;
  }

  async #take(units: number): Promise<void> {
    const wanted = Math.min(units, this.#perSecond);
    for (;;) {
      const nowMs = this.#time.nowMs();
      this.#units = Math.min(this.#perSecond, this.#units + ((nowMs - this.#atMs) * this.#perSecond) / 1_000);
      this.#atMs = nowMs;
      const short = wanted - this.#units;
      if (short <= LEAST) break;
      await this.#time.sleep(Math.ceil((1_000 * short) / this.#perSecond));
    }
    this.#units -= units;
  }
}
