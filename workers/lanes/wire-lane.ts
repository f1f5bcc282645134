import type { Logger } from 'pino';
import type { HeaderField } from '../../h2/hpack-decoder.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { isDead, leftMs } from '../credentials/credential.ts';
import type { Credential } from '../credentials/credential.ts';
import { composeWrite } from '../halt/composed-write.ts';
import { isSuccess } from './h2/answer.ts';
import { endpointOf } from './h2/connect.ts';
import { Dialer } from './h2/dialer.ts';
import type { DialerOptions } from './h2/dialer.ts';
import { GatheredReads } from './h2/gathered-reads.ts';
import { Jobs, NOT_PRIMED } from './jobs.ts';
import type { ActiveJob, Primed } from './jobs.ts';
import type { Lane, LaneJob, LaneStatus, PreparedShot, Template } from './lane.ts';
import { Link } from './link.ts';
import type { LinkLane } from './link.ts';
import { PeerReading } from './peer-reading.ts';
import type { Provider } from './provider.ts';
import { Renewal } from './renewal.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Bucket } from './token-bucket.ts';
import { Verdicts } from './verdicts.ts';
import { WirePool } from './wire-pool.ts';
import { WireShot } from './wire-shot.ts';

/*
 * The lane: jobs in, requests spread over the pool's connections, one outcome per device back. One piece
 * over 300 lines, because pace, priming and connections meet at the moment a request is composed.
 */

export interface LaneOptions {
  provider: Provider;
  /** Origin of the provider, `https://host[:port]`. */
  url: string;
  /** Extra CA, PEM; null: the system's. */
  ca: string | null;
  /** Connections go through this proxy, `http[s]://[user:password@]host[:port]`. Default null: none. */
  proxy?: string | null;
  /** All addresses of its name. Default: the system's look-up. */
  lookUp?: DialerOptions['lookUp'];
  connections: number;
  credential: Credential;
  /** What a priming push looks like. */
  prime: Template;
  /** True: one more priming push may go to this device. Asked before each one. `isRenewal`: it is for a connection that takes another one's place. */
  mayPrime: (token: string, isRenewal: boolean) => Promise<boolean>;
  log: Logger;
  /**
   * A request without an answer for this long is uncertain. Default 10 s: what Google asks for at least
   * (docs/facts.md#fcm-waits).
   */
  answerDeadlineMs?: number;
  /** A pace that it shares with lanes in other threads. Default: one of its own. */
  pace?: Bucket;
  /** See RenewalOptions. */
  renewEveryMs?: number;
}

/**
 * Devices that may wait unsent in a lane, so that a claimed batch never waits longer than it may be sent: at most
 * some 30 ms of work for a core, and no more than the open streams can take twice over.
 */
const LOOK_AHEAD_DEVICES = 6_000;
const LOOK_AHEAD_STREAMS = 2;
/** Devices that may wait unsent in `threads` lanes with so many open streams and so much pace (0: no limit) together. */
export function lookAhead(streams: number, perSecond: number, threads = 1): number {
  return Math.max(
    1,
    Math.min(
      LOOK_AHEAD_DEVICES * threads,
      streams * LOOK_AHEAD_STREAMS,
      perSecond === 0 ? Number.POSITIVE_INFINITY : perSecond / 4,
    ),
  );
}

/** With every stream taken and no answer for so long, another batch would only wait here, where another worker's connections may work. */
const STALLED_AFTER_MS = 1_000;

const STREAMS_AT_MOST = 1_000;
const ANSWER_DEADLINE_MS = 10_000;
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
  readonly #reads = new GatheredReads({ turn: () => this.schedule(), isBusy: () => !this.#jobs.isEmpty });
  readonly #verdicts: Verdicts;
  /** What it has met. */
  readonly #peer: PeerReading;
  #capacityWaiters: { reserved: () => number; resolve: () => void }[] = [];
  #scheduled = false;
  #wake: NodeJS.Timeout | null = null;
  #wakeAtMs = 0;
  #sweeper: NodeJS.Timeout | null = null;
  readonly #renewal: Renewal;
  /** Devices of the launch's people, as last told. */
  #staff: readonly { token: string }[] = [];
  #staffTurn = 0;
  /** Answered or lost, in all; how many there were at the last sweep that saw more than the one before, and when that was. */
  #answers = 0;
  #answersSeen = 0;
  #answersLooked = 0;
  #answeredAtMs = 0;
  #closed = false;

  constructor(options: LaneOptions) {
    const { provider } = options;
    this.#options = options;
    this.#bucket = options.pace ?? new TokenBucket(() => performance.now());
    this.platform = provider.platform;
    this.#primeShot = this.#shot([options.prime]);
    const answerDeadlineMs = options.answerDeadlineMs ?? ANSWER_DEADLINE_MS;
    this.#verdicts = new Verdicts({
      provider,
      jobs: this.#jobs,
      links: () => this.#links,
      inFlight: () => this.#pool.inFlight,
      answerDeadlineMs,
      log: options.log,
    });
    const endpoint = endpointOf(options.url, options.ca);
    this.#peer = new PeerReading({
      provider: provider.name,
      host: endpoint.host,
      port: endpoint.port,
      answerMs: answerDeadlineMs,
    });
    this.#pool = new WirePool<ActiveJob>({
      dialer: new Dialer({
        endpoint,
        proxy: options.proxy ?? null,
        ...(options.lookUp === undefined ? {} : { lookUp: options.lookUp }),
      }),
      reading: this.#peer,
      connections: options.connections,
      maxStreams: STREAMS_AT_MOST,
      answerDeadlineMs,
      log: options.log.child({ lane: provider.name }),
      reads: this.#reads,
      owner: (events) => {
        const link = new Link(this, events, options.credential.current());
        this.#links.push(link);
        return link;
      },
    });
    this.#renewal = new Renewal({
      credential: options.credential,
      log: options.log.child({ lane: provider.name }),
      links: () => this.#links.filter((link) => link.isOpen),
      device: () => this.#primeDevice(this.#staff, this.#staffTurn++, true),
      open: async () => {
        const owner = await this.#pool.tryAnother();
        return this.#links.find((link) => link === owner) ?? null;
      },
      prime: (link, token) => this.#primeOne(link, token),
      settle: (old, next, isWanted) => this.#settleTrial(old, next, isWanted),
      ...(options.renewEveryMs === undefined ? {} : { everyMs: options.renewEveryMs }),
    });
  }

  prepare(templates: readonly Template[]): PreparedShot {
    return this.#shot(templates);
  }

  #shot(templates: readonly Template[]): WireShot {
    const { provider, url } = this.#options;
    const authority = new URL(url).host;
    return new WireShot(templates, (template, { authorization }) =>
      provider.request(template, authority, authorization),
    );
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#options.credential.ready();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
    await this.#pool.open(signal);
    this.#renewal.start();
  }

  async prime(devices: readonly { token: string }[], signal: AbortSignal): Promise<void> {
    this.#staff = devices;
    if (devices.length === 0) return;
    const targets = this.#links.filter(
      ({ isOpen, connection }) => isOpen && connection !== null && !connection.unlocked && connection.inFlight === 0,
    );
    const answers: Promise<Primed>[] = [];
    for (const [at, link] of targets.entries()) {
      const device = await this.#primeDevice(devices, at, false);
      if (device === null || signal.aborted) break;
      answers.push(this.#primeOne(link, device.token));
    }
    const primed = (await Promise.all(answers)).filter(({ authenticated }) => authenticated).length;
    if (targets.length > 0)
      this.#options.log.info(
        { lane: this.#options.provider.name, wanted: targets.length, sent: answers.length, primed },
        'primed connections',
      );
  }

  send(shot: PreparedShot, job: LaneJob): Promise<void> {
    if (!(shot instanceof WireShot)) throw new TypeError('SHOT_FOREIGN: expected what this lane prepared');
    if (job.count === 0) return Promise.resolve();
    return new Promise((done) => {
      const active: ActiveJob = {
        job,
        shot,
        next: 0,
        again: [],
        unsettled: job.count,
        done,
        primed: null,
        refusals: null,
        accidents: null,
      };
      this.#jobs.add(active);
      if (this.#closed) this.#jobs.hold(active, 'halted');
      else this.schedule();
    });
  }

  capacity(reserved: () => number = none): Promise<void> {
    if (this.#hasCapacity(reserved())) return Promise.resolve();
    return new Promise((resolve) => this.#capacityWaiters.push({ reserved, resolve }));
  }

  pace(perSecond: number): void {
    if (perSecond === this.#bucket.perSecond) return;
    this.#bucket.setRate(perSecond);
    this.schedule();
  }

  freezeCredential(frozen: boolean): void {
    this.#renewal.freeze(frozen);
    this.#options.credential.freeze(frozen);
  }

  status(): LaneStatus {
    const open = this.#links.filter((link) => link.isOpen);
    const { credential, provider } = this.#options;
    const nowMs = credential.nowMs();
    const most = (values: number[]): number | null => (values.length === 0 ? null : Math.max(...values));
    const least = (values: number[]): number | null => (values.length === 0 ? null : Math.min(...values));
    return {
      provider: provider.name,
      connections: this.#options.connections,
      primed: open.filter(({ connection }) => connection?.unlocked).length,
      streams: open.reduce((sum, { connection }) => sum + (connection?.limit ?? 0), 0),
      inFlight: this.#pool.inFlight,
      credentialAgeMs: most(open.map(({ issued }) => Math.max(0, nowMs - issued.mintedAtMs))),
      credentialLeftMs: least(open.map(({ issued }) => leftMs(issued, nowMs))),
      key: open.toSorted((a, b) => a.issued.version - b.issued.version)[0]?.issued.key ?? null,
      refusal: this.#renewal.refusal,
      weather: this.#verdicts.weather(performance.now()),
      sick: this.#verdicts.sick,
      peer: this.#peer.peer(open),
    };
  }

  /** Holds what is unsent, makes uncertain what is unanswered, ends the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#verdicts.close();
    this.#jobs.holdAll();
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#renewal.stop();
    this.#reads.close();
    this.#pool.close();
    this.#options.credential.close();
    this.#serveCapacity();
    await Promise.resolve();
  }

  // ---- for the links

  /** The first job that may write now, with its pace taken; null if none may. */
  nextJob(): ActiveJob | null {
    const active = this.#jobs.first();
    if (active === null || !this.#weatherAllows()) return null;
    if (active === 'paused') this.#wakeIn(PAUSE_CHECK_MS);
    else if (this.#bucket.take()) return active;
    else this.#wakeIn(this.#bucket.waitMs());
    return null;
  }

  /** In fair weather as much as the streams take. */
  #weatherAllows(): boolean {
    if (this.#verdicts.isFair) return true;
    // An answer makes room and brings the next turn; where nothing is open, the next look does.
    return this.#pool.inFlight < this.#verdicts.allowance(performance.now());
  }

  wrote(active: ActiveJob, index: number): void {
    if (active.primed !== null) return;
    this.#jobs.wrote(active);
    active.job.wrote?.(index);
  }

  /** Streams of this connection may have become free. */
  hasCapacity(link: Link): void {
    const { connection } = link;
    if (connection !== null && (!this.#jobs.isEmpty || link.pinned.length > 0)) {
      const { free } = connection;
      if (link.pinned.length > 0 || (this.#bucket.perSecond === 0 && free >= connection.limit * FREE_PART))
        this.#fill(link, Number.POSITIVE_INFINITY);
      else if (free > 0 && !this.#reads.turnComes()) this.#wakeIn(GATHER_MS);
    }
    // The turn serves it too: every answer would look at all connections for it where the streams are taken.
    if (this.#capacityWaiters.length > 0 && !this.#reads.turnComes()) this.#serveCapacity();
  }

  /** Every connection gets its turn soon. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const nowMs = performance.now();
      const dueMs = this.#jobs.due(nowMs);
      if (Number.isFinite(dueMs)) this.#wakeIn(Math.max(1, dueMs - nowMs));
      const links = this.#links;
      const from = this.#turn;
      const paced = this.#bucket.perSecond > 0;
      for (let at = 0; at < links.length && !this.#jobs.isEmpty; at += 1) {
        const link = links[(from + at) % links.length];
        if (link === undefined) break;
        const most = paced ? Math.max(PACED_CHUNK, this.#bucket.available() / links.length) : Number.POSITIVE_INFINITY;
        if (this.#fill(link, most) > 0) this.#turn = (from + at + 1) % links.length;
      }
      this.#serveCapacity();
    });
  }

  #fill(link: Link, most: number): number {
    link.turn = link.takes ? most : 0;
    const { connection } = link;
    return connection === null ? 0 : composeWrite(() => connection.fill(performance.now()));
  }

  answered(
    link: Link,
    active: ActiveJob,
    index: number,
    status: number,
    fields: readonly HeaderField[],
    body: string,
  ): void {
    const { provider } = this.#options;
    this.#answers += 1;
    const succeeded = isSuccess(status);
    const reason = succeeded ? '' : provider.reason(status, body);
    const authenticated = succeeded || provider.authenticated(status, reason);
    if (authenticated && link.connection?.unlocked === false) link.connection.unlock();
    if (succeeded && active.primed === null) {
      this.#peer.isAnswered = true;
      this.#verdicts.fine(link);
      active.shot.meter.accepted();
      return this.#jobs.settle(active, index, ACCEPTED);
    }
    const row = succeeded ? null : provider.row(status, reason);
    if (row?.concerns === 'credential') this.#options.credential.refused(link.issued.version);
    if (active.primed !== null) {
      this.#peer.answered({ status, reason, fields, body }, active.job.token(index));
      if (row?.endsConnection === true) link.connection?.retire(reason);
      if (row !== null) this.#options.log.warn({ lane: provider.name, reason }, 'priming push refused');
      return active.primed(
        authenticated ? { authenticated } : { authenticated, refusal: row?.concerns === 'credential' ? reason : null },
      );
    }
    if (row === null) return;
    if (row.concerns === 'credential' || row.concerns === 'provider')
      return this.#verdicts.bad(link, active, index, row, reason, fields);
    this.#verdicts.fine(link);
    const condemned = active.shot.meter.take(row, reason);
    if (condemned !== null) active.job.condemn?.(condemned);
    const goneAtMs = row.concerns === 'token' ? provider.goneAtMs(status, body) : null;
    this.#jobs.settle(
      active,
      index,
      goneAtMs === null ? { state: 'failed', reason } : { state: 'failed', reason, goneAtMs },
    );
  }

  lost(link: Link, active: ActiveJob, index: number, why: string): void {
    this.#answers += 1;
    if (active.primed !== null) {
      this.#peer.lost(why);
      return active.primed(NOT_PRIMED);
    }
    this.#verdicts.lost(link, why);
    this.#jobs.settle(active, index, { state: 'uncertain', reason: why });
  }

  /** Not processed by the provider: safe to send once more, if time and switches still allow it. */
  refused(link: Link, active: ActiveJob, index: number): void {
    if (active.primed !== null) return active.primed(NOT_PRIMED);
    this.#verdicts.refused(link, active, index);
    if (this.#closed) this.#jobs.hold(active, 'halted');
  }

  /** Requests that the provider's weather lets be open at a time. */
  get allowance(): number {
    return this.#verdicts.isFair ? Number.POSITIVE_INFINITY : this.#verdicts.allowance(performance.now());
  }

  /** Every stream is taken, and nothing was answered for a while. */
  get isStalled(): boolean {
    if (performance.now() - this.#answeredAtMs < STALLED_AFTER_MS) return false;
    return (
      this.#pool.inFlight > 0 &&
      this.#links.every(({ isOpen, connection }) => !isOpen || connection === null || connection.free === 0)
    );
  }

  forget(link: Link, why: string): void {
    this.#verdicts.forget(link);
    this.#peer.closed(why);
    this.#links = this.#links.filter((one) => one !== link);
  }

  // ---- inside

  #settleTrial(old: Link, next: Link, isWanted: boolean): void {
    if (!isWanted) return next.connection?.destroy('NotWanted');
    next.isOnTrial = !this.#pool.succeed(old, next);
    if (!next.isOnTrial) this.schedule();
  }

  async #primeDevice(
    devices: readonly { token: string }[],
    from: number,
    isRenewal: boolean,
  ): Promise<{ token: string } | null> {
    for (let tries = 0; tries < devices.length; tries += 1) {
      const device = devices[(from + tries) % devices.length];
      if (device !== undefined && (await this.#options.mayPrime(device.token, isRenewal))) return device;
    }
    return null;
  }

  #primeOne(link: Link, token: string): Promise<Primed> {
    return new Promise((primed) => {
      // A write under way is no reason to give up: the push goes with the next one.
      if (link.connection?.state !== 'open') return primed(NOT_PRIMED);
      const job: LaneJob = {
        count: 1,
        token: () => token,
        template: () => 0,
        stop: () => null,
        settle: () => undefined,
      };
      link.pinned.push({
        job,
        shot: this.#primeShot,
        next: 0,
        again: [],
        unsettled: 1,
        done: () => undefined,
        primed,
        refusals: null,
        accidents: null,
      });
      this.hasCapacity(link);
    });
  }

  #lookAtReads(): void {
    const connections = this.#links.filter(({ connection }) => connection !== null && connection.inFlight > 0).length;
    this.#reads.look({ answers: this.#answers - this.#answersLooked, inFlight: this.#pool.inFlight, connections });
    this.#answersLooked = this.#answers;
  }

  #sweep(): void {
    this.#lookAtReads();
    if (this.#answers !== this.#answersSeen || this.#pool.inFlight === 0) {
      this.#answersSeen = this.#answers;
      this.#answeredAtMs = performance.now();
    }
    this.#dropDead();
    this.#verdicts.sweep(performance.now());
    this.#jobs.holdStopped();
    if (this.#jobs.hasPutOff || !this.#verdicts.isFair) this.schedule();
    this.#serveCapacity();
  }

  /** A connection that outlived its credential writes nothing, and makes room for one under the present one as soon as there is a better. */
  #dropDead(): void {
    const { credential } = this.#options;
    const nowMs = credential.nowMs();
    for (const link of this.#links) {
      if (!isDead(link.issued, nowMs)) continue;
      link.isDead = true;
      if (link.connection?.state === 'open' && !isDead(credential.current(), nowMs))
        link.connection.retire('CredentialExpired');
    }
  }

  #hasCapacity(reserved: number): boolean {
    if (this.#closed) return true;
    const { perSecond } = this.#bucket;
    const wanted = this.#jobs.unsent + reserved;
    const { allowance } = this;
    if (allowance === 0) return false;
    // Asked at every answer, so hundreds of connections are looked at only where their number decides.
    if (wanted >= lookAhead(Number.POSITIVE_INFINITY, perSecond)) return false;
    let streams = 0;
    for (const link of this.#links) {
      if (!link.isOpen) continue;
      streams += link.connection?.limit ?? 0;
      if (streams > 0 && wanted < lookAhead(Math.min(streams, allowance), perSecond)) return !this.isStalled;
    }
    return false;
  }

  #serveCapacity(): void {
    if (this.#capacityWaiters.length === 0) return;
    const waiters = this.#capacityWaiters;
    this.#capacityWaiters = waiters.filter(({ reserved, resolve }) => {
      if (!this.#hasCapacity(reserved())) return true;
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
