import type { Logger } from 'pino';

export interface WatchOptions<T> {
  /** In the log and in the worker's report. */
  name: string;
  /** As the process was started with it. */
  first: T;
  /** Reads it where it lives and checks it; rejects with words that may be shown. Null: it lives nowhere, it was given as a value. */
  read: (() => Promise<T>) | null;
  log: Logger;
  /** Default a minute. */
  everyMs?: number;
  /** Between two reads, however often the provider refuses. Default 10 s. */
  apartMs?: number;
}

const EVERY_MS = 60_000;
const APART_MS = 10_000;

/**
 * A secret that may change under a running process. It is read anew every minute, and when a provider has refused what was made of
 * it; compared by what it says, not by a file's time, as a mounted secret is a link that is turned. What can't be read or used
 * changes nothing: the one before stays, and `problem` says why.
 */
export class WatchedSecret<T> {
  readonly #options: WatchOptions<T>;
  readonly #timer: NodeJS.Timeout | null;
  #value: T;
  #listener: () => void = () => undefined;
  #reading: Promise<void> | null = null;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #soon: NodeJS.Timeout | null = null;
  /** Why what stands there now is not used; null: it is. */
  problem: string | null = null;

  constructor(options: WatchOptions<T>) {
    this.#options = options;
    this.#value = options.first;
    this.#timer =
      options.read === null ? null : setInterval(() => void this.look(), options.everyMs ?? EVERY_MS).unref();
  }

  current(): T {
    return this.#value;
  }

  /** Called after each change. One listener. */
  onChanged(listener: () => void): void {
    this.#listener = listener;
  }

  /** Read at once, or as soon as the last time is long enough ago. */
  refused(): void {
    if (this.#options.read === null || this.#soon !== null || this.#reading !== null) return;
    const inMs = this.#readAtMs + (this.#options.apartMs ?? APART_MS) - performance.now();
    this.#soon = setTimeout(
      () => {
        this.#soon = null;
        void this.look();
      },
      Math.max(0, inMs),
    ).unref();
  }

  /** Never rejects. */
  look(): Promise<void> {
    const { read } = this.#options;
    if (read === null) return Promise.resolve();
    this.#readAtMs = performance.now();
    this.#reading ??= read()
      .then(
        (found) => this.#take(found),
        (error: unknown) => this.#keep(error),
      )
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
  }

  #take(found: T): void {
    const { name, log } = this.#options;
    if (this.problem !== null) log.info({ secret: name }, 'the secret can be used again');
    this.problem = null;
    if (JSON.stringify(found) === JSON.stringify(this.#value)) return;
    this.#value = found;
    log.info({ secret: name }, 'the secret has changed: the new one is used from now on');
    this.#listener();
  }

  #keep(error: unknown): void {
    const { name, log } = this.#options;
    const why = error instanceof Error ? error.message : String(error);
    const problem = `the new ${name} is not used, the one before stays: ${why}`;
    if (problem !== this.problem) log.error({ secret: name, why }, 'the secret cannot be used; the one before stays');
    this.problem = problem;
  }
}
