import type { CloudWeather } from './weather.ts';

/**
 * What a read sees that may be behind (docs/facts.md#dynamodb-consistency, #ecs-eventual): while the cloud is odd, each write is
 * seen late by a time of its own, up to a second, drawn from a seed, so that a run is like the one before. In every other weather
 * nothing is ever behind. Reads that AWS promises to be up to date are not asked here.
 */
const MOST_MS = 1_000;
const SEED = 0x9e3779b9;

interface Write {
  key: string;
  before: unknown;
  seenAtMs: number;
  goneAtMs: number;
}

export class Lag {
  readonly #weather: CloudWeather;
  readonly nowMs: () => number;
  readonly #writes = new Map<string, Write[]>();
  #order: Write[] = [];
  #state = SEED;

  constructor(weather: CloudWeather, nowMs: () => number = () => performance.now()) {
    this.#weather = weather;
    this.nowMs = nowMs;
  }

  /** Whether what stands before a write is to be kept. */
  get isOn(): boolean {
    return this.#weather.now === 'odd';
  }

  /** A write has been done; `before`: what stood there, as reads show it. */
  wrote(key: string, before: unknown): void {
    if (!this.isOn) return;
    const atMs = this.nowMs();
    this.#forget(atMs);
    const write = { key, before, seenAtMs: atMs + this.#draw() * MOST_MS, goneAtMs: atMs + MOST_MS };
    this.#order.push(write);
    const writes = this.#writes.get(key);
    if (writes === undefined) this.#writes.set(key, [write]);
    else writes.push(write);
  }

  /** Null: what stands is what a read sees. A write that is seen shows those before it too. */
  behind<T>(key: string): { value: T } | null {
    if (!this.isOn) return null;
    const nowMs = this.nowMs();
    let seen: { value: T } | null = null;
    for (const { before, seenAtMs } of (this.#writes.get(key) ?? []).toReversed()) {
      if (seenAtMs <= nowMs) break;
      seen = { value: before as T };
    }
    if (seen !== null) this.#weather.felt();
    return seen;
  }

  /** Of all keys that begin so and are behind: what a read sees there. */
  allBehind<T>(prefix: string): { key: string; value: T }[] {
    if (!this.isOn) return [];
    return [...this.#writes.keys()]
      .filter((key) => key.startsWith(prefix))
      .flatMap((key) => {
        const behind = this.behind<T>(key);
        return behind === null ? [] : [{ key, value: behind.value }];
      });
  }

  #forget(nowMs: number): void {
    const kept = this.#order.findIndex(({ goneAtMs }) => goneAtMs > nowMs);
    const gone = this.#order.splice(0, kept === -1 ? this.#order.length : kept);
    for (const { key } of gone) {
      const writes = this.#writes.get(key);
      writes?.shift();
      if (writes?.length === 0) this.#writes.delete(key);
    }
  }

  /** From 0 to 1 (xorshift32). */
  #draw(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) / 2 ** 32;
  }
}
