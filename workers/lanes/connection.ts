import http2 from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';

/**
 * One HTTP/2 connection to a provider.
 *
 *   connecting → open → leaving → closed      (or from any state straight to closed)
 *
 * connecting: nothing is written before the peer's SETTINGS are here, because node:http2 loses requests there
 * (FACTS 0.5). open: one stream at a time until an authenticated answer has come (`opened`), then as many as
 * the peer allows at the moment. leaving: GOAWAY, or retired by us; what is in flight may still be answered.
 */
export type ConnectionState = 'connecting' | 'open' | 'leaving' | 'closed';

/** What is known of one request. `unprocessed`: the provider provably did not act on it, so it may be sent again. */
export type Fate =
  | { kind: 'answered'; status: number; body: string }
  | { kind: 'unprocessed'; why: string }
  | { kind: 'unknown'; why: string };

export interface ConnectionEvents<T> {
  fate(connection: Connection<T>, tag: T, fate: Fate): void;
  /** There may be room for more writes now. */
  room(): void;
  changed(connection: Connection<T>, state: ConnectionState, why: string): void;
}

export interface ConnectionOptions {
  url: string;
  /** Extra CA, PEM; null: the system's. */
  ca: string | null;
  /** A request without an answer for this long is given up: its fate is unknown. */
  answerDeadlineMs: number;
  connectTimeoutMs: number;
  /** Monotonic. */
  nowMs: () => number;
}

/** DESIGN, Halt: at most this much is handed to the socket and not yet sent, so that what was written is what was sent. */
const UNSENT_BYTES = 65_536;
/** HEADERS of one request on the wire: the token in `authorization` is sent whole every time. */
const HEADER_BYTES = 300;
/** How often a write asks to be told that it has left: every one would cost a tenth of the rate. */
const MARK_BYTES = 8_192;
/** A peer that names no limit still gets no more at once. */
const STREAMS_AT_MOST = 1_000;
const PING_DEADLINE_MS = 5_000;
const { NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL } = http2.constants;

interface Exchange<T> { readonly tag: T; readonly stream: ClientHttp2Stream; readonly writtenAtMs: number; settled: boolean; status: number; body: string }

export class Connection<T> {
  /** An authenticated answer has come: more than one stream may be open. */
  opened = false;
  openedAtMs = Number.NaN;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents<T>;
  readonly #session: ClientHttp2Session;
  readonly #exchanges = new Set<Exchange<T>>();
  #state: ConnectionState = 'connecting';
  #peerStreams = 1;
  #unsentBytes = 0;
  #unmarkedBytes = 0;
  #lastHeardMs = 0;
  #goawayLastId: number | null = null;
  #pinging = false;

  constructor(options: ConnectionOptions, events: ConnectionEvents<T>) {
    this.#options = options;
    this.#events = events;
    this.#session = http2.connect(options.url, {
      ...(options.ca === null ? {} : { ca: options.ca }),
      peerMaxConcurrentStreams: 1,
      maxSessionMemory: 64,
      settings: { enablePush: false },
    });
    this.#listen();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get inFlight(): number {
    return this.#exchanges.size;
  }

  /** Streams that may be open at once, as of now. */
  get streams(): number {
    if (this.#state !== 'open') return 0;
    return this.opened ? this.#peerStreams : Math.min(1, this.#peerStreams);
  }

  canWrite(): boolean {
    return this.#state === 'open' && this.#unsentBytes < UNSENT_BYTES && this.#exchanges.size < this.streams;
  }

  /** Writes one request. Its fate is told exactly once, never before this returns. */
  write(headers: string[], body: Buffer, tag: T): void {
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(headers, { endStream: false });
    } catch (error) {
      // Nothing has left: the session ended under us, or its stream ids are used up.
      this.#to('leaving', String(error));
      setImmediate(() => this.#events.fate(this, tag, { kind: 'unprocessed', why: 'SessionEnded' }));
      return;
    }
    const exchange: Exchange<T> = { tag, stream, writtenAtMs: this.#options.nowMs(), settled: false, status: 0, body: '' };
    this.#exchanges.add(exchange);
    stream.on('response', (answer) => this.#onResponse(exchange, Number(answer[':status'])));
    stream.on('close', () => this.#onClose(exchange));
    // What an error means is read from the stream when it closes.
    stream.on('error', () => undefined);
    this.#end(stream, body);
  }

  /** Gives up what has been waiting too long, and checks that a silent peer is still there. */
  sweep(): void {
    const nowMs = this.#options.nowMs();
    for (const exchange of this.#exchanges) {
      if (nowMs - exchange.writtenAtMs < this.#options.answerDeadlineMs) break;
      this.#settle(exchange, { kind: 'unknown', why: 'NoAnswer' });
      exchange.stream.close(NGHTTP2_CANCEL);
      if (this.#lastHeardMs < exchange.writtenAtMs) this.ping();
    }
  }

  /** Ends the connection if the peer does not answer within 5 s. */
  ping(): void {
    if (this.#pinging || this.#session.destroyed || this.#state === 'connecting') return;
    this.#pinging = true;
    const deadline = setTimeout(() => this.destroy('PingTimeout'), PING_DEADLINE_MS);
    deadline.unref();
    this.#session.ping((error) => {
      clearTimeout(deadline);
      this.#pinging = false;
      if (error === null) this.#lastHeardMs = this.#options.nowMs();
    });
  }

  /** No new requests; closes when the last one has been answered or given up. */
  retire(why: string): void {
    if (this.#state === 'closed') return;
    this.#to('leaving', why);
    this.#session.close();
  }

  /** Ends it now. Whatever was written and not answered becomes unknown. */
  destroy(why: string): void {
    for (const exchange of this.#exchanges) this.#settle(exchange, { kind: 'unknown', why });
    this.#session.destroy();
    this.#to('closed', why);
  }

  #listen(): void {
    const session = this.#session;
    const deadline = setTimeout(() => this.destroy('ConnectTimeout'), this.#options.connectTimeoutMs);
    deadline.unref();
    let why = 'Closed';
    session.on('remoteSettings', (settings) => {
      clearTimeout(deadline);
      this.#peerStreams = Math.min(settings.maxConcurrentStreams ?? STREAMS_AT_MOST, STREAMS_AT_MOST);
      if (this.#state === 'connecting') {
        this.openedAtMs = this.#options.nowMs();
        this.#to('open', '');
      }
      this.#events.room();
    });
    session.on('goaway', (code, lastId, data) => {
      this.#goawayLastId = lastId;
      why = `Goaway ${code} ${/"reason"\s*:\s*"(\w+)"/.exec(Buffer.from(data ?? []).toString())?.[1] ?? ''}`.trimEnd();
      this.#to('leaving', why);
    });
    session.on('error', (error: NodeJS.ErrnoException) => { why = error.code ?? error.message; });
    session.on('close', () => {
      clearTimeout(deadline);
      this.#to('closed', why);
    });
  }

  #end(stream: ClientHttp2Stream, body: Buffer): void {
    const bytes = body.length + HEADER_BYTES;
    this.#unsentBytes += bytes;
    this.#unmarkedBytes += bytes;
    if (this.#unmarkedBytes < MARK_BYTES) {
      stream.end(body);
      return;
    }
    // Streams leave in the order they were made, near enough: when this one is out, those before it are.
    const marked = this.#unmarkedBytes;
    this.#unmarkedBytes = 0;
    stream.end(body, () => {
      const wasFull = this.#unsentBytes >= UNSENT_BYTES;
      this.#unsentBytes -= marked;
      if (wasFull) this.#events.room();
    });
  }

  #onResponse(exchange: Exchange<T>, status: number): void {
    this.#lastHeardMs = this.#options.nowMs();
    exchange.status = status;
    if (status === 200) {
      this.#settle(exchange, { kind: 'answered', status, body: '' });
      exchange.stream.resume();
      return;
    }
    exchange.stream.setEncoding('utf8');
    exchange.stream.on('data', (part: string) => {
      if (exchange.body.length < 4_096) exchange.body += part;
    });
  }

  #onClose(exchange: Exchange<T>): void {
    this.#exchanges.delete(exchange);
    if (!exchange.settled) this.#settle(exchange, this.#fateOf(exchange));
    this.#events.room();
  }

  #fateOf({ stream, status, body }: Exchange<T>): Fate {
    if (status !== 0) return { kind: 'answered', status, body };
    if (stream.rstCode === NGHTTP2_REFUSED_STREAM) return { kind: 'unprocessed', why: 'RefusedStream' };
    if (stream.id === undefined) return { kind: 'unprocessed', why: 'NeverSent' };
    if (this.#goawayLastId !== null && stream.id > this.#goawayLastId) return { kind: 'unprocessed', why: 'Goaway' };
    return { kind: 'unknown', why: stream.rstCode === undefined || stream.rstCode === 0 ? 'ConnectionLost' : `Reset ${stream.rstCode}` };
  }

  #settle(exchange: Exchange<T>, fate: Fate): void {
    if (exchange.settled) return;
    exchange.settled = true;
    this.#events.fate(this, exchange.tag, fate);
  }

  #to(state: ConnectionState, why: string): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.#events.changed(this, state, why);
  }
}
