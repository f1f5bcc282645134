/** The clock that credentials are minted and judged by, the same in every thread. It is the machine's; a test sets it ahead, so that hours pass. */
export class CredentialClock {
  readonly memory: SharedArrayBuffer;
  readonly #ahead: Int32Array;

  /** `memory`: of the one whose time this one shows. */
  constructor(memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#ahead = new Int32Array(memory);
  }

  readonly nowMs = (): number => Date.now() + Atomics.load(this.#ahead, 0);

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
