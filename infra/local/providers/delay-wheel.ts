/**
 * Holds things for a time in ms. One timer for all of them, as a timer each would cost more than the rest
 * of a request. Delays are rounded up to whole ticks; up to 65 s.
 */
const tickMs = 1;
const slots = 1 << 16;

export class DelayWheel<T> {
  readonly #slots: (T[] | undefined)[] = Array.from({ length: slots });
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

  get held(): number { return this.#held; }

  hold(thing: T, delayMs: number): void {
    if (this.#held === 0) this.#tick = this.#present();
    // The tick that runs next is at least one away, so that nothing lands in a slot that was already emptied.
    const wanted = Math.ceil((this.#nowMs() + delayMs - this.#startMs) / tickMs);
    const tick = Math.min(Math.max(wanted, this.#tick + 1), this.#tick + slots - 1);
    const at = tick & (slots - 1);
    const slot = this.#slots[at];
    if (slot === undefined) this.#slots[at] = [thing];
    else slot.push(thing);
    this.#held += 1;
    this.#timer ??= setTimeout(this.turn, tickMs);
  }

  /** Forgets everything that is held. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#slots.fill(undefined);
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
      const slot = this.#slots[at];
      if (slot === undefined) continue;
      this.#slots[at] = undefined;
      this.#held -= slot.length;
      for (const thing of slot) this.#due(thing);
    }
    if (this.#held > 0) this.#timer ??= setTimeout(this.turn, tickMs);
  };
}
