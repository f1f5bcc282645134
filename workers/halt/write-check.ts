import type { Condemned } from '../lanes/campaign-meter.ts';
import type { Held } from '../lanes/lane.ts';
import { Lease, type LeaseMemory } from '../send/lease.ts';
import { ShotStop } from './shot-stop.ts';
import { sharedClockMs } from './switch-view.ts';
import type { SwitchView } from './switch-view.ts';

/** Under which conditions one claimed batch may be written, in a form that means the same in every thread of the process. */
export interface WriteTerms {
  /** The shot's own. */
  haltEpoch: number;
  lease: LeaseMemory;
  /** Memory of the ShotStop for all of its batches. */
  stopped: SharedArrayBuffer;
}

/** Asked before every write: a few loads and two clocks, no message. */
export class WriteCheck {
  readonly #terms: WriteTerms;
  readonly #lease: Lease;
  readonly #stopped: ShotStop;
  readonly #switches: SwitchView;

  constructor(terms: WriteTerms, switches: SwitchView) {
    this.#terms = terms;
    this.#lease = new Lease(terms.lease);
    this.#stopped = new ShotStop(terms.stopped);
    this.#switches = switches;
  }

  /** `device`: its place in the batch. */
  stop(device: number): Held | null {
    const nowMs = sharedClockMs();
    const held = this.#switches.stop(this.#terms.haltEpoch, nowMs);
    if (held === 'halted') return held;
    const stopped = this.#stopped.held;
    if (stopped !== null) return stopped;
    return this.#lease.stop(device, nowMs) ?? held;
  }

  /** Seen at the next write of every thread. */
  condemn(condemned: Condemned): void {
    this.#stopped.condemn(condemned);
  }
}
