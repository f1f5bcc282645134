import type { Logger } from 'pino';
import type { Row } from '../../contract/answers.ts';
import type { LaneSick, LaneWeather } from '../../contract/report.ts';
import type { HeaderField } from '../../h2/hpack-decoder.ts';
import type { ActiveJob, Jobs } from './jobs.ts';
import type { Link } from './link.ts';
import type { Provider } from './provider.ts';
import { retryAfterMs } from './retry-after.ts';
import { Weather } from './weather.ts';
import type { Sky } from './weather.ts';

/*
 * What follows from each answer, for its device, its connection and the lane. The device's fate is in the table of
 * answers.ts; whose fault it was decides whether one that was refused unread goes out again. One accident is told from a
 * sick connection and from weather a moment later, so those devices wait for that moment. One piece over 300 lines: the
 * judgement weighs connections, provider and the devices that wait for it together.
 */

/** What is seen of connections within this time decides what an answer was. */
const JUDGED_AFTER_MS = 250;
/**
 * One device that alone is to wait for longer fails, rather than keep its batch and the shot open: after an FCM 429 that would be
 * a minute (docs/facts.md#fcm-quota).
 */
const ACCIDENT_WAIT_MOST_MS = 2_000;
/**
 * Connections that may be given up as sick within a second: opening many looks like an attack
 * (docs/facts.md#apns-connections).
 */
const LEAVING_PART = 1 / 4;
const LEAVING_WITHIN_MS = 1_000;
/** After a connection refused a stream, so long at least until that device is tried again; a round trip is, as far as it is known. */
const REFUSED_FIRST_MS = 10;
const REFUSED_MOST_MS = 1_000;

/** When a link was last heard is known as of the last look, and what expires is found by looks too. */
const HEARD_SLACK_MS = 100;

export const NO_ANSWER = 'NoAnswer';
/** Of a device that no connection would take. */
const REFUSED = 'RefusedStream';

export interface VerdictsOptions {
  provider: Provider;
  jobs: Jobs;
  links: () => readonly Link[];
  inFlight: () => number;
  answerDeadlineMs: number;
  log: Logger;
}

interface Unjudged {
  link: Link;
  active: ActiveJob;
  index: number;
  reason: string;
  untilMs: number;
  /** Before the next try, should it be an accident. */
  waitMs: number;
}

export class Verdicts {
  readonly #options: VerdictsOptions;
  readonly #weather = new Weather();
  readonly #leftAtMs: number[] = [];
  #unjudged: Unjudged[] = [];
  #sick: LaneSick | null = null;
  /** Of the weather's stops, the last one after which connections were tried anew. */
  #forgivenStops = 0;
  /** As of the last look. */
  #capacityNow = 0;
  #said = '';
  #closed = false;

  constructor(options: VerdictsOptions) {
    this.#options = options;
  }

  get isFair(): boolean {
    return this.#weather.isFair;
  }

  /** How many requests may be open at a time in all. */
  allowance(nowMs: number): number {
    return this.#weather.allowance(nowMs);
  }

  get sick(): LaneSick | null {
    return this.#sick;
  }

  weather(nowMs: number): LaneWeather | null {
    const report = this.#weather.report(nowMs);
    return report === null ? null : { ...report, waiting: this.#options.jobs.unsent + this.#unjudged.length };
  }

  /** The device is accepted, or the answer is about it. */
  fine(link: Link): void {
    link.health.fine();
    if (!this.#weather.isUnclouded) this.#weather.fine(this.#capacityNow, performance.now());
  }

  /** An answer that is about neither the device nor what it was sent. */
  bad(link: Link, active: ActiveJob, index: number, row: Row, reason: string, fields: readonly HeaderField[]): void {
    const nowMs = performance.now();
    const retryAfter = retryAfterMs(fields);
    // Of a device that alone was refused before it says nothing of anybody else.
    if (!this.#weather.isFair || !this.#options.jobs.hadAccident(active, index)) {
      this.#blame(link, reason, retryAfter, row, nowMs);
      // One that is on its way out takes nobody's turn to go.
      if (row.endsConnection === true && link.isOpen && this.#weather.isFair && this.#mayLeave(nowMs))
        link.connection?.retire(reason);
    }
    switch (row.fate) {
      case 'failed':
        return this.#options.jobs.settle(active, index, { state: 'failed', reason });
      case 'uncertain':
        return this.#options.jobs.settle(active, index, { state: 'uncertain', reason });
      case 'again':
        // Of a connection that ends with its lane: nobody comes any more to judge it.
        if (this.#closed) return this.#options.jobs.settle(active, index, { state: 'failed', reason });
        return void this.#unjudged.push({
          link,
          active,
          index,
          reason,
          untilMs: nowMs + JUDGED_AFTER_MS,
          waitMs: retryAfter ?? row.waitMs ?? LOST.waitMs,
        });
      default:
        row.fate satisfies never;
    }
  }

  /** A stream that was refused unread (REFUSED_STREAM, above the last one of a GOAWAY). */
  refused(link: Link, active: ActiveJob, index: number): void {
    const nowMs = performance.now();
    this.#blameIfAlone(link, nowMs);
    this.#again(link, active, index, REFUSED, nowMs);
  }

  /** Written, and no answer will come. */
  lost(link: Link, why: string): void {
    const nowMs = performance.now();
    const isSilent = why === NO_ANSWER && link.heardAtMs <= nowMs - this.#options.answerDeadlineMs + HEARD_SLACK_MS;
    if (isSilent) {
      link.health.silent(NO_ANSWER);
      // At once: whether there is anybody decides what becomes of it. The pool ends one that stays silent.
      if (!link.isAsked) link.connection?.ping(nowMs);
      link.isAsked = true;
    }
    this.#blame(link, why, null, LOST, nowMs);
  }

  /** What time has decided. Often. */
  sweep(nowMs: number): void {
    const { jobs } = this.#options;
    this.#capacityNow = this.#capacity();
    this.#forgiveAfterStop(nowMs);
    for (const link of this.#options.links()) this.#look(link, nowMs);
    this.#judge(nowMs);
    if (jobs.unsent === 0 && this.#unjudged.length === 0) this.#weather.idle(nowMs);
    this.#say(nowMs);
  }

  /** The lane ends: nothing more will be learned. */
  close(): void {
    this.#closed = true;
    for (const { active, index, reason } of this.#unjudged.splice(0))
      this.#options.jobs.settle(active, index, { state: 'failed', reason });
  }

  forget(link: Link): void {
    this.#weather.forget(link);
  }

  // ---- inside

  #blame(
    link: Link,
    reason: string,
    retryAfter: number | null,
    row: Pick<Row, 'waitMs' | 'isRate'>,
    nowMs: number,
  ): void {
    const state = this.#weather.state(nowMs);
    const isRate = row.isRate === true;
    // While everybody is slowed down for sending too much it is no connection's fault.
    if (!isRate || state === 'fair' || state === 'stopped') link.health.bad(reason);
    this.#weather.bad(
      { reason, connection: link, retryAfterMs: retryAfter, waitMs: row.waitMs ?? LOST.waitMs, isRate },
      this.#sky(link),
      nowMs,
    );
    if (isRate && state === 'fair' && !this.#weather.isFair) this.#forgive();
    if (this.#weather.isFair) return this.#giveUpIfSick(link, nowMs);
    // The single try failed. Over another connection, to another address, the next one may not, unless it is a matter of rates.
    if (state === 'trying' && !link.isAsked && retryAfter === null && !isRate) this.#leave(link, reason, nowMs);
  }

  /** Refused with nothing else open on it: that is no matter of how many there are, and while others take what they get it is this connection's fault. */
  #blameIfAlone(link: Link, nowMs: number): void {
    if (link.connection?.state !== 'open' || link.connection.inFlight > 0) return;
    if (!this.#options.links().some((other) => other !== link && other.takes && other.health.inARow === 0)) return;
    link.health.bad(REFUSED);
    if (this.#weather.isFair) this.#giveUpIfSick(link, nowMs);
  }

  #sky(link: Link): Sky {
    let open = 0;
    let bad = 0;
    for (const one of this.#options.links()) {
      if (!one.isOpen) continue;
      open += 1;
      if (one.givesNothingElse) bad += 1;
    }
    // One that is just being given up is not open any more, and counts all the same; what only drains may have an accident like any other.
    if (!link.isOpen) {
      open += 1;
      if (link.givesNothingElse) bad += 1;
    }
    return { open, bad, inFlight: this.#options.inFlight(), roundTripMs: link.roundTripMs };
  }

  #capacity(): number {
    let capacity = 0;
    for (const link of this.#options.links()) if (link.isOpen) capacity += link.connection?.limit ?? 0;
    return capacity;
  }

  #giveUpIfSick(link: Link, nowMs: number): void {
    const { health, connection } = link;
    if (health.state === 'leaving') return;
    const isDone = health.state === 'suspect' && !link.isAsked && (connection?.inFlight ?? 0) === 0;
    if (isDone || (health.state === 'good' && health.isWorseThan(this.#others(link))))
      this.#leave(link, health.why, nowMs);
  }

  #others(link: Link): { bad: number; answers: number } {
    let bad = 0;
    let answers = 0;
    for (const { health } of this.#options.links()) {
      if (health === link.health) continue;
      bad += health.counts.bad;
      answers += health.counts.answers;
    }
    return { bad, answers };
  }

  #leave(link: Link, why: string, nowMs: number): void {
    if (!this.#mayLeave(nowMs)) return;
    link.health.leave();
    this.#sick = { connections: (this.#sick?.connections ?? 0) + 1, reason: why };
    link.connection?.retire(`sick: ${why}`);
  }

  #mayLeave(nowMs: number): boolean {
    while (this.#leftAtMs.length > 0 && (this.#leftAtMs[0] ?? 0) < nowMs - LEAVING_WITHIN_MS) this.#leftAtMs.shift();
    if (this.#leftAtMs.length >= Math.max(1, this.#options.links().length * LEAVING_PART)) return false;
    this.#leftAtMs.push(nowMs);
    return true;
  }

  /** Suspect ones that have nothing open any more go; silent ones are asked for a sign of life. */
  #look(link: Link, nowMs: number): void {
    link.noteAnswers(nowMs);
    if (link.isAsked) {
      if (link.connection === null || link.connection.silentSinceMs !== null) return;
      // It lives, and answers no request: it goes like any other that is suspect.
      link.isAsked = false;
    }
    // Slowed down by a rate none is blamed; who is suspect all the same would otherwise neither be tried nor go.
    const state = this.#weather.state(nowMs);
    if (state === 'fair' || state === 'slow') this.#giveUpIfSick(link, nowMs);
  }

  /** Whatever they said in the storm: the tries show who works. */
  #forgiveAfterStop(nowMs: number): void {
    const { stops } = this.#weather;
    if (stops === this.#forgivenStops || this.#weather.state(nowMs) === 'stopped') return;
    this.#forgivenStops = stops;
    this.#forgive();
  }

  #forgive(): void {
    for (const { isAsked, health } of this.#options.links()) if (!isAsked) health.forgive();
  }

  #judge(nowMs: number): void {
    if (this.#unjudged.length === 0) return;
    const isFair = this.#weather.isFair;
    this.#unjudged = this.#unjudged.filter((one) => {
      const { link, active, index, reason } = one;
      if (!isFair || link.health.isSick) this.#again(link, active, index, reason, nowMs);
      else if (nowMs < one.untilMs) return true;
      // Also the end of a rate limit's window refuses only a few: the next window takes them.
      else if (one.waitMs <= ACCIDENT_WAIT_MOST_MS && this.#options.jobs.accident(active, index))
        this.#again(link, active, index, reason, nowMs, one.waitMs);
      else this.#options.jobs.settle(active, index, { state: 'failed', reason });
      return false;
    });
  }

  /** Not before the weather's wait is over, nor before a round trip, twice as long each time: whoever is refused at once must not be tried eight times in a moment. */
  #again(link: Link, active: ActiveJob, index: number, reason: string, nowMs: number, leastMs = 0): void {
    const { jobs } = this.#options;
    const apartMs = Math.min(
      REFUSED_MOST_MS,
      Math.max(REFUSED_FIRST_MS, link.roundTripMs) * 2 ** jobs.refusals(active, index),
    );
    if (!jobs.again(active, index, nowMs + Math.max(apartMs, leastMs, this.#weather.waitMs(nowMs))))
      return jobs.settle(active, index, { state: 'failed', reason });
    active.job.again?.(index);
  }

  #say(nowMs: number): void {
    const report = this.#weather.report(nowMs);
    const now = report === null ? '' : `${report.state} ${report.reason}`;
    if (now === this.#said) return;
    this.#said = now;
    const lane = this.#options.provider.name;
    if (report === null) this.#options.log.warn({ lane }, 'the provider takes what it gets again');
    else
      this.#options.log.warn(
        { lane, ...report },
        report.state === 'stopped'
          ? 'the provider takes nothing: only single tries go out'
          : 'the provider refuses a part: fewer requests at a time',
      );
  }
}

const LOST = { waitMs: 1_000 } as const;
