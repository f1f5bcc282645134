import type { Logger } from 'pino';
import { Connection } from './connection.ts';
import type { ConnectionState, Fate } from './connection.ts';

/**
 * Keeps a number of connections open: a lost one is reopened with back-off, one that leaves (GOAWAY) is replaced
 * at once while it finishes. Opens are staggered: Apple asks for an own DNS look-up per connection, and a
 * resolver has limits too (FACTS 5).
 */
export interface PoolOptions<T> {
  url: string;
  ca: string | null;
  connections: number;
  answerDeadlineMs: number;
  log: Logger;
  onFate: (connection: Connection<T>, tag: T, fate: Fate) => void;
  onRoom: () => void;
}

const OPENING_AT_ONCE = 16;
const CONNECT_TIMEOUT_MS = 10_000;
const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_MOST_MS = 10_000;
/** A connection that lived this long was good: its successor opens without waiting. */
const GOOD_AFTER_MS = 10_000;
const SWEEP_MS = 250;
/** Keeps NAT entries alive (AWS forgets after 350 s) and finds dead peers before GO does. */
const PING_EVERY_MS = 60_000;

export class ConnectionPool<T> {
  readonly #options: PoolOptions<T>;
  #slots: Connection<T>[] = [];
  readonly #leaving = new Set<Connection<T>>();
  readonly #fails = new Map<number, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(options: PoolOptions<T>) {
    this.#options = options;
  }

  /** Resolves when each connection is open or has failed once. */
  async open(signal: AbortSignal): Promise<void> {
    const { connections } = this.#options;
    this.#every(SWEEP_MS, () => { for (const connection of this.#all()) connection.sweep(); });
    this.#every(PING_EVERY_MS, () => { for (const connection of this.#slots) connection.ping(); });
    for (let from = 0; from < connections && !signal.aborted && !this.#closed; from += OPENING_AT_ONCE) {
      const slots = Array.from({ length: Math.min(OPENING_AT_ONCE, connections - from) }, (_, at) => from + at);
      await Promise.all(slots.map((slot) => this.#connect(slot)));
    }
  }

  list(): readonly Connection<T>[] {
    return this.#slots;
  }

  inFlight(): number {
    return this.#all().reduce((sum, connection) => sum + connection.inFlight, 0);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const connection of this.#all()) connection.destroy('Closing');
  }

  #all(): Connection<T>[] {
    return [...this.#slots, ...this.#leaving];
  }

  /** Resolves when the new connection is open, or has failed. */
  #connect(slot: number): Promise<void> {
    return new Promise((resolve) => {
      const { url, ca, answerDeadlineMs, onFate, onRoom } = this.#options;
      this.#slots[slot] = new Connection<T>(
        { url, ca, answerDeadlineMs, connectTimeoutMs: CONNECT_TIMEOUT_MS, nowMs: () => performance.now() },
        {
          fate: onFate,
          room: onRoom,
          changed: (connection, state, why) => {
            resolve();
            this.#changed(slot, connection, state, why);
          },
        },
      );
    });
  }

  #changed(slot: number, connection: Connection<T>, state: ConnectionState, why: string): void {
    const { log, onRoom } = this.#options;
    if (state === 'closed') this.#leaving.delete(connection);
    if (this.#closed || this.#slots[slot] !== connection) return;
    if (state === 'open') return onRoom();
    const livedMs = performance.now() - connection.openedAtMs;
    const good = livedMs > GOOD_AFTER_MS || (state === 'leaving' && !this.#fails.has(slot));
    const fails = good ? 0 : (this.#fails.get(slot) ?? 0) + 1;
    this.#fails.set(slot, good ? 1 : fails);
    if (state === 'leaving') this.#leaving.add(connection);
    const backOffMs = fails === 0 ? 0 : Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** (fails - 1)) * (0.5 + Math.random() / 2);
    log.warn({ slot, state, why, backOffMs: Math.round(backOffMs) }, 'connection lost');
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#closed && this.#slots[slot] === connection) void this.#connect(slot);
    }, backOffMs);
    this.#timers.add(timer);
  }

  #every(ms: number, run: () => void): void {
    const timer = setInterval(run, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}
