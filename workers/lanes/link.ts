import type { HeaderField } from '../../h2/hpack-decoder.ts';
import type { Issued } from '../credentials/credential.ts';
import type { H2Connection } from './h2/connection.ts';
import type { RequestTemplate } from './h2/request-template.ts';
import { Health } from './health.ts';
import { NOT_PRIMED } from './jobs.ts';
import type { ActiveJob } from './jobs.ts';
import type { LinkEvents, PoolOwner } from './wire-pool.ts';

/** What a link asks of its lane, and tells it. */
export interface LinkLane {
  /** The first job that may write now, with its pace taken; null if none may. */
  nextJob(): ActiveJob | null;
  wrote(active: ActiveJob, index: number): void;
  answered(
    link: Link,
    active: ActiveJob,
    index: number,
    status: number,
    fields: readonly HeaderField[],
    body: string,
  ): void;
  /** Not processed by the provider: safe to send once more. */
  refused(link: Link, active: ActiveJob, index: number): void;
  lost(link: Link, active: ActiveJob, index: number, why: string): void;
  /** Streams of this connection may have become free. */
  hasCapacity(link: Link): void;
  /** Every connection gets its turn soon. */
  schedule(): void;
  forget(link: Link, why: string): void;
}

const NO_FIELDS: readonly HeaderField[] = [];

/** One connection's side of the lane: what to write next, and what became of it. It has one credential for its life. */
export class Link implements PoolOwner<ActiveJob> {
  connection: H2Connection<ActiveJob> | null = null;
  job!: ActiveJob;
  index = 0;
  template!: RequestTemplate;
  token = '';
  /** Priming pushes that must go over this very connection. */
  readonly pinned: ActiveJob[] = [];
  /** How many requests it may still take in this turn. */
  turn = 0;
  /** Opened to take another one's place: only priming pushes go over it until it does. */
  isOnTrial: boolean;
  /** Its credential is about to be refused for age: nothing is written any more. */
  isDead = false;
  readonly issued: Issued;
  readonly health = new Health();
  /** It was asked for a sign of life, because something expired and nothing was answered. */
  isAsked = false;
  /** As of some ms ago: when it was last answered a request, or opened. */
  heardAtMs = performance.now();
  /** Of a request, smoothed; 0: not known yet. */
  roundTripMs = 0;
  #answers = 0;
  /** One request in flight is timed. */
  #timed: { active: ActiveJob; index: number; atMs: number } | null = null;
  readonly #lane: LinkLane;
  readonly #events: LinkEvents;
  #opened = false;

  constructor(lane: LinkLane, events: LinkEvents, issued: Issued) {
    this.#lane = lane;
    this.#events = events;
    this.issued = issued;
    this.isOnTrial = events.isOnTrial;
  }

  /** May be written to. */
  get isOpen(): boolean {
    return this.connection?.state === 'open' && !this.isOnTrial && !this.isDead;
  }

  /** Of the answers on their way to it nothing but bad ones come; while it is tried one at a time, one says enough. */
  get givesNothingElse(): boolean {
    return this.health.isSick || (this.connection?.unlocked !== true && this.health.inARow > 0);
  }

  get isSick(): boolean {
    return this.health.state === 'leaving';
  }

  /** May be given requests now. */
  get takes(): boolean {
    return this.isOpen && this.health.takes && !this.isAsked;
  }

  /** Whether there were answers since it was last asked. */
  noteAnswers(nowMs: number): void {
    const answered = this.connection?.answered ?? 0;
    if (answered === this.#answers) return;
    this.#answers = answered;
    this.heardAtMs = nowMs;
  }

  take(): boolean {
    const active = this.pinned.shift() ?? (this.turn > 0 ? this.#lane.nextJob() : null);
    if (active === null) return false;
    this.turn -= 1;
    const index = active.again.shift() ?? active.next++;
    this.job = active;
    this.index = index;
    this.template = active.shot.request(active.job.template(index), this.issued);
    this.token = active.job.token(index);
    this.#timed ??= { active, index, atMs: performance.now() };
    this.#lane.wrote(active, index);
    return true;
  }

  mayFinish({ job }: ActiveJob): 'now' | 'later' | 'never' {
    // It was begun under its lease's mark.
    const why = job.stop(0);
    return why === null ? 'now' : why === 'paused' ? 'later' : 'never';
  }

  answered(
    active: ActiveJob,
    index: number,
    status: number,
    fields: readonly HeaderField[] | null,
    body: string | null,
  ): void {
    this.#time(active, index);
    this.#lane.answered(this, active, index, status, fields ?? NO_FIELDS, body ?? '');
  }

  refused(active: ActiveJob, index: number): void {
    this.#time(active, index);
    this.#lane.refused(this, active, index);
  }

  lost(active: ActiveJob, index: number, why: string): void {
    if (this.#timed?.active === active && this.#timed.index === index) this.#timed = null;
    this.#lane.lost(this, active, index, why);
  }

  alive(): void {
    // The next look at it sees that (verdicts.ts).
  }

  #time(active: ActiveJob, index: number): void {
    const timed = this.#timed;
    if (timed === null || timed.index !== index || timed.active !== active) return;
    this.#timed = null;
    const tookMs = performance.now() - timed.atMs;
    this.roundTripMs = this.roundTripMs === 0 ? tookMs : this.roundTripMs + (tookMs - this.roundTripMs) / 8;
  }

  room(): void {
    if (!this.#opened && this.connection?.state === 'open') {
      this.#opened = true;
      this.#events.opened();
    }
    this.#lane.hasCapacity(this);
  }

  draining(_connection: H2Connection<ActiveJob>, why: string): void {
    this.#events.draining(why);
    this.#lane.schedule();
  }

  closed(_connection: H2Connection<ActiveJob>, why: string): void {
    for (const active of this.pinned.splice(0)) active.primed?.(NOT_PRIMED);
    this.#lane.forget(this, why);
    this.#events.closed(why);
    this.#lane.schedule();
  }
}
