import { limitedForMs, slackFault } from '../../slack/slack-fault.ts';
import type { Pace } from '../../slack/slack-port.ts';
import type { Message } from '../../views/message.ts';
import type { Context } from '../context.ts';
import { fact, keepFact } from '../facts.ts';

const RETRY_MS = 1_000;
/** An end that Slack has not taken by then is left; the record has it. */
const END_TRIES_MS = 60_000;
/** Noted by an earlier leader? The store is asked for so long before a message of our own. */
const ADOPT_MS = 700;

/** `fact`: name under which the launch keeps it for the next leader. `effect`: marks its post, together with when it began. */
export interface AlarmPlace {
  launchId: string;
  channelId: string;
  fact: string;
  effect: string;
}

/** waiting (not posted) → said → over; what is over is kept while it can begin again in the same message. */
interface Episode<Content, End> {
  content: Content;
  sinceMs: number;
  end: End | null;
  endedAtMs: number;
  ts: string | null;
  postedAtMs: number;
  shown: string;
  triedPost: boolean;
  notBeforeMs: number;
  busy: boolean;
  /** For the record; `over`: the end of what an earlier one tells. */
  notes: { text: string; over?: true }[];
}

interface Kept<Content> {
  content: Content;
  sinceMs: number;
  ts: string | null;
  postedAtMs: number;
}

/**
 * Something that people must know while it lasts: one message when it begins, edited in place, and once more when it is over;
 * beginning and end go into the record. Nothing here waits for the store, since that it doesn't answer may be the very reason:
 * Slack is told first, facts and notes follow when the store takes them. `Content` and `End` are plain data.
 */
export class Alarm<Content, End> {
  readonly #context: Context;
  readonly #place: AlarmPlace;
  readonly #madeAtMs: number;
  readonly #work = new Set<Promise<void>>();
  #episode: Episode<Content, End> | null = null;
  #adopted = false;

  constructor(context: Context, place: AlarmPlace) {
    this.#context = context;
    this.#place = place;
    this.#madeAtMs = context.nowMs();
    this.#background(async () => {
      try {
        const kept = await fact(context, place.launchId, place.fact);
        if (kept !== null && kept !== '' && this.#episode === null)
          this.#adopt(JSON.parse(kept) as Partial<Kept<Content>>);
      } finally {
        this.#adopted = true;
      }
    });
  }

  /** An older bot's has another form, and is left to it. */
  #adopt({ content, sinceMs = 0, ts = null, postedAtMs = 0 }: Partial<Kept<Content>>): void {
    if (content !== undefined)
      this.#episode = {
        content,
        sinceMs,
        ts,
        postedAtMs,
        end: null,
        endedAtMs: 0,
        shown: '',
        triedPost: true,
        notBeforeMs: 0,
        busy: false,
        notes: [],
      };
  }

  /** The open one, or the last one with its end; null: none yet. */
  get episode(): Readonly<
    Pick<Episode<Content, End>, 'content' | 'sinceMs' | 'end' | 'endedAtMs' | 'postedAtMs'>
  > | null {
    return this.#episode;
  }

  get isOpen(): boolean {
    return this.#episode !== null && this.#episode.end === null;
  }

  /** It is open, and tells of that. */
  tells(what: (content: Content) => boolean): boolean {
    return this.#episode !== null && this.#episode.end === null && what(this.#episode.content);
  }

  /** False while it is looked whether an earlier leader has told it. */
  get mayBegin(): boolean {
    return this.#adopted || this.#context.nowMs() - this.#madeAtMs >= ADOPT_MS;
  }

  /** `inSameMessage`: it began again so soon that the message of the one before says so. `note`: for the record. */
  begin(content: Content, options: { sinceMs: number; note: string; inSameMessage: boolean }): void {
    const { sinceMs, note, inSameMessage } = options;
    const before = this.#episode;
    if (before !== null && inSameMessage)
      Object.assign(before, { content, sinceMs, end: null, notes: [...before.notes, { text: note }] });
    else
      this.#episode = {
        content,
        sinceMs,
        end: null,
        endedAtMs: 0,
        ts: null,
        postedAtMs: this.#context.nowMs(),
        shown: '',
        triedPost: false,
        notBeforeMs: 0,
        busy: false,
        notes: [{ text: note }],
      };
  }

  change(content: Content): void {
    if (this.#episode !== null) this.#episode.content = content;
  }

  end(end: End, note: string): void {
    if (this.#episode === null) return;
    Object.assign(this.#episode, { end, endedAtMs: this.#context.nowMs() });
    this.#episode.notes.push({ text: note, over: true });
  }

  /** Brings the room to this message, if it isn't there yet. One call at a time, in the background. `pace`: of an edit. */
  show(message: Message, pace: Pace = 'urgent'): void {
    const episode = this.#episode;
    const nowMs = this.#context.nowMs();
    if (episode === null || episode.busy || nowMs < episode.notBeforeMs) return;
    const isEnd = episode.end !== null;
    // Over before Slack took a word of it: there is nothing left to warn of.
    const mustShow =
      !(isEnd && episode.ts === null && !episode.triedPost) && !(isEnd && nowMs - episode.endedAtMs > END_TRIES_MS);
    const shown = JSON.stringify(message);
    if ((!mustShow || shown === episode.shown) && episode.notes.length === 0) return;
    episode.busy = true;
    this.#background(async () => {
      try {
        if (mustShow && shown !== episode.shown && (await this.#put(episode, message, pace))) {
          episode.shown = shown;
          // Not waited for: what is said is said, also while the store is away.
          this.#background(() =>
            keepFact(
              this.#context,
              this.#place.launchId,
              this.#place.fact,
              episode.end === null ? JSON.stringify(keptOf(episode)) : '',
            ),
          );
        }
      } catch (error) {
        episode.notBeforeMs = nowMs + Math.max(RETRY_MS, limitedForMs(error) ?? 0);
        this.#context.log.warn(
          { alarm: this.#place.effect, fault: slackFault(error), err: error },
          'an alarm could not be shown',
        );
      } finally {
        episode.busy = false;
      }
      this.#background(() => this.#record(episode));
    });
  }

  /** Nothing of it is left to be said. */
  get isDone(): boolean {
    const episode = this.#episode;
    if (episode === null) return true;
    const overForMs = this.#context.nowMs() - episode.endedAtMs;
    return (
      !episode.busy &&
      episode.end !== null &&
      overForMs > 2 * RETRY_MS &&
      (episode.notes.length === 0 || overForMs > END_TRIES_MS)
    );
  }

  async settle(): Promise<void> {
    await Promise.all(this.#work);
  }

  async #put(episode: Episode<Content, End>, message: Message, pace: Pace): Promise<boolean> {
    const { slack } = this.#context;
    const { launchId, channelId, effect } = this.#place;
    if (slack === null) return false;
    const mark = { launchId, effectId: `${effect}/${episode.sinceMs}` };
    if (episode.ts === null && episode.triedPost) episode.ts = await slack.findPosted(channelId, mark);
    if (episode.ts === null) {
      if (episode.end !== null) return true;
      episode.triedPost = true;
      episode.ts = await slack.postMessage(channelId, message, { mark });
      return true;
    }
    try {
      await slack.update(channelId, episode.ts, message, pace);
    } catch (error) {
      // Somebody deleted it: they have read it.
      if (slackFault(error) !== 'gone') throw error;
    }
    return true;
  }

  /** In order; what the store does not take now waits for the next look. */
  async #record(episode: Episode<Content, End>): Promise<void> {
    const notes = episode.notes.splice(0);
    for (let note = notes[0]; note !== undefined; note = notes[0]) {
      const acted = await this.#context
        .execute(this.#place.launchId, { kind: 'note', by: null, said: true, ...note })
        .catch((error: unknown) => {
          this.#context.log.debug({ err: error }, 'an alarm is not in the record yet');
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

  #background(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.#context.log.debug({ err: error }, 'an alarm could not be kept'))
      .finally(() => this.#work.delete(running));
    this.#work.add(running);
  }
}

const keptOf = <Content, End>({ content, sinceMs, ts, postedAtMs }: Episode<Content, End>): Kept<Content> => ({
  content,
  sinceMs,
  ts,
  postedAtMs,
});
