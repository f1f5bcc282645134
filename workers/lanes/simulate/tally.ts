import type { Platform } from '../../../runbooks/launch/entries.ts';

/** What the run is measured by: writes and answers over time, ms since GO. */
export class Tally {
  /** Answers of devices in each ms. */
  readonly #answered: number[] = [];
  firstWriteMs: number | null = null;
  lastWriteMs = 0;
  written = 0;
  answers = 0;
  refused = 0;
  /** Requests under way × ms, by platform: what Little's law speaks of. */
  readonly openMs: Record<Platform, number> = { ios: 0, android: 0 };

  answer(nowMs: number, times: number): void {
    const slot = Math.floor(nowMs);
    this.#answered[slot] = (this.#answered[slot] ?? 0) + times;
    this.answers += times;
  }

  write(nowMs: number, times: number): void {
    this.firstWriteMs ??= nowMs;
    this.lastWriteMs = nowMs;
    this.written += times;
  }

  /** When that part of all answers had come; null: there was none. */
  percentile(part: number): number | null {
    if (this.answers === 0) return null;
    let sum = 0;
    for (const [slot, times] of this.#answered.entries()) {
      sum += times ?? 0;
      if (sum >= this.answers * part) return slot + 1;
    }
    return this.#answered.length;
  }

  /** The best second, by whole tenths of it. */
  peakPerSecond(): number {
    let sum = 0;
    let most = 0;
    for (let slot = 0; slot < this.#answered.length; slot += 1) {
      sum += (this.#answered[slot] ?? 0) - (slot < 1_000 ? 0 : (this.#answered[slot - 1_000] ?? 0));
      most = Math.max(most, sum);
    }
    return most;
  }
}
