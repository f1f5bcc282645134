import type { Logger } from 'pino';

/** Work that is repeated and never runs twice at once. idle → running → idle; a kick while running runs it once more afterwards. */
export class Job {
  readonly name: string;
  readonly #everyMs: number;
  readonly #work: () => Promise<void>;
  readonly #log: Logger;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(name: string, everyMs: number, log: Logger, work: () => Promise<void>) {
    this.name = name;
    this.#everyMs = everyMs;
    this.#log = log;
    this.#work = work;
  }

  /** Starts it if it is due. Ticks come a little early or late: 50 ms early still counts. */
  tick(nowMs: number): void {
    if (this.#running === null && nowMs - this.#startedAtMs >= this.#everyMs - 50) this.#start(nowMs);
  }

  /** Starts it now, or once more if it is running. Resolves when that run is over. */
  async kick(nowMs: number): Promise<void> {
    if (this.#running !== null) this.#again = true;
    else this.#start(nowMs);
    await this.#running;
  }

  /** No new runs; resolves when the present one is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  #start(nowMs: number): void {
    if (this.#stopped) return;
    this.#startedAtMs = nowMs;
    this.#running = this.#run().finally(() => {
      this.#running = null;
    });
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#work();
        if (this.#failures > 0) this.#log.info({ job: this.name, failures: this.#failures }, 'works again');
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        // Once a second for hours would bury everything else: 1st, 2nd, 4th, 8th … failure.
        if (Number.isInteger(Math.log2(this.#failures)))
          this.#log.warn({ job: this.name, failures: this.#failures, err: error }, 'failed; it is tried again');
      }
    } while (this.#again && !this.#stopped);
  }
}
