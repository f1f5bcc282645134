import type { IncomingHttpHeaders } from 'node:http';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';

/** One exchange over HTTP/1.1. Rejects with an AbortError when the signal aborts, and with a TimeoutError or a NoAnswerError where there was no whole answer. */
export type Post = (request: Posted, limits: { timeoutMs: number; signal: AbortSignal | undefined }) => Promise<Answer>;

interface Posted {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The request may have arrived: whoever needs to know asks. */
export class NoAnswerError extends Error {
  constructor(cause: Error) {
    super(`no answer: ${cause.message}`, { cause });
    this.name = 'NoAnswerError';
  }
}

/** An idle socket is closed after this. Services keep theirs longer; what a service closes first is replaced. */
const IDLE_MS = 30_000;

/** Sockets are opened as they are needed, up to `sockets` to each address, kept, and used again. One request at a time on each. */
export function createPost({ sockets, connectTimeoutMs }: { sockets: number; connectTimeoutMs: number }): {
  post: Post;
  destroy: () => void;
} {
  // Time-outs are those of each request: undici's own are counted in whole seconds.
  const agent = new Agent({
    connections: sockets,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: connectTimeoutMs },
  });
  return {
    post({ origin, path, headers, body }, { timeoutMs, signal }) {
      if (signal?.aborted === true) return Promise.reject(aborted(signal));
      return new Promise((resolve, reject) => {
        const exchange = new Exchange(resolve, reject, timeoutMs, signal);
        agent.dispatch({ origin, path, method: 'POST', headers, body }, exchange);
      });
    },
    destroy() {
      void agent.destroy();
    },
  };
}

/** waiting → started → over. Over is: answered, failed, out of time, or aborted; a request that has not started then is never written. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  #failure: Error | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];

  constructor(
    resolve: (answer: Answer) => void,
    reject: (error: Error) => void,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    this.#timer = setTimeout(() => this.#fail(timedOut(timeoutMs)), timeoutMs);
    if (signal === undefined) return;
    this.#onAbort = () => this.#fail(aborted(signal));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== null) controller.abort(this.#failure);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#end();
    const [first] = this.#chunks;
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body: first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks),
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#failure === null) this.#fail(new NoAnswerError(error));
  }

  #fail(failure: Error): void {
    this.#failure = failure;
    this.#end();
    this.#controller?.abort(failure);
    this.#reject(failure);
  }

  #end(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort !== null) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

function timedOut(timeoutMs: number): Error {
  return Object.assign(new Error(`no answer within ${timeoutMs} ms`), { name: 'TimeoutError' });
}

function aborted({ reason }: AbortSignal): Error {
  return Object.assign(new Error('Request aborted', { cause: reason }), { name: 'AbortError' });
}
