import { type Effect, effectsOf } from '../../runbooks/launch/effects.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { type Context, FACT, fact, keepFact } from './context.ts';
import { performCloud } from './perform.ts';
import type { Posts } from './posts.ts';

/** An effect that waits, with the launch as it was after its entry. */
export interface Pending { effect: Effect; entry: Entry; after: Launch; tries: number; notBeforeMs: number; /** Until then our claim stands and a new try needs no new one. */ claimedUntilMs: number }

/**
 * The effects of one launch that are not known to be done, as the leader works them off. They come from the
 * record alone: after a crash the next leader reads the entries after the watermark and asks the marks.
 * An effect is waiting → (claimed) → done, and goes back to waiting when it fails.
 */
export class Outbox {
  readonly #context: Context;
  readonly #launchId: string;
  readonly #posts: Posts | null;
  readonly #pending = new Map<string, Pending>();
  #readSeq = 0;
  #keptWatermark = 0;

  constructor(context: Context, launchId: string, posts: Posts | null) {
    this.#context = context;
    this.#launchId = launchId;
    this.#posts = posts;
  }

  /** Reads how far an earlier leader has come; to be awaited before the first `add`. */
  async open(): Promise<void> {
    this.#keptWatermark = Number((await fact(this.#context, this.#launchId, FACT.watermark)) ?? 0);
  }

  /** Entries in order, each once. */
  add(entry: Entry, after: Launch): void {
    this.#readSeq = entry.seq;
    if (entry.seq <= this.#keptWatermark) return;
    for (const effect of effectsOf(entry, after)) {
      if (effect.lane === 'slack' && this.#posts === null) continue;
      this.#pending.set(effect.id, { effect, entry, after, tries: 0, notBeforeMs: entry.atMs + this.#graceMs(effect), claimedUntilMs: 0 });
    }
  }

  #graceMs(effect: Effect): number {
    if (effect.kind === 'finish-live') return this.#context.timings.finalFiguresMs;
    return effect.urgent ? this.#context.timings.urgentGraceMs : 0;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * One pass over what is due in the cloud: everything at once, nothing waits for anything else. `launch` gives the state
   * as last read, asked for anew at every effect: it moves on while effects wait.
   */
  async pumpCloud(launch: () => Launch): Promise<void> {
    const due = [...this.#pending.values()].filter((pending) => pending.effect.lane === 'cloud' && pending.notBeforeMs <= this.#context.nowMs());
    await Promise.all(due.map((pending) => this.#try(pending, () => performCloud(this.#context, pending.effect, launch()))));
    await this.#keepWatermark();
  }

  /** Slack's effects in the order of the record: the first that can't be done yet holds up the rest. */
  async pumpSlack(launch: () => Launch): Promise<void> {
    const posts = this.#posts;
    if (posts === null) return;
    for (;;) {
      const first = [...this.#pending.values()].find((pending) => pending.effect.lane === 'slack');
      if (first === undefined || first.notBeforeMs > this.#context.nowMs()) break;
      const message = this.#prepared(posts, first, launch());
      if (message === null) this.#pending.delete(first.effect.id);
      else if (!(await this.#try(first, () => message(first)))) break;
    }
    await this.#keepWatermark();
  }

  /** What can't be put into words is left to the timeline: it would be in the way of all that comes after it, a GO button among it. */
  #prepared(posts: Posts, pending: Pending, launch: Launch): ReturnType<Posts['prepare']> {
    try {
      return posts.prepare(pending, launch);
    } catch (error) {
      this.#context.log.error({ launchId: this.#launchId, effect: pending.effect.id, err: error }, 'an entry could not be put into words; it is not posted');
      return null;
    }
  }

  /** Done by this process outside the leader's loop. */
  done(effectId: string): void {
    this.#pending.delete(effectId);
  }

  async #try(pending: Pending, work: () => Promise<string>): Promise<boolean> {
    const { live } = this.#context.cloud;
    const { effect } = pending;
    const { timings, holder, log } = this.#context;
    try {
      const nowMs = this.#context.nowMs();
      // Half of the claim must be left, so that the work is over before another instance may start it.
      if (pending.claimedUntilMs - nowMs < timings.claimMs / 2) {
        const claim = await live.claimEffect(this.#launchId, effect.id, holder, timings.claimMs, nowMs);
        if (claim.done) return this.#pending.delete(effect.id);
        if (!claim.mine) {
          pending.notBeforeMs = nowMs + timings.retryMinMs;
          return false;
        }
        pending.claimedUntilMs = nowMs + timings.claimMs;
      }
      const result = await work();
      await live.finishEffect(this.#launchId, effect.id, result);
      return this.#pending.delete(effect.id);
    } catch (error) {
      pending.tries += 1;
      const pauseMs = Math.min(timings.retryMaxMs, timings.retryMinMs * 2 ** Math.min(pending.tries - 1, 10));
      pending.notBeforeMs = this.#context.nowMs() + pauseMs;
      log.warn({ launchId: this.#launchId, effect: effect.id, tries: pending.tries, pauseMs, err: error }, 'an effect failed; it is tried again');
      return false;
    }
  }

  async #keepWatermark(): Promise<void> {
    const first = Math.min(...[...this.#pending.values()].map((pending) => pending.effect.seq));
    const upto = Number.isFinite(first) ? first - 1 : this.#readSeq;
    if (upto <= this.#keptWatermark) return;
    await keepFact(this.#context, this.#launchId, FACT.watermark, String(upto));
    this.#keptWatermark = upto;
  }
}
