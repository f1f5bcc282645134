import type { Logger } from 'pino';
import { wellFormed } from '../../runbooks/launch/well-formed.ts';
import type { Refused } from '../../runbooks/record/rows.ts';
import type { ChannelLog } from './channel-log.ts';

/** So many refusals of one person are written out within the window, and so many of all people of a launch together; the rest is counted. */
const EACH = 5;
const ALL = 30;
const WINDOW_MS = 60_000;

interface Window {
  sinceMs: number;
  written: number;
  counted: Map<string, { times: number; last: Omit<Refused, 'times'> }>;
  perPerson: Map<string, number>;
  timer: NodeJS.Timeout;
}

/**
 * Presses and commands that were refused, for the timeline: who, what, why. They stand in the chain of channel messages,
 * so that they never contend with decisions, and nobody can fill it: beyond the limits they are counted, and the count is
 * written once the window is over. A count that was not written when the process dies is lost; the log has each one.
 */
export class Refusals {
  readonly #log: Logger;
  readonly #channelLog: ChannelLog;
  readonly #nowMs: () => number;
  readonly #windowMs: number;
  readonly #windows = new Map<string, Window>();
  readonly #writing = new Set<Promise<void>>();
  #lastMs = 0;

  constructor(options: { channelLog: ChannelLog; log: Logger; nowMs: () => number; windowMs?: number }) {
    this.#channelLog = options.channelLog;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
    this.#windowMs = options.windowMs ?? WINDOW_MS;
  }

  /** Never rejects and is never waited for: an answer to a person must not hang on it. */
  note(launchId: string, slackId: string, refused: Omit<Refused, 'times'>): void {
    this.#log.info({ launchId, slackId, what: refused.what, code: refused.code }, 'refused');
    const window = this.#windowOf(launchId);
    const mine = window.perPerson.get(slackId) ?? 0;
    window.perPerson.set(slackId, mine + 1);
    if (mine < EACH && window.written < ALL) {
      window.written += 1;
      this.#write(launchId, slackId, { ...refused, times: 1 });
      return;
    }
    const counted = window.counted.get(slackId);
    window.counted.set(slackId, { times: (counted?.times ?? 0) + 1, last: refused });
  }

  /** Writes what was only counted so far; to be awaited at the end of the process. */
  async flush(): Promise<void> {
    for (const launchId of this.#windows.keys()) this.#end(launchId);
    await Promise.all(this.#writing);
  }

  #windowOf(launchId: string): Window {
    const standing = this.#windows.get(launchId);
    if (standing !== undefined) return standing;
    const timer = setTimeout(() => this.#end(launchId), this.#windowMs);
    timer.unref();
    const window: Window = { sinceMs: this.#nowMs(), written: 0, counted: new Map(), perPerson: new Map(), timer };
    this.#windows.set(launchId, window);
    return window;
  }

  #end(launchId: string): void {
    const window = this.#windows.get(launchId);
    if (window === undefined) return;
    clearTimeout(window.timer);
    this.#windows.delete(launchId);
    const most = [...window.counted].toSorted((a, b) => b[1].times - a[1].times);
    for (const [slackId, { times, last }] of most.slice(0, ALL)) this.#write(launchId, slackId, { ...last, times });
    const rest = most.slice(ALL);
    if (rest.length > 0) {
      const times = rest.reduce((sum, [, one]) => sum + one.times, 0);
      this.#write(launchId, '', {
        what: `presses and commands of ${rest.length} more people`,
        code: 'COUNTED',
        say: '',
        times,
      });
    }
  }

  #write(launchId: string, slackId: string, refused: Refused): void {
    // Items of the chain are told apart by their ts.
    this.#lastMs = Math.max(this.#lastMs + 1, this.#nowMs());
    const atMs = this.#lastMs;
    const written = this.#channelLog
      .append(launchId, null, {
        ts: `refused ${atMs}`,
        user: slackId,
        text: '',
        atMs,
        edits: null,
        deleted: false,
        files: [],
        refused: wellFormed(refused),
      })
      .catch((error: unknown) => {
        this.#log.error({ err: error, launchId, slackId, code: refused.code }, 'a refusal is not in the timeline');
      })
      .finally(() => this.#writing.delete(written));
    this.#writing.add(written);
  }
}
