import type { Bucket } from '../lanes/token-bucket.ts';

/*
 * One rate limit for all sending threads of a lane, so that its sum is exact whichever of them has something to send.
 * What was spent is kept as a time: everything up to `spentUntil` is used up, and at most 50 ms before now are saved
 * up (as in TokenBucket). Threads take about a millisecond's worth at a time, and use that up by themselves.
 */
const CHANGES = 0;
const RATE = 1;
const SPENT_UNTIL = 2;
const SLOTS = 3;
const MILLI = 1_000n;
const SECOND_NS = 1_000_000_000n;
const SAVED_NS = 50_000_000n;
const GRABS_PER_SECOND = 1_000;

export function createPaceMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(SLOTS * BigInt64Array.BYTES_PER_ELEMENT);
}

export class SharedPace implements Bucket {
  readonly #slots: BigInt64Array;
  /** Counts changes of the rate: cheaper to read than the rate itself. */
  readonly #changes: Int32Array;
  readonly #nowNs: () => bigint;
  /** Per second, as last seen, and in thousandths as it is stored. */
  #seen = -1;
  #perSecond = 0;
  #rate = 0n;
  #tokens = 0;

  /** `nowNs`: a monotonic clock that is the same in all threads. */
  constructor(memory: SharedArrayBuffer, nowNs: () => bigint = () => process.hrtime.bigint()) {
    this.#slots = new BigInt64Array(memory);
    this.#changes = new Int32Array(memory, CHANGES, 1);
    this.#nowNs = nowNs;
    this.#look();
  }

  get perSecond(): number {
    this.#look();
    return this.#perSecond;
  }

  /** Keeps what is saved up, but no more than 50 ms of the new rate. */
  setRate(perSecond: number): void {
    const before = Atomics.load(this.#slots, RATE);
    const after = BigInt(Math.round(perSecond * Number(MILLI)));
    const nowNs = this.#nowNs();
    for (;;) {
      const spent = Atomics.load(this.#slots, SPENT_UNTIL);
      const savedNs = before === 0n || after === 0n ? 0n : (least(nowNs - spent, SAVED_NS) * before) / after;
      if (Atomics.compareExchange(this.#slots, SPENT_UNTIL, spent, nowNs - savedNs) === spent) break;
    }
    Atomics.store(this.#slots, RATE, after);
    Atomics.add(this.#changes, 0, 1);
    this.#look();
  }

  available(): number {
    this.#look();
    if (this.#rate === 0n) return 0;
    const nowNs = this.#nowNs();
    return this.#tokens + Number(this.#worth(nowNs - this.#from(Atomics.load(this.#slots, SPENT_UNTIL), nowNs)));
  }

  take(): boolean {
    if (this.#tokens > 0) {
      this.#tokens -= 1;
      return true;
    }
    this.#look();
    if (this.#rate === 0n) return true;
    this.#tokens = this.#grab();
    if (this.#tokens === 0) return false;
    this.#tokens -= 1;
    return true;
  }

  giveBack(): void {
    if (this.#rate > 0n) this.#tokens += 1;
  }

  waitMs(): number {
    if (this.#rate === 0n || this.#tokens > 0) return 1;
    const nowNs = this.#nowNs();
    const nextNs = this.#from(Atomics.load(this.#slots, SPENT_UNTIL), nowNs) + this.#costOf(1n);
    return Math.max(1, Math.ceil(Number(nextNs - nowNs) / 1e6));
  }

  #grab(): number {
    const nowNs = this.#nowNs();
    const most = BigInt(Math.max(1, Math.round(this.#perSecond / GRABS_PER_SECOND)));
    for (;;) {
      const spent = Atomics.load(this.#slots, SPENT_UNTIL);
      const from = this.#from(spent, nowNs);
      const tokens = least(most, this.#worth(nowNs - from));
      if (tokens < 1n) return 0;
      if (Atomics.compareExchange(this.#slots, SPENT_UNTIL, spent, from + this.#costOf(tokens)) === spent)
        return Number(tokens);
    }
  }

  #look(): void {
    const changes = Atomics.load(this.#changes, 0);
    if (changes === this.#seen) return;
    this.#seen = changes;
    this.#rate = Atomics.load(this.#slots, RATE);
    this.#perSecond = Number(this.#rate) / Number(MILLI);
    this.#tokens = 0;
  }

  /** Where the unspent time begins. At least one token may be saved up, however long it takes. */
  #from(spent: bigint, nowNs: bigint): bigint {
    const cost = this.#costOf(1n);
    const earliest = nowNs - (cost > SAVED_NS ? cost : SAVED_NS);
    return spent > earliest ? spent : earliest;
  }

  #worth(ns: bigint): bigint {
    return ns <= 0n ? 0n : (ns * this.#rate) / (SECOND_NS * MILLI);
  }

  /** Rounded up, so that the rate is never more than it should be. */
  #costOf(tokens: bigint): bigint {
    return (tokens * SECOND_NS * MILLI + this.#rate - 1n) / this.#rate;
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
