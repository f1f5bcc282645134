import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Batch } from './batches.ts';
import type { Thread } from './cores.ts';
import type { Surroundings } from './surroundings.ts';
import type { SendingThread } from './thread.ts';

/*
 * A worker's main thread: messages in, claims, batches to the sending threads, accounts out. Its numbers are those of the code that runs:
 * prefetch-buffer.ts, sender.ts, thread-lane.ts, deletes.ts and wire-lane.ts say why.
 */
const AT_HAND = 20;
const RECEIVE_AGAIN_MS = 25;
const LOOK_MS = 10;
/** Without threads the lane itself tells of its room. */
const LOOK_SAME_THREAD_MS = 1;
/** Messages that a call of SQS takes. */
const PER_CALL = 10;
const LOOK_AHEAD_DEVICES = 6_000;
const LOOK_AHEAD_STREAMS = 2;
/** A message that was received and not claimed is visible again after so long. */
const VISIBILITY_MS = 8_000;
/** Sends of batch messages that a dispatcher has under way. */
const SENDS_AT_ONCE = 8;
/** Reads of the record and the switch item, one after the other, before a shot is known to be approved. */
const READS_FOR_AUTHORITY = 2;

interface Hand {
  batch: Batch;
  sinceMs: number;
}

export class Task {
  readonly threads: readonly SendingThread[];
  readonly main: Thread;
  readonly #world: Surroundings;
  readonly #hands: Record<Platform, Hand[]> = { ios: [], android: [] };
  /** Devices of batches that are being claimed. */
  readonly #claiming: Record<Platform, number> = { ios: 0, android: 0 };
  readonly #held = new Set<Batch>();
  readonly #settled: Batch[] = [];
  #settledDevices = 0;
  #deletes = 0;
  #isLooking = false;
  #authority: 'unknown' | 'looking' | 'known' = 'unknown';
  readonly #onAuthority: (() => void)[] = [];
  isDead = false;

  constructor(world: Surroundings, main: Thread, threads: readonly SendingThread[]) {
    this.#world = world;
    this.main = main;
    this.threads = threads;
  }

  /** Ready: polls both queues from now on. */
  start(): void {
    this.#receive('ios');
    this.#receive('android');
  }

  /** Returns what it had at hand, unclaimed, with when that comes back by itself. What it held is lost. */
  die(): { batch: Batch; backAtMs: number }[] {
    this.isDead = true;
    for (const thread of this.threads) thread.die();
    for (const batch of this.#held) this.#world.lost(batch);
    return [...this.#hands.ios, ...this.#hands.android].map(({ batch, sinceMs }) => ({
      batch,
      backAtMs: sinceMs + VISIBILITY_MS,
    }));
  }

  /** Everything of the batch is settled in its lane. */
  settled(batch: Batch): void {
    this.#settled.push(batch);
    this.#settledDevices += batch.size;
    this.#look();
  }

  // ---- messages

  #receive(platform: Platform): void {
    const { timeline, cloud, question } = this.#world;
    if (this.isDead || timeline.nowMs >= question.notAfterMs) return;
    if (this.#hands[platform].length > AT_HAND / 2)
      return timeline.after(RECEIVE_AGAIN_MS, () => this.#receive(platform));
    this.#compute(this.#callUs / 2, () =>
      cloud.receive(
        platform,
        (batches) => this.#received(platform, batches),
        () => this.isDead || timeline.nowMs >= question.notAfterMs,
      ),
    );
  }

  #received(platform: Platform, batches: Batch[]): void {
    const { timeline } = this.#world;
    if (this.isDead) return timeline.after(VISIBILITY_MS, () => this.#world.cloud.put(platform, batches));
    this.#hands[platform].push(...batches.map((batch) => ({ batch, sinceMs: timeline.nowMs })));
    this.#compute(this.#callUs / 2, () => {
      this.#receive(platform);
      this.#withAuthority(() => this.#feed(platform));
    });
  }

  /** Once, whoever needs it first. */
  #withAuthority(then: () => void): void {
    if (this.#authority === 'known') return then();
    this.#onAuthority.push(then);
    if (this.#authority === 'looking') return;
    this.#authority = 'looking';
    this.readRecord(READS_FOR_AUTHORITY, () => {
      this.#authority = 'known';
      for (const one of this.#onAuthority.splice(0)) one();
    });
  }

  readRecord(reads: number, then: () => void): void {
    const {
      cloud,
      question: { costs },
    } = this.#world;
    if (reads > 0)
      return this.#call(
        (done) => cloud.read(done),
        () => this.readRecord(reads - 1, then),
      );
    this.#compute(costs.authority * costs.factor, then);
  }

  // ---- claims

  #feed(platform: Platform): void {
    const hands = this.#hands[platform];
    // The window is over: the closer says what becomes of them.
    if (this.#world.timeline.nowMs >= this.#world.question.notAfterMs) hands.length = 0;
    while (hands.length > 0 && !this.isDead && this.#hasCapacity(platform)) {
      const { batch } = hands.shift() as Hand;
      this.#claiming[platform] += batch.size;
      let isOurs = false;
      this.#call(
        (done) =>
          this.#world.claim(batch, (won) => {
            isOurs = won;
            // A claim that lands is one, whoever has died meanwhile.
            if (won && this.isDead) this.#world.lost(batch);
            else if (won) this.#held.add(batch);
            done();
          }),
        () => {
          if (isOurs) return this.#give(batch);
          this.#claiming[platform] -= batch.size;
          this.#delete();
        },
      );
    }
    if (hands.length > 0) this.#look();
  }

  #give(batch: Batch): void {
    const {
      timeline,
      question: { costs, notAfterMs },
    } = this.#world;
    this.#compute(costs.batch * costs.factor, () => {
      this.#claiming[batch.platform] -= batch.size;
      if (timeline.nowMs >= notAfterMs) {
        Object.assign(batch, { late: batch.left, left: 0 });
        return this.settled(batch);
      }
      const lanes = this.threads.map((thread) => ({ thread, lane: thread.lanes[batch.platform] }));
      const load = ({ lane }: (typeof lanes)[number]) => (lane.unsent + 1) / (lane.streams + 0.001);
      lanes.reduce((best, one) => (load(one) < load(best) ? one : best)).thread.give(batch);
      this.#look();
    });
  }

  #hasCapacity(platform: Platform): boolean {
    const {
      timeline,
      question: { pace, tasks, notAfterMs },
    } = this.#world;
    if (timeline.nowMs >= notAfterMs) return false;
    let streams = 0;
    let unsent = this.#claiming[platform];
    for (const { lanes } of this.threads) {
      const lane = lanes[platform];
      if (lane.isStopped(timeline.nowMs)) continue;
      streams += lane.streams;
      unsent += lane.unsent;
    }
    const paced = pace[platform] === 0 ? Number.POSITIVE_INFINITY : pace[platform] / tasks / 4;
    return (
      streams > 0 &&
      unsent < Math.max(1, Math.min(LOOK_AHEAD_DEVICES * this.threads.length, streams * LOOK_AHEAD_STREAMS, paced))
    );
  }

  // ---- outcomes

  /** What the threads have settled is looked at every so often, and room with it. */
  #look(): void {
    if (this.#isLooking || this.isDead) return;
    this.#isLooking = true;
    const {
      timeline,
      question: { threads, costs },
    } = this.#world;
    timeline.after(threads === 0 ? LOOK_SAME_THREAD_MS : LOOK_MS, () => {
      const settled = this.#settled.splice(0);
      const us = this.#settledDevices * costs.device * costs.factor;
      this.#settledDevices = 0;
      this.#compute(us, () => {
        this.#isLooking = false;
        for (const batch of settled) this.#account(batch);
        for (const platform of ['ios', 'android'] as const) this.#feed(platform);
      });
    });
  }

  #account(batch: Batch): void {
    const { cloud } = this.#world;
    this.#call(
      (done) =>
        cloud.write(() => {
          // It has been given up with its holder: what the account says comes too late for it.
          if (batch.state === 'held') {
            this.#held.delete(batch);
            this.#world.accounted(batch);
          }
          done();
        }),
      () => this.#delete(),
    );
  }

  #delete(): void {
    this.#deletes += 1;
    if (this.#deletes < PER_CALL) return;
    this.#deletes = 0;
    this.#call(
      (done) => this.#world.cloud.queueCall(done),
      () => undefined,
    );
  }

  // ---- orders

  /** Cuts segments into batch messages, one segment of a platform after the other. */
  dispatch(segments: readonly { platform: Platform; batches: readonly Batch[] }[]): void {
    this.readRecord(READS_FOR_AUTHORITY, () => {
      for (const platform of ['ios', 'android'] as const) {
        const tens: Batch[][] = [];
        for (const { batches } of segments.filter((one) => one.platform === platform)) {
          for (let at = 0; at < batches.length; at += PER_CALL) tens.push(batches.slice(at, at + PER_CALL));
        }
        for (let at = 0; at < SENDS_AT_ONCE; at += 1) this.#sendNext(platform, tens);
      }
    });
  }

  #sendNext(platform: Platform, tens: Batch[][]): void {
    const ten = tens.shift();
    if (ten === undefined || this.isDead) return;
    const { cloud } = this.#world;
    this.#call(
      (done) =>
        cloud.queueCall(() => {
          cloud.put(platform, ten);
          done();
        }),
      () => this.#sendNext(platform, tens),
    );
  }

  // ---- CPU time

  get #callUs(): number {
    const { costs } = this.#world.question;
    return costs.call * costs.factor;
  }

  /** Half of a call's CPU time goes before it, half after. */
  #call(ask: (done: () => void) => void, then: () => void): void {
    this.#compute(this.#callUs / 2, () => ask(() => this.#compute(this.#callUs / 2, then)));
  }

  #compute(us: number, then: () => void): void {
    if (this.isDead) return;
    this.#world.coresOf(this).run(this.main, {
      begin: () => us,
      end: () => {
        if (!this.isDead) then();
      },
    });
  }
}
