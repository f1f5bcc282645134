import { waitAtMost } from '../../../infra/time-limit.ts';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import type { Effect } from '../../../runbooks/launch/effects.ts';
import type { Entry } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { isRefusal, limitedForMs, roomFaultText, slackErrorCode, slackFault } from '../../slack/slack-fault.ts';
import { missedMessage } from '../../views/missed.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import type { Asked, Room } from '../room/room.ts';
import { sortBacklog } from './backlog.ts';
import type { Backlog } from './backlog.ts';
import type { Attempt, Pending } from './pending.ts';
import { NO_MESSAGE } from './pending.ts';
import { performCloud } from './perform.ts';
import type { Posts } from './posts.ts';
import { tellEffect } from './tell-effect.ts';
import { withWords } from './with-words.ts';

/*
 * One piece over 300 lines: what an effect may do next hangs on all that wait and are under way, and on what failed before.
 */

/** A post that fails by a word of Slack's that we don't know, or by a fault of ours, holds up the room for so many tries (some 8 s). */
const LASTING_TRIES = 5;
/** An upload of a picture with its three calls and their retries takes less. */
const LONGEST_WORK_MS = 60_000;
/** Effects that change what stands in the channel; all others of Slack's put something new there. */
const EDITS: ReadonlySet<Effect['kind']> = new Set([
  'refresh-order',
  'refresh-request',
  'refresh-stand-down',
  'finish-live',
  'finish-scale',
]);
/** Slack limits and loses its methods one by one: an edit or a picture that fails must not keep a GO, a HALT or a halt's news from being posted. */
function lineOf({ effect, isPosted }: Pending): 'edit' | 'picture' | 'pin' | 'post' {
  if (isPosted) return 'pin';
  if (EDITS.has(effect.kind)) return 'edit';
  return effect.kind === 'post-chart' ? 'picture' : 'post';
}

/** What is not a post is waited for this long; then it goes on by itself, and posts go out beside it. */
const PATIENCE_MS = 700;
const FAULTS_OF_OURS = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * The effects of one launch that are not known to be done, as the leader works them off. They come from the
 * record alone: after a crash the next leader reads the entries after the watermark and asks the marks.
 * An effect is waiting → (claimed) → done, and goes back to waiting when it fails.
 */
export class Outbox {
  readonly #context: Context;
  readonly #launchId: string;
  readonly #slack: { posts: Posts; room: Room } | null;
  readonly #pending = new Map<string, Pending>();
  /** Lines whose last try failed: what is in them comes after everything else. */
  readonly #failing = new Set<ReturnType<typeof lineOf>>();
  /** What was begun and is not answered yet: edits and pictures by Slack, and what the cloud or somebody outside of it is to do. */
  readonly #underWay = new Set<string>();
  #isStopped = false;
  #readSeq = 0;
  #keptWatermark = 0;
  /** The summary that is on its way, ours or a dead leader's. */
  #folding: (Attempt & { upToSeq: number }) | null = null;

  constructor(context: Context, launchId: string, slack: { posts: Posts; room: Room } | null) {
    this.#context = context;
    this.#launchId = launchId;
    this.#slack = slack;
  }

  /** Reads how far an earlier leader has come; to be awaited before the first `add`. */
  async open(): Promise<void> {
    this.#keptWatermark = Number((await fact(this.#context, this.#launchId, FACT.watermark)) ?? 0);
    const upToSeq = Number((await fact(this.#context, this.#launchId, FACT.folding)) ?? 0);
    if (upToSeq > 0) this.#folding = { ...attempt(foldingId(upToSeq), 0), upToSeq };
  }

  /** Entries in order, each once. */
  add(entry: Entry, after: Launch): void {
    this.#readSeq = entry.seq;
    if (entry.seq <= this.#keptWatermark) return;
    for (const effect of effectsOf(entry, after)) {
      if (effect.lane === 'slack' && this.#slack === null) continue;
      this.#pending.set(effect.id, {
        ...attempt(effect.id, entry.atMs + this.#graceMs(effect)),
        effect,
        entry,
        after,
        isChecked: false,
        isPosted: false,
      });
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
   * One pass over what is due in the cloud: everything at once, nothing waits for anything else, nor does the next pass for what is
   * not answered in time. `launch` gives the state as last read, asked for anew at every effect: it moves on while effects wait.
   */
  async pumpCloud(launch: () => Launch): Promise<void> {
    const due = [...this.#pending.values()].filter(
      ({ id, effect, notBeforeMs }) =>
        effect.lane === 'cloud' &&
        notBeforeMs <= this.#context.nowMs() &&
        !this.#underWay.has(id) &&
        (effect.after === undefined || !this.#pending.has(effect.after)),
    );
    await Promise.all(due.map((pending) => waitAtMost(PATIENCE_MS, this.#inCloud(pending, launch), undefined)));
    await this.#keepWatermark();
  }

  async #inCloud(pending: Pending, launch: () => Launch): Promise<void> {
    this.#underWay.add(pending.id);
    try {
      const isDone = await this.#try(
        pending,
        () => this.#told(pending, () => performCloud(this.#context, pending.effect, launch())),
        () => null,
      );
      if (isDone) this.#pending.delete(pending.id);
    } finally {
      this.#underWay.delete(pending.id);
    }
  }

  /** Slack's effects in the order of the record, as long as the room keeps up: the first post that can't be done yet holds up the rest. */
  async pumpSlack(launch: () => Launch): Promise<void> {
    const { posts, room } = this.#slack ?? {};
    if (posts === undefined || room === undefined) return;
    const aside = new Set<string>();
    while (room.mayTry() && !this.#isStopped) {
      const backlog = await this.#waiting(posts, launch());
      // A leader that died after its last mark has left nothing of it to do.
      if (this.#folding !== null && backlog.folded.length === 0) {
        await this.#endFolding();
        continue;
      }
      const first =
        this.#firstOf(backlog.now, aside) ?? (backlog.folded.length > 0 ? null : this.#firstOf(backlog.rest, aside));
      if (first === undefined) break;
      const isDone =
        first === null
          ? await this.#fold(posts, room, backlog.folded, launch())
          : await this.#send(first, posts, room, launch());
      if (isDone) continue;
      if (first === null || lineOf(first) === 'post') break;
      aside.add(first.id);
    }
    await this.#keepWatermark();
  }

  #firstOf(waiting: readonly Pending[], aside: ReadonlySet<string>): Pending | undefined {
    const left = waiting.filter(({ id }) => !aside.has(id) && !this.#underWay.has(id));
    return left.find((pending) => !this.#failing.has(lineOf(pending))) ?? left[0];
  }

  #send(first: Pending, posts: Posts, room: Room, launch: Launch): Promise<boolean> {
    if (lineOf(first) === 'post') return this.#post(posts, room, first, launch);
    return this.#besides(first, this.#post(posts, room, first, launch));
  }

  /** True if it was done in time. Never rejects. */
  async #besides(pending: Pending, work: Promise<boolean>): Promise<boolean> {
    const line = lineOf(pending);
    this.#underWay.add(pending.id);
    const ended = (isDone: boolean) => {
      this.#underWay.delete(pending.id);
      if (isDone) this.#failing.delete(line);
      else this.#failing.add(line);
      return isDone;
    };
    const inTime = await waitAtMost(
      PATIENCE_MS,
      work.then(ended, (error: unknown) => {
        this.#context.log.error(
          { launchId: this.#launchId, effect: pending.id, err: error },
          'an effect failed beside the others',
        );
        return ended(false);
      }),
      false,
    );
    if (!inTime) this.#failing.add(line);
    return inTime;
  }

  async #post(posts: Posts, room: Room, pending: Pending, launch: Launch): Promise<boolean> {
    if (pending.notBeforeMs > this.#context.nowMs()) return false;
    const message = this.#prepared(posts, pending, launch);
    const asked = EDITS.has(pending.effect.kind) ? 'edit' : 'post';
    const work = async () => {
      const result = await this.#told(pending, async () => (await message?.(pending)) ?? '');
      if (result !== NO_MESSAGE) await room.worked(asked);
      return result;
    };
    if (
      message !== null &&
      !(await this.#try(pending, work, (error) => this.#refused(room, launch, pending, error, asked)))
    )
      return false;
    return this.#pending.delete(pending.id);
  }

  /** Posts that wait, none of them done or without words. */
  async #waiting(posts: Posts, launch: Launch): Promise<Backlog> {
    const { nowMs, timings } = this.#context;
    const waiting = [...this.#pending.values()].filter(({ effect }) => effect.lane === 'slack');
    const [first] = waiting;
    if (first === undefined || (this.#folding === null && nowMs() - first.entry.atMs < timings.backlogMs))
      return { now: [], folded: [], rest: waiting };
    await Promise.all(
      waiting
        .filter(({ isChecked }) => !isChecked)
        .map(async (pending) => {
          const isDone = (await this.#context.cloud.live.effectResult(this.#launchId, pending.id)) !== null;
          if (isDone || this.#prepared(posts, pending, launch) === null) this.#pending.delete(pending.id);
          pending.isChecked = true;
        }),
    );
    return sortBacklog(
      waiting.filter(({ id }) => this.#pending.has(id)),
      launch,
      nowMs(),
      this.#folding?.upToSeq ?? 0,
    );
  }

  /** One summary for them all. What it stands for is kept before it is posted, so that the next leader goes on with the same one. */
  async #fold(posts: Posts, room: Room, folded: readonly Pending[], launch: Launch): Promise<boolean> {
    if (this.#folding === null) {
      const upToSeq = Math.max(...folded.map(({ effect }) => effect.seq));
      await keepFact(this.#context, this.#launchId, FACT.folding, String(upToSeq));
      this.#folding = { ...attempt(foldingId(upToSeq), 0), upToSeq };
    }
    const folding = this.#folding;
    if (folding.notBeforeMs > this.#context.nowMs()) return false;
    const entries = [...new Set(folded.map(({ entry }) => entry))];
    const trouble = room.troubleSince(entries[0]?.atMs ?? 0);
    const why = trouble === null ? null : roomFaultText(trouble.code);
    const posted = await this.#try(
      folding,
      async () =>
        posts.post(folding, launch, missedMessage(launch, await withWords(this.#context, launch.id, entries), why)),
      (error) => this.#refused(room, launch, folding, error, 'post'),
    );
    if (!posted) return false;
    for (const pending of folded) {
      await this.#context.cloud.live.finishEffect(this.#launchId, pending.id, 'in a summary');
      this.#pending.delete(pending.id);
    }
    await this.#endFolding();
    return true;
  }

  async #endFolding(): Promise<void> {
    await keepFact(this.#context, this.#launchId, FACT.folding, '');
    this.#folding = null;
  }

  /** What can't be put into words is left to the timeline: it would be in the way of all that comes after it, a GO button among it. */
  #prepared(posts: Posts, pending: Pending, launch: Launch): ReturnType<Posts['prepare']> {
    try {
      return posts.prepare(pending, launch);
    } catch (error) {
      this.#context.log.error(
        { launchId: this.#launchId, effect: pending.effect.id, err: error },
        'an entry could not be put into words; it is not posted',
      );
      return null;
    }
  }

  /** What becomes of a post that failed: null, it is tried again; a word, it is left out, because it would hold up the room for good. */
  async #refused(room: Room, launch: Launch, post: Attempt, error: unknown, asked: Asked): Promise<string | null> {
    if (room.isPutAway(launch, error)) return 'left out';
    if (await room.failed(launch, error, asked)) return null;
    const fault = slackFault(error);
    const isFinal = slackErrorCode(error) !== null || FAULTS_OF_OURS.some((kind) => error instanceof kind);
    return fault === 'message' || (fault === 'other' && isFinal && post.tries >= LASTING_TRIES) ? 'left out' : null;
  }

  /** What is under way may end; it holds its claim no longer than one more `claimMs`. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Done by this process outside the leader's loop. */
  done(effectId: string): void {
    this.#pending.delete(effectId);
  }

  async #told({ entry, after, effect }: Pending, work: () => Promise<string>): Promise<string> {
    const startMs = this.#context.nowMs();
    const result = await work();
    tellEffect(entry, after, effect, { startMs, endMs: this.#context.nowMs(), who: 'leader' });
    return result;
  }

  /** True once it is done, by whomever. `leftOut` gives the mark of what is not tried again. */
  async #try(
    one: Attempt,
    work: () => Promise<string>,
    leftOut: (error: unknown) => string | null | Promise<string | null>,
  ): Promise<boolean> {
    const {
      timings,
      nowMs,
      log,
      cloud: { live },
    } = this.#context;
    try {
      const claim = await this.#claim(one);
      if (claim !== 'mine') return claim === 'done';
      const result = await this.#renewing(one, work);
      await live.finishEffect(this.#launchId, one.id, result);
      return true;
    } catch (error) {
      one.tries += 1;
      one.again ||= !isRefusal(error);
      const mark = await leftOut(error);
      if (mark !== null) {
        log.error({ launchId: this.#launchId, effect: one.id, tries: one.tries, err: error }, 'a post is left out');
        await live.finishEffect(this.#launchId, one.id, mark);
        return true;
      }
      const pauseMs = Math.max(
        limitedForMs(error) ?? 0,
        Math.min(timings.retryMaxMs, timings.retryMinMs * 2 ** Math.min(one.tries - 1, 10)),
      );
      one.notBeforeMs = nowMs() + pauseMs;
      log.warn(
        { launchId: this.#launchId, effect: one.id, tries: one.tries, pauseMs, err: error },
        'an effect failed; it is tried again',
      );
      return false;
    }
  }

  async #claim(one: Attempt): Promise<'mine' | 'done' | 'not now'> {
    const {
      cloud: { live },
      timings,
      holder,
      hasEnded,
      nowMs,
    } = this.#context;
    if (one.token !== null && (await live.renewEffect(this.#launchId, one.id, one.token, timings.claimMs, nowMs())))
      return 'mine';
    const claim = await live.claimEffect(this.#launchId, one.id, holder, timings.claimMs, nowMs(), hasEnded);
    one.token = claim.mine ? claim.token : null;
    one.again ||= claim.again;
    if (claim.mine || claim.done) return claim.done ? 'done' : 'mine';
    one.notBeforeMs = nowMs() + timings.retryMinMs;
    return 'not now';
  }

  /** The claim outlives neither this process nor its lead by much, nor work that never ends. */
  async #renewing(one: Attempt, work: () => Promise<string>): Promise<string> {
    const {
      cloud: { live },
      timings,
      nowMs,
      log,
    } = this.#context;
    const { token } = one;
    const untilMs = nowMs() + LONGEST_WORK_MS;
    const timer = setInterval(() => {
      if (token === null || this.#isStopped || nowMs() > untilMs) return clearInterval(timer);
      live
        .renewEffect(this.#launchId, one.id, token, timings.claimMs, nowMs())
        .catch((error: unknown) => log.warn({ effect: one.id, err: error }, 'a claim could not be renewed'));
    }, timings.claimMs / 3);
    try {
      return await work();
    } finally {
      clearInterval(timer);
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

const attempt = (id: string, notBeforeMs: number): Attempt => ({
  id,
  tries: 0,
  notBeforeMs,
  token: null,
  again: false,
});
const foldingId = (upToSeq: number): string => `missed/${upToSeq}`;
