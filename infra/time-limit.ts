/**
 * Limits of time, in two kinds. `within` gives the work up: it is aborted, and what waits for it gets an error. `waitAtMost` gives
 * up the wait alone, for work that must go on (a halt's entry) or that nobody can stop (a library without a signal).
 * A single call that ends by a signal of its own accord needs neither: it takes `AbortSignal.timeout`. Neither do sockets,
 * child processes and threads, which are ended by force when their time is over and then say so themselves.
 */

/** The work took too long and was aborted. `code`: stable, of what was waited for. */
export class TimeLimitError extends Error {
  readonly code: string;
  readonly what: string;
  readonly limitMs: number;

  constructor(code: string, what: string, limitMs: number) {
    super(`${code}: ${what} within ${limitMs} ms`);
    this.name = 'TimeLimitError';
    this.code = code;
    this.what = what;
    this.limitMs = limitMs;
  }
}

/** `what`: what has not come about then, as the beginning of a sentence: `the report was not written`. `code`: absent, TIME_LIMIT. `signal`: ends the work before its time, with its own reason. */
export interface Limit {
  limitMs: number;
  what: string;
  code?: string;
  signal?: AbortSignal;
}

/**
 * Rejects with a TimeLimitError after `limitMs` at the latest, whether or not the work heeds its signal. That signal is aborted when
 * the time is over, when the outer one is, and when the work has ended: what it began beside does not outlive it.
 */
export async function within<T>(
  { limitMs, what, code = 'TIME_LIMIT', signal }: Limit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const abort = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const end = (reason: Error) => {
    // The reason of the end goes first: the work's own word about its abort comes too late to be taken for it.
    reject(reason);
    abort.abort(reason);
  };
  const stopped = () => end(signal?.reason as Error);
  signal?.addEventListener('abort', stopped, { once: true });
  const timer = setTimeout(() => end(new TimeLimitError(code, what, limitMs)), limitMs);
  try {
    return await Promise.race([work(abort.signal), over]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stopped);
    abort.abort();
  }
}

/** What the work gives, or `late` after `waitMs`. The work goes on; should it fail after that, nobody hears of it here: its owner logs it. */
export async function waitAtMost<T, L>(waitMs: number, work: Promise<T>, late: L): Promise<T | L> {
  const { promise: over, resolve } = Promise.withResolvers<L>();
  const timer = setTimeout(resolve, waitMs, late);
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
