import type { Batch } from './batches.ts';

interface SilentWrite {
  dueMs: number;
  connection: number;
  batch: Batch;
  count: number;
}

/** A request without an answer for so long is uncertain, and its connection is replaced (wire-lane.ts). */
const ANSWER_DEADLINE_MS = 10_000;

/** What was written over connections that never answer. */
export class Silent {
  #writes: SilentWrite[] = [];
  /** Devices of them. */
  count = 0;

  put(nowMs: number, connection: number, batch: Batch, count: number): void {
    this.#writes.push({ dueMs: nowMs + ANSWER_DEADLINE_MS, connection, batch, count });
    this.count += count;
  }

  /** When the first of them is found out. */
  get dueMs(): number {
    return this.#writes[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** A connection that has been found out, with everything that went over it. */
  take(nowMs: number): { connection: number; writes: readonly { batch: Batch; count: number }[] } | null {
    const [first] = this.#writes;
    if (first === undefined || first.dueMs > nowMs) return null;
    const { connection } = first;
    const writes = this.#writes.filter((one) => one.connection === connection);
    this.#writes = this.#writes.filter((one) => one.connection !== connection);
    for (const { count } of writes) this.count -= count;
    return { connection, writes };
  }
}
