import type { Lag } from './lag.ts';

/**
 * Attributes of a queue as they are shown while the cloud is odd: what was set is seen late, and counts of messages are those of a
 * while ago (docs/facts.md#sqs-counts).
 */
type Attributes = Record<string, string>;

/** So old a count may be. AWS says up to a minute; a gate that waits for it would wait so long here. */
const COUNT_MS = 2_000;
const isCount = (name: string) => name.startsWith('ApproximateNumberOf');

export class LateAttributes {
  readonly #lag: Lag;
  readonly #counts = new Map<string, { atMs: number; values: Attributes }>();

  constructor(lag: Lag) {
    this.#lag = lag;
  }

  /** `before`: all that had been set. */
  wasSet(queue: string, before: Attributes): void {
    this.#lag.wrote(`sqs ${queue}`, before);
  }

  /** `set`: the names of all that has been set by now. */
  shown(queue: string, current: Attributes, set: readonly string[]): Attributes {
    if (!this.#lag.isOn) return current;
    const before = this.#lag.behind<Attributes>(`sqs ${queue}`)?.value;
    const late = Object.entries(current).flatMap(([name, value]) => {
      if (before === undefined || !set.includes(name)) return [[name, value] as const];
      const old = before[name];
      return old === undefined ? [] : [[name, old] as const];
    });
    return { ...Object.fromEntries(late), ...this.#countsOf(queue, current) };
  }

  #countsOf(queue: string, current: Attributes): Attributes {
    const asked = Object.fromEntries(Object.entries(current).filter(([name]) => isCount(name)));
    if (Object.keys(asked).length === 0) return {};
    const kept = this.#counts.get(queue);
    const nowMs = this.#lag.nowMs();
    if (kept === undefined || nowMs - kept.atMs > COUNT_MS) {
      this.#counts.set(queue, { atMs: nowMs, values: asked });
      return asked;
    }
    return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, kept.values[name] ?? value]));
  }
}
