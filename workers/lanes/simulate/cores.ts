import type { Timeline } from './timeline.ts';

/** Something for a thread to do. `begin` is asked when it first gets a core, for how many CPU-µs it takes it; `end` comes after them. */
export interface Work {
  begin(): number;
  end(): void;
}

/** A thread keeps its core for so long while others wait. Some of what Linux gives a runnable thread with two or three beside it (EEVDF: base slice 3 ms and less). */
const SLICE_MS = 1;
/** What helper threads (compilation, collection) have to do is handed to them in such pieces. */
const HELP_MS = 0.5;

/** Code that has not run yet is slow: the first CPU time of a thread takes 1 + `times` as long, less and less with a time constant of `ms`. */
export interface Cold {
  times: number;
  ms: number;
}

/** One thread: one piece of work after the other, on one core at a time. */
export class Thread {
  readonly waiting: Work[] = [];
  /** Nominal CPU-ms so far, and what it really took. */
  nominalMs = 0;
  busyMs = 0;
  leftMs = 0;
  current: Work | null = null;
  isReady = false;
  readonly cold: Cold;
  /** Of its process: takes over a share of what it does as work of its own. */
  readonly helper: { thread: Thread; share: number } | null;
  owedMs = 0;

  constructor(cold: Cold = { times: 0, ms: 1 }, helper: { thread: Thread; share: number } | null = null) {
    this.cold = cold;
    this.helper = helper;
  }
}

/** The cores of a machine, and the threads that share them in turn. */
export class Cores {
  readonly count: number;
  /** CPU-ms given out. */
  busyMs = 0;
  readonly #timeline: Timeline;
  readonly #ready: Thread[] = [];
  #running = 0;

  constructor(timeline: Timeline, count: number) {
    this.#timeline = timeline;
    this.count = count;
  }

  run(thread: Thread, work: Work): void {
    thread.waiting.push(work);
    if (!thread.isReady) this.#makeReady(thread);
  }

  #makeReady(thread: Thread): void {
    thread.isReady = true;
    if (this.#running < this.count) {
      this.#running += 1;
      this.#slice(thread);
    } else this.#ready.push(thread);
  }

  /** On a core that was given to it. */
  #slice(thread: Thread): void {
    if (thread.current === null) {
      thread.current = thread.waiting.shift() as Work;
      thread.leftMs = this.#length(thread, thread.current.begin() / 1_000);
    }
    const ms = Math.min(thread.leftMs, SLICE_MS);
    this.#timeline.after(ms, () => this.#sliced(thread, ms));
  }

  #sliced(thread: Thread, ms: number): void {
    thread.busyMs += ms;
    this.busyMs += ms;
    thread.leftMs -= ms;
    if (thread.leftMs <= 1e-9) {
      const work = thread.current;
      thread.current = null;
      work?.end();
    }
    thread.isReady = thread.current !== null || thread.waiting.length > 0;
    if (thread.isReady) this.#ready.push(thread);
    const next = this.#ready.shift();
    if (next === undefined) this.#running -= 1;
    else this.#slice(next);
  }

  #length(thread: Thread, nominalMs: number): number {
    const { cold, helper } = thread;
    const ms = nominalMs * (1 + cold.times * Math.exp(-thread.nominalMs / cold.ms));
    thread.nominalMs += nominalMs;
    if (helper === null) return ms;
    thread.owedMs += ms * helper.share;
    if (thread.owedMs >= HELP_MS) {
      const us = thread.owedMs * 1_000;
      thread.owedMs = 0;
      this.run(helper.thread, { begin: () => us, end: () => undefined });
    }
    return ms;
  }
}
