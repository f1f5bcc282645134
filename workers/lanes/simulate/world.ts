import type { Platform } from '../../../runbooks/launch/entries.ts';
import { cutBatches } from './batches.ts';
import type { Batch } from './batches.ts';
import { SimCloud } from './cloud.ts';
import { Cores, Thread } from './cores.ts';
import { SimLane } from './lane.ts';
import { SimProvider } from './provider.ts';
import type { SimulationQuestion } from './question.ts';
import { randomFrom } from './random.ts';
import type { Random } from './random.ts';
import type { Surroundings } from './surroundings.ts';
import { Tally } from './tally.ts';
import { Task } from './task.ts';
import { SendingThread } from './thread.ts';
import { Timeline } from './timeline.ts';

/** A dead task's leases are over after so long, and a segment that stands still is looked for so often and helped after so long (workers/close/rescue.ts). */
const LEASE_MS = 5_000;
const STILL_MS = 3_000;
const RESCUE_LOOK_MS = 1_000;
const ORDERS_A_CALL = 10;
/** Nobody polls: the orders wait on their queue. */
const ORDER_AGAIN_MS = 100;
const STEADY_MS = 10;

/** CPU time of all tasks' main, sending and helper threads, and of what shares a machine with them. */
export interface CpuSeconds {
  main: number;
  sending: number;
  helpers: number;
  providers: number;
  cloud: number;
}

/** Everything of one launch: machines, tasks, services, and the rules by which they meet. */
export class World implements Surroundings {
  readonly question: SimulationQuestion;
  readonly timeline = new Timeline();
  readonly tally = new Tally();
  readonly cloud: SimCloud;
  readonly batches: readonly Batch[];
  readonly tasks: readonly Task[];
  /** Of each task; of a shared machine the same for all. */
  readonly cores: readonly Cores[];
  readonly #random: Random;
  readonly #segments: { platform: Platform; batches: Batch[] }[];
  readonly #providers: Record<Platform, SimProvider>;
  readonly #coresOf = new Map<object, Cores>();
  readonly #foreign = { providers: new Thread(), cloud: new Thread(), steady: new Thread() };
  /** Batches that are not given to a lane, nor lost; and those that nothing is left to do for. */
  readonly #toGive: Record<Platform, number> = { ios: 0, android: 0 };
  #final = 0;
  readonly #lastClaimMs: Record<Platform, number> = { ios: 0, android: 0 };

  constructor(question: SimulationQuestion) {
    this.question = question;
    this.#random = randomFrom(question.seed);
    const { all, segments } = cutBatches(question.devices, question.iosShare, question.batchSize, question.segments);
    this.batches = all;
    this.#segments = segments;
    for (const { platform } of all) this.#toGive[platform] += 1;
    const {
      latency,
      limits,
      faults: { badTokens, storm },
    } = question;
    const provider = (platform: Platform) =>
      new SimProvider({
        platform,
        latency: latency[platform],
        limits: limits[platform],
        badTokens,
        random: this.#random,
        storm:
          storm?.platform === platform
            ? { fromMs: storm.atMs, untilMs: storm.atMs + storm.forMs, retryAfterMs: storm.retryAfterMs }
            : null,
      });
    this.#providers = { ios: provider('ios'), android: provider('android') };
    const one = question.shared === null ? null : new Cores(this.timeline, question.shared.cores);
    this.cores =
      one === null ? Array.from({ length: question.tasks }, () => new Cores(this.timeline, question.cores)) : [one];
    this.tasks = Array.from({ length: question.tasks }, (_, at) => this.#task(one ?? (this.cores[at] as Cores)));
    this.cloud = new SimCloud({
      figures: question.cloud,
      timeline: this.timeline,
      random: this.#random,
      serve: this.#served(one),
    });
    if (one !== null) this.#foreignLoad(one);
  }

  /** GO is pressed at 0. */
  begin(): void {
    const {
      faults: { slow, dead },
    } = this.question;
    for (const [at, task] of this.tasks.entries()) {
      if (at < this.tasks.length - slow.tasks) task.start();
      else this.timeline.at(slow.atMs, () => task.start());
    }
    if (dead.tasks > 0) this.timeline.at(dead.atMs, () => this.#kill(this.tasks.slice(0, dead.tasks)));
    this.#go();
  }

  cpuSeconds(): CpuSeconds {
    const seconds = (of: Iterable<Thread>) => [...new Set(of)].reduce((sum, { busyMs }) => sum + busyMs, 0) / 1_000;
    const { providers, cloud } = this.#foreign;
    const mains = this.tasks.map(({ main }) => main);
    return {
      main: seconds(mains),
      sending: seconds(
        this.tasks.flatMap(({ threads }) => threads.map(({ cpu }) => cpu)).filter((one) => !mains.includes(one)),
      ),
      helpers: seconds(mains.flatMap(({ helper }) => helper?.thread ?? [])),
      providers: seconds([providers]),
      cloud: seconds([cloud]),
    };
  }

  get isOver(): boolean {
    return this.#final === this.batches.length;
  }

  coresOf(one: object): Cores {
    return this.#coresOf.get(one) as Cores;
  }

  isEverythingGiven(platform: Platform): boolean {
    return this.#toGive[platform] === 0;
  }

  /** Put if absent: a message that came twice is won once. */
  claim(batch: Batch, done: (won: boolean) => void): void {
    this.cloud.write(() => {
      const won = batch.state === 'waiting';
      if (won) {
        batch.state = 'held';
        this.#toGive[batch.platform] -= 1;
        this.#lastClaimMs[batch.platform] = this.timeline.nowMs;
      }
      done(won);
    });
  }

  /** Its holder has died: without a pace a lease covers a whole batch, so all of it is uncertain. */
  lost(batch: Batch): void {
    batch.state = 'lost';
    this.#final += 1;
  }

  accounted(batch: Batch): void {
    batch.state = 'accounted';
    this.#final += 1;
  }

  /** Requests are on the wire; on a shared machine the provider needs a core before it has them. */
  send(lane: SimLane, writes: ReturnType<SimLane['takeWrites']>): void {
    const { shared } = this.question;
    const count = writes.reduce((sum, one) => sum + one.count, 0);
    this.tally.write(this.timeline.nowMs, count);
    const arrive = () => {
      for (const write of writes) lane.arrived(this.timeline.nowMs, write);
      this.#threadOf.get(lane)?.wakeFor(lane);
    };
    if (shared === null) return arrive();
    this.cores[0]?.run(this.#foreign.providers, { begin: () => count * shared.foreign.push, end: arrive });
  }

  readonly #threadOf = new Map<SimLane, SendingThread>();

  #task(cores: Cores): Task {
    const { threads, costs } = this.question;
    const helper = { thread: new Thread(), share: costs.helpers };
    const main = new Thread(costs.cold, helper);
    const many = Math.max(1, threads);
    const sending = Array.from({ length: many }, (_, at) => {
      const lane = (platform: Platform) => this.#lane(platform, at, many, (batch) => task.settled(batch));
      const thread = new SendingThread(this, threads === 0 ? main : new Thread(costs.cold, helper), {
        ios: lane('ios'),
        android: lane('android'),
      });
      this.#coresOf.set(thread, cores);
      for (const one of Object.values(thread.lanes)) this.#threadOf.set(one, thread);
      return thread;
    });
    const task: Task = new Task(this, main, sending);
    this.#coresOf.set(task, cores);
    return task;
  }

  #lane(platform: Platform, thread: number, threads: number, settled: (batch: Batch) => void): SimLane {
    const {
      connections,
      streams,
      primed,
      perConnection,
      answerStepMs,
      faults: { sickConnections },
      pace,
      tasks,
    } = this.question;
    const part = (of: number) => Math.floor(((thread + 1) * of) / threads) - Math.floor((thread * of) / threads);
    const own = Math.max(1, part(connections));
    return new SimLane({
      platform,
      provider: this.#providers[platform],
      connections: own,
      streams: streams[platform],
      primed: Math.round(own * primed),
      sick: part(sickConnections),
      perConnection,
      pace: pace[platform] / tasks / threads,
      stepMs: answerStepMs,
      batches: this.batches,
      settled,
    });
  }

  // ---- from the press to the batch messages

  #go(): void {
    const { botMs } = this.question;
    this.timeline.after(botMs, () => this.cloud.read(() => this.#order(0)));
  }

  /** Orders go into the FIFO queue in tens, one call after the other; each ten is taken by whichever dispatcher polls. */
  #order(from: number): void {
    const ten = this.#segments.slice(from, from + ORDERS_A_CALL);
    if (ten.length === 0) return;
    this.cloud.queueCall(() => {
      this.cloud.queueCall(() => this.#dispatch(ten));
      this.#order(from + ORDERS_A_CALL);
    });
  }

  #dispatch(ten: { platform: Platform; batches: Batch[] }[]): void {
    const { slow } = this.question.faults;
    const ready = this.tasks.filter(
      (task, at) => !task.isDead && (at < this.tasks.length - slow.tasks || this.timeline.nowMs >= slow.atMs),
    );
    const task = ready[Math.floor(this.#random() * ready.length)];
    if (task !== undefined) task.dispatch(ten);
    else this.timeline.after(ORDER_AGAIN_MS, () => this.#dispatch(ten));
  }

  // ---- faults

  /**
   * What the dead had at hand comes back by its visibility. Where nothing is claimed any more and no lease of theirs lives, everything that waits gets
   * its message again, also what a dead dispatcher has not cut.
   */
  #kill(tasks: readonly Task[]): void {
    const diedMs = this.timeline.nowMs;
    for (const { batch, backAtMs } of tasks.flatMap((task) => task.die()))
      this.timeline.at(backAtMs, () => this.cloud.put(batch.platform, [batch]));
    const look = () => {
      for (const platform of ['ios', 'android'] as const) {
        const isStill = this.timeline.nowMs >= Math.max(diedMs + LEASE_MS, this.#lastClaimMs[platform] + STILL_MS);
        if (isStill && this.cloud.waiting(platform) === 0)
          this.cloud.put(
            platform,
            this.batches.filter((batch) => batch.platform === platform && batch.state === 'waiting'),
          );
      }
      if (!this.isOver) this.timeline.after(RESCUE_LOOK_MS, look);
    };
    look();
  }

  // ---- one machine for everything

  #served(cores: Cores | null): (done: () => void) => void {
    const { shared } = this.question;
    if (cores === null || shared === null) return (done) => done();
    return (done) => cores.run(this.#foreign.cloud, { begin: () => shared.foreign.call, end: done });
  }

  #foreignLoad(cores: Cores): void {
    const us = (this.question.shared?.foreign.steady ?? 0) * STEADY_MS * 1_000;
    if (us === 0) return;
    cores.run(this.#foreign.steady, { begin: () => us, end: () => undefined });
    this.timeline.after(STEADY_MS, () => {
      if (!this.isOver) this.#foreignLoad(cores);
    });
  }
}
