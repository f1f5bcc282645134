const slotMs = 100;

/** Arrivals per 100 ms since the epoch, sparse and in order; and the first and the last moment, epoch ms. */
export class Curve {
  readonly slots: number[] = [];
  readonly counts: number[] = [];
  firstAtMs: number | null = null;
  lastAtMs: number | null = null;

  add(nowMs: number): void {
    if (this.firstAtMs === null || nowMs < this.firstAtMs) this.firstAtMs = nowMs;
    if (this.lastAtMs === null || nowMs > this.lastAtMs) this.lastAtMs = nowMs;
    const slot = Math.floor(nowMs / slotMs);
    const last = this.slots.length - 1;
    // A clock that was set back counts into the latest slot: order matters more than 100 ms here.
    if (last >= 0 && (this.slots[last] as number) >= slot) {
      this.counts[last] = (this.counts[last] as number) + 1;
    } else {
      this.slots.push(slot);
      this.counts.push(1);
    }
  }
}

/** Several curves as one: [[start of the slot in epoch ms, arrivals], …] in order. */
export function mergedCurve(curves: readonly Curve[]): [number, number][] {
  const sums = new Map<number, number>();
  for (const { slots, counts } of curves) {
    slots.forEach((slot, index) => sums.set(slot, (sums.get(slot) ?? 0) + (counts[index] as number)));
  }
  return [...sums].toSorted((a, b) => a[0] - b[0]).map(([slot, count]) => [slot * slotMs, count]);
}
