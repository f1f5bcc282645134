/**
 * Holds things for a time in ms. One timer for all of them, as a timer each would cost more than the rest
 * of a request; and chained by themselves, as lists would be garbage. Delays are rounded up to whole ticks of 1 ms; up to 65 s.
 */
const tickMs = 1;
const slots = 1 << 16;

export interface Holdable<T> {
  next: T | null;
}

export class DelayWheel<T extends Holdable<T>> {
  readonly #first: (T | null)[] = Array.from<T | null>({ length: slots }).fill(null);
  readonly #last: (T | null)[] = Array.from<T | null>({ length: slots }).fill(null);
  readonly #due: (thing: T) => void;
  readonly #nowMs: () => number;
  #tick = 0;
  #held = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #startMs: number;

  constructor(due: (thing: T) => void, nowMs: () => number = () => performance.now()) {
    this.#due = due;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  get held(): number {
    return this.#held;
  }

  /**
   * A thing is held once at a time. `nowMs`: by the wheel's clock. With `stepTicks` above 1 it waits for the next tick
   * that is a multiple of that, and so leaves together with others.
   */
  hold(thing: T, delayMs: number, nowMs: number, stepTicks = 1): void {
    if (this.#held === 0) this.#tick = this.#present();
    // The tick that runs next is at least one away, so that nothing lands in a slot that was already emptied.
    const wanted = Math.ceil((nowMs + delayMs - this.#startMs) / (tickMs * stepTicks)) * stepTicks;
    const tick = Math.min(Math.max(wanted, this.#tick + 1), this.#tick + slots - 1);
    const at = tick & (slots - 1);
    const last = this.#last[at] ?? null;
    thing.next = null;
    if (last === null) this.#first[at] = thing;
    else last.next = thing;
    this.#last[at] = thing;
    this.#held += 1;
    this.#timer ??= setTimeout(this.turn, tickMs);
  }

  /** Forgets everything that is held. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#first.fill(null);
    this.#last.fill(null);
    this.#held = 0;
  }

  #present(): number {
    return Math.floor((this.#nowMs() - this.#startMs) / tickMs);
  }

  /** Lets go what is due; runs by itself. */
  readonly turn = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const present = this.#present();
    while (this.#tick < present && this.#held > 0) {
      this.#tick += 1;
      const at = this.#tick & (slots - 1);
      let thing = this.#first[at] ?? null;
      if (thing === null) continue;
      this.#first[at] = null;
      this.#last[at] = null;
      while (thing !== null) {
        // Once let go it may be held again.
        const { next }: T = thing;
        thing.next = null;
        this.#held -= 1;
        this.#due(thing);
        thing = next;
      }
    }
    if (this.#held > 0) this.#timer ??= setTimeout(this.turn, tickMs);
  };
}
