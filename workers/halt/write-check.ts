import type { Condemned } from '../lanes/campaign-meter.ts';
import type { Held } from '../lanes/held.ts';
import { Lease } from '../send/lease.ts';
import type { LeaseMemory } from '../send/lease.ts';
import { composedWrite, writeClockMs } from './composed-write.ts';
import { ShotStop } from './shot-stop.ts';
import type { SwitchView } from './switch-view.ts';

/** Under which conditions one claimed batch may be written, in a form that means the same in every thread of the process. */
export interface WriteTerms {
  /** The shot's own. */
  haltEpoch: number;
  lease: LeaseMemory;
  /** Memory of the ShotStop for all of its batches. */
  stopped: SharedArrayBuffer;
}

/** Asked before every write, see composed-write.ts: a few loads and two clocks, no message. */
export class WriteCheck {
  readonly #terms: WriteTerms;
  readonly #lease: Lease;
  readonly #stopped: ShotStop;
  readonly #switches: SwitchView;
  /** The composed write for which it was asked last, and what was found then. */
  #write = 0;
  #held: Held | null = null;
  #mark = 0;

  constructor(terms: WriteTerms, switches: SwitchView) {
    this.#terms = terms;
    this.#lease = new Lease(terms.lease);
    this.#stopped = new ShotStop(terms.stopped);
    this.#switches = switches;
  }

  /** `device`: its place in the batch. */
  stop(device: number): Held | null {
    const write = composedWrite();
    if (write === 0 || write !== this.#write) this.#ask(write);
    return this.#held ?? (device >= this.#mark ? 'paused' : null);
  }

  #ask(write: number): void {
    this.#write = write;
    const nowMs = writeClockMs();
    this.#mark = this.#lease.mark;
    const held = this.#switches.stop(this.#terms.haltEpoch, nowMs);
    this.#held = held === 'halted' ? held : (this.#stopped.held ?? this.#lease.stop(nowMs) ?? held);
  }

  /** Seen at the next write of every thread. */
  condemn(condemned: Condemned): void {
    this.#stopped.condemn(condemned);
  }
}
