import type { Held } from '../lanes/lane.ts';
import { Lease, type LeaseMemory } from '../send/lease.ts';
import { sharedClockMs } from './switch-view.ts';
import type { SwitchView } from './switch-view.ts';

/** Under which conditions one claimed batch may be written, in a form that means the same in every thread of the process. */
export interface WriteTerms {
  /** The shot's own. */
  haltEpoch: number;
  lease: LeaseMemory;
  /** One Int32 for all batches of the shot: 1 once an answer has stopped it on this worker. */
  stopped: SharedArrayBuffer;
}

/** Asked before every write: a few loads and two clocks, no message. */
export class WriteCheck {
  readonly #terms: WriteTerms;
  readonly #lease: Lease;
  readonly #stopped: Int32Array;
  readonly #switches: SwitchView;

  constructor(terms: WriteTerms, switches: SwitchView) {
    this.#terms = terms;
    this.#lease = new Lease(terms.lease);
    this.#stopped = new Int32Array(terms.stopped);
    this.#switches = switches;
  }

  /** `device`: its place in the batch. */
  stop(device: number): Held | null {
    const nowMs = sharedClockMs();
    const held = this.#switches.stop(this.#terms.haltEpoch, nowMs);
    if (held === 'halted' || Atomics.load(this.#stopped, 0) === 1) return 'halted';
    return this.#lease.stop(device, nowMs) ?? held;
  }

  /** An answer that every further push would get too: seen at the next write of every thread. */
  stopShot(): void {
    stopShot(this.#terms.stopped);
  }
}

export function stopShot(stopped: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(stopped), 0, 1);
}
