import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import type { Message } from '../views/message.ts';
import { movesAgainMessage, movesAgainNote, standstillMessage, standstillNote, type StillEnd } from '../views/standstill.ts';
import { type Context, FACT, fact, keepFact } from './context.ts';
import { ShotSight } from './shot-sight.ts';
import { limitedForMs, slackFault } from './slack-fault.ts';
import { type StillReason, stillReason } from './still-reason.ts';
import { type Still, Stillness } from './stillness.ts';

const LOOK_MS = 250;
const RETRY_MS = 1_000;
/** What begins again this soon after its message is told in that one: a shot that jerks must not fill the room. */
const SAME_MESSAGE_MS = 30_000;
/** An end that Slack has not taken by then is left; the record has it. */
const END_TRIES_MS = 60_000;
/** Noted by an earlier leader? The store is asked for so long before a message of our own. */
const ADOPT_MS = 700;

/** One standstill of a shot. waiting (not posted) → said → over; what is over is kept while it can begin again in the same message. */
interface Episode { still: Still[]; reason: StillReason; sinceMs: number; end: StillEnd | null; endedAtMs: number; ts: string | null; postedAtMs: number; shown: string; triedPost: boolean; notBeforeMs: number; busy: boolean; notes: string[] }

type Kept = Pick<Episode, 'still' | 'reason' | 'sinceMs' | 'ts' | 'postedAtMs'>;

interface Followed { stillness: Stillness; episode: Episode | null; adopted: boolean; sinceMs: number }

/**
 * Says in the room that a running shot stands still: what, since when, why as far as anything is known, what to do; once per
 * standstill, and in the same message that it moves again. Nothing here waits for the store, since that it doesn't answer is
 * the most likely reason: Slack is told first, facts and notes follow when the store takes them. It goes on past the leader's
 * lease when the store is what keeps it from being renewed.
 */
export class StandstillWatch {
  readonly #context: Context;
  readonly #launches: () => Iterable<string>;
  readonly #isOurs: () => boolean;
  readonly #sights = new Map<string, ShotSight>();
  readonly #shots = new Map<string, Followed>();
  readonly #work = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(context: Context, options: { launches: () => Iterable<string>; isOurs: () => boolean }) {
    this.#context = context;
    this.#launches = options.launches;
    this.#isOurs = options.isOurs;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.all(this.#work);
  }

  look(): void {
    if (this.#context.slack === null) return;
    const open = [...this.#shots].filter(([, { episode }]) => episode !== null).map(([name]) => name.split('\n')[0] ?? '');
    for (const launchId of new Set([...(this.#isOurs() ? this.#launches() : []), ...open])) {
      const launch = this.#context.journal.peek(launchId);
      if (launch !== null) this.#lookAt(launch);
    }
  }

  #lookAt(launch: Launch): void {
    const nowMs = this.#context.nowMs();
    const running = new Set(runningShots(launch));
    const followed = Object.values(launch.shots).filter((shot) => running.has(shot) || this.#shots.has(nameOf(launch, shot)));
    if (followed.length === 0) {
      this.#sights.delete(launch.id);
      return;
    }
    const sight = this.#sights.get(launch.id) ?? new ShotSight(this.#context);
    this.#sights.set(launch.id, sight);
    if (running.size > 0) sight.read(launch);
    for (const shot of followed) {
      const one = this.#follow(launch, shot);
      const isOver = shot.closed !== null || shot.haltedAtMs !== null || launch.halt.active;
      const still = isOver ? [] : one.stillness.look(launch, shot, sight.snapshots(shot.id), nowMs);
      if (still.length > 0 || one.episode?.end === null) sight.readDetails(launch);
      if (still.length > 0) this.#stands(launch, shot, one, still, stillReason(launch, shot, still, sight.evidence(shot), nowMs));
      else if (one.episode?.end === null) this.#ends(launch, shot, one.episode, shot.closed !== null ? 'closed' : isOver ? 'halted' : 'moves');
      if (one.episode !== null) this.#show(launch, shot, one.episode);
      if (shot.closed !== null && (one.episode === null || this.#isDone(one.episode))) this.#shots.delete(nameOf(launch, shot));
    }
  }

  #follow(launch: Launch, shot: Shot): Followed {
    const name = nameOf(launch, shot);
    const known = this.#shots.get(name);
    if (known !== undefined) return known;
    const one: Followed = { stillness: new Stillness(this.#context.timings.stillMs), episode: null, adopted: false, sinceMs: this.#context.nowMs() };
    this.#shots.set(name, one);
    this.#background(async () => {
      try {
        const kept = await fact(this.#context, launch.id, FACT.standstill(shot.id));
        if (kept !== null && kept !== '' && one.episode === null) one.episode = { ...(JSON.parse(kept) as Kept), end: null, endedAtMs: 0, shown: '', triedPost: true, notBeforeMs: 0, busy: false, notes: [] };
      } finally {
        one.adopted = true;
      }
    });
    return one;
  }

  #stands(launch: Launch, shot: Shot, one: Followed, still: Still[], reason: StillReason): void {
    const nowMs = this.#context.nowMs();
    if (!one.adopted && nowMs - one.sinceMs < ADOPT_MS) return;
    const before = one.episode;
    const sinceMs = Math.min(...still.map((each) => each.sinceMs));
    if (before !== null && before.end === null) {
      if (hasNews(before, still, reason)) Object.assign(before, { still, reason });
      return;
    }
    const note = standstillNote(launch, shot, still, reason);
    if (before !== null && nowMs - before.postedAtMs < SAME_MESSAGE_MS) Object.assign(before, { still, reason, sinceMs, end: null, notes: [...before.notes, note] });
    else one.episode = { still, reason, sinceMs, end: null, endedAtMs: 0, ts: null, postedAtMs: nowMs, shown: '', triedPost: false, notBeforeMs: 0, busy: false, notes: [note] };
    this.#context.log.warn({ launchId: launch.id, shotId: shot.id, platforms: still.map(({ platform }) => platform), reason: reason.kind }, 'a running shot stands still');
  }

  #ends(launch: Launch, shot: Shot, episode: Episode, how: StillEnd['how']): void {
    const nowMs = this.#context.nowMs();
    episode.end = { how, afterMs: nowMs - episode.sinceMs };
    episode.endedAtMs = nowMs;
    episode.notes.push(movesAgainNote(launch, shot, episode.still, episode.end));
    this.#context.log.info({ launchId: launch.id, shotId: shot.id, how, afterMs: episode.end.afterMs }, 'the standstill is over');
  }

  /** One call at a time and episode, in the background. */
  #show(launch: Launch, shot: Shot, episode: Episode): void {
    const nowMs = this.#context.nowMs();
    if (episode.busy || nowMs < episode.notBeforeMs) return;
    const isEnd = episode.end !== null;
    // Over before Slack took a word of it: there is nothing left to warn of.
    const mustShow = !(isEnd && episode.ts === null && !episode.triedPost) && !(isEnd && nowMs - episode.endedAtMs > END_TRIES_MS);
    const message = episode.end === null ? standstillMessage(launch, shot, episode.still, episode.reason) : movesAgainMessage(launch, shot, episode.still, episode.reason, episode.end);
    const shown = JSON.stringify(message);
    if ((!mustShow || shown === episode.shown) && episode.notes.length === 0) return;
    episode.busy = true;
    this.#background(async () => {
      try {
        if (mustShow && shown !== episode.shown && await this.#put(launch, shot, episode, message)) {
          episode.shown = shown;
          // Not waited for: what is said is said, also while the store is away.
          this.#background(() => keepFact(this.#context, launch.id, FACT.standstill(shot.id), episode.end === null ? JSON.stringify(keptOf(episode)) : ''));
        }
      } catch (error) {
        episode.notBeforeMs = nowMs + Math.max(RETRY_MS, limitedForMs(error) ?? 0);
        this.#context.log.warn({ shotId: shot.id, fault: slackFault(error), err: error }, 'that a shot stands still could not be shown');
      } finally {
        episode.busy = false;
      }
      this.#background(() => this.#record(launch, episode));
    });
  }

  async #put(launch: Launch, shot: Shot, episode: Episode, message: Message): Promise<boolean> {
    const { slack } = this.#context;
    if (slack === null) return false;
    const mark = { launchId: launch.id, effectId: `standstill/${shot.id}/${episode.sinceMs}` };
    if (episode.ts === null && episode.triedPost) episode.ts = await slack.findPosted(launch.channelId, mark);
    if (episode.ts === null) {
      if (episode.end !== null) return true;
      episode.triedPost = true;
      episode.ts = await slack.postMessage(launch.channelId, message, { mark });
      return true;
    }
    try {
      await slack.update(launch.channelId, episode.ts, message);
    } catch (error) {
      // Somebody deleted it: they have read it.
      if (slackFault(error) !== 'gone') throw error;
    }
    return true;
  }

  /** In order; what the store does not take now waits for the next look. */
  async #record(launch: Launch, episode: Episode): Promise<void> {
    const notes = episode.notes.splice(0);
    while (notes.length > 0) {
      const acted = await this.#context.act(launch.id, { kind: 'note', by: null, text: notes[0] ?? '', said: true }).catch((error: unknown) => {
        this.#context.log.debug({ err: error }, 'a standstill is not in the record yet');
        return null;
      });
      if (acted === null) {
        episode.notes.unshift(...notes);
        episode.notBeforeMs = Math.max(episode.notBeforeMs, this.#context.nowMs() + RETRY_MS);
        return;
      }
      notes.shift();
    }
  }

  #isDone(episode: Episode): boolean {
    return !episode.busy && episode.end !== null && this.#context.nowMs() - episode.endedAtMs > 2 * RETRY_MS && (episode.notes.length === 0 || this.#context.nowMs() - episode.endedAtMs > END_TRIES_MS);
  }

  #background(work: () => Promise<void>): void {
    const running = work().catch((error: unknown) => this.#context.log.debug({ err: error }, 'a standstill could not be kept')).finally(() => this.#work.delete(running));
    this.#work.add(running);
  }
}

const nameOf = (launch: Launch, shot: Shot): string => `${launch.id}\n${shot.id}`;

const keptOf = ({ still, reason, sinceMs, ts, postedAtMs }: Episode): Kept => ({ still, reason, sinceMs, ts, postedAtMs });

/** Another platform, or another reason: figures alone are no news. */
function hasNews(before: Pick<Episode, 'still' | 'reason'>, still: readonly Still[], reason: StillReason): boolean {
  const key = (all: readonly Still[], { kind }: StillReason) => `${all.map(({ platform, everMoved }) => `${platform} ${String(everMoved)}`).join()} ${kind}`;
  return key(before.still, before.reason) !== key(still, reason);
}
