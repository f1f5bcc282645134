import type { Held, LaneJob, Outcome } from './lane.ts';
import type { WireShot } from './wire-shot.ts';

/** What came of a priming push. `refusal`: the provider's reason when it does not take the credential; null when it said something else, or nothing. */
export type Primed = { authenticated: true } | { authenticated: false; refusal: string | null };

export const NOT_PRIMED: Primed = { authenticated: false, refusal: null };

/** A job on its way. Something of it is unsent, then it waits for its last answers, then it is done. */
export interface ActiveJob {
  readonly job: LaneJob;
  readonly shot: WireShot;
  /** The first device that was never taken; before it, only those in `again` are unsent. */
  next: number;
  readonly again: number[];
  unsettled: number;
  done: () => void;
  /** Set for a priming push: told what came of it. */
  readonly primed: ((answer: Primed) => void) | null;
}

/** The jobs of a lane with something left to write, in order; settles each device of a job once. */
export class Jobs {
  #writing: ActiveJob[] = [];
  #unsent = 0;

  get isEmpty(): boolean {
    return this.#writing.length === 0;
  }

  /** Devices. */
  get unsent(): number {
    return this.#unsent;
  }

  add(active: ActiveJob): void {
    this.#writing.push(active);
    this.#unsent += left(active);
  }

  /** The first job that may write now. Holds those that may never write again. `paused`: there are only such as must wait. */
  first(): ActiveJob | 'paused' | null {
    let paused = false;
    for (let at = 0; at < this.#writing.length;) {
      const active = this.#writing[at];
      if (active === undefined) break;
      const why = active.job.stop(placeOf(active));
      if (why === null) return active;
      if (why === 'paused') {
        paused = true;
        at += 1;
      } else this.hold(active, why);
    }
    return paused ? 'paused' : null;
  }

  wrote(active: ActiveJob): void {
    this.#unsent -= 1;
    if (left(active) === 0) this.#drop(active);
  }

  /** A device that was written is unsent again. */
  again(active: ActiveJob, index: number): void {
    active.again.push(index);
    this.#unsent += 1;
    if (!this.#writing.includes(active)) this.#writing.unshift(active);
  }

  /** What is unsent of this job will not be sent. */
  hold(active: ActiveJob, why: Held): void {
    this.#drop(active);
    this.#unsent -= left(active);
    const indexes = active.again.splice(0);
    while (active.next < active.job.count) indexes.push(active.next++);
    for (const index of indexes) this.settle(active, index, { state: 'held', why });
  }

  /** The lane ends. What was given back before is for others. */
  holdAll(): void {
    for (const active of this.#writing.slice()) this.hold(active, active.job.stop(placeOf(active)) === 'returned' ? 'returned' : 'halted');
  }

  /** Jobs that wait for a stream, a connection or the pace must hear of a halt too. */
  holdStopped(): void {
    for (const active of this.#writing.slice()) {
      const why = active.job.stop(placeOf(active));
      if (why !== null && why !== 'paused') this.hold(active, why);
    }
  }

  settle(active: ActiveJob, index: number, outcome: Outcome): void {
    active.job.settle(index, outcome);
    active.unsettled -= 1;
    if (active.unsettled === 0) active.done();
  }

  #drop(active: ActiveJob): void {
    if (this.#writing[0] === active) this.#writing.shift();
    else this.#writing = this.#writing.filter((one) => one !== active);
  }
}

/** Of the device that would be written next. */
function placeOf({ again, next }: ActiveJob): number {
  return again.at(-1) ?? next;
}

function left(active: ActiveJob): number {
  return active.job.count - active.next + active.again.length;
}
