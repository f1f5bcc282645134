import type { Duplex } from 'node:stream';
import { FrameReader } from '../../../h2/frame-reader.ts';
import {
  CANCEL,
  ConnectionError,
  errorName,
  FLAG,
  FRAME,
  goawayFrame,
  LAST_STREAM_ID,
  PREFACE,
  pingFrame,
  PROTOCOL_ERROR,
  readUint32,
  REFUSED_STREAM,
  SETTING,
  SETTINGS_ACK,
  settingsFrame,
  uint32Frame,
} from '../../../h2/frames.ts';
import { HeaderBlocks, withoutPadding } from '../../../h2/header-blocks.ts';
import type { HeaderBlock } from '../../../h2/header-blocks.ts';
import { HpackDecoder, HpackError } from '../../../h2/hpack-decoder.ts';
import type { HeaderField } from '../../../h2/hpack-decoder.ts';
import { DEFAULT_TABLE_BYTES } from '../../../h2/hpack-encoder.ts';
import { HuffmanError } from '../../../h2/huffman.ts';
import { isSuccess, readHead, wrongFields } from './answer.ts';
import { textOf } from './content-coding.ts';
import { ReceiveWindow } from './flow-control.ts';
import { Outgoing, WRITE_BYTES } from './outgoing.ts';
import type { RequestTemplate } from './request-template.ts';
import { StreamLimit } from './stream-limit.ts';
import { OpenStreams } from './streams.ts';
import type { OpenStream } from './streams.ts';

/*
 * One HTTP/2 connection for many small POSTs, RFC 9113, client side: its streams, and what each frame of the peer
 * does to them. One piece over 300 lines, because every frame may touch any of: settings, windows, streams, the header table.
 *
 *   connecting --peer's SETTINGS--> open --GOAWAY, ids used up, retire()--> draining --last answer--> closed
 *   any --socket lost, protocol error, destroy()--> closed
 *
 * Beside these: silent (ping() was called and nothing was heard since) or not. The owner is told once when silence ends.
 *
 * Only one socket write is under way at a time and requests are composed when it can start. So a request
 * is either not composed (it is still the caller's) or handed to the socket (from then on it may have arrived):
 * nothing lies in between, and at most WRITE_BYTES are unsent.
 */

/** Why a request was provably not processed: the peer refused its stream, closed the door before it, or never got its end. */
export type Unprocessed = 'RefusedStream' | 'Goaway' | 'Unfinished';

/** Where requests come from and where answers go. */
export interface ConnectionOwner<J> {
  /** Moves to the next request to be written and fills `job`, `index`, `template`, `token`; false: none now. Asked just before each one is composed. */
  take(): boolean;
  job: J;
  index: number;
  template: RequestTemplate;
  token: string;
  /** Asked before the rest of a body that a window has held up is written: `never` gives the request up unfinished, which the peer can't process. */
  mayFinish(job: J): 'now' | 'later' | 'never';

  /** The provider answered. `body` and `fields` are null with a success, any 2xx, unless `readsAll`: nobody reads them. */
  answered(job: J, index: number, status: number, fields: readonly HeaderField[] | null, body: string | null): void;
  /** The provider provably did not process it. With `RefusedStream` the connection's own limit of streams has shrunk already. */
  refused(job: J, index: number, why: Unprocessed): void;
  /** It was written and will never be answered, or not in a way that counts (`MalformedAnswer: …`). */
  lost(job: J, index: number, why: string): void;
  /** The first sign of life after `ping()`: any bytes of the peer, not the answer to the PING alone. Told before `room`. */
  alive(connection: H2Connection<J>): void;
  /** There may be room for more. */
  room(): void;
  draining(connection: H2Connection<J>, why: string): void;
  closed(connection: H2Connection<J>, why: string): void;
}

export interface ConnectionOptions {
  /**
   * Streams that may be open before the peer said what it allows, and until `unlock()`. APNs: 1 until an authenticated
   * answer (docs/facts.md#apns-first-stream).
   */
  startStreams: number;
  /** Never more than this, whatever the peer allows. */
  maxStreams: number;
  /** A write is composed until it has so many bytes. Default 64 KiB, which is also the most. */
  writeBytes?: number;
  /** Hand over headers and body with a success too: for whoever looks at one answer, not for many. Default false. */
  readsAll?: boolean;
  /** First stream id; only tests of id exhaustion change it. */
  firstStreamId?: number;
}

/** Answers to the peer's PINGs, SETTINGS and DATA that it does not take off the socket. */
const MAX_CONTROL_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 8 * 1024;
const STATUS_200 = 0x88;
const PLAIN_HEADERS_MASK = FLAG.endHeaders | FLAG.padded | FLAG.priority;

const KNOWN_SETTINGS: ReadonlySet<number> = new Set(Object.values(SETTING));

interface Answer {
  fields: readonly HeaderField[];
  body: Buffer[];
  bytes: number;
}
const NO_ANSWER: Readonly<Answer> = { fields: [], body: [], bytes: 0 };

export class H2Connection<J> {
  state: 'connecting' | 'open' | 'draining' | 'closed' = 'connecting';
  /** What the peer has announced in SETTINGS, last word, by their ids; what it never named is not there. */
  readonly peerSettings = new Map<number, number>();
  /** Requests that were answered, whatever the answer. */
  answered = 0;
  /** When the first `ping()` was sent since which nothing was heard of the peer; null: it is not silent, or nobody asked. */
  silentSinceMs: number | null = null;

  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner<J>;
  readonly #readsAll: boolean;
  readonly #reader: FrameReader;
  readonly #blocks = new HeaderBlocks();
  readonly #decoder = new HpackDecoder(DEFAULT_TABLE_BYTES);
  readonly #streams: OpenStreams<J>;
  readonly #limit: StreamLimit;
  readonly #answers = new Map<number, Answer>();
  readonly #outgoing: Outgoing<J>;
  readonly #receiveWindow = new ReceiveWindow();
  #nextId: number;
  #reading = false;

  constructor(socket: Duplex, options: ConnectionOptions, owner: ConnectionOwner<J>) {
    this.#socket = socket;
    this.#streams = new OpenStreams<J>(options.maxStreams);
    this.#limit = new StreamLimit(options.startStreams, options.maxStreams);
    this.#owner = owner;
    this.#readsAll = options.readsAll ?? false;
    this.#outgoing = new Outgoing<J>(socket, options.writeBytes ?? WRITE_BYTES, {
      mayFinish: (job) => owner.mayFinish(job),
      unfinished: (streamId) => this.#giveUp(streamId),
      wrote: (error) => this.#wrote(error),
    });
    this.#nextId = options.firstStreamId ?? 1;
    this.#reader = new FrameReader((type, flags, streamId, bytes, start, end) =>
      this.#frame(type, flags, streamId, bytes, start, end),
    );
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error: Error) => this.#close(`connection error: ${error.message}`));
    socket.on('end', () => this.#close('the peer closed the connection'));
    socket.on('close', () => this.#close('connection closed'));
    this.#queue(PREFACE);
    this.#queue(
      settingsFrame([
        [SETTING.headerTableSize, 0],
        [SETTING.enablePush, 0],
      ]),
    );
    this.#queue(uint32Frame(FRAME.windowUpdate, 0, this.#receiveWindow.openMore()));
    this.#flush();
  }

  get inFlight(): number {
    return this.#streams.count;
  }

  /** True: the peer has given its header table up, as our SETTINGS ask. False: not yet, or it never will. */
  get hasNoTable(): boolean {
    return this.#decoder.isStateless;
  }

  /** Streams that may be open at a time now. */
  get limit(): number {
    return this.#limit.value;
  }

  /** Authenticated: the peer has answered a request with its blessing, so the stream limit is the peer's own. */
  get unlocked(): boolean {
    return this.#limit.unlocked;
  }

  /** Requests that could be written now. */
  get free(): number {
    return this.state === 'open' && !this.#outgoing.isWriting ? Math.max(0, this.limit - this.#streams.count) : 0;
  }

  /** The peer answered with its blessing: use all the streams that it allows. */
  unlock(): void {
    this.#limit.unlock();
  }

  /** Composes and writes as many requests as streams, windows and one write allow; returns how many. */
  fill(nowMs: number): number {
    const outgoing = this.#outgoing;
    if (outgoing.isWriting || this.state !== 'open') return 0;
    const owner = this.#owner;
    let written = 0;
    outgoing.begin();
    while (this.#streams.count < this.#limit.value && outgoing.takesRequest && this.#ids() && owner.take()) {
      this.#streams.open(this.#nextId, owner.job, owner.index, nowMs);
      outgoing.request(this.#nextId, owner.job, owner.template, owner.token);
      this.#nextId += 2;
      written += 1;
    }
    outgoing.write();
    this.#settled();
    return written;
  }

  /** False when no stream may be opened any more; without an id that is left the connection is used up and drains. */
  #ids(): boolean {
    if (this.state !== 'open') return false;
    if (this.#nextId <= LAST_STREAM_ID - 2) return true;
    this.#drain('stream ids used up');
    return false;
  }

  // ---- writing

  #queue(frame: Buffer): void {
    this.#outgoing.control(frame);
  }

  #flush(): void {
    if (this.#outgoing.isWriting || !this.#outgoing.isPending || this.state === 'closed') return;
    this.#outgoing.begin();
    this.#outgoing.write();
  }

  #wrote(error: Error | null): void {
    if (error !== null) return this.#close(`connection error: ${error.message}`);
    this.#flush();
    if (!this.#outgoing.isWriting) this.#owner.room();
  }

  /** Without its end the peer can't process it, so it is given back like a refused one, unless the peer has answered already. */
  #giveUp(id: number): void {
    const at = this.#streams.find(id);
    if (at === -1) return;
    this.#queue(uint32Frame(FRAME.rstStream, id, CANCEL));
    const status = this.#streams.status(id, at);
    if (status !== 0) return this.#finish(id, at, status);
    const job = this.#streams.job(id, at);
    const index = this.#streams.index(id, at);
    this.#streams.close(id, at);
    this.#owner.refused(job, index, 'Unfinished');
  }

  // ---- reading

  #read(chunk: Buffer): void {
    if (this.state === 'closed') return;
    const wasSilent = this.silentSinceMs !== null;
    this.silentSinceMs = null;
    this.#reading = true;
    try {
      this.#reader.push(chunk);
      const update = this.#receiveWindow.update();
      if (update > 0) this.#queue(uint32Frame(FRAME.windowUpdate, 0, update));
      if (this.#outgoing.controlBytes > MAX_CONTROL_BYTES)
        throw new ConnectionError('ENHANCE_YOUR_CALM', 'the peer asks for more answers than it reads');
    } catch (error) {
      const broken = asConnectionError(error);
      if (broken === null) throw error;
      this.#abort(broken);
    } finally {
      this.#reading = false;
    }
    if (wasSilent && !this.#isClosed()) this.#owner.alive(this);
    this.#settled();
    this.#owner.room();
    this.#flush();
  }

  #frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed()) return;
    this.#blocks.expect(type, streamId);
    if (this.state === 'connecting' && type !== FRAME.settings)
      throw new ConnectionError('PROTOCOL_ERROR', 'the first frame is not SETTINGS');
    switch (type) {
      case FRAME.headers:
      case FRAME.continuation: {
        if (this.#success(type, flags, streamId, bytes, start, end)) return;
        const block = this.#blocks.push(type, flags, streamId, bytes, start, end);
        if (block !== null) this.#headers(block);
        return;
      }
      case FRAME.data:
        return this.#data(flags, streamId, bytes, start, end);
      case FRAME.settings:
        return this.#settings(flags, streamId, bytes, start, end);
      case FRAME.windowUpdate:
        return this.#windowUpdate(streamId, bytes, start, end);
      case FRAME.rstStream:
        return this.#reset(streamId, bytes, start, end);
      case FRAME.ping:
        return this.#ping(flags, streamId, bytes, start, end);
      case FRAME.goaway:
        return this.#goaway(streamId, bytes, start, end);
      case FRAME.pushPromise:
        throw new ConnectionError('PROTOCOL_ERROR', 'PUSH_PROMISE though push is off');
      default: // PRIORITY and unknown types are ignored (section 5.5).
    }
  }

  /** A method, so that the check is not narrowed away between callbacks. */
  #isClosed(): boolean {
    return this.state === 'closed';
  }

  #known(streamId: number, frame: string): void {
    if (streamId === 0 || (streamId & 1) === 0 || streamId >= this.#nextId)
      throw new ConnectionError('PROTOCOL_ERROR', `${frame} on stream ${streamId}, which is not open`);
  }

  /**
   * A whole header block in one frame whose first byte says 200. If it is the only one, or the peer has given up its table,
   * the block has no memory, and this one byte says all that a success says: nobody reads what else may be there, so nobody
   * judges it. False: not that, or not that simple.
   */
  #success(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (
      bytes[start] !== STATUS_200 ||
      (end - start !== 1 && (start === end || !this.#decoder.isStateless)) ||
      this.#readsAll ||
      type !== FRAME.headers ||
      (flags & PLAIN_HEADERS_MASK) !== FLAG.endHeaders
    )
      return false;
    const at = this.#streams.find(streamId);
    if (at === -1 || this.#streams.status(streamId, at) !== 0) return false;
    if ((flags & FLAG.endStream) !== 0) this.#finish(streamId, at, 200);
    else this.#streams.setStatus(streamId, at, 200);
    return true;
  }

  #headers({ streamId, endStream, block }: HeaderBlock): void {
    this.#known(streamId, 'HEADERS');
    const at = this.#streams.find(streamId);
    const fields = this.#decoder.decode(block);
    if (at === -1) return;
    if (this.#streams.status(streamId, at) !== 0) {
      const wrong = endStream ? wrongFields(fields) : 'HEADERS in mid-answer';
      return wrong === null ? this.#end(streamId, at) : this.#malformed(streamId, at, wrong);
    }
    const head = readHead(fields);
    if ('malformed' in head) return this.#malformed(streamId, at, head.malformed);
    const { status, contentLength } = head;
    if (status < 200) return endStream ? this.#malformed(streamId, at, 'nothing after a 1xx') : undefined;
    this.#streams.setStatus(streamId, at, status);
    this.#streams.setLeft(streamId, at, contentLength);
    if (this.#isRead(status)) this.#answers.set(streamId, { fields, body: [], bytes: 0 });
    if (endStream) this.#end(streamId, at);
  }

  #isRead(status: number): boolean {
    return this.#readsAll || !isSuccess(status);
  }

  #data(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#receiveWindow.received(end - start);
    this.#known(streamId, 'DATA');
    const at = this.#streams.find(streamId);
    if (at === -1) return;
    const payload = (flags & FLAG.padded) === 0 ? null : withoutPadding(flags, bytes, start, end);
    const from = payload?.start ?? start;
    const to = payload?.end ?? end;
    const status = this.#streams.status(streamId, at);
    if (status === 0) return this.#malformed(streamId, at, 'DATA before HEADERS');
    const left = this.#streams.left(streamId, at);
    if (left !== -1) {
      if (to - from > left) return this.#malformed(streamId, at, 'more than its content-length');
      this.#streams.setLeft(streamId, at, left - (to - from));
    }
    const answer = this.#answers.get(streamId);
    if (answer !== undefined) {
      answer.bytes += to - from;
      if (answer.bytes <= MAX_BODY_BYTES) answer.body.push(Buffer.from(bytes.subarray(from, to)));
    }
    if ((flags & FLAG.endStream) !== 0) return this.#end(streamId, at);
    // An answer that goes on and on is not one that we know: the status stands, the rest is refused.
    if (answer !== undefined && answer.bytes > MAX_BODY_BYTES) {
      this.#queue(uint32Frame(FRAME.rstStream, streamId, CANCEL));
      this.#finish(streamId, at, status);
    }
  }

  /** The peer has ended its side, with nothing missing of what it has announced. */
  #end(streamId: number, at: number): void {
    if (this.#streams.left(streamId, at) > 0) return this.#malformed(streamId, at, 'less than its content-length');
    this.#finish(streamId, at, this.#streams.status(streamId, at));
  }

  /** An error of the stream alone. What came of the request is not known, whatever a status may have said. */
  #malformed(streamId: number, at: number, what: string): void {
    const job = this.#streams.job(streamId, at);
    const index = this.#streams.index(streamId, at);
    this.#streams.close(streamId, at);
    this.#forget(streamId);
    this.#queue(uint32Frame(FRAME.rstStream, streamId, PROTOCOL_ERROR));
    this.#owner.lost(job, index, `MalformedAnswer: ${what}`);
  }

  #finish(streamId: number, at: number, status: number): void {
    const job = this.#streams.job(streamId, at);
    const index = this.#streams.index(streamId, at);
    this.#streams.close(streamId, at);
    this.answered += 1;
    this.#limit.answered();
    // Answered before its body was whole: nobody wants the rest (section 8.1).
    if (this.#outgoing.forget(streamId)) this.#queue(uint32Frame(FRAME.rstStream, streamId, CANCEL));
    if (!this.#isRead(status)) return this.#owner.answered(job, index, status, null, null);
    const { fields, body } = this.#answers.get(streamId) ?? NO_ANSWER;
    this.#answers.delete(streamId);
    this.#owner.answered(
      job,
      index,
      status,
      fields,
      textOf(Buffer.concat(body), fields.find(([name]) => name === 'content-encoding')?.[1]),
    );
  }

  #settings(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError('PROTOCOL_ERROR', 'SETTINGS on a stream');
    if ((flags & FLAG.ack) !== 0) {
      // It says nothing of the header table: some acknowledge our 0 and go on using theirs
      // (docs/facts.md#h2-header-table).
      if (end !== start) throw new ConnectionError('FRAME_SIZE_ERROR', 'SETTINGS acknowledgement with a payload');
      return;
    }
    if ((end - start) % 6 !== 0) throw new ConnectionError('FRAME_SIZE_ERROR', 'SETTINGS of a broken length');
    for (let at = start; at < end; at += 6)
      this.#setting(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0), readUint32(bytes, at + 2));
    if (this.state === 'connecting') this.state = 'open';
    this.#queue(SETTINGS_ACK);
  }

  #setting(id: number, value: number): void {
    // A peer may send any number of others, again and again.
    if (KNOWN_SETTINGS.has(id)) this.peerSettings.set(id, value);
    switch (id) {
      case SETTING.headerTableSize:
        return this.#outgoing.setTableLimit(value);
      case SETTING.enablePush:
        if (value !== 0) throw new ConnectionError('PROTOCOL_ERROR', 'a server can not enable push');
        return;
      case SETTING.maxConcurrentStreams:
        return this.#limit.setPeer(value);
      case SETTING.initialWindowSize:
        if (value > 0x7fffffff) throw new ConnectionError('FLOW_CONTROL_ERROR', 'initial window over 2^31 - 1');
        return this.#outgoing.setInitialWindow(value);
      case SETTING.maxFrameSize:
        if (value < 16_384 || value > 0xffffff) throw new ConnectionError('PROTOCOL_ERROR', `frame size ${value}`);
        return;
      default: // Unknown settings are ignored (section 6.5.2).
    }
  }

  #windowUpdate(streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw new ConnectionError('FRAME_SIZE_ERROR', 'WINDOW_UPDATE of a broken length');
    const increment = readUint32(bytes, start) & 0x7fffffff;
    if (streamId !== 0) this.#known(streamId, 'WINDOW_UPDATE');
    if (increment === 0) {
      if (streamId === 0) throw new ConnectionError('PROTOCOL_ERROR', 'WINDOW_UPDATE of 0');
      const at = this.#streams.find(streamId);
      return at === -1 ? undefined : this.#malformed(streamId, at, 'WINDOW_UPDATE of 0');
    }
    this.#outgoing.openWindow(streamId, increment);
  }

  #reset(streamId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#known(streamId, 'RST_STREAM');
    if (end - start !== 4) throw new ConnectionError('FRAME_SIZE_ERROR', 'RST_STREAM of a broken length');
    const code = readUint32(bytes, start);
    const at = this.#streams.find(streamId);
    if (at === -1) return;
    const status = this.#streams.status(streamId, at);
    // The status is the answer; what follows it only explains.
    if (status !== 0) return this.#finish(streamId, at, status);
    const job = this.#streams.job(streamId, at);
    const index = this.#streams.index(streamId, at);
    this.#streams.close(streamId, at);
    this.#outgoing.forget(streamId);
    if (code === REFUSED_STREAM) {
      this.#limit.refused(this.#streams.count);
      this.#owner.refused(job, index, 'RefusedStream');
    } else this.#owner.lost(job, index, `stream reset: ${errorName(code)}`);
  }

  #ping(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError('PROTOCOL_ERROR', 'PING on a stream');
    if (end - start !== 8) throw new ConnectionError('FRAME_SIZE_ERROR', 'PING of a broken length');
    if ((flags & FLAG.ack) === 0) this.#queue(pingFrame(bytes.subarray(start, end), true));
  }

  #goaway(streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError('PROTOCOL_ERROR', 'GOAWAY on a stream');
    if (end - start < 8) throw new ConnectionError('FRAME_SIZE_ERROR', 'GOAWAY of a broken length');
    const last = readUint32(bytes, start) & 0x7fffffff;
    const code = readUint32(bytes, start + 4);
    const said = Buffer.from(bytes.subarray(start + 8, Math.min(end, start + 8 + 256))).toString('utf8');
    this.#drain(`GOAWAY ${errorName(code)}${said === '' ? '' : ` ${said}`}`);
    for (const stream of this.#streams.takeWhere(({ id }) => id > last)) {
      this.#forget(stream.id);
      // A status is an answer, whatever GOAWAY says of its stream: sent again, it would be there twice.
      if (stream.status === 0) this.#owner.refused(stream.job, stream.index, 'Goaway');
      else this.#report(stream, 'GOAWAY');
    }
  }

  // ---- ends

  /** Streams written before `beforeMs` that still have no answer: given up, reset, and reported as lost. Returns how many had not even a status. */
  expire(beforeMs: number): number {
    if (this.state === 'closed' || this.#streams.count === 0) return 0;
    let unanswered = 0;
    for (const stream of this.#streams.takeWhere(({ writtenAtMs }) => writtenAtMs < beforeMs)) {
      this.#forget(stream.id);
      this.#queue(uint32Frame(FRAME.rstStream, stream.id, CANCEL));
      if (stream.status === 0) unanswered += 1;
      this.#report(stream, 'NoAnswer');
    }
    this.#settled();
    this.#flush();
    return unanswered;
  }

  /** Asks the peer for a sign of life; until there is one it is silent (`silentSinceMs`), then the owner is told (`alive`). */
  ping(nowMs: number): void {
    if (this.state === 'connecting' || this.state === 'closed') return;
    this.silentSinceMs ??= nowMs;
    this.#queue(pingFrame(new Uint8Array(8), false));
    this.#flush();
  }

  /** No more requests; closes when the last answer is in. */
  retire(why: string): void {
    this.#drain(why);
    this.#settled();
  }

  destroy(why: string): void {
    this.#close(why);
  }

  #drain(why: string): void {
    if (this.state === 'draining' || this.state === 'closed') return;
    this.state = 'draining';
    this.#owner.draining(this, why);
  }

  /** A draining connection without open streams is done; never inside the reading of a chunk, of which more may follow. */
  #settled(): void {
    if (this.state === 'draining' && this.#streams.count === 0 && !this.#reading) this.#close('drained');
  }

  #abort(error: ConnectionError): void {
    if (!this.#outgoing.isWriting && !this.#socket.destroyed)
      this.#socket.write(goawayFrame(0, error.errorCode, error.message));
    this.#close(`protocol error: ${error.message}`);
  }

  #close(why: string): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    const streams = this.#streams.takeWhere(() => true);
    for (const stream of streams) this.#report(stream, why);
    this.#answers.clear();
    this.#outgoing.clear();
    this.#socket.destroy();
    this.#owner.closed(this, why);
  }

  #report(stream: OpenStream<J>, why: string): void {
    if (stream.status === 0) this.#owner.lost(stream.job, stream.index, why);
    else if (!this.#isRead(stream.status)) this.#owner.answered(stream.job, stream.index, stream.status, null, null);
    else this.#owner.answered(stream.job, stream.index, stream.status, [], '');
  }

  #forget(streamId: number): void {
    this.#answers.delete(streamId);
    this.#outgoing.forget(streamId);
  }
}

/** What the peer has broken; null: an error of ours. */
function asConnectionError(error: unknown): ConnectionError | null {
  if (error instanceof ConnectionError) return error;
  const isAboutFields = error instanceof HpackError || error instanceof HuffmanError;
  return isAboutFields ? new ConnectionError('COMPRESSION_ERROR', error.message, error) : null;
}
