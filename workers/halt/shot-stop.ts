import type { Condemned } from '../lanes/campaign-meter.ts';

/*
 * Whether a shot is stopped on this worker for a platform, in memory that all of its threads see before every write.
 * Int32 slots: state, how many of how many answers condemned it, length of the reason; then its bytes.
 */
const STATE = 0;
const BAD = 1;
const OF = 2;
const LENGTH = 3;
const SLOTS = 4;
const REASON_BYTES = 96;

const HALTED = 1;
const CONDEMNED = 2;

/** none → condemned → halted, none → halted. */
export class ShotStop {
  readonly memory: SharedArrayBuffer;
  readonly #slots: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#slots = new Int32Array(memory, 0, SLOTS);
  }

  static create(): ShotStop {
    return new ShotStop(new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT + REASON_BYTES));
  }

  /** The record has a halt: for good, and for everybody. */
  halt(): void {
    Atomics.store(this.#slots, STATE, HALTED);
  }

  /** By answers that every further push from here would get too: what is unwritten goes to others. The first word stands. */
  condemn({ reason, bad, of }: Condemned): void {
    if (Atomics.compareExchange(this.#slots, LENGTH, 0, -1) !== 0) return;
    const text = Buffer.from(reason.slice(0, REASON_BYTES), 'latin1');
    new Uint8Array(this.memory, SLOTS * Int32Array.BYTES_PER_ELEMENT).set(text);
    Atomics.store(this.#slots, BAD, bad);
    Atomics.store(this.#slots, OF, of);
    // The length last: whoever sees it sees the text too.
    Atomics.store(this.#slots, LENGTH, text.length);
    Atomics.compareExchange(this.#slots, STATE, 0, CONDEMNED);
  }

  /** Why nothing may be written. */
  get held(): 'halted' | 'returned' | null {
    const state = Atomics.load(this.#slots, STATE);
    return state === 0 ? null : state === HALTED ? 'halted' : 'returned';
  }

  /** Also after a halt. */
  get condemned(): Condemned | null {
    const length = Atomics.load(this.#slots, LENGTH);
    if (length <= 0) return null;
    const reason = Buffer.from(this.memory, SLOTS * Int32Array.BYTES_PER_ELEMENT, length).toString('latin1');
    return { reason, bad: Atomics.load(this.#slots, BAD), of: Atomics.load(this.#slots, OF) };
  }
}
