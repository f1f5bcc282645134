import type { Context } from './context.ts';

export const LEASE = 'conductor';

/**
 * One instance leads. follower → leader when the lease is ours; leader → follower when it could not be renewed in time,
 * by our own clock, so that a leader that is cut off stops before another one starts.
 */
export class Leader {
  readonly #context: Context;
  #untilMs = Number.NEGATIVE_INFINITY;
  #wasOurs = false;

  constructor(context: Context) {
    this.#context = context;
  }

  get isLeading(): boolean {
    return this.#context.nowMs() < this.#untilMs;
  }

  /** By its last answer. It stands past the lease's end as long as the store does not answer: then nobody else leads either. */
  get wasOurs(): boolean {
    return this.#wasOurs;
  }

  /** Takes or renews the lease. Rejects if the store did not answer; the lease that we have still holds until its end. */
  async renew(): Promise<boolean> {
    const { cloud, holder, hasEnded, timings, nowMs, version } = this.#context;
    // Counted from before the call: the store can't have counted from earlier.
    const nowAtMs = nowMs();
    const mine = await cloud.live.lease(LEASE, holder, timings.leaseMs, nowAtMs, hasEnded, version);
    this.#untilMs = mine ? nowAtMs + timings.leaseMs : Number.NEGATIVE_INFINITY;
    this.#wasOurs = mine;
    return mine;
  }

  async giveUp(): Promise<void> {
    if (!this.isLeading) return;
    this.#untilMs = Number.NEGATIVE_INFINITY;
    await this.#context.cloud.live.release(LEASE, this.#context.holder);
  }
}
