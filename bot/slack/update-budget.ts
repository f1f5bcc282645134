/**
 * Shares out chat.update: 50 and some calls a minute for the whole workspace (docs/facts.md#slack-update-rate). What
 * matters less leaves more behind for the rest, so that the board never costs a live-stats update or the end of a fire
 * order's message.
 */
export class UpdateBudget {
  readonly #perMinute: number;
  readonly #nowMs: () => number;
  #left: number;
  #atMs: number;

  constructor(nowMs: () => number, perMinute = 50) {
    this.#perMinute = perMinute;
    this.#nowMs = nowMs;
    this.#left = perMinute;
    this.#atMs = nowMs();
  }

  /** True if one update may go now, with at least `reserve` updates left for what matters more. */
  take(reserve: number): boolean {
    const nowMs = this.#nowMs();
    this.#left = Math.min(this.#perMinute, this.#left + ((nowMs - this.#atMs) * this.#perMinute) / 60_000);
    this.#atMs = nowMs;
    if (this.#left < reserve + 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** Updates that each kind leaves behind. */
export const RESERVE = { live: 0, order: 5, weather: 10, scale: 15, board: 25 } as const;
