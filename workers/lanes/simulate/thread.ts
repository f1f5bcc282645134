import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Batch } from './batches.ts';
import type { Thread } from './cores.ts';
import type { Done, SimLane } from './lane.ts';
import type { Surroundings } from './surroundings.ts';
import { Waits } from './waits.ts';
import type { Wait } from './waits.ts';

/**
 * A sending thread: turn by turn it reads what was answered, settles it, and fills what is free. What it does takes its CPU time first, so that a thread
 * without a core is late for all of it.
 */
export class SendingThread {
  readonly lanes: Record<Platform, SimLane>;
  readonly cpu: Thread;
  readonly #world: Surroundings;
  #isAtIt = false;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #isDead = false;
  readonly waits = new Waits();
  /** From its first batch to its last turn, ms. */
  fromMs: number | null = null;
  untilMs = 0;
  /** What its lanes wait for, and since when. */
  readonly #waitsFor: Record<Platform, Wait> = { ios: 'go', android: 'go' };
  readonly #sinceMs: Record<Platform, number> = { ios: 0, android: 0 };

  constructor(world: Surroundings, cpu: Thread, lanes: Record<Platform, SimLane>) {
    this.#world = world;
    this.cpu = cpu;
    this.lanes = lanes;
  }

  give(batch: Batch): void {
    const lane = this.lanes[batch.platform];
    this.fromMs ??= this.#world.timeline.nowMs;
    if (lane.unsent === 0) this.note(batch.platform, 'cores');
    lane.give(batch);
    this.#wake(this.#world.timeline.nowMs);
  }

  /** Answers of this lane may come earlier than it thought. */
  wakeFor(lane: SimLane): void {
    const atMs = lane.nextAtMs(this.#world.timeline.nowMs);
    if (atMs < Number.POSITIVE_INFINITY) this.#wake(atMs);
  }

  die(): void {
    this.#isDead = true;
  }

  /** Counts the time since the last note to what the lane has waited for; from now on it waits for something else. */
  note(platform: Platform, wait: Wait = this.#waitsFor[platform]): void {
    const {
      timeline: { nowMs },
      tally,
    } = this.#world;
    this.waits.add(this.#waitsFor[platform], this.#isAtIt, nowMs - this.#sinceMs[platform]);
    tally.openMs[platform] += this.lanes[platform].inFlight * (nowMs - this.#sinceMs[platform]);
    this.#sinceMs[platform] = nowMs;
    this.#waitsFor[platform] = wait;
  }

  #wake(atMs: number): void {
    if (this.#isAtIt || this.#isDead || this.#wakeAtMs <= atMs) return;
    this.#wakeAtMs = atMs;
    this.#world.timeline.at(atMs, () => {
      if (this.#wakeAtMs !== atMs) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#start();
    });
  }

  #start(): void {
    if (this.#isAtIt || this.#isDead) return;
    for (const platform of ['ios', 'android'] as const) this.note(platform);
    this.#isAtIt = true;
    this.#world.coresOf(this).run(this.cpu, { begin: () => this.#turn(), end: () => this.#end() });
  }

  /** Returns its cost, CPU-µs. */
  #turn(): number {
    const {
      timeline,
      question: { notAfterMs, costs, pushesATurn },
    } = this.#world;
    const { nowMs } = timeline;
    let us = 0;
    let left = pushesATurn;
    for (const platform of ['ios', 'android'] as const) {
      const lane = this.lanes[platform];
      const done: Done = { pushes: 0, answers: 0, reads: 0, writes: 0 };
      lane.read(nowMs, done);
      if (done.answers > 0) this.#world.tally.answer(nowMs, done.answers);
      if (nowMs >= notAfterMs) lane.hold();
      else lane.compose(nowMs, left, done);
      left -= done.pushes;
      us += done.pushes * costs.push[platform] + done.reads * costs.read + done.writes * costs.write;
    }
    return us * costs.factor;
  }

  #end(): void {
    for (const platform of ['ios', 'android'] as const) this.note(platform, this.#waitOf(platform));
    this.#isAtIt = false;
    if (this.#isDead) return;
    const { timeline } = this.#world;
    this.untilMs = timeline.nowMs;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const platform of ['ios', 'android'] as const) {
      const lane = this.lanes[platform];
      const writes = lane.takeWrites();
      if (writes.length > 0) this.#world.send(lane, writes);
      nextMs = Math.min(nextMs, lane.nextAtMs(timeline.nowMs));
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#wake(nextMs);
  }

  #waitOf(platform: Platform): Wait {
    const lane = this.lanes[platform];
    if (lane.unsent > 0) return lane.wait;
    return this.#world.isEverythingGiven(platform) ? 'done' : this.#waitsFor[platform] === 'go' ? 'go' : 'queue';
  }
}
