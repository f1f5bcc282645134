import type { Platform } from '../../../runbooks/launch/entries.ts';

/** What a lane waits for. `go`: nothing has come yet; `queue`: messages and claims; `done`: nothing is left for it. */
export type Wait = 'go' | 'queue' | 'main' | 'cores' | 'streams' | 'connections' | 'provider' | 'pace' | 'done';

/** What the run is measured by: answers over time, and what the lanes waited for. Times in ms since GO. */
export class Tally {
  /** Answers of devices in each ms. */
  readonly #answered: number[] = [];
  readonly #waits = new Map<Wait, number>();
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

  waited(wait: Wait, ms: number): void {
    this.#waits.set(wait, (this.#waits.get(wait) ?? 0) + ms);
  }

  waits(wait: Wait): number {
    return this.#waits.get(wait) ?? 0;
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
      sum += (this.#answered[slot] ?? 0) - (slot < 1_000 ? 0 : this.#answered[slot - 1_000] ?? 0);
      most = Math.max(most, sum);
    }
    return most;
  }
}
