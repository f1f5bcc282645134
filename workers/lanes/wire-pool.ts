import type { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import { H2Connection } from './h2/connection.ts';
import type { ConnectionOwner } from './h2/connection.ts';
import type { Dialer } from './h2/dialer.ts';
import type { GatheredReads } from './h2/gathered-reads.ts';

/**
 * Keeps a number of connections open: a lost one is reopened with back-off, one that drains (GOAWAY, ids used
 * up) is replaced at once while it finishes, one that is to be given up has its successor first (`tryAnother`, `succeed`). Opens are staggered. The address of
 * one that was no good, or sick, rests.
 */
export interface PoolOptions<J> {
  dialer: Dialer;
  connections: number;
  /** Streams of a connection at most, whatever the peer allows. */
  maxStreams: number;
  /** A request without an answer for this long is given up. */
  answerDeadlineMs: number;
  log: Logger;
  /** Which gathers the reads of all connections. */
  reads?: GatheredReads;
  /** How often a PING goes out, and how long its answer or the first SETTINGS may take, ms; only tests change them. Default 60 s and 5 s. */
  ping?: { everyMs: number; deadlineMs: number };
  /** Told of every connection that was dialed, or could not be. */
  reading?: { dialed(socket: TLSSocket): void; failed(error: unknown): void };
  /** The owner of a new connection, which passes on what happens to it. */
  owner: (events: LinkEvents) => PoolOwner<J>;
}

export interface LinkEvents {
  /** It is opened to take another one's place, see `tryAnother`. */
  readonly isOnTrial: boolean;
  /** The peer's SETTINGS are here: it may be written to. */
  opened(): void;
  draining(why: string): void;
  closed(why: string): void;
}

export interface PoolOwner<J> extends ConnectionOwner<J> {
  connection: H2Connection<J> | null;
  /** It is given up because it failed its requests: however long it lived, its successor waits. */
  readonly isSick: boolean;
}

/** A place in the pool. `isKept`: whoever has it is replaced when it is lost; false for one on trial, and for one that was succeeded. */
interface Place {
  isKept: boolean;
}

const OPENING_AT_ONCE = 16;
const CONNECT_TIMEOUT_MS = 10_000;
const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_MOST_MS = 10_000;
/** A connection that lived this long, or answered so much, was good: its successor opens without waiting. */
const GOOD_AFTER_MS = 10_000;
const GOOD_AFTER_ANSWERS = 100;
const SWEEP_MS = 100;
/** In the writes of all connections together, when the provider takes nothing off any of them; many connections fill small ones as fast. */
const UNSENT_BYTES = 3.5 * 1024 * 1024;
/** Keeps NAT entries alive (AWS forgets after 350 s, docs/facts.md#nat-gateway) and finds dead peers before GO does. */
const PING = { everyMs: 60_000, deadlineMs: 5_000 };

export class WirePool<J> {
  readonly #options: PoolOptions<J>;
  readonly #owners = new Map<PoolOwner<J>, Place>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #abort = new AbortController();
  #live: readonly H2Connection<J>[] = [];

  constructor(options: PoolOptions<J>) {
    this.#options = options;
  }

  /** Resolves when each connection is open or has failed once. */
  async open(signal: AbortSignal): Promise<void> {
    const { connections, ping = PING } = this.#options;
    this.#every(SWEEP_MS, () => this.#sweep());
    this.#every(ping.everyMs, () => this.#pingAll());
    for (let from = 0; from < connections && !signal.aborted && !this.#closed; from += OPENING_AT_ONCE) {
      await Promise.all(Array.from({ length: Math.min(OPENING_AT_ONCE, connections - from) }, () => this.#connect(0)));
    }
  }

  /** Connections that may be written to, or will be. */
  get live(): readonly H2Connection<J>[] {
    return this.#live;
  }

  get inFlight(): number {
    let sum = 0;
    for (const owner of this.#owners.keys()) sum += owner.connection?.inFlight ?? 0;
    return sum;
  }

  close(): void {
    this.#abort.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const owner of this.#owners.keys()) owner.connection?.destroy('Closing');
  }

  /** One connection more, which counts for nothing until it succeeds another one; null: it could not be opened. */
  async tryAnother(): Promise<PoolOwner<J> | null> {
    const owner = await this.#connect(0, { isKept: false });
    return owner?.connection?.state === 'open' ? owner : null;
  }

  /** `next`, which was on trial, takes the place of `old`, which answers what it has open and closes. False: one of them is gone by itself meanwhile; `next` is closed then. */
  succeed(old: PoolOwner<J>, next: PoolOwner<J>): boolean {
    const from = this.#owners.get(old);
    const to = this.#owners.get(next);
    if (from?.isKept !== true || to === undefined || next.connection?.state !== 'open') {
      next.connection?.destroy('NotNeeded');
      return false;
    }
    from.isKept = false;
    to.isKept = true;
    this.#refresh();
    old.connection?.retire('Succeeded');
    return true;
  }

  get #closed(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Resolves with the new connection when it is open, or with null when it has failed; `fails` counts the failures before it in this place. */
  async #connect(fails: number, place: Place = { isKept: true }): Promise<PoolOwner<J> | null> {
    if (this.#closed) return null;
    let openedAtMs = Number.NaN;
    let answers = () => 0;
    let isSick = () => false;
    let avoid: () => void = () => undefined;
    const replace = (why: string) => {
      this.#refresh();
      if (!place.isKept || this.#closed) return;
      place.isKept = false;
      const good = !isSick() && (performance.now() - openedAtMs > GOOD_AFTER_MS || answers() >= GOOD_AFTER_ANSWERS);
      if (!good) avoid();
      this.#reconnect(good ? 0 : fails + 1, why);
    };
    const { dialer, reading } = this.#options;
    try {
      const line = await dialer.dial(CONNECT_TIMEOUT_MS);
      avoid = () => dialer.avoid(line);
      reading?.dialed(line.socket);
      if (this.#closed) {
        line.socket.destroy();
        return null;
      }
      return await new Promise<PoolOwner<J> | null>((resolve) => {
        const owner = this.#options.owner({
          isOnTrial: !place.isKept,
          opened: () => {
            openedAtMs = performance.now();
            resolve(owner);
          },
          draining: replace,
          closed: (why) => {
            this.#owners.delete(owner);
            dialer.over(line);
            resolve(null);
            replace(why);
          },
        });
        const connection = new H2Connection<J>(
          line.socket,
          {
            startStreams: 1,
            maxStreams: this.#options.maxStreams,
            writeBytes: UNSENT_BYTES / this.#options.connections,
          },
          owner,
        );
        owner.connection = connection;
        // Somebody waits for the first answer, the last ones, and one to a ping.
        this.#options.reads?.join(
          line.socket,
          () => connection.state === 'open' && connection.unlocked && connection.silentSinceMs === null,
        );
        answers = () => connection.answered;
        isSick = () => owner.isSick;
        this.#owners.set(owner, place);
        this.#refresh();
        // Whoever says nothing at all would keep its place, and all that are to be opened after it, for ever.
        this.#after((this.#options.ping ?? PING).deadlineMs, () => {
          if (connection.state === 'connecting') connection.destroy('SettingsTimeout');
        }).unref();
      });
    } catch (error) {
      reading?.failed(error);
      replace(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  #reconnect(fails: number, why: string): void {
    const backOffMs =
      fails === 0 ? 0 : Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** (fails - 1)) * (0.5 + Math.random() / 2);
    this.#options.log.warn({ why, backOffMs: Math.round(backOffMs) }, 'connection lost');
    this.#after(backOffMs, () => {
      void this.#connect(fails);
    });
  }

  #refresh(): void {
    this.#live = [...this.#owners].flatMap(([{ connection }, { isKept }]) =>
      isKept && connection !== null && (connection.state === 'open' || connection.state === 'connecting')
        ? [connection]
        : [],
    );
  }

  #sweep(): void {
    const nowMs = performance.now();
    const { answerDeadlineMs, ping = PING } = this.#options;
    for (const { connection } of Array.from(this.#owners.keys())) {
      // Whoever asked it.
      if (
        connection !== null &&
        connection.silentSinceMs !== null &&
        nowMs - connection.silentSinceMs > ping.deadlineMs
      )
        connection.destroy('PingTimeout');
      else connection?.expire(nowMs - answerDeadlineMs);
    }
  }

  #pingAll(): void {
    const nowMs = performance.now();
    for (const connection of this.#live) connection.ping(nowMs);
  }

  #after(ms: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #every(ms: number, run: () => void): void {
    const timer = setInterval(run, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}
