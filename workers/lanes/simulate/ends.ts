/** Connections are at their rate from this part of the time on, over so long. */
const FULL = 0.9;
const OVER_MS = 100;

/** The other ends of connections, where each deals with so many pushes a second, one after the other. 0: with all as they come. */
export class Ends {
  readonly gapMs: number;
  readonly #freeAtMs: Float64Array;
  #busyMs = 0;
  #sinceMs = 0;
  #isFull = false;

  constructor(connections: number, perSecond: number) {
    this.gapMs = perSecond === 0 ? 0 : 1_000 / perSecond;
    this.#freeAtMs = new Float64Array(connections);
  }

  /** When the first of so many more is dealt with; each of the others a gap later. */
  take(connection: number, nowMs: number, count: number): number {
    const fromMs = Math.max(nowMs, this.#freeAtMs[connection] as number);
    this.#freeAtMs[connection] = fromMs + this.gapMs * count;
    this.#busyMs += this.gapMs * count;
    return fromMs;
  }

  /** More streams would help nobody: they were busy all the time of late. */
  isFull(nowMs: number): boolean {
    const overMs = nowMs - this.#sinceMs;
    if (overMs < OVER_MS) return this.#isFull;
    this.#isFull = this.#busyMs >= overMs * this.#freeAtMs.length * FULL;
    this.#busyMs = 0;
    this.#sinceMs = nowMs;
    return this.#isFull;
  }
}
