import type { Duplex } from 'node:stream';
import type { HeaderField } from '../../h2/hpack-decoder.ts';
import { H2Connection } from '../lanes/h2/connection.ts';
import type { ConnectionOwner, Unprocessed } from '../lanes/h2/connection.ts';
import type { RequestTemplate } from '../lanes/h2/request-template.ts';
import { closedTrouble } from './connect-findings.ts';
import type { Trouble } from './connect-findings.ts';

export interface OnePushOptions {
  /** For the first SETTINGS and for the answer to a PING, ms. */
  settingsMs: number;
  answerMs: number;
  /** The one request, asked for when the connection is open; null: there is none, and nothing but a PING is written. */
  request: () => Promise<{ template: RequestTemplate; token: string } | null>;
  signal: AbortSignal;
}

export interface Spoken {
  trouble: Trouble | null;
  /** SETTINGS by id, as first announced and as they stood at the end; null: none came. */
  before: ReadonlyMap<number, number> | null;
  after: ReadonlyMap<number, number> | null;
  /** A push was written, whatever came of it. */
  spent: boolean;
  answer: { status: number; fields: readonly HeaderField[]; body: string; tookMs: number } | null;
  /** It has given its header table up, as our SETTINGS ask (RFC 7541 section 4.2); null: no answer shows. */
  obeysTable: boolean | null;
  /** Null: not answered. */
  pingMs: number | null;
}

/**
 * Speaks HTTP/2 on a fresh connection as a lane does, with at most one push, and closes it.
 *
 *   opening --SETTINGS--> pushing --answer--> pinging --sign of life--> over; any --trouble, time-out, abort--> over
 */
export async function speak(socket: Duplex, options: OnePushOptions): Promise<Spoken> {
  const push = new OnePush(socket);
  const abort = () => push.connection.destroy('aborted');
  options.signal.addEventListener('abort', abort, { once: true });
  const spoken: Spoken = {
    trouble: null,
    before: null,
    after: null,
    spent: false,
    answer: null,
    obeysTable: null,
    pingMs: null,
  };
  try {
    spoken.trouble = await push.step(options.settingsMs, 'SettingsTimeout', () => undefined);
    if (spoken.trouble !== null) return spoken;
    spoken.before = new Map(push.connection.peerSettings);
    const request = await options.request();
    if (request !== null) {
      const startMs = performance.now();
      spoken.trouble = await push.step(options.answerMs, 'NoAnswer', () => push.write(request));
      if (push.answer !== null) {
        spoken.answer = { ...push.answer, tookMs: performance.now() - startMs };
        spoken.obeysTable = push.connection.hasNoTable;
      }
    }
    spoken.after = new Map(push.connection.peerSettings);
    if (spoken.trouble !== null) return spoken;
    const startMs = performance.now();
    const pingTrouble = await push.step(options.settingsMs, 'PingTimeout', () => push.connection.ping(startMs));
    // Some say goodbye as soon as they have answered: the answer is what counts.
    if (pingTrouble === null) spoken.pingMs = performance.now() - startMs;
    else if (pingTrouble.code === 'PING_UNANSWERED' || spoken.answer === null) spoken.trouble = pingTrouble;
    // Whatever SETTINGS followed the answer came before the answer to the PING.
    spoken.after = new Map(push.connection.peerSettings);
    return spoken;
  } finally {
    spoken.spent = push.spent;
    options.signal.removeEventListener('abort', abort);
    push.connection.destroy('Closing');
  }
}

/** There is but one, so nothing is to be told apart. */
type Push = Record<string, never>;

class OnePush implements ConnectionOwner<Push> {
  readonly job: Push = {};
  readonly index = 0;
  template!: RequestTemplate;
  token = '';
  readonly connection: H2Connection<Push>;
  spent = false;
  answer: { status: number; fields: readonly HeaderField[]; body: string } | null = null;
  #isAsked = false;
  #leaving = '';
  /** Ends the present step. */
  #end: (trouble: Trouble | null) => void = () => undefined;
  #isFirstRoom = true;

  constructor(socket: Duplex) {
    this.connection = new H2Connection<Push>(socket, { startStreams: 1, maxStreams: 1, readsAll: true }, this);
  }

  /** Begins something and waits for what comes of it, `ms` at most; then the connection is closed for `why`. */
  step(ms: number, why: string, begin: () => void): Promise<Trouble | null> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.connection.destroy(why), ms);
      this.#end = (trouble) => {
        clearTimeout(timer);
        this.#end = () => undefined;
        resolve(trouble);
      };
      if (this.connection.state === 'closed') return this.#end(closedTrouble(this.#leaving));
      begin();
    });
  }

  write({ template, token }: { template: RequestTemplate; token: string }): void {
    this.template = template;
    this.token = token;
    this.#isAsked = true;
    this.connection.fill(performance.now());
  }

  take(): boolean {
    if (!this.#isAsked || this.spent) return false;
    this.spent = true;
    return true;
  }

  mayFinish(): 'now' {
    return 'now';
  }

  answered(
    _job: Push,
    _index: number,
    status: number,
    fields: readonly HeaderField[] | null,
    body: string | null,
  ): void {
    this.answer = { status, fields: fields ?? [], body: body ?? '' };
    this.#end(null);
  }

  refused(_job: Push, _index: number, why: Unprocessed): void {
    this.#end(
      why === 'Goaway'
        ? closedTrouble(this.#leaving)
        : { code: 'RESET', detail: why === 'RefusedStream' ? 'REFUSED_STREAM' : 'before its end' },
    );
  }

  lost(_job: Push, _index: number, why: string): void {
    this.#end(closedTrouble(why));
  }

  alive(): void {
    this.#end(null);
  }

  /** There is room from the first SETTINGS on. What came before a push was asked for may have closed the window for it. */
  room(): void {
    if (this.#isFirstRoom && this.connection.state === 'open') {
      this.#isFirstRoom = false;
      this.#end(null);
    } else if (this.#isAsked) this.connection.fill(performance.now());
  }

  draining(_connection: H2Connection<Push>, why: string): void {
    this.#leaving = why;
  }

  closed(_connection: H2Connection<Push>, why: string): void {
    // `drained` only says that GOAWAY has been obeyed.
    if (why !== 'drained' || this.#leaving === '') this.#leaving = why;
    this.#end(closedTrouble(this.#leaving));
  }
}
