/*
 * The weather of a provider: what it answers nearly everybody, on most connections, and what is therefore no device's fate
 * (429, 503, the page of a front end, a credential that is refused everywhere). One for each lane.
 *
 *   fair --more than an accident, on several connections--> slow --all is well for a while--> fair
 *   fair, slow --hardly any connection gets through, or the provider says how long to wait, of a rate or to half of all--> stopped
 *   stopped --the wait is over--> trying (one request at a time) --it is answered--> slow
 *                                 trying --it is not--> stopped, for longer
 *
 * Slow is AIMD over the requests that are open at a time: half of them at a bad answer (once a round trip), a little more at
 * each good one. Time is given: a monotonic clock in ms.
 */
export type WeatherState = 'fair' | 'slow' | 'stopped' | 'trying';

/** Of the last answers of all connections … */
const WINDOW = 256;
/** … so many, and so large a part, are more than an accident … */
const BAD_LEAST = 10;
const BAD_PART = 0.05;
/** … when they come from so large a part of the connections that take part. */
const CONNECTIONS_PART = 0.25;
/** A connection's last bad answer counts for so long. */
const RECENT_MS = 1_000;
/** Without a word of the provider about it. Longer than the first wait of a kind never means shorter. */
const WAIT_MOST_MS = 10_000;
/** Whoever says that it may be tried at once, and refuses that too, is not tried more often than this. */
const RETRY_AFTER_LEAST_MS = 250;
/** A provider may ask for more than any window lasts; nobody waits for a date that is a mistake. */
const RETRY_AFTER_MOST_MS = 3_600_000;
/** All well for so long, with as much open as the streams allow: fair again. */
const FAIR_AFTER_MS = 1_000;
/** Of a rate: no fine answer for so many round trips, and so long, means that it takes nothing. Meanwhile each round trip sends half of the one before. */
const NOTHING_ROUND_TRIPS = 4;
const NOTHING_FOR_MS = 100;
/** With nothing to send nobody can tell: so long after the last bad answer it is worth finding out at full speed. */
const FORGOTTEN_AFTER_MS = 120_000;
/** Under the point where it last went wrong each good answer lets one more in (twice as many each round trip), above it a part of what there is a round trip. */
const GENTLE = 1 / 16;

export interface BadAnswer {
  /** The provider's word for it. */
  reason: string;
  /** The connection, however it is called. */
  connection: object;
  /** As the answer says; null: it doesn't. */
  retryAfterMs: number | null;
  /** It is a matter of how many requests there are, whichever way they come. Default false. */
  isRate?: boolean;
  /** Of the reason: how long weather of this kind waits at first. */
  waitMs: number;
}

/** What the lane knows of its connections at that moment. */
export interface Sky {
  /** That may be written to, and how many of them give nothing but bad answers. */
  open: number;
  bad: number;
  /** Requests that are open. */
  inFlight: number;
  /** A round trip, as far as known. */
  roundTripMs: number;
}

export class Weather {
  #state: WeatherState = 'fair';
  /** What comes most in it, and how often each came. */
  #reason = '';
  readonly #counts = new Map<string, number>();
  #sinceMs = 0;
  #refused = 0;
  #allowance = Number.POSITIVE_INFINITY;
  #threshold = Number.POSITIVE_INFINITY;
  #untilMs = 0;
  #waitMs = 0;
  #lastBadMs = Number.NEGATIVE_INFINITY;
  #lastCutMs = Number.NEGATIVE_INFINITY;
  readonly #window = new Uint8Array(WINDOW);
  #at = 0;
  #badInWindow = 0;
  #badBy = new Map<object, number>();
  /** When the first bad answer came after the last fine one; null: the last one was fine. */
  #badFromMs: number | null = null;

  /** How often it was stopped. */
  stops = 0;

  get isFair(): boolean {
    return this.#state === 'fair';
  }

  /** Fair, without a bad answer among the last ones: another good one tells it nothing. */
  get isUnclouded(): boolean {
    return this.#badInWindow === 0 && this.#state === 'fair';
  }

  state(nowMs: number): WeatherState {
    if (this.#state === 'stopped' && nowMs >= this.#untilMs) this.#try();
    return this.#state;
  }

  /** Requests that may be open at a time in all. */
  allowance(nowMs: number): number {
    if (this.#state === 'fair') return Number.POSITIVE_INFINITY;
    return this.state(nowMs) === 'stopped' ? 0 : Math.max(1, Math.floor(this.#allowance));
  }

  /** Until the next try, ms; 0 unless it is stopped. */
  waitMs(nowMs: number): number {
    return this.state(nowMs) === 'stopped' ? this.#untilMs - nowMs : 0;
  }

  /** For people. Null while it is fair. `refused`: bad answers since it is not. */
  report(
    nowMs: number,
  ): { state: 'slow' | 'stopped'; reason: string; forMs: number; refused: number; againInMs: number } | null {
    const state = this.state(nowMs);
    if (state === 'fair') return null;
    return {
      state: state === 'slow' ? 'slow' : 'stopped',
      reason: this.#reason,
      forMs: Math.round(nowMs - this.#sinceMs),
      refused: this.#refused,
      againInMs: Math.ceil(this.waitMs(nowMs)),
    };
  }

  /** An answer about the device or its message. */
  fine(capacity: number, nowMs: number): void {
    this.#badFromMs = null;
    this.#push(0);
    if (this.#state === 'fair') return;
    if (this.state(nowMs) === 'trying') {
      this.#state = 'slow';
      this.#waitMs = 0;
      this.#allowance = 1;
    }
    // What was sent before everything stopped says nothing of now.
    if (this.#state !== 'slow') return;
    this.#allowance += this.#allowance < this.#threshold ? 1 : Math.max(1, capacity * GENTLE) / this.#allowance;
    this.#allowance = Math.min(this.#allowance, capacity + 1);
    if (this.#allowance >= capacity && nowMs - this.#lastBadMs >= FAIR_AFTER_MS) this.#clear();
  }

  bad(answer: BadAnswer, sky: Sky, nowMs: number): void {
    this.#push(1);
    this.#badFromMs ??= nowMs;
    this.#badBy.set(answer.connection, nowMs);
    const before = this.state(nowMs);
    if (before === 'fair' && !this.#isMoreThanAnAccident(sky, nowMs)) return;
    this.#lastBadMs = nowMs;
    if (before === 'fair') {
      this.#sinceMs = nowMs;
      this.#refused = this.#badInWindow - 1;
      this.#threshold = Number.POSITIVE_INFINITY;
      this.#counts.clear();
    }
    this.#name(answer.reason);
    this.#refused += 1;
    // A rate refuses what is too much of a moment, in rows and on every connection: that nothing gets through at all, only time can tell.
    const hardlyAny =
      answer.isRate === true
        ? nowMs - this.#badFromMs >= Math.max(NOTHING_ROUND_TRIPS * sky.roundTripMs, NOTHING_FOR_MS)
        : sky.bad * 2 > sky.open;
    // What is no rate may be said by one sick server of many, while the others take what they get.
    const isToldToWait = answer.retryAfterMs !== null && (answer.isRate === true || this.#badInWindow >= WINDOW / 2);
    if (before === 'trying' || hardlyAny || isToldToWait) this.#stop(answer, before, sky, nowMs);
    else if (before !== 'stopped') this.#slowDown(sky, nowMs);
  }

  /** Looks whether it is forgotten: nothing is open and nothing waits. */
  idle(nowMs: number): void {
    if (this.#state !== 'fair' && nowMs - this.#lastBadMs >= FORGOTTEN_AFTER_MS && nowMs >= this.#untilMs)
      this.#clear();
  }

  forget(connection: object): void {
    this.#badBy.delete(connection);
  }

  /** A stray answer of another kind is not what it is called by. */
  #name(reason: string): void {
    const times = (this.#counts.get(reason) ?? 0) + 1;
    this.#counts.set(reason, times);
    if (times >= (this.#counts.get(this.#reason) ?? 0)) this.#reason = reason;
  }

  #isMoreThanAnAccident({ open, bad }: Sky, nowMs: number): boolean {
    // Nothing but bad answers on most connections needs no statistics.
    if (bad * 2 > open) return true;
    if (this.#badInWindow < BAD_LEAST || this.#badInWindow < WINDOW * BAD_PART) return false;
    let connections = 0;
    for (const [connection, atMs] of this.#badBy) {
      if (nowMs - atMs < RECENT_MS) connections += 1;
      else this.#badBy.delete(connection);
    }
    return connections >= Math.min(open, Math.max(2, Math.ceil(open * CONNECTIONS_PART)));
  }

  #slowDown({ inFlight, roundTripMs }: Sky, nowMs: number): void {
    this.#state = 'slow';
    // What comes within a round trip was sent under the allowance of before.
    if (nowMs - this.#lastCutMs < roundTripMs) return;
    this.#lastCutMs = nowMs;
    this.#allowance = Math.max(1, Math.min(this.#allowance, inFlight + 1) / 2);
    this.#threshold = this.#allowance;
  }

  #stop({ retryAfterMs, waitMs }: BadAnswer, before: WeatherState, { inFlight }: Sky, nowMs: number): void {
    if (before === 'fair' || before === 'slow') {
      this.#threshold = Math.max(1, Math.min(this.#allowance, inFlight + 1) / 2);
      this.#waitMs = waitMs;
    } else if (before === 'trying')
      this.#waitMs = Math.min(Math.max(WAIT_MOST_MS, waitMs), Math.max(waitMs, this.#waitMs * 2));
    const untilMs = nowMs + Math.min(RETRY_AFTER_MOST_MS, Math.max(RETRY_AFTER_LEAST_MS, retryAfterMs ?? this.#waitMs));
    // Of those that come in together the longest counts; an answer without a word about it does not lengthen what another has said.
    this.#untilMs =
      before === 'stopped' && retryAfterMs === null
        ? this.#untilMs
        : Math.max(before === 'stopped' ? this.#untilMs : 0, untilMs);
    if (before !== 'stopped') this.stops += 1;
    this.#state = 'stopped';
    this.#allowance = 0;
  }

  #try(): void {
    this.#state = 'trying';
    this.#allowance = 1;
  }

  #clear(): void {
    this.#state = 'fair';
    this.#allowance = Number.POSITIVE_INFINITY;
    this.#waitMs = 0;
    this.#badFromMs = null;
    this.#badBy.clear();
    this.#window.fill(0);
    this.#badInWindow = 0;
  }

  #push(bad: 0 | 1): void {
    this.#badInWindow += bad - (this.#window[this.#at] ?? 0);
    this.#window[this.#at] = bad;
    this.#at = (this.#at + 1) % WINDOW;
  }
}
