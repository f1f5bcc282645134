import type { Logger } from 'pino';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Credential } from '../credentials/credential.ts';
import { Connection } from './connection.ts';
import type { Fate } from './connection.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { Held, Lane, LaneJob, LaneStatus, PreparedShot, Template } from './lane.ts';
import type { Compiled, Provider } from './provider.ts';
import { TokenBucket } from './token-bucket.ts';

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
}

/**
 * Devices that may wait unsent in a lane before room is denied: some 75 ms of work for a core. Enough to cover a
 * claim's round trip; more would only leave more devices uncertain if the process dies.
 */
const LOOK_AHEAD_DEVICES = 1_500;
/** Writes in one go before the event loop gets a turn: some 10 ms. */
const WRITES_PER_TURN = 256;
const PAUSE_CHECK_MS = 20;
const SWEEP_MS = 50;

interface ActiveJob { job: LaneJob; shot: CompiledShot; next: number; again: number[]; unsettled: number; done: () => void }
type Tag = { active: ActiveJob; index: number; version: number } | { primed: (authenticated: boolean) => void; version: number };

/** Opaque outside: templates with the constant work done. */
class CompiledShot implements PreparedShot {
  readonly templates: readonly Template[];
  readonly compiled: readonly Compiled[];

  constructor(templates: readonly Template[], provider: Provider) {
    this.templates = templates;
    this.compiled = templates.map((template) => provider.compile(template));
  }
}

/**
 * The first lane: node:http2 below, one event loop, jobs served in the order they came. One piece, because every
 * method moves the same few counters (what is unsent, unsettled, waiting), and their agreement is the contract.
 */
export class Http2Lane implements Lane {
  readonly platform: Platform;
  readonly #options: LaneOptions;
  readonly #pool: ConnectionPool<Tag>;
  readonly #bucket = new TokenBucket(() => performance.now());
  readonly #pseudo: readonly string[];
  readonly #primeTemplate: Compiled;
  /** Jobs with something left to write, in order. */
  readonly #writing: ActiveJob[] = [];
  #unsent = 0;
  #roomWaiters: (() => void)[] = [];
  #turn: 'none' | 'scheduled' = 'none';
  #wake: NodeJS.Timeout | null = null;
  #sweeper: NodeJS.Timeout | null = null;
  #authenticatedVersion = -1;
  #closed = false;

  constructor(options: LaneOptions) {
    const { provider, url, ca, connections, log } = options;
    const origin = new URL(url);
    this.#options = options;
    this.platform = provider.platform;
    this.#pseudo = [':method', 'POST', ':scheme', 'https', ':authority', origin.host];
    this.#primeTemplate = provider.compile(options.prime);
    this.#pool = new ConnectionPool<Tag>({
      url: origin.origin, ca, connections, log: log.child({ lane: provider.name }),
      answerDeadlineMs: options.answerDeadlineMs ?? 10_000,
      onFate: (connection, tag, fate) => this.#onFate(connection, tag, fate),
      onRoom: () => this.#schedule(),
    });
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#options.credential.ready();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
    await this.#pool.open(signal);
  }

  async prime(devices: readonly { token: string }[], signal: AbortSignal): Promise<void> {
    const closedOnes = this.#pool.list().filter((connection) => connection.state === 'open' && !connection.opened && connection.inFlight === 0);
    // After a new credential one answer is wanted under it, though the streams of opened connections stay open.
    const stale = this.#authenticatedVersion !== this.#options.credential.version();
    const targets = closedOnes.length > 0 || !stale ? closedOnes : this.#pool.list().filter((connection) => connection.canWrite()).slice(0, 1);
    const answers: Promise<boolean>[] = [];
    for (const [at, connection] of targets.entries()) {
      const device = await this.#primeDevice(devices, at);
      if (device === null || signal.aborted) break;
      answers.push(this.#primeOne(connection, device.token));
    }
    const primed = (await Promise.all(answers)).filter(Boolean).length;
    if (targets.length > 0) this.#options.log.info({ lane: this.#options.provider.name, wanted: targets.length, sent: answers.length, primed }, 'primed connections');
  }

  prepare(templates: readonly Template[]): PreparedShot {
    return new CompiledShot(templates, this.#options.provider);
  }

  send(shot: PreparedShot, job: LaneJob): Promise<void> {
    if (!(shot instanceof CompiledShot)) throw new TypeError('SHOT_FOREIGN: expected what this lane prepared');
    if (job.count === 0) return Promise.resolve();
    return new Promise((done) => {
      const active: ActiveJob = { job, shot, next: 0, again: [], unsettled: job.count, done };
      this.#writing.push(active);
      this.#unsent += job.count;
      if (this.#closed) this.#hold(active, 'halted');
      else this.#schedule();
    });
  }

  room(): Promise<void> {
    if (this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  pace(perSecond: number): void {
    if (perSecond === this.#bucket.perSecond) return;
    this.#bucket.setRate(perSecond);
    this.#schedule();
  }

  freezeCredential(frozen: boolean): void {
    this.#options.credential.freeze(frozen);
  }

  status(): LaneStatus {
    const open = this.#pool.list().filter((connection) => connection.state === 'open');
    const { credential, provider } = this.#options;
    const current = this.#authenticatedVersion === credential.version();
    return {
      provider: provider.name,
      connections: this.#options.connections,
      primed: current ? open.filter((connection) => connection.opened).length : 0,
      streams: open.reduce((sum, connection) => sum + connection.streams, 0),
      inFlight: this.#pool.inFlight(),
      credentialAgeMs: credential.ageMs(),
      credentialLeftMs: credential.leftMs(),
    };
  }

  /** Holds what is unsent, makes uncertain what is unanswered, ends the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const active of this.#writing.slice()) this.#hold(active, 'halted');
    if (this.#sweeper !== null) clearInterval(this.#sweeper);
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#pool.close();
    this.#options.credential.close();
    this.#serveRoom();
    await Promise.resolve();
  }

  async #primeDevice(devices: readonly { token: string }[], from: number): Promise<{ token: string } | null> {
    for (let tries = 0; tries < devices.length; tries++) {
      const device = devices[(from + tries) % devices.length];
      if (device !== undefined && await this.#options.mayPrime(device.token)) return device;
    }
    return null;
  }

  #primeOne(connection: Connection<Tag>, token: string): Promise<boolean> {
    return new Promise((primed) => {
      if (!connection.canWrite()) primed(false);
      else this.#request(connection, this.#primeTemplate, token, { primed, version: this.#options.credential.version() });
    });
  }

  #request(connection: Connection<Tag>, template: Compiled, token: string, tag: Tag): void {
    const headers = [...this.#pseudo, ':path', template.path(token), 'authorization', this.#options.credential.authorization(), ...template.headers];
    connection.write(headers, template.body(token), tag);
  }

  #schedule(): void {
    if (this.#turn === 'scheduled') return;
    this.#turn = 'scheduled';
    setImmediate(() => {
      this.#turn = 'none';
      this.#write();
    });
  }

  /** One request per connection and round, so that a burst is spread over all of them. */
  #write(): void {
    let left = WRITES_PER_TURN;
    let wrote = true;
    while (wrote) {
      wrote = false;
      for (const connection of this.#pool.list()) {
        if (!connection.canWrite()) continue;
        if (left === 0) return this.#schedule();
        const active = this.#nextJob();
        if (active === null) return this.#serveRoom();
        this.#writeOne(connection, active);
        left -= 1;
        wrote = true;
      }
    }
    this.#serveRoom();
  }

  #writeOne(connection: Connection<Tag>, active: ActiveJob): void {
    const { job, shot } = active;
    const index = active.again.pop() ?? active.next++;
    this.#unsent -= 1;
    if (this.#left(active) === 0) this.#writing.splice(this.#writing.indexOf(active), 1);
    const template = shot.compiled[job.template(index)];
    if (template === undefined) throw new RangeError(`TEMPLATE_MISSING: device ${index} of a job wants template ${job.template(index)}`);
    this.#request(connection, template, job.token(index), { active, index, version: this.#options.credential.version() });
    job.wrote?.(index);
  }

  /** The first job that may write now, with its pace taken; null if none may. Holds jobs that may never write again. */
  #nextJob(): ActiveJob | null {
    let paused = false;
    for (const active of this.#writing.slice()) {
      const why = active.job.stop();
      if (why === null) {
        if (this.#bucket.take()) return active;
        this.#wakeIn(this.#bucket.waitMs());
        return null;
      }
      if (why === 'paused') paused = true;
      else this.#hold(active, why);
    }
    if (paused) this.#wakeIn(PAUSE_CHECK_MS);
    return null;
  }

  #hold(active: ActiveJob, why: Held): void {
    const at = this.#writing.indexOf(active);
    if (at >= 0) this.#writing.splice(at, 1);
    this.#unsent -= this.#left(active);
    const indexes = active.again.splice(0);
    while (active.next < active.job.count) indexes.push(active.next++);
    for (const index of indexes) this.#settle(active, () => active.job.settle(index, { state: 'held', why }));
  }

  #left(active: ActiveJob): number {
    return active.job.count - active.next + active.again.length;
  }

  #onFate(connection: Connection<Tag>, tag: Tag, fate: Fate): void {
    const { provider } = this.#options;
    if (fate.kind === 'answered' && provider.authenticated(fate.status)) {
      connection.opened = true;
      this.#authenticatedVersion = tag.version;
    }
    if ('primed' in tag) {
      if (fate.kind === 'answered' && fate.status !== 200) this.#options.log.warn({ lane: provider.name, reason: provider.reason(fate.status, fate.body) }, 'priming push refused');
      return tag.primed(fate.kind === 'answered' && provider.authenticated(fate.status));
    }
    const { active, index } = tag;
    if (fate.kind === 'unprocessed') return this.#again(active, index);
    this.#settle(active, () => {
      if (fate.kind === 'unknown') return active.job.settle(index, { state: 'uncertain', reason: fate.why });
      if (fate.status === 200) return active.job.settle(index, { state: 'accepted' });
      const reason = provider.reason(fate.status, fate.body);
      if (provider.endsConnection(reason)) connection.retire(reason);
      active.job.settle(index, { state: 'failed', reason });
    });
  }

  /** Not processed by the provider: safe to send once more, if time and switches still allow it. */
  #again(active: ActiveJob, index: number): void {
    active.again.push(index);
    this.#unsent += 1;
    if (!this.#writing.includes(active)) this.#writing.unshift(active);
    if (this.#closed) this.#hold(active, 'halted');
    else this.#schedule();
  }

  #settle(active: ActiveJob, settle: () => void): void {
    settle();
    active.unsettled -= 1;
    if (active.unsettled === 0) active.done();
  }

  #sweep(): void {
    // Jobs that wait for a stream, a connection or the pace must hear of a halt too.
    for (const active of this.#writing.slice()) {
      const why = active.job.stop();
      if (why === 'halted' || why === 'late') this.#hold(active, why);
    }
    this.#serveRoom();
  }

  #hasRoom(): boolean {
    if (this.#closed) return true;
    const perSecond = this.#bucket.perSecond;
    const most = perSecond === 0 ? LOOK_AHEAD_DEVICES : Math.max(1, Math.min(LOOK_AHEAD_DEVICES, perSecond / 4));
    return this.#unsent < most && this.#pool.list().some((connection) => connection.state === 'open');
  }

  #serveRoom(): void {
    if (this.#roomWaiters.length === 0 || !this.#hasRoom()) return;
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #wakeIn(ms: number): void {
    if (this.#wake !== null) return;
    this.#wake = setTimeout(() => {
      this.#wake = null;
      this.#schedule();
    }, ms);
  }
}
