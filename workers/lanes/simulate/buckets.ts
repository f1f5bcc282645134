/** A bucket holds so much of its rate, ms: a thread that comes late to a connection has not lost its turn. */
const HELD_MS = 100;

/** What may be written a second: over each connection, and in all. 0: no limit. */
export class Buckets {
  readonly #perConnection: number;
  readonly #perSecond: number;
  readonly #tokens: Float64Array;
  #all = 0;
  #atMs = 0;

  constructor(connections: number, perConnection: number, perSecond: number) {
    this.#perConnection = perConnection;
    this.#perSecond = perSecond;
    this.#tokens = new Float64Array(connections);
  }

  refill(nowMs: number): void {
    const seconds = (nowMs - this.#atMs) / 1_000;
    this.#atMs = nowMs;
    const filled = (tokens: number, rate: number) => Math.min(Math.max(1, (rate * HELD_MS) / 1_000), tokens + rate * seconds);
    this.#all = filled(this.#all, this.#perSecond);
    if (this.#perConnection > 0) for (let at = 0; at < this.#tokens.length; at += 1) this.#tokens[at] = filled(this.#tokens[at] as number, this.#perConnection);
  }

  of(connection: number): number {
    return this.#perConnection === 0 ? Number.POSITIVE_INFINITY : Math.floor(this.#tokens[connection] as number);
  }

  get all(): number {
    return this.#perSecond === 0 ? Number.POSITIVE_INFINITY : Math.floor(this.#all);
  }

  take(connection: number, count: number): void {
    this.#tokens[connection] = (this.#tokens[connection] as number) - count;
    this.#all -= count;
  }
}
