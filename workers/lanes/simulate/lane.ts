import type { Platform } from '../../../runbooks/launch/entries.ts';
import { Weather } from '../weather.ts';
import type { Batch } from './batches.ts';
import { Ends } from './ends.ts';
import { batchOf, connectionOf, fateOf, pack } from './packed.ts';
import { FATE } from './provider.ts';
import type { SimProvider } from './provider.ts';
import { Silent } from './silent.ts';
import type { Wait } from './waits.ts';

/*
 * One sending thread's part of a lane. Every device has a latency and a fate of its own, since the last of a thousand decides when a batch is accounted
 * for; but none is an event of its own: answers lie in steps of time, and requests are composed in turns of the thread, as the lane itself does it.
 * One piece over 300 lines: its loop runs for each of millions of devices over the same typed arrays.
 */

/** A connection waits until this part of its streams is free, but no longer than that: wire-lane.ts has the reasons. */
const FREE_PART = 1 / 8;
const GATHER_MS = 8;
const STEPS_LEAST = 500;
/** The pace's bucket holds so much of its rate, ms. */
const BUCKET_MS = 100;

export interface LaneOptions {
  platform: Platform;
  provider: SimProvider;
  connections: number;
  streams: number;
  /** Of `connections`, those that had an authenticated answer before GO, and those that never answer. */
  primed: number;
  sick: number;
  /** Pushes that the end of a connection deals with a second, one after the other; 0: as they come. */
  perConnection: number;
  /** A second, for this part of the lane; 0: none. */
  pace: number;
  stepMs: number;
  /** By number. */
  batches: readonly Batch[];
  /** Everything of the batch is settled. */
  settled: (batch: Batch) => void;
}

/** What a thread has done in a turn, for what it costs. */
export interface Done {
  pushes: number;
  answers: number;
  reads: number;
  writes: number;
}
interface Job {
  batch: Batch;
  unsent: number;
}
interface Write {
  connection: number;
  batch: Batch;
  count: number;
}

export class SimLane {
  readonly options: LaneOptions;
  unsent = 0;
  inFlight = 0;
  /** Why nothing more was written when it was last tried. */
  wait: Wait = 'streams';
  readonly #weather = new Weather();
  readonly #jobs: Job[] = [];
  readonly #open: Int32Array;
  readonly #limit: Int32Array;
  readonly #filledAtMs: Float64Array;
  readonly #ends: Ends;
  #paceTokens = 0;
  #pacedAtMs = 0;
  readonly #seenIn: Int32Array;
  readonly #isBad: Uint8Array;
  readonly #isSick: Uint8Array;
  readonly #names: object[];
  #turn = 0;
  #first = 0;
  /** Answers by the step in which they come; as a ring, none lies further ahead than its length. */
  readonly #steps: number[][];
  #step = 0;
  readonly #writes: Write[] = [];
  readonly #silent = new Silent();
  /** When another try is worth while although nothing is answered. */
  #againAtMs = Number.POSITIVE_INFINITY;

  constructor(options: LaneOptions) {
    const { connections, streams, primed, sick, provider, stepMs, perConnection } = options;
    this.options = options;
    this.#open = new Int32Array(connections);
    this.#limit = new Int32Array(connections).fill(streams);
    // Whoever has no authenticated answer yet has one stream (APNs; the lane does the same with FCM).
    this.#limit.fill(1, primed);
    this.#filledAtMs = new Float64Array(connections).fill(Number.NEGATIVE_INFINITY);
    this.#ends = new Ends(connections, perConnection);
    this.#seenIn = new Int32Array(connections).fill(-1);
    this.#isBad = new Uint8Array(connections);
    this.#isSick = new Uint8Array(connections).fill(1, connections - sick);
    this.#names = Array.from({ length: connections }, () => ({}));
    // Twice as far as an answer may lie ahead, for a thread that comes late to read them.
    const ahead =
      Math.ceil((provider.latency.mostMs + (perConnection === 0 ? 0 : (streams / perConnection) * 1_000)) / stepMs) +
      STEPS_LEAST;
    this.#steps = Array.from({ length: 2 ** Math.ceil(Math.log2(ahead * 2)) }, () => []);
  }

  /** Streams that may be open now. */
  get streams(): number {
    let streams = 0;
    for (const limit of this.#limit) streams += limit;
    return streams;
  }

  isStopped(nowMs: number): boolean {
    return this.#weather.allowance(nowMs) === 0;
  }

  give(batch: Batch): void {
    this.#jobs.push({ batch, unsent: batch.size });
    this.unsent += batch.size;
  }

  /** What is unsent is late. */
  hold(): void {
    for (const { batch, unsent } of this.#jobs.splice(0)) {
      if (unsent === 0) continue;
      batch.late += unsent;
      batch.left -= unsent;
      if (batch.left === 0) this.options.settled(batch);
    }
    this.unsent = 0;
  }

  /** Takes in what has been answered until now. */
  read(nowMs: number, done: Done): void {
    const upTo = Math.floor(nowMs / this.options.stepMs + 1e-9);
    this.#turn += 1;
    this.#expire(nowMs, done);
    if (this.inFlight === this.#silent.count) this.#step = Math.max(this.#step, upTo);
    for (; this.#step < upTo; this.#step += 1) {
      const answers = this.#steps[(this.#step + 1) & (this.#steps.length - 1)] as number[];
      if (answers.length === 0) continue;
      for (const answer of answers) this.#answered(answer, nowMs, done);
      answers.length = 0;
    }
  }

  #answered(answer: number, nowMs: number, done: Done): void {
    const connection = connectionOf(answer);
    const fate = fateOf(answer);
    const batch = this.options.batches[batchOf(answer)] as Batch;
    this.inFlight -= 1;
    this.#open[connection] = (this.#open[connection] as number) - 1;
    if (this.#seenIn[connection] !== this.#turn) {
      this.#seenIn[connection] = this.#turn;
      done.reads += 1;
    }
    if (fate === FATE.refused) return this.#refused(batch, connection, nowMs);
    done.answers += 1;
    this.#isBad[connection] = 0;
    this.#weather.fine(this.options.connections * this.options.streams, nowMs);
    // APNs: one at a time after a bad token until the next success (docs/facts.md#apns-rejected-push).
    this.#limit[connection] = fate === FATE.bad && this.options.platform === 'ios' ? 1 : this.options.streams;
    if (fate === FATE.accepted) batch.accepted += 1;
    else batch.failed += 1;
    this.#settle(batch, 1);
  }

  #refused(batch: Batch, connection: number, nowMs: number): void {
    const { provider } = this.options;
    this.#isBad[connection] = 1;
    const bad = this.#isBad.reduce((sum, one) => sum + one, 0);
    const sky = {
      open: this.options.connections,
      bad,
      inFlight: this.inFlight + 1,
      roundTripMs: provider.latency.meanMs,
    };
    this.#weather.bad(
      {
        reason: 'TooManyRequests',
        connection: this.#names[connection] as object,
        retryAfterMs: provider.retryAfterMs(nowMs),
        waitMs: 1_000,
      },
      sky,
      nowMs,
    );
    const job = this.#jobs.find((one) => one.batch === batch);
    if (job === undefined) this.#jobs.unshift({ batch, unsent: 1 });
    else job.unsent += 1;
    this.unsent += 1;
  }

  #settle(batch: Batch, count: number): void {
    batch.left -= count;
    if (batch.left === 0) this.options.settled(batch);
  }

  /** What a connection that never answers has is uncertain, and another one takes its place. */
  #expire(nowMs: number, done: Done): void {
    for (let sick = this.#silent.take(nowMs); sick !== null; sick = this.#silent.take(nowMs)) {
      for (const { batch, count } of sick.writes) {
        this.inFlight -= count;
        batch.uncertain += count;
        this.#settle(batch, count);
      }
      this.#open[sick.connection] = 0;
      this.#limit[sick.connection] = this.options.streams;
      this.#isSick[sick.connection] = 0;
      done.reads += 1;
    }
  }

  /** At most so many requests. */
  compose(nowMs: number, most: number, done: Done): void {
    const { connections } = this.options;
    const paced = this.#paced(nowMs);
    this.#againAtMs = Number.POSITIVE_INFINITY;
    if (this.unsent === 0) return;
    let left = Math.min(most, this.#weather.allowance(nowMs) - this.inFlight, paced);
    this.wait = left < 1 ? this.#waitOutside(nowMs) : this.#ends.isFull(nowMs) ? 'connections' : 'streams';
    const from = this.#first;
    for (let at = 0; at < connections && this.unsent > 0 && left >= 1; at += 1) {
      const connection = (from + at) % connections;
      const room = this.#roomOf(connection, nowMs);
      if (room < 1) continue;
      const count = this.#fill(connection, Math.min(room, left));
      left -= count;
      done.pushes += count;
      done.writes += 1;
      this.#filledAtMs[connection] = nowMs;
      this.#first = connection + 1;
      if (left < 1) this.wait = this.#waitOutside(nowMs);
    }
  }

  /** Streams of the connection that may be written to now. */
  #roomOf(connection: number, nowMs: number): number {
    const limit = this.#limit[connection] as number;
    const free = limit - (this.#open[connection] as number);
    if (free < 1) return 0;
    const gathersUntilMs = (this.#filledAtMs[connection] as number) + GATHER_MS;
    if (free >= limit * FREE_PART || gathersUntilMs <= nowMs) return free;
    this.#againAtMs = Math.min(this.#againAtMs, gathersUntilMs);
    return 0;
  }

  /** Not for want of connections: weather, pace, or the thread's turn is over. */
  #waitOutside(nowMs: number): Wait {
    const allowance = this.#weather.allowance(nowMs);
    if (allowance - this.inFlight < 1) {
      if (allowance === 0) this.#againAtMs = nowMs + Math.max(1, this.#weather.waitMs(nowMs));
      return 'provider';
    }
    if (this.options.pace > 0 && this.#paceTokens < 1) {
      this.#againAtMs = nowMs + Math.max(1, 1_000 / this.options.pace);
      return 'pace';
    }
    this.#againAtMs = nowMs;
    return 'cores';
  }

  #fill(connection: number, most: number): number {
    let count = 0;
    while (count < most) {
      const job = this.#jobs[0];
      if (job === undefined) break;
      const part = Math.min(job.unsent, most - count);
      this.#writes.push({ connection, batch: job.batch, count: part });
      job.unsent -= part;
      count += part;
      if (job.unsent === 0) this.#jobs.shift();
    }
    this.unsent -= count;
    this.inFlight += count;
    this.#open[connection] = (this.#open[connection] as number) + count;
    this.#paceTokens -= count;
    return count;
  }

  /** What the pace leaves for now. */
  #paced(nowMs: number): number {
    const { pace } = this.options;
    if (pace === 0) return Number.POSITIVE_INFINITY;
    this.#paceTokens = Math.min(
      Math.max(1, (pace * BUCKET_MS) / 1_000),
      this.#paceTokens + (pace * (nowMs - this.#pacedAtMs)) / 1_000,
    );
    this.#pacedAtMs = nowMs;
    return Math.floor(this.#paceTokens);
  }

  /** What was composed is with the provider now. */
  takeWrites(): Write[] {
    return this.#writes.splice(0);
  }

  /** The provider has one write; it answers from now on. */
  arrived(nowMs: number, { connection, batch, count }: Write): void {
    const { provider, stepMs } = this.options;
    if (this.#isSick[connection] === 1) {
      return this.#silent.put(nowMs, connection, batch, count);
    }
    const mask = this.#steps.length - 1;
    const fromMs = this.#ends.take(connection, nowMs, count);
    for (let at = 0; at < count; at += 1) {
      const step = Math.max(
        this.#step + 1,
        Math.ceil((fromMs + at * this.#ends.gapMs + provider.latency.draw()) / stepMs - 1e-9),
      );
      (this.#steps[step & mask] as number[]).push(pack(batch.number, connection, provider.judge(nowMs)));
    }
  }

  /** When there is something to do next, as far as it knows; Infinity: nothing. */
  nextAtMs(nowMs: number): number {
    const atMs = Math.min(this.unsent > 0 ? this.#againAtMs : Number.POSITIVE_INFINITY, this.#silent.dueMs);
    if (this.inFlight === this.#silent.count) return atMs;
    const { stepMs } = this.options;
    const mask = this.#steps.length - 1;
    for (let step = this.#step + 1; step <= this.#step + mask; step += 1) {
      if ((this.#steps[step & mask] as number[]).length > 0) return Math.min(atMs, Math.max(nowMs, step * stepMs));
      if (step * stepMs >= atMs) return atMs;
    }
    return atMs;
  }
}
