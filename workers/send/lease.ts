import { sharedClockMs } from '../halt/switch-view.ts';
import type { Held } from '../lanes/held.ts';

/**
 * How far, and until when, one batch may be written, in memory that all threads of the process see. The main thread
 * renews it with the store first and says so here after; whoever writes asks before every write, a few loads and two clocks.
 *
 * Int32 slots: state, end of the lease and of the platform's window in ms after `baseMs` (the shared monotonic clock), end of
 * the lease in ms after `baseWallMs` (the wall clock), and the mark: devices of the batch below it may be written.
 */
const STATE = 0;
const UNTIL = 1;
const WALL_UNTIL = 2;
const LATE = 3;
const MARK = 4;
const SLOTS = 5;
/** 0 while it is live. */
const RETURNED = 1;
const MOST = 0x7fffffff;

export interface LeaseMemory {
  shared: SharedArrayBuffer;
  baseMs: number;
  baseWallMs: number;
}

/** Times are on the shared monotonic clock. `mark`: see Claim. */
export interface LeaseTerms {
  untilMs: number;
  lateAtMs: number;
  mark: number;
}

export class Lease {
  readonly memory: LeaseMemory;
  readonly #slots: Int32Array;

  constructor(memory: LeaseMemory) {
    this.memory = memory;
    this.#slots = new Int32Array(memory.shared);
  }

  /** Nothing may be written before the first `grant`. */
  static create(): Lease {
    return new Lease({
      shared: new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT),
      baseMs: Math.floor(sharedClockMs()),
      baseWallMs: Date.now(),
    });
  }

  grant({ untilMs, lateAtMs, mark }: LeaseTerms): void {
    const { baseMs, baseWallMs } = this.memory;
    const leftMs = untilMs - sharedClockMs();
    // The end last where it grows, so that no thread sees a long lease with an old mark; a mark only rises.
    Atomics.store(this.#slots, MARK, slot(mark));
    Atomics.store(this.#slots, LATE, slot(lateAtMs - baseMs));
    // A machine that was suspended had its monotonic clock stand still; its wall clock tells. One that is set forward only pauses until the next renewal.
    Atomics.store(this.#slots, WALL_UNTIL, slot(Date.now() + leftMs - baseWallMs));
    Atomics.store(this.#slots, UNTIL, slot(untilMs - baseMs));
  }

  /** Nothing more is written, for good: what is unwritten goes to others. */
  giveBack(): void {
    Atomics.store(this.#slots, STATE, RETURNED);
  }

  get isGivenBack(): boolean {
    return Atomics.load(this.#slots, STATE) === RETURNED;
  }

  /** Of the lease, on the monotonic clock. */
  leftMs(nowMs: number): number {
    return Atomics.load(this.#slots, UNTIL) + this.memory.baseMs - nowMs;
  }

  /** Devices of the batch below it may be written. */
  get mark(): number {
    return Atomics.load(this.#slots, MARK);
  }

  /** Why nothing of the batch may be written now, or null. */
  stop(nowMs: number): Exclude<Held, 'halted'> | null {
    if (Atomics.load(this.#slots, STATE) === RETURNED) return 'returned';
    const sinceMs = nowMs - this.memory.baseMs;
    if (sinceMs >= Atomics.load(this.#slots, LATE)) return 'late';
    if (sinceMs >= Atomics.load(this.#slots, UNTIL)) return 'paused';
    return Date.now() - this.memory.baseWallMs >= Atomics.load(this.#slots, WALL_UNTIL) ? 'paused' : null;
  }
}

/** Rounded down: a lease ends early, never late. */
function slot(value: number): number {
  return Math.max(0, Math.min(MOST, Math.floor(value)));
}
