import type { StoreClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';

/**
 * The clock that credentials are minted and judged by, the same in every thread: the store's time, since providers refuse
 * a token that a machine with a wrong clock has dated. Until it follows one it is the machine's. A test sets it ahead, so
 * that hours pass.
 */
export class CredentialClock {
  readonly memory: SharedArrayBuffer;
  readonly #ahead: Int32Array;
  /** What it adds to the shared monotonic clock; 0: nothing known. */
  readonly #shift: Float64Array;
  #store: StoreClock | null = null;

  /** `memory`: of the one whose time this one shows. */
  constructor(memory = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#shift = new Float64Array(memory, 0, 1);
    this.#ahead = new Int32Array(memory, Float64Array.BYTES_PER_ELEMENT, 1);
  }

  /** From now on; for the threads too, each time this one is asked. */
  follow(store: StoreClock): void {
    this.#store = store;
    this.nowMs();
  }

  readonly nowMs = (): number => {
    if (this.#store !== null) this.#shift[0] = this.#store.nowMs() - sharedClockMs();
    const shiftMs = this.#shift[0] ?? 0;
    return (shiftMs === 0 ? Date.now() : Math.floor(sharedClockMs() + shiftMs)) + Atomics.load(this.#ahead, 0);
  };

  /** Ms, at most 24 days. */
  setAhead(ms: number): void {
    Atomics.store(this.#ahead, 0, ms);
  }
}

/** Only tests give any of it. */
export interface CredentialTiming {
  clock?: CredentialClock;
  /** See RotatingOptions. */
  checkEveryMs?: number;
  /** See RenewalOptions. */
  renewEveryMs?: number;
  /** How long a thread waits for its credential. Default 10 s. */
  handedWithinMs?: number;
}
