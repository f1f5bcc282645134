import type { Logger } from 'pino';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { CredentialClock } from '../credentials/clock.ts';
import type { CredentialTiming } from '../credentials/clock.ts';
import type { Credential } from '../credentials/credential.ts';
import type { Held } from '../lanes/held.ts';
import type { Lane, LaneJob, LaneStatus, PreparedShot, Template } from '../lanes/lane.ts';
import { lookAhead } from '../lanes/wire-lane.ts';
import { gaugeOf, readGauges } from './gauges.ts';
import { JobMemories, JobReader } from './job-memory.ts';
import { GAUGE } from './messages.ts';
import { isPortable, partOfJob } from './part-of-job.ts';
import type { PortableJob } from './part-of-job.ts';
import type { LanePlan, SendingThread, SendingThreads, ThreadClient } from './sending-threads.ts';
import { createPaceMemory, SharedPace } from './shared-pace.ts';
import { ThreadShot } from './thread-shot.ts';

/*
 * One piece over 300 lines: a thread that dies, a job that waits for one and the room that is left all touch the same lists.
 */

export interface ThreadLaneOptions {
  threads: SendingThreads;
  platform: Platform;
  url: string;
  ca: string | null;
  /** See LaneOptions. */
  proxy?: string | null;
  /** Null: APNs. */
  projectId: string | null;
  /** Over all threads. */
  connections: number;
  credential: Credential;
  prime: Template;
  mayPrime: (token: string, isRenewal: boolean) => Promise<boolean>;
  log: Logger;
  timing?: CredentialTiming;
}

/** Outcomes are looked for so often while there are jobs; room is served as often. */
const LOOK_MS = 10;
/** After this a thread that doesn't close is ended; what it had open is settled then. */
const CLOSE_MS = 2_000;
const OPEN_AGAIN_MS = 500;

/** A job that no thread has yet: there is none, or the one that had it has died. */
interface Waiting {
  shot: ThreadShot;
  job: PortableJob;
  done: () => void;
}
interface Sent extends Waiting {
  thread: SendingThread;
  reader: JobReader;
}

/**
 * A lane whose connections are spread over the sending threads. Each job goes to one thread as a whole, which works
 * through it by itself; here is only looked at what became of it. Credentials, pace and the ration of priming pushes
 * stay in the main thread.
 */
export class ThreadLane implements Lane, ThreadClient {
  readonly platform: Platform;
  readonly plan: LanePlan;
  readonly connections: number;
  readonly #options: ThreadLaneOptions;
  readonly #pace: SharedPace;
  readonly #shots: ThreadShot[] = [];
  readonly #sent = new Set<Sent>();
  readonly #memories = new JobMemories();
  #waiting: Waiting[] = [];
  #capacityWaiters: { reserved: () => number; resolve: () => void }[] = [];
  #looking = false;
  #isFrozen = false;
  #state: 'idle' | 'open' | 'closed' = 'idle';

  constructor(options: ThreadLaneOptions) {
    const { threads, platform, url, ca, proxy = null, projectId, prime, connections, timing = {} } = options;
    const pace = createPaceMemory();
    this.#options = options;
    this.#pace = new SharedPace(pace);
    this.platform = platform;
    this.plan = {
      platform,
      url,
      ca,
      proxy,
      projectId,
      prime,
      pace,
      timing: { ...timing, clock: (timing.clock ?? new CredentialClock()).memory },
    };
    this.connections = Math.max(connections, threads.count);
    threads.add(this);
    // At once, to all: a thread that met it with the next shot only would open its connections then.
    options.credential.onReplaced(() => this.#tellCredentials());
  }

  async open(_signal: AbortSignal): Promise<void> {
    await this.#options.credential.ready();
    this.#options.threads.start();
    this.#state = 'open';
    await Promise.all(this.#threads.map((thread) => this.#openIn(thread)));
  }

  async prime(devices: readonly { token: string }[], signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await Promise.all(this.#threads.map((thread) => this.#primeThread(thread, devices)));
  }

  prepare(templates: readonly Template[]): PreparedShot {
    const shot = new ThreadShot(this.#shots.length, templates);
    this.#shots.push(shot);
    for (const thread of this.#threads) this.#tellShot(thread, shot);
    return shot;
  }

  send(shot: PreparedShot, job: LaneJob): Promise<void> {
    if (!(shot instanceof ThreadShot)) throw new TypeError('SHOT_FOREIGN: expected what this lane prepared');
    if (!isPortable(job)) throw new TypeError('JOB_NOT_PORTABLE: a job for threads must say which batch it is');
    if (job.count === 0) return Promise.resolve();
    return new Promise((done) => this.#hand({ shot, job, done }));
  }

  capacity(reserved: () => number = () => 0): Promise<void> {
    if (this.#hasCapacity(reserved())) return Promise.resolve();
    return new Promise((resolve) => {
      this.#capacityWaiters.push({ reserved, resolve });
      this.#look();
    });
  }

  pace(perSecond: number): void {
    if (Math.abs(perSecond - this.#pace.perSecond) < 0.001) return;
    this.#pace.setRate(perSecond);
    for (const thread of this.#threads) thread.post({ kind: 'paced', platform: this.platform });
  }

  freezeCredential(frozen: boolean): void {
    this.#isFrozen = frozen;
    for (const thread of this.#threads) thread.post({ kind: 'freeze', platform: this.platform, frozen });
    this.#options.credential.freeze(frozen);
  }

  status(): LaneStatus {
    return {
      provider: this.#options.projectId === null ? 'apns' : 'fcm',
      connections: this.connections,
      ...readGauges(this.#threads, this.platform),
    };
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#serveCapacity();
    await waitAtMost(
      CLOSE_MS,
      this.#askAll(
        (ask) => ({ kind: 'close', platform: this.platform, ask }),
        'a thread could not close its connections',
      ),
      null,
    );
    this.#readAll();
    this.#serveWaiting();
    // Whoever has something open after that does not answer any more.
    await Promise.all([...new Set([...this.#sent].map(({ thread }) => thread))].map((thread) => thread.end(false)));
    this.#options.credential.close();
  }

  // ---- for the threads

  started(thread: SendingThread): void {
    if (this.#state !== 'open') return;
    thread.post({ kind: 'freeze', platform: this.platform, frozen: this.#isFrozen });
    for (const shot of this.#shots) this.#tellShot(thread, shot);
    void this.#openIn(thread);
  }

  mayPrime(token: string, isRenewal: boolean): Promise<boolean> {
    return this.#options.mayPrime(token, isRenewal);
  }

  refused(version: number): void {
    this.#options.credential.refused(version);
  }

  ended(thread: SendingThread): void {
    for (const sent of this.#sent) {
      if (sent.thread !== thread) continue;
      this.#sent.delete(sent);
      const untouched = sent.reader.abandon();
      if (untouched.length === 0) sent.done();
      else this.#hand({ ...sent, job: partOfJob(sent.job, untouched) });
    }
    this.#serveCapacity();
  }

  // ---- inside

  /** Resolves when it has opened, or failed once; then it is asked again until it has, or has ended. */
  async #openIn(thread: SendingThread): Promise<void> {
    this.#tellCredential(thread);
    const problem = await thread.ask((ask) => ({ kind: 'open', platform: this.platform, ask }));
    if (problem === null || thread.isEnded || this.#state !== 'open') return;
    this.#options.log.error(
      { problem, platform: this.platform, thread: thread.number },
      'a thread could not open its connections; it is asked again',
    );
    setTimeout(() => void this.#openIn(thread), OPEN_AGAIN_MS).unref();
  }

  /** To the thread with the least to do. Where there is none, the job waits for one for as long as it may be sent. */
  #hand(waiting: Waiting): void {
    const { shot, job } = waiting;
    const thread = this.#state === 'open' ? this.#leastLoaded() : null;
    if (thread === null) {
      this.#waiting.push(waiting);
      return this.#serveWaiting();
    }
    const { batch, devices, terms } = job.elsewhere;
    const memory = this.#memories.take(job.count, Math.floor(sharedClockMs()));
    job.elsewhere.by?.(thread.number);
    thread.post({ kind: 'job', platform: this.platform, shot: shot.number, batch, devices, terms, memory });
    this.#sent.add({ ...waiting, thread, reader: new JobReader(memory, thread.reasons, job) });
    this.#look();
  }

  #serveWaiting(): void {
    const isThere = this.#state === 'open' && this.#threads.length > 0;
    for (const waiting of this.#waiting.splice(0)) {
      const stop = waiting.job.stop(0);
      const why = this.#state === 'open' || stop === 'returned' ? stop : 'halted';
      if (why !== null && why !== 'paused') this.#hold(waiting, why);
      else if (isThere) this.#hand(waiting);
      else this.#waiting.push(waiting);
    }
    if (this.#waiting.length > 0) this.#look();
  }

  #hold({ job, done }: Waiting, why: Held): void {
    for (let index = 0; index < job.count; index++) job.settle(index, { state: 'held', why });
    done();
  }

  async #primeThread(thread: SendingThread, devices: readonly { token: string }[]): Promise<void> {
    // Each begins with another device: their pushes should not all go to the first.
    const from = thread.number % Math.max(1, devices.length);
    const turned = [...devices.slice(from), ...devices.slice(0, from)].map(({ token }) => ({ token }));
    await thread.ask((ask) => ({ kind: 'prime', platform: this.platform, ask, devices: turned }));
  }

  get #threads(): readonly SendingThread[] {
    return this.#options.threads.all;
  }

  async #askAll(message: Parameters<SendingThread['ask']>[0], what: string): Promise<void> {
    const problems = await Promise.all(this.#threads.map((thread) => thread.ask(message)));
    for (const problem of problems)
      if (problem !== null) this.#options.log.warn({ problem, platform: this.platform }, what);
  }

  #tellCredentials(): void {
    if (this.#state === 'open') for (const thread of this.#threads) this.#tellCredential(thread);
  }

  #tellCredential(thread: SendingThread): void {
    thread.post({ kind: 'credential', platform: this.platform, issued: this.#options.credential.current() });
  }

  #tellShot(thread: SendingThread, { number, templates }: ThreadShot): void {
    thread.post({ kind: 'shot', platform: this.platform, shot: number, templates: [...templates] });
  }

  #leastLoaded(): SendingThread | null {
    let best: SendingThread | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const thread of this.#threads) {
      // With one device more, so that a thread without a stream is full even when it has nothing to do.
      const load = (this.#unsent(thread) + 1) / (this.#usable(thread) + 0.001);
      if (best !== null && load >= least) continue;
      best = thread;
      least = load;
    }
    return best;
  }

  #unsent(thread: SendingThread): number {
    let unsent = 0;
    for (const sent of this.#sent) if (sent.thread === thread) unsent += sent.reader.unsent;
    return unsent;
  }

  #hasCapacity(reserved: number): boolean {
    if (this.#state === 'closed') return true;
    // Of those that get answers: what waits in the others takes nobody's place here.
    const threads = this.#threads.filter((thread) => this.#usable(thread) > 0);
    let streams = 0;
    let unsent = this.#waiting.reduce((sum, { job }) => sum + job.count, 0);
    for (const thread of threads) {
      streams += this.#usable(thread);
      unsent += this.#unsent(thread);
    }
    return streams > 0 && unsent + reserved < lookAhead(streams, this.#pace.perSecond, threads.length);
  }

  /** Streams that it can use now. */
  #usable(thread: SendingThread): number {
    return thread.isSilent ? 0 : gaugeOf(thread, this.platform, GAUGE.usable);
  }

  #serveCapacity(): void {
    this.#capacityWaiters = this.#capacityWaiters.filter(({ reserved, resolve }) => {
      if (!this.#hasCapacity(reserved())) return true;
      resolve();
      return false;
    });
  }

  /** Looks at the threads' jobs from time to time, as long as there is any or somebody waits for room. */
  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    setTimeout(() => {
      this.#looking = false;
      this.#readAll();
      this.#serveWaiting();
      this.#serveCapacity();
      if (this.#sent.size > 0 || this.#capacityWaiters.length > 0) this.#look();
    }, LOOK_MS);
  }

  #readAll(): void {
    for (const sent of this.#sent) {
      if (!sent.reader.read()) continue;
      this.#sent.delete(sent);
      this.#memories.give(sent.reader.memory);
      sent.done();
    }
  }
}
