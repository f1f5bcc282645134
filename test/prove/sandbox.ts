import crypto, { createHash } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import { sharedClockMs } from '../../infra/monotonic.ts';

/**
 * Real asynchronous code under a search. A process is a function that reaches the world only through `call`; each call is
 * an operation that waits until the search performs it, lets it fail, or never does (a process that is paused, or dead).
 * What a process does next follows from what it has been answered, so its history of answers is its state: it can be
 * brought to any of its states again by running it anew. While a process runs, clocks, timers and random ids are its own.
 */

/** One operation that a process waits for. Ticks of an interval stay when they are performed. */
export interface Op {
  n: number;
  kind: string;
  args: readonly unknown[];
}

/** What a process was told, and when, in true time. `seen`: what it could see at that moment without asking. */
export interface Happened {
  n: number;
  atMs: number;
  seen: string;
  ok: boolean;
  value: unknown;
}

export type Effect =
  | { kind: 'wrote'; device: string }
  | { kind: 'settled'; device: string; state: string }
  | { kind: 'said'; text: string };

/** `look`: what a process says of its inside that changes what it does next. */
export interface Running {
  pending: readonly Op[];
  effects: readonly Effect[];
  done: boolean;
  failed: string | null;
  look: string;
}

export interface Io {
  call(kind: string, ...args: unknown[]): Promise<unknown>;
  effect(effect: Effect): void;
  /** True time of the last thing that happened to the process. */
  nowMs(): number;
  /** What the process can see without asking, as of then. */
  seen(): string;
  /** Set by the process: what to look at to know whether a tick has changed anything. */
  look: () => string;
}

export type Program = (io: Io, args: never) => Promise<unknown>;

const real = {
  now: Date.now,
  uuid: crypto.randomUUID,
  sleep: timersPromises.setTimeout,
  timeout: AbortSignal.timeout.bind(AbortSignal),
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  performanceNow: performance.now.bind(performance),
};
const shiftMs = sharedClockMs() - performance.now();
const never = new AbortController().signal;
let current: Sandbox | null = null;

const mutableCrypto = crypto as { randomUUID: () => string };
const mutableTimers = timersPromises as unknown as { setTimeout: unknown };

/** Until the returned function is called. Code that runs outside of a process sees the real clocks. */
export function installClocks(): () => void {
  Date.now = () => current?.nowMs() ?? real.now();
  // Whole numbers on the clock that threads share, whatever its origin in this process.
  performance.now = () => (current === null ? real.performanceNow() : current.nowMs() - shiftMs);
  mutableCrypto.randomUUID = () => current?.id() ?? real.uuid();
  mutableTimers.setTimeout = (ms: number, value: unknown, options: object) =>
    current === null ? real.sleep(ms, value, options) : current.call('sleep', ms).then(() => value);
  AbortSignal.timeout = (ms) => (current === null ? real.timeout(ms) : never);
  globalThis.setInterval = ((callback: () => void, ms: number) =>
    current === null ? real.setInterval(callback, ms) : current.interval(callback)) as typeof setInterval;
  globalThis.clearInterval = ((timer: NodeJS.Timeout) => {
    if (current === null || !current.clear(timer)) real.clearInterval(timer);
  }) as typeof clearInterval;
  syncBuiltinESMExports();
  return () => {
    Object.assign(globalThis, { setInterval: real.setInterval, clearInterval: real.clearInterval });
    Date.now = real.now;
    performance.now = real.performanceNow;
    mutableCrypto.randomUUID = real.uuid;
    mutableTimers.setTimeout = real.sleep;
    AbortSignal.timeout = real.timeout;
    syncBuiltinESMExports();
  };
}

function enter(sandbox: Sandbox | null): void {
  current = sandbox;
}

interface Waiting {
  op: Op;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  tick: (() => void) | null;
}

/** One run of one process. */
export class Sandbox implements Io {
  look = (): string => '';
  happened = 0;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #effects: Effect[] = [];
  #next = 0;
  #ids = 0;
  #atMs: number;
  #seen: string;
  #done = false;
  #failed: string | null = null;

  constructor(name: string, atMs: number, seen: string) {
    this.#name = name;
    this.#atMs = atMs;
    this.#seen = seen;
  }

  async start(program: Program, args: unknown): Promise<void> {
    await this.#within(() => {
      program(this, args as never).then(
        () => {
          this.#done = true;
        },
        (error: unknown) => {
          this.#done = true;
          this.#failed = error instanceof Error ? error.message : String(error);
        },
      );
    });
  }

  /** Tells it what has happened, and lets it run until it waits again. */
  async happens({ n, atMs, seen, ok, value }: Happened): Promise<void> {
    const waiting = this.#waiting.get(n);
    if (waiting === undefined) throw new Error(`SANDBOX_NO_SUCH_OP ${n} in ${this.#name}`);
    this.happened += 1;
    this.#atMs = atMs;
    this.#seen = seen;
    await this.#within(() => {
      if (waiting.tick !== null) return waiting.tick();
      this.#waiting.delete(n);
      if (ok) waiting.resolve(value);
      else waiting.reject(new Error('NO_ANSWER'));
    });
  }

  running(): Running {
    return {
      pending: [...this.#waiting.values()].map(({ op }) => op),
      effects: [...this.#effects],
      done: this.#done,
      failed: this.#failed,
      look: this.look(),
    };
  }

  call(kind: string, ...args: unknown[]): Promise<unknown> {
    const n = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(n, { op: { n, kind, args }, resolve, reject, tick: null });
    });
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  nowMs(): number {
    return this.#atMs;
  }

  seen(): string {
    return this.#seen;
  }

  id(): string {
    return `${this.#name}.${++this.#ids}`;
  }

  interval(tick: () => void): { n: number } {
    const n = this.#next++;
    this.#waiting.set(n, {
      op: { n, kind: 'tick', args: [] },
      resolve: () => undefined,
      reject: () => undefined,
      tick,
    });
    return { n };
  }

  clear(timer: unknown): boolean {
    return typeof timer === 'object' && timer !== null && 'n' in timer && this.#waiting.delete(timer.n as number);
  }

  async #within(act: () => void): Promise<void> {
    enter(this);
    try {
      act();
      // After all microtasks: nothing else of a process is ever under way.
      await new Promise<void>((resolve) => {
        real.setImmediate(resolve);
      });
    } finally {
      enter(null);
    }
  }
}

export const digest = (text: string): string => createHash('sha1').update(text).digest('base64').slice(0, 22);
