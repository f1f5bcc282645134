/** What happens when, in simulated milliseconds since GO. Of one moment, in the order in which it was asked for. */
export class Timeline {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Moment[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Moments that have happened. */
  get happened(): number {
    return this.#order - this.#heap.length;
  }

  /** A time that is over counts as now. */
  at(atMs: number, run: () => void): void {
    this.#push({ atMs: Math.max(atMs, this.#nowMs), order: this.#order++, run });
  }

  after(ms: number, run: () => void): void {
    this.at(this.#nowMs + ms, run);
  }

  /** Until nothing is left to happen, nothing is left to wait for, or the time is over. */
  play(untilMs: number, isOver: () => boolean): void {
    while (!isOver()) {
      const next = this.#pop(untilMs);
      if (next === null) return;
      this.#nowMs = next.atMs;
      next.run();
    }
  }

  #push(moment: Moment): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(moment);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Moment;
      if (isBefore(above, moment)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = moment;
  }

  #pop(untilMs: number): Moment | null {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.atMs > untilMs) return null;
    const last = heap.pop() as Moment;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(moment: Moment): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Moment, heap[child] as Moment)) child += 1;
      const below = heap[child] as Moment;
      if (isBefore(moment, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = moment;
  }
}

interface Moment {
  atMs: number;
  order: number;
  run: () => void;
}

function isBefore(one: Moment, other: Moment): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
