import type { Logger } from 'pino';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Credential } from '../credentials/credential.ts';
import { Jobs, type ActiveJob } from './jobs.ts';
import type { Lane, LaneJob, LaneStatus, PreparedShot, Template } from './lane.ts';
import { Link, type LinkLane } from './link.ts';
import type { Provider } from './provider.ts';
import { TokenBucket, type Bucket } from './token-bucket.ts';
import { WirePool } from './wire-pool.ts';
import { WireShot } from './wire-shot.ts';

/*
 * The lane: jobs in, requests spread over the pool's connections, one outcome per device back. One piece,
 * because pace, priming and connections meet at the moment a request is composed.
 */

export interface LaneOptions {
  provider: Provider;
  /** Origin of the provider, `https://host[:port]`. */
  url: string;
  /** Extra CA, PEM; null: the system's. */
  ca: string | null;
  connections: number;
  credential: Credential;
  /** What a priming push looks like. */
  prime: Template;
  /** True: one more priming push may go to this device. Asked before each one. */
  mayPrime: (token: string) => Promise<boolean>;
  log: Logger;
  /** A request without an answer for this long is uncertain. Default 10 s: what Google asks for at least (FACTS 2). */
  answerDeadlineMs?: number;
  /** A pace that it shares with lanes in other threads. Default: one of its own. */
  pace?: Bucket;
  /** The version of the credential that was last seen to be accepted, likewise. */
  accepted?: { version: number };
}

/**
 * Devices that may wait unsent in a lane, so that a claimed batch never waits longer than it may be sent: at most
 * some 30 ms of work for a core, and no more than the open streams can take twice over.
 */
const LOOK_AHEAD_DEVICES = 6_000;
const LOOK_AHEAD_STREAMS = 2;
/** Devices that may wait unsent in `threads` lanes with so many open streams and so much pace (0: no limit) together. */
export function lookAhead(streams: number, perSecond: number, threads = 1): number {
  return Math.max(1, Math.min(LOOK_AHEAD_DEVICES * threads, streams * LOOK_AHEAD_STREAMS, perSecond === 0 ? Number.POSITIVE_INFINITY : perSecond / 4));
}

const STREAMS_AT_MOST = 1_000;
const PAUSE_CHECK_MS = 20;
/**
 * A write costs as much as composing ten requests. So a connection waits until this part of its streams is free, but no
 * longer than that: where streams are the bound it costs a few percent of their rate, and saves a third of the CPU time.
 */
const FREE_PART = 1 / 8;
const GATHER_MS = 8;
/** Under a pace, so many requests go to a connection before the next one's turn. */
const PACED_CHUNK = 8;
const SWEEP_MS = 50;

export class WireLane implements Lane, LinkLane {
  readonly platform: Platform;
  readonly #options: LaneOptions;
  readonly #pool: WirePool<ActiveJob>;
  #links: Link[] = [];
  /** Whose turn is next, so that the first ones don't get more than the others. */
  #turn = 0;
  readonly #bucket: Bucket;
  readonly #primeShot: WireShot;
  readonly #jobs = new Jobs();
  #roomWaiters: { reserved: () => number; resolve: () => void }[] = [];
  #scheduled = false;
  #wake: NodeJS.Timeout | null = null;
  #wakeAtMs = 0;
  #sweeper: NodeJS.Timeout | null = null;
  readonly #accepted: { version: number };
  #closed = false;

  constructor(options: LaneOptions) {
    const { provider } = options;
    const origin = new URL(options.url);
    this.#options = options;
    this.#bucket = options.pace ?? new TokenBucket(() => performance.now());
    this.#accepted = options.accepted ?? { version: -1 };
    this.platform = provider.platform;
    this.#primeShot = this.#shot([options.prime]);
    this.#pool = new WirePool<ActiveJob>({
      endpoint: { host: origin.hostname, port: Number(origin.port || 443), ca: options.ca },
      connections: options.connections, maxStreams: STREAMS_AT_MOST, answerDeadlineMs: options.answerDeadlineMs ?? 10_000,
      log: options.log.child({ lane: provider.name }),
      owner: (events) => {
        const link = new Link(this, events);
        this.#links.push(link);
        return link;
      },
    });
  }

  prepare(templates: readonly Template[]): PreparedShot {
    return this.#shot(templates);
  }

  #shot(templates: readonly Template[]): WireShot {
    const { provider, credential, url } = this.#options;
    const authority = new URL(url).host;
    return new WireShot(templates, (template) => provider.request(template, authority, credential.authorization()));
  }

  #version(): number {
    return this.#options.credential.version();
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#options.credential.ready();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
    await this.#pool.open(signal);
  }

  async prime(devices: readonly { token: string }[], signal: AbortSignal): Promise<void> {
    const idle = this.#links.filter(({ connection }) => connection?.state === 'open' && !connection.unlocked && connection.inFlight === 0);
    // After a new credential one answer is wanted under it, though the streams of unlocked connections stay open.
    const stale = this.#accepted.version !== this.#version();
    const targets = idle.length > 0 || !stale ? idle : this.#links.filter(({ connection }) => (connection?.free ?? 0) > 0).slice(0, 1);
    const answers: Promise<boolean>[] = [];
    for (const [at, link] of targets.entries()) {
      const device = await this.#primeDevice(devices, at);
      if (device === null || signal.aborted) break;
      answers.push(this.#primeOne(link, device.token));
    }
    const primed = (await Promise.all(answers)).filter(Boolean).length;
    if (targets.length > 0) this.#options.log.info({ lane: this.#options.provider.name, wanted: targets.length, sent: answers.length, primed }, 'primed connections');
  }

  send(shot: PreparedShot, job: LaneJob): Promise<void> {
    if (!(shot instanceof WireShot)) throw new TypeError('SHOT_FOREIGN: expected what this lane prepared');
    if (job.count === 0) return Promise.resolve();
    return new Promise((done) => {
      const active: ActiveJob = { job, shot, next: 0, again: [], unsettled: job.count, version: this.#version(), done, primed: null };
      this.#jobs.add(active);
      if (this.#closed) this.#jobs.hold(active, 'halted');
      else this.schedule();
    });
  }

  room(reserved: () => number = none): Promise<void> {
    if (this.#hasRoom(reserved())) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push({ reserved, resolve }));
  }

  pace(perSecond: number): void {
    if (perSecond === this.#bucket.perSecond) return;
    this.#bucket.setRate(perSecond);
    this.schedule();
  }

  freezeCredential(frozen: boolean): void {
    this.#options.credential.freeze(frozen);
  }

  status(): LaneStatus {
    const open = this.#pool.live.filter((connection) => connection.state === 'open');
    const { credential, provider } = this.#options;
    const current = this.#accepted.version === credential.version();
    return {
      provider: provider.name,
      connections: this.#options.connections,
      primed: current ? open.filter((connection) => connection.unlocked).length : 0,
      streams: open.reduce((sum, connection) => sum + connection.limit, 0),
      inFlight: this.#pool.inFlight,
      credentialAgeMs: credential.ageMs(),
      credentialLeftMs: credential.leftMs(),
    };
  }

  /** Holds what is unsent, makes uncertain what is unanswered, ends the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#jobs.holdAll('halted');
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#pool.close();
    this.#options.credential.close();
    this.#serveRoom();
    await Promise.resolve();
  }

  // ---- for the links

  /** The first job that may write now, with its pace taken; null if none may. */
  nextJob(): ActiveJob | null {
    const active = this.#jobs.first();
    if (active === null) return null;
    if (active === 'paused') this.#wakeIn(PAUSE_CHECK_MS);
    else if (this.#bucket.take()) return active;
    else this.#wakeIn(this.#bucket.waitMs());
    return null;
  }

  wrote(active: ActiveJob, index: number): void {
    if (active.primed !== null) return;
    this.#jobs.wrote(active);
    active.job.wrote?.(index);
  }

  /** Streams of this connection may have become free. */
  hasRoom(link: Link): void {
    const { connection } = link;
    if (connection !== null && (!this.#jobs.isEmpty || link.pinned.length > 0)) {
      const { free } = connection;
      if (link.pinned.length > 0 || (this.#bucket.perSecond === 0 && free >= connection.limit * FREE_PART)) this.#fill(link, Number.POSITIVE_INFINITY);
      else if (free > 0) this.#wakeIn(GATHER_MS);
    }
    if (this.#roomWaiters.length > 0) this.#serveRoom();
  }

  /** Every connection gets its turn soon. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const links = this.#links;
      const from = this.#turn;
      const paced = this.#bucket.perSecond > 0;
      for (let at = 0; at < links.length && !this.#jobs.isEmpty; at += 1) {
        const link = links[(from + at) % links.length];
        if (link === undefined) break;
        const most = paced ? Math.max(PACED_CHUNK, this.#bucket.available() / links.length) : Number.POSITIVE_INFINITY;
        if (this.#fill(link, most) > 0) this.#turn = (from + at + 1) % links.length;
      }
      this.#serveRoom();
    });
  }

  #fill(link: Link, most: number): number {
    link.turn = most;
    return link.connection?.fill(performance.now()) ?? 0;
  }

  answered(link: Link, active: ActiveJob, index: number, status: number, body: string): void {
    const { provider } = this.#options;
    const authenticated = status === 200 || provider.authenticated(status);
    if (authenticated && link.connection !== null) {
      if (!link.connection.unlocked) link.connection.unlock();
      if (this.#accepted.version !== active.version) this.#accepted.version = active.version;
    }
    if (status === 200 && active.primed === null) return this.#jobs.settle(active, index, ACCEPTED);
    const reason = status === 200 ? '' : provider.reason(status, body);
    if (reason !== '' && provider.endsConnection(reason)) link.connection?.retire(reason);
    if (active.primed !== null) {
      if (reason !== '') this.#options.log.warn({ lane: provider.name, reason }, 'priming push refused');
      return active.primed(authenticated);
    }
    this.#jobs.settle(active, index, { state: 'failed', reason });
  }

  lost(active: ActiveJob, index: number, why: string): void {
    if (active.primed !== null) return active.primed(false);
    this.#jobs.settle(active, index, { state: 'uncertain', reason: why });
  }

  /** Not processed by the provider: safe to send once more, if time and switches still allow it. */
  again(active: ActiveJob, index: number): void {
    if (active.primed !== null) return active.primed(false);
    this.#jobs.again(active, index);
    if (this.#closed) this.#jobs.hold(active, 'halted');
    else this.schedule();
  }

  forget(link: Link): void {
    this.#links = this.#links.filter((one) => one !== link);
  }

  // ---- inside

  async #primeDevice(devices: readonly { token: string }[], from: number): Promise<{ token: string } | null> {
    for (let tries = 0; tries < devices.length; tries += 1) {
      const device = devices[(from + tries) % devices.length];
      if (device !== undefined && (await this.#options.mayPrime(device.token))) return device;
    }
    return null;
  }

  #primeOne(link: Link, token: string): Promise<boolean> {
    return new Promise((primed) => {
      // A write under way is no reason to give up: the push goes with the next one.
      if (link.connection?.state !== 'open') return primed(false);
      const job: LaneJob = { count: 1, token: () => token, template: () => 0, stop: () => null, settle: () => undefined };
      link.pinned.push({ job, shot: this.#primeShot, next: 0, again: [], unsettled: 1, version: this.#version(), done: () => undefined, primed });
      this.hasRoom(link);
    });
  }

  #sweep(): void {
    this.#jobs.holdStopped();
    this.#serveRoom();
  }

  #hasRoom(reserved: number): boolean {
    if (this.#closed) return true;
    const perSecond = this.#bucket.perSecond;
    let streams = 0;
    for (const connection of this.#pool.live) if (connection.state === 'open') streams += connection.limit;
    return streams > 0 && this.#jobs.unsent + reserved < lookAhead(streams, perSecond);
  }

  #serveRoom(): void {
    if (this.#roomWaiters.length === 0) return;
    const waiters = this.#roomWaiters;
    this.#roomWaiters = waiters.filter(({ reserved, resolve }) => {
      if (!this.#hasRoom(reserved())) return true;
      resolve();
      return false;
    });
  }

  /** Another turn for all, at the latest after `ms`. */
  #wakeIn(ms: number): void {
    const atMs = performance.now() + ms;
    if (this.#wake !== null) {
      if (this.#wakeAtMs <= atMs) return;
      clearTimeout(this.#wake);
    }
    this.#wakeAtMs = atMs;
    this.#wake = setTimeout(() => {
      this.#wake = null;
      this.schedule();
    }, ms);
  }
}

const none = (): number => 0;
const ACCEPTED = { state: 'accepted' } as const;
