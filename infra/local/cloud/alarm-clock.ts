/** The longest that a timer can wait. */
const TIMER_MOST_MS = 2_147_483_647;

/** What happens at its time, by name: set anew, or not at all. Times may lie further off than a timer can wait. */
export class AlarmClock {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  set(name: string, atMs: number, then: () => void): void {
    this.clear(name);
    const waitMs = atMs - Date.now();
    const ring = () => {
      if (waitMs > TIMER_MOST_MS) return this.set(name, atMs, then);
      this.#timers.delete(name);
      then();
    };
    this.#timers.set(name, setTimeout(ring, Math.max(0, Math.min(waitMs, TIMER_MOST_MS))));
  }

  clear(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  close(): void {
    for (const name of this.#timers.keys()) this.clear(name);
  }
}
