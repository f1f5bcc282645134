import type { Held } from './held.ts';
import type { LaneJob, Outcome } from './lane.ts';
import type { WireShot } from './wire-shot.ts';

/** What came of a priming push. `refusal`: the provider's reason when it does not take the credential; null when it said something else, or nothing. */
export type Primed = { authenticated: true } | { authenticated: false; refusal: string | null };

export const NOT_PRIMED: Primed = { authenticated: false, refusal: null };

/** A job on its way. Something of it is unsent, then it waits for its last answers, then it is done. */
export interface ActiveJob {
  readonly job: LaneJob;
  readonly shot: WireShot;
  /** The first device that was never taken; before it, only those in `again` and those put off are unsent. */
  next: number;
  readonly again: number[];
  unsettled: number;
  done: () => void;
  /** Set for a priming push: told what came of it. */
  readonly primed: ((answer: Primed) => void) | null;
  /** How often each device was refused unread; null: none was. */
  refusals: Map<number, number> | null;
  /** How often of those while nobody else was; null: none was. */
  accidents: Map<number, number> | null;
}

/** A device that was refused unread goes out so many times in all. */
const TRIES_AT_MOST = 8;

/** That one alone is refused so many times running is its own fate, not an accident. */
const ACCIDENTS_AT_MOST = 3;

/** Unsent until `dueMs`, on the lane's clock. */
interface PutOff {
  active: ActiveJob;
  index: number;
  dueMs: number;
}

/** The jobs of a lane with something left to write, in order; settles each device of a job once. */
export class Jobs {
  #writing: ActiveJob[] = [];
  #putOff: PutOff[] = [];
  #unsent = 0;

  /** Nothing of them can be written now. */
  get isEmpty(): boolean {
    return this.#writing.length === 0;
  }

  get hasPutOff(): boolean {
    return this.#putOff.length > 0;
  }

  /** Devices, with those that are put off. */
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

  /** A device that was written and refused unread is unsent again, from `dueMs` on. False: it has been tried often enough. */
  again(active: ActiveJob, index: number, dueMs: number): boolean {
    const refusals = (active.refusals ??= new Map<number, number>());
    const before = refusals.get(index) ?? 0;
    if (before + 1 >= TRIES_AT_MOST) return false;
    refusals.set(index, before + 1);
    this.#unsent += 1;
    this.#putOff.push({ active, index, dueMs });
    return true;
  }

  /** This device was refused unread, and nobody else was. False: that has been so too often. */
  accident(active: ActiveJob, index: number): boolean {
    const accidents = (active.accidents ??= new Map<number, number>());
    const times = (accidents.get(index) ?? 0) + 1;
    accidents.set(index, times);
    return times < ACCIDENTS_AT_MOST;
  }

  /** It goes out once more after it was refused while nobody else was. */
  hadAccident(active: ActiveJob, index: number): boolean {
    return active.accidents?.has(index) === true;
  }

  /** How often this device was refused unread. */
  refusals(active: ActiveJob, index: number): number {
    return active.refusals?.get(index) ?? 0;
  }

  /** Those that are put off and due can be written again. Returns when the next one is due, Infinity: none is. */
  due(nowMs: number): number {
    if (this.#putOff.length === 0) return Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    this.#putOff = this.#putOff.filter(({ active, index, dueMs }) => {
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        return true;
      }
      active.again.push(index);
      if (!this.#writing.includes(active)) this.#writing.unshift(active);
      return false;
    });
    return nextMs;
  }

  /** What is unsent of this job will not be sent. */
  hold(active: ActiveJob, why: Held): void {
    this.#drop(active);
    const indexes = active.again.splice(0);
    if (this.#putOff.length > 0) {
      this.#putOff = this.#putOff.filter((one) => {
        if (one.active === active) indexes.push(one.index);
        return one.active !== active;
      });
    }
    while (active.next < active.job.count) indexes.push(active.next++);
    this.#unsent -= indexes.length;
    for (const index of indexes) this.settle(active, index, { state: 'held', why });
  }

  /** The lane ends. What was given back before is for others. */
  holdAll(): void {
    for (const active of this.#all())
      this.hold(active, active.job.stop(placeOf(active)) === 'returned' ? 'returned' : 'halted');
  }

  /** Jobs that wait for a stream, a connection, the pace or the weather must hear of a halt too. */
  holdStopped(): void {
    for (const active of this.#all()) {
      const why = active.job.stop(placeOf(active));
      if (why !== null && why !== 'paused') this.hold(active, why);
    }
  }

  settle(active: ActiveJob, index: number, outcome: Outcome): void {
    active.job.settle(index, outcome);
    active.unsettled -= 1;
    if (active.unsettled === 0) active.done();
  }

  #all(): ActiveJob[] {
    return this.#putOff.length === 0
      ? this.#writing.slice()
      : [...new Set([...this.#writing, ...this.#putOff.map(({ active }) => active)])];
  }

  #drop(active: ActiveJob): void {
    if (this.#writing[0] === active) this.#writing.shift();
    else this.#writing = this.#writing.filter((one) => one !== active);
  }
}

/** Of the device that would be written next: of those that were refused the one that waits longest, so that nobody who is refused each time stands before all others. */
function placeOf({ again, next }: ActiveJob): number {
  return again[0] ?? next;
}

function left(active: ActiveJob): number {
  return active.job.count - active.next + active.again.length;
}
