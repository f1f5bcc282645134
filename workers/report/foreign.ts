import type { Logger } from 'pino';
import type { WorkerReport } from '../../contract/report.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';

/** Longest word on one of them in the report. */
const LAST_CHARS = 200;
const LOG_EVERY_MS = 1_000;

/**
 * Messages that nothing of this launch has sent: no JSON, another version, another launch, shots or attempts that nobody
 * approved. Each is deleted as soon as it is seen, and counted here for the report: whoever writes them may write thousands,
 * so no more than two numbers and one cut sentence ever leave this worker for them.
 */
export class Foreign {
  readonly #log: Pick<Logger, 'error'> | null;
  #orders = 0;
  #batches = 0;
  #last = '';
  #loggedAtMs = Number.NEGATIVE_INFINITY;

  /** `log`: gets a line a second at most. */
  constructor(log: Pick<Logger, 'error'> | null = null) {
    this.#log = log;
  }

  order(why: string): void {
    this.#orders += 1;
    this.#note(why);
  }

  batch(why: string): void {
    this.#batches += 1;
    this.#note(why);
  }

  get counts(): NonNullable<WorkerReport['foreign']> {
    return { orders: this.#orders, batches: this.#batches, last: this.#last };
  }

  #note(why: string): void {
    this.#last = cut(why);
    if (sharedClockMs() - this.#loggedAtMs < LOG_EVERY_MS) return;
    this.#loggedAtMs = sharedClockMs();
    this.#log?.error(this.counts, "messages on the queues that are nobody's are deleted");
  }
}

/** What somebody else has written is shown cut, and on one line. */
export function cut(text: string, chars = LAST_CHARS): string {
  const line = text.slice(0, chars + 1).replaceAll(/[\s\p{C}]+/gu, ' ');
  return line.length <= chars ? line : `${line.slice(0, chars - 1)}…`;
}
