import type { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { LanePeer } from '../../contract/report.ts';
import { endThread, startThread } from '../../infra/thread.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { LoadedAudience } from '../audience/packed/loaded-audience.ts';
import type { SwitchMemory } from '../halt/switch-view.ts';
import { clearGauge, createGauge } from './messages.ts';
import type { FromThread, LaneSetup, ThreadData, ToThread } from './messages.ts';
import { createReasons } from './reason-ids.ts';

/*
 * One piece over 300 lines: one thread's life and the pool that starts, watches and replaces it are read together.
 */

/** What a lane has in every thread; the rest of its set-up is the thread's own. */
export type LanePlan = Omit<LaneSetup, 'connections' | 'gauge'>;

/** A lane's hand on the threads: what a new one must be told, and what to do for one that asks or has ended. */
export interface ThreadClient {
  readonly plan: LanePlan;
  /** Of all threads together; each has at least one. */
  readonly connections: number;
  started(thread: SendingThread): void;
  mayPrime(token: string, isRenewal: boolean): Promise<boolean>;
  /** The provider does not take the credential of this version. */
  refused(version: number): void;
  ended(thread: SendingThread): void;
}

/** How long a thread may take to leave by itself. */
const END_MS = 2_000;
/**
 * Its pulse is looked at so often. Counted are looks without a beat, not time: a main thread that stood still itself, or a machine that
 * was suspended, says nothing about the others.
 */
const LOOK_MS = 250;
/** 2 s: it gets no further batch. What a collection or a busy machine takes from a thread is a tenth of that. */
const SILENT_LOOKS = 8;
/** 6 s: it hangs. As long as the lease of what it holds, so that nobody else is far behind. */
const HANGS_LOOKS = 24;
/** 60 s: it has not even begun. */
const NEVER_BEGUN_LOOKS = 240;
/** Also behind one that had lived long: the runtime is still taking the old thread down when its exit is told. */
const RESTART_FIRST_MS = 100;
const RESTART_MOST_MS = 10_000;
/** A thread that lived this long was good: its successor waits no longer than the first one. */
const GOOD_AFTER_MS = 10_000;

/** What a thread makes anew lives for microseconds: a small nursery, three times 4 MiB, does, and costs no time. */
export const YOUNG_GENERATION_MB = 12;

export const ENTRY = new URL('./sending-thread.ts', import.meta.url);

/** One life of one sending thread: running → silent, when its event loop stands still, and back; → ending → ended. */
export class SendingThread {
  readonly number: number;
  readonly reasons = createReasons();
  /** What its lanes have met, as last told. */
  readonly peers: Partial<Record<Platform, LanePeer>> = {};
  readonly gauges: Readonly<Record<Platform, Int32Array>>;
  readonly ended: Promise<void>;
  readonly startedAtMs = performance.now();
  readonly #worker: Worker;
  readonly #asks = new Map<number, (problem: string | null) => void>();
  #asked = 0;
  #isEnded = false;
  readonly #pulse = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #lastBeat = 0;
  #looksWithoutBeat = 0;
  #ending: Promise<void> | null = null;

  constructor(
    number: number,
    entry: URL,
    data: Omit<ThreadData, 'reasons' | 'pulse'>,
    on: {
      message: (message: Exclude<FromThread, { kind: 'done' }>, from: SendingThread) => void;
      error: (error: unknown) => void;
    },
  ) {
    this.number = number;
    this.gauges = Object.fromEntries(
      data.lanes.map(({ platform, gauge }) => [platform, new Int32Array(gauge)]),
    ) as Record<Platform, Int32Array>;
    this.#worker = startThread(entry, {
      workerData: { ...data, reasons: this.reasons, pulse: this.#pulse.buffer } satisfies ThreadData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.#worker.on('message', (message: FromThread) => {
      if (message.kind === 'done') this.#asks.get(message.ask)?.(message.problem);
      else on.message(message, this);
    });
    this.#worker.on('error', on.error);
    this.ended = new Promise((resolve) =>
      this.#worker.once('exit', () => {
        this.#isEnded = true;
        for (const gauge of Object.values(this.gauges)) clearGauge(gauge);
        for (const answer of this.#asks.values()) answer('THREAD_ENDED');
        resolve();
      }),
    );
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  /** Resolves with what went wrong, or null. Always resolves: the end of the thread is an answer too. */
  ask(message: (ask: number) => ToThread): Promise<string | null> {
    if (this.#isEnded) return Promise.resolve('THREAD_ENDED');
    this.#asked += 1;
    const ask = this.#asked;
    return new Promise((resolve) => {
      this.#asks.set(ask, (problem) => {
        this.#asks.delete(ask);
        resolve(problem);
      });
      this.post(message(ask));
    });
  }

  /** It has not turned for a while, though it had begun, or is to end: it takes nothing. */
  get isSilent(): boolean {
    return this.#ending !== null || (this.#lastBeat > 0 && this.#looksWithoutBeat >= SILENT_LOOKS);
  }

  /** Before that it loads its code, and hears nothing. */
  get hasBegun(): boolean {
    return Atomics.load(this.#pulse, 0) > 0;
  }

  /** True: it hangs and was not asked to end yet. Asked every `LOOK_MS`. */
  look(): boolean {
    if (this.#ending !== null) return false;
    const beat = Atomics.load(this.#pulse, 0);
    this.#looksWithoutBeat = beat === this.#lastBeat ? this.#looksWithoutBeat + 1 : 0;
    this.#lastBeat = beat;
    return this.#looksWithoutBeat >= (beat === 0 ? NEVER_BEGUN_LOOKS : HANGS_LOOKS);
  }

  /** Asks it to close what it has and to leave; terminates it if it does not. `handsOver`: what it has not sent goes to another one. */
  end(handsOver: boolean): Promise<void> {
    this.#ending ??= endThread(this.#worker, { kind: 'end', handsOver } satisfies ToThread, END_MS).then(
      () => this.ended,
    );
    return this.#ending;
  }

  /** At once, whatever it does: for tests of what is left then. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.ended;
  }
}

/**
 * Keeps a number of sending threads running, one copy of the audience for all of them. A thread that ends unasked is
 * replaced, with back-off when it had not lived long; its lanes settle what it had.
 */
export class SendingThreads {
  readonly count: number;
  readonly #entry: URL;
  readonly #switches: SwitchMemory;
  readonly #log: Logger;
  readonly #clients = new Map<Platform, ThreadClient>();
  readonly #threads = new Map<number, SendingThread>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #looking: NodeJS.Timeout | null = null;
  #audience: LoadedAudience | null = null;
  #state: 'idle' | 'started' | 'stopped' = 'idle';

  /** `entry`: only tests have another one. */
  constructor({
    count,
    switches,
    log,
    entry = ENTRY,
  }: {
    count: number;
    switches: SwitchMemory;
    log: Logger;
    entry?: URL;
  }) {
    this.count = count;
    this.#entry = entry;
    this.#switches = switches;
    this.#log = log;
  }

  /** All before the start. */
  add(client: ThreadClient): void {
    this.#clients.set(client.plan.platform, client);
  }

  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'started';
    for (let number = 0; number < this.count; number++) this.#start(number, 0);
    this.#looking = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Those that run now. */
  get all(): readonly SendingThread[] {
    return [...this.#threads.values()];
  }

  /** Null: theirs is to be let go, so that its memory is free for another one. */
  attach(audience: LoadedAudience | null): void {
    this.#audience = audience;
    for (const thread of this.#threads.values()) thread.post({ kind: 'audience', audience: audience?.share() ?? null });
  }

  /** Ends them whatever they do, within a second or so. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    for (const timer of this.#restarts) clearTimeout(timer);
    if (this.#looking !== null) clearInterval(this.#looking);
    await Promise.all(this.all.map((thread) => thread.end(false)));
  }

  /** One that hangs is replaced too. What it has is settled or handed on when it has ended, so that nothing is sent twice. */
  #look(): void {
    for (const thread of this.all) {
      if (!thread.look()) continue;
      this.#log.error(
        { thread: thread.number },
        'a sending thread hangs: it is asked to end, and ended if it does not hear; what it has not sent goes to another one',
      );
      void thread.end(true);
    }
  }

  #start(number: number, fails: number): void {
    const lanes = [...this.#clients.values()].map(({ plan, connections }) => ({
      ...plan,
      connections: partOf(connections, this.count, number),
      gauge: createGauge(),
    }));
    const failed = (error: unknown) => this.#log.error({ err: error, thread: number }, 'sending thread failed');
    let thread: SendingThread;
    try {
      thread = new SendingThread(
        number,
        this.#entry,
        { lanes, switches: this.#switches, logLevel: this.#log.level },
        { message: (message, from) => this.#told(message, from), error: failed },
      );
    } catch (error) {
      // The system has none to give now.
      failed(error);
      return this.#startAgain(number, fails + 1);
    }
    this.#threads.set(number, thread);
    void thread.ended.then(() => this.#ended(thread, fails));
    if (this.#audience !== null) thread.post({ kind: 'audience', audience: this.#audience.share() });
    for (const client of this.#clients.values()) client.started(thread);
  }

  #ended(thread: SendingThread, failsBefore: number): void {
    this.#threads.delete(thread.number);
    for (const client of this.#clients.values()) client.ended(thread);
    if (this.#state === 'stopped') return;
    const fails = performance.now() - thread.startedAtMs > GOOD_AFTER_MS ? 0 : failsBefore + 1;
    this.#startAgain(thread.number, fails);
  }

  #startAgain(number: number, fails: number): void {
    const backOffMs = Math.min(RESTART_MOST_MS, RESTART_FIRST_MS * 2 ** Math.max(0, fails - 1));
    this.#log.error({ thread: number, backOffMs }, 'a sending thread has ended; another one takes its place');
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#start(number, fails);
    }, backOffMs);
    this.#restarts.add(timer);
  }

  #told(message: Exclude<FromThread, { kind: 'done' }>, thread: SendingThread): void {
    if (message.kind === 'log') return this.#write(message.line, thread.number);
    if (message.kind === 'peer') {
      thread.peers[message.platform] = message.peer;
      return;
    }
    if (message.kind === 'refused') return this.#clients.get(message.platform)?.refused(message.version);
    const { asked, platform, token, isRenewal } = message;
    const may = this.#clients.get(platform)?.mayPrime(token, isRenewal) ?? Promise.resolve(false);
    void may
      .catch((error: unknown) => {
        this.#log.warn({ err: error }, 'the ration of priming pushes cannot be asked for; none is sent');
        return false;
      })
      .then((allowed) => {
        if (!thread.isEnded) thread.post({ kind: 'may-prime', asked, allowed });
      });
  }

  #write(line: string, thread: number): void {
    const { level, msg, ...fields } = JSON.parse(line) as { level: number; msg?: string; [field: string]: unknown };
    const write = LEVELS.find(([from]) => level >= from)?.[1] ?? 'debug';
    this.#log[write]({ ...fields, thread }, msg);
  }
}

/** Pino's levels by the least number of each. */
const LEVELS = [
  [60, 'fatal'],
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
] as const;

/** The parts differ by one at most, and none is empty. */
function partOf(connections: number, parts: number, number: number): number {
  return Math.max(1, Math.floor(connections / parts) + (number < connections % parts ? 1 : 0));
}
