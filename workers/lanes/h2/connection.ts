import type { Duplex } from 'node:stream';
import { ReceiveWindow, SendWindow } from './flow-control.ts';
import { FrameReader } from './frame-reader.ts';
import {
  CANCEL, ConnectionError, errorName, FLAG, FRAME, FRAME_HEADER_BYTES, goawayFrame, LAST_STREAM_ID, PREFACE, pingFrame, readUint32, REFUSED_STREAM, SETTING, SETTINGS_ACK,
  settingsFrame, uint32Frame, writeFrameHeader, writeUint32,
} from './frames.ts';
import { HeaderBlocks, withoutPadding, type HeaderBlock } from './header-blocks.ts';
import { HpackDecoder, HpackError, type HeaderField } from './hpack-decoder.ts';
import { DEFAULT_TABLE_BYTES, HpackEncoder } from './hpack-encoder.ts';
import { HuffmanError } from './huffman.ts';
import { compileRequest, MAX_REQUEST_BYTES, type CompiledRequest, type RequestTemplate } from './request-template.ts';
import { OpenStreams, type OpenStream } from './streams.ts';
import { WriteBuffers } from './write-buffers.ts';

/*
 * One HTTP/2 connection for many small POSTs, RFC 9113, client side. One piece, because every frame may touch
 * any of: settings, windows, streams, the header tables and the write in progress.
 *
 *   connecting --peer's SETTINGS--> open --GOAWAY, ids used up, retire()--> draining --last answer--> closed
 *   any --socket lost, protocol error, destroy()--> closed
 *
 * Only one socket write is under way at a time and requests are composed when it can start. So a request
 * is either not composed (it is still the caller's) or handed to the socket (from then on it may have arrived):
 * nothing lies in between, and at most WRITE_BYTES are unsent.
 */

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

  /** The provider answered. `body` and `fields` are null with status 200: nobody reads them. */
  answered(job: J, index: number, status: number, fields: readonly HeaderField[] | null, body: string | null): void;
  /** The provider provably did not process it (REFUSED_STREAM, or above GOAWAY's last stream). */
  refused(job: J, index: number): void;
  /** It was written and will never be answered. */
  lost(job: J, index: number, why: string): void;
  /** There may be room for more. */
  room(): void;
  draining(connection: H2Connection<J>, why: string): void;
  closed(connection: H2Connection<J>, why: string): void;
}

export interface ConnectionOptions {
  /** Streams that may be open before the peer said what it allows, and until `unlock()`. APNs: 1 until an authenticated answer. */
  startStreams: number;
  /** Never more than this, whatever the peer allows. */
  maxStreams: number;
  /** A write is composed until it has so many bytes. Default 64 KiB, which is also the most. */
  writeBytes?: number;
  /** First stream id; only tests of id exhaustion change it. */
  firstStreamId?: number;
}

export const WRITE_BYTES = 64 * 1024;
/** Answers to the peer's PINGs, SETTINGS and DATA that it does not take off the socket. */
const MAX_CONTROL_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 8 * 1024;
const STATUS_200 = 0x88;
const PLAIN_HEADERS_MASK = FLAG.endHeaders | FLAG.padded | FLAG.priority;

/** Of all connections of a thread. */
const writeBuffers = new WriteBuffers(WRITE_BYTES);
const NOTHING = Buffer.alloc(0);

interface Answer { fields: readonly HeaderField[]; body: Buffer[]; bytes: number }
interface PartialBody<J> { rest: Buffer; window: number; job: J }

export class H2Connection<J> {
  state: 'connecting' | 'open' | 'draining' | 'closed' = 'connecting';
  /** Authenticated: the peer has answered a request with its blessing, so the stream limit is the peer's own. */
  unlocked = false;
  /** Requests that were answered, whatever the answer. */
  answered = 0;
  /** When the peer last sent anything; monotonic. */
  heardAtMs = performance.now();

  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner<J>;
  readonly #options: ConnectionOptions;
  readonly #reader: FrameReader;
  readonly #blocks = new HeaderBlocks();
  readonly #decoder = new HpackDecoder(DEFAULT_TABLE_BYTES);
  readonly #encoder = new HpackEncoder();
  readonly #streams = new OpenStreams<J>();
  readonly #answers = new Map<number, Answer>();
  readonly #partial = new Map<number, PartialBody<J>>();
  /** What the next write is composed in; taken only while composing. */
  #out: Buffer = NOTHING;
  /** From here on a write takes no further request. */
  readonly #fullBytes: number;
  readonly #receiveWindow = new ReceiveWindow();
  readonly #sendWindow = new SendWindow();
  #control: Buffer[] = [];
  #controlBytes = 0;
  #nextId: number;
  #writing = false;
  #peerStreams = Number.POSITIVE_INFINITY;
  #peerInitialWindow = 65_535;
  #ourSettingsAcked = false;
  #tableEmpty = false;
  #compiled = new WeakMap<RequestTemplate, Map<number, CompiledRequest>>();
  #compiledVersion = -1;
  #reading = false;

  constructor(socket: Duplex, options: ConnectionOptions, owner: ConnectionOwner<J>) {
    this.#socket = socket;
    this.#options = options;
    this.#owner = owner;
    this.#fullBytes = Math.min(options.writeBytes ?? WRITE_BYTES, WRITE_BYTES - MAX_REQUEST_BYTES);
    this.#nextId = options.firstStreamId ?? 1;
    this.#reader = new FrameReader((type, flags, streamId, bytes, start, end) => this.#frame(type, flags, streamId, bytes, start, end));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error: Error) => this.#close(`connection error: ${error.message}`));
    socket.on('end', () => this.#close('the peer closed the connection'));
    socket.on('close', () => this.#close('connection closed'));
    this.#queue(PREFACE);
    this.#queue(settingsFrame([[SETTING.headerTableSize, 0], [SETTING.enablePush, 0]]));
    this.#queue(uint32Frame(FRAME.windowUpdate, 0, this.#receiveWindow.openMore()));
    this.#flush();
  }

  get inFlight(): number {
    return this.#streams.count;
  }

  /** Streams that may be open at a time now. */
  get limit(): number {
    const own = this.unlocked ? this.#options.maxStreams : Math.min(this.#options.startStreams, this.#options.maxStreams);
    return Math.min(own, this.#peerStreams);
  }

  /** Requests that could be written now. */
  get free(): number {
    return this.state === 'open' && !this.#writing ? Math.max(0, this.limit - this.#streams.count) : 0;
  }

  /** The peer answered with its blessing: use all the streams that it allows. */
  unlock(): void {
    this.unlocked = true;
  }

  /** Composes and writes as many requests as streams, windows and one write allow; returns how many. */
  fill(nowMs: number): number {
    if (this.#writing || this.state !== 'open') return 0;
    const owner = this.#owner;
    this.#out = writeBuffers.take(WRITE_BYTES);
    let at = this.#sendPartials(this.#takeControl());
    let written = 0;
    while (this.#streams.count < this.limit && at < this.#fullBytes && this.#sendWindow.bytes > 0 && this.#ids() && owner.take()) {
      at = this.#compose(at, nowMs);
      written += 1;
    }
    this.#write(at);
    return written;
  }

  /** False when no stream id is left: the connection is used up and drains. */
  #ids(): boolean {
    if (this.#nextId <= LAST_STREAM_ID - 2) return true;
    this.#drain('stream ids used up');
    return false;
  }

  #compose(at: number, nowMs: number): number {
    const { job, index, template, token } = this.#owner;
    const out = this.#out;
    const id = this.#nextId;
    this.#nextId += 2;
    this.#streams.open(id, job, index, nowMs);
    const request = this.#request(template, token.length);
    request.bytes.copy(out, at);
    writeUint32(out, at + 5, id);
    writeUint32(out, at + request.dataIdAt, id);
    out.write(token, at + request.tokenAt, request.tokenBytes, 'latin1');
    if (request.bodyBytes <= this.#peerInitialWindow && request.bodyBytes <= this.#sendWindow.bytes) {
      this.#sendWindow.take(request.bodyBytes);
      return at + request.bytes.length;
    }
    // A window is smaller than the body: headers now, the body in pieces as the peer lets us.
    const body = Buffer.from(out.subarray(at + request.dataAt + FRAME_HEADER_BYTES, at + request.bytes.length));
    this.#partial.set(id, { rest: body, window: this.#peerInitialWindow, job });
    return this.#sendPartials(at + request.dataAt);
  }

  /** The request for this connection's header table; made anew whenever the table has changed. */
  #request(template: RequestTemplate, tokenBytes: number): CompiledRequest {
    const encoder = this.#encoder;
    if (this.#compiledVersion === encoder.version) {
      const cached = this.#compiled.get(template)?.get(tokenBytes);
      if (cached !== undefined) return cached;
    }
    const before = encoder.version;
    const request = compileRequest(template, tokenBytes, encoder);
    // A block that changed the table must go out once and never again.
    if (encoder.version !== before) return request;
    if (this.#compiledVersion !== before) {
      this.#compiled = new WeakMap();
      this.#compiledVersion = before;
    }
    const byLength = this.#compiled.get(template) ?? new Map<number, CompiledRequest>();
    this.#compiled.set(template, byLength.set(tokenBytes, request));
    return request;
  }

  // ---- writing

  #queue(bytes: Buffer): void {
    this.#control.push(bytes);
    this.#controlBytes += bytes.length;
  }

  /** Moves control frames to the head of the next write. */
  #takeControl(): number {
    let at = 0;
    while (this.#control.length > 0) {
      const next = this.#control[0];
      if (next === undefined || at + next.length > WRITE_BYTES) break;
      at += next.copy(this.#out, at);
      this.#controlBytes -= next.length;
      this.#control.shift();
    }
    return at;
  }

  #flush(): void {
    if (this.#writing || this.state === 'closed') return;
    if (this.#control.length === 0 && this.#partial.size === 0) return;
    this.#out = writeBuffers.take(WRITE_BYTES);
    const at = this.#sendPartials(this.#takeControl());
    // Giving up an unfinished body has to be told.
    this.#write(at > 0 ? at : this.#takeControl());
  }

  /** Writes what was composed, if anything. */
  #write(bytes: number): void {
    const out = writeBuffers.fitting(this.#out, bytes);
    this.#out = NOTHING;
    if (bytes === 0) return writeBuffers.give(out);
    this.#writing = true;
    this.#socket.write(out.subarray(0, bytes), (error) => {
      this.#writing = false;
      // After an error nobody knows whether the socket still looks at it.
      if (error !== null && error !== undefined) return this.#close(`connection error: ${error.message}`);
      writeBuffers.give(out);
      if (this.#control.length > 0 || this.#partial.size > 0) this.#flush();
      if (!this.#writing) this.#owner.room();
    });
  }

  /** Puts into the write what the windows allow of unfinished bodies; returns the offset behind it. */
  #sendPartials(from: number): number {
    let at = from;
    for (const [id, partial] of this.#partial) {
      const may = this.#owner.mayFinish(partial.job);
      if (may === 'never') this.#giveUp(id);
      if (may !== 'now') continue;
      const bytes = Math.min(partial.rest.length, partial.window, this.#sendWindow.bytes, WRITE_BYTES - at - FRAME_HEADER_BYTES);
      if (bytes <= 0) continue;
      const isLast = bytes === partial.rest.length;
      at = writeFrameHeader(this.#out, at, bytes, FRAME.data, isLast ? FLAG.endStream : 0, id);
      at += partial.rest.copy(this.#out, at, 0, bytes);
      partial.rest = partial.rest.subarray(bytes);
      partial.window -= bytes;
      this.#sendWindow.take(bytes);
      if (isLast) this.#partial.delete(id);
    }
    return at;
  }

  /** Without its end the peer can't process it, so it is given back like a refused one. */
  #giveUp(id: number): void {
    const at = this.#streams.find(id);
    this.#partial.delete(id);
    if (at === -1) return;
    const job = this.#streams.job(id, at);
    const index = this.#streams.index(id, at);
    this.#streams.close(id, at);
    this.#queue(uint32Frame(FRAME.rstStream, id, CANCEL));
    this.#owner.refused(job, index);
  }

  // ---- reading

  #read(chunk: Buffer): void {
    if (this.state === 'closed') return;
    this.heardAtMs = performance.now();
    this.#reading = true;
    try {
      this.#reader.push(chunk);
      const update = this.#receiveWindow.update();
      if (update > 0) this.#queue(uint32Frame(FRAME.windowUpdate, 0, update));
      if (this.#controlBytes > MAX_CONTROL_BYTES) throw new ConnectionError('ENHANCE_YOUR_CALM', 'the peer asks for more answers than it reads');
    } catch (error) {
      const broken = error instanceof ConnectionError ? error
        : error instanceof HpackError || error instanceof HuffmanError ? new ConnectionError('COMPRESSION_ERROR', error.message, error) : null;
      if (broken === null) throw error;
      this.#abort(broken);
    } finally {
      this.#reading = false;
    }
    this.#settled();
    this.#owner.room();
    this.#flush();
  }

  #frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed()) return;
    this.#blocks.expect(type, streamId);
    if (this.state === 'connecting' && type !== FRAME.settings) throw new ConnectionError('PROTOCOL_ERROR', 'the first frame is not SETTINGS');
    switch (type) {
      case FRAME.headers:
      case FRAME.continuation: {
        if (this.#success(type, flags, streamId, bytes, start, end)) return;
        const block = this.#blocks.push(type, flags, streamId, bytes, start, end);
        if (block !== null) this.#headers(block);
        return;
      }
      case FRAME.data: return this.#data(flags, streamId, bytes, start, end);
      case FRAME.settings: return this.#settings(flags, streamId, bytes, start, end);
      case FRAME.windowUpdate: return this.#windowUpdate(streamId, bytes, start, end);
      case FRAME.rstStream: return this.#reset(streamId, bytes, start, end);
      case FRAME.ping: return this.#ping(flags, streamId, bytes, start, end);
      case FRAME.goaway: return this.#goaway(streamId, bytes, start, end);
      case FRAME.pushPromise: throw new ConnectionError('PROTOCOL_ERROR', 'PUSH_PROMISE though push is off');
      default: // PRIORITY and unknown types are ignored (section 5.5).
    }
  }

  /** A method, so that the check is not narrowed away between callbacks. */
  #isClosed(): boolean {
    return this.state === 'closed';
  }

  #known(streamId: number, frame: string): void {
    if (streamId === 0 || (streamId & 1) === 0 || streamId >= this.#nextId) throw new ConnectionError('PROTOCOL_ERROR', `${frame} on stream ${streamId}, which is not open`);
  }

  /**
   * A whole header block in one frame whose first byte says 200. With an empty table a block has no memory, and this one
   * byte says all that a success says. False: not that, or not that simple.
   */
  #success(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (bytes[start] !== STATUS_200 || start === end || !this.#tableEmpty || type !== FRAME.headers || (flags & PLAIN_HEADERS_MASK) !== FLAG.endHeaders) return false;
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
    const before = this.#streams.status(streamId, at);
    if (before !== 0) {
      // Trailers.
      if (!endStream) throw new ConnectionError('PROTOCOL_ERROR', 'headers in the middle of an answer');
      return this.#finish(streamId, at, before);
    }
    const status = statusOf(fields);
    if (status >= 100 && status < 200) return;
    this.#streams.setStatus(streamId, at, status);
    if (status !== 200) this.#answers.set(streamId, { fields, body: [], bytes: 0 });
    if (endStream) this.#finish(streamId, at, status);
  }

  #data(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#known(streamId, 'DATA');
    this.#receiveWindow.received(end - start);
    const at = this.#streams.find(streamId);
    if (at === -1) return;
    const status = this.#streams.status(streamId, at);
    if (status === 0) throw new ConnectionError('PROTOCOL_ERROR', 'DATA before HEADERS');
    const answer = this.#answers.get(streamId);
    if (answer !== undefined) {
      const payload = withoutPadding(flags, bytes, start, end);
      answer.bytes += payload.end - payload.start;
      if (answer.bytes <= MAX_BODY_BYTES) answer.body.push(Buffer.from(bytes.subarray(payload.start, payload.end)));
    } else if ((flags & FLAG.padded) !== 0) withoutPadding(flags, bytes, start, end);
    if ((flags & FLAG.endStream) !== 0) return this.#finish(streamId, at, status);
    // An answer that goes on and on is not one that we know: the status stands, the rest is refused.
    if (answer !== undefined && answer.bytes > MAX_BODY_BYTES) {
      this.#queue(uint32Frame(FRAME.rstStream, streamId, CANCEL));
      this.#finish(streamId, at, status);
    }
  }

  #finish(streamId: number, at: number, status: number): void {
    const job = this.#streams.job(streamId, at);
    const index = this.#streams.index(streamId, at);
    this.#streams.close(streamId, at);
    this.answered += 1;
    // Answered before its body was whole: nobody wants the rest (section 8.1).
    if (this.#partial.size > 0 && this.#partial.delete(streamId)) this.#queue(uint32Frame(FRAME.rstStream, streamId, CANCEL));
    if (status === 200) return this.#owner.answered(job, index, 200, null, null);
    const answer = this.#answers.get(streamId);
    this.#answers.delete(streamId);
    this.#owner.answered(job, index, status, answer?.fields ?? [], Buffer.concat(answer?.body ?? []).toString('utf8'));
  }

  #settings(flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (streamId !== 0) throw new ConnectionError('PROTOCOL_ERROR', 'SETTINGS on a stream');
    if ((flags & FLAG.ack) !== 0) {
      if (end !== start) throw new ConnectionError('FRAME_SIZE_ERROR', 'SETTINGS acknowledgement with a payload');
      if (!this.#ourSettingsAcked) {
        this.#ourSettingsAcked = true;
        this.#decoder.lowerLimit(0);
        this.#tableEmpty = true;
      }
      return;
    }
    if ((end - start) % 6 !== 0) throw new ConnectionError('FRAME_SIZE_ERROR', 'SETTINGS of a broken length');
    for (let at = start; at < end; at += 6) this.#setting(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0), readUint32(bytes, at + 2));
    if (this.state === 'connecting') this.state = 'open';
    this.#queue(SETTINGS_ACK);
  }

  #setting(id: number, value: number): void {
    switch (id) {
      case SETTING.headerTableSize: return this.#encoder.setLimit(value);
      case SETTING.enablePush:
        if (value !== 0) throw new ConnectionError('PROTOCOL_ERROR', 'a server can not enable push');
        return;
      case SETTING.maxConcurrentStreams:
        this.#peerStreams = value;
            return;
      case SETTING.initialWindowSize: {
        if (value > 0x7fffffff) throw new ConnectionError('FLOW_CONTROL_ERROR', 'initial window over 2^31 - 1');
        const change = value - this.#peerInitialWindow;
        this.#peerInitialWindow = value;
        for (const partial of this.#partial.values()) partial.window += change;
        return;
      }
      case SETTING.maxFrameSize:
        if (value < 16_384 || value > 0xffffff) throw new ConnectionError('PROTOCOL_ERROR', `frame size ${value}`);
        return;
      default: // Unknown settings are ignored (section 6.5.2).
    }
  }

  #windowUpdate(streamId: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw new ConnectionError('FRAME_SIZE_ERROR', 'WINDOW_UPDATE of a broken length');
    const increment = readUint32(bytes, start) & 0x7fffffff;
    if (increment === 0) throw new ConnectionError('PROTOCOL_ERROR', 'WINDOW_UPDATE of 0');
    if (streamId === 0) this.#sendWindow.add(increment);
    else {
      this.#known(streamId, 'WINDOW_UPDATE');
      const partial = this.#partial.get(streamId);
      if (partial !== undefined) partial.window += increment;
    }
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
    this.#partial.delete(streamId);
    if (code === REFUSED_STREAM) this.#owner.refused(job, index);
    else this.#owner.lost(job, index, `stream reset: ${errorName(code)}`);
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
      if (stream.status === 0) this.#owner.refused(stream.job, stream.index);
      else this.#report(stream, 'GOAWAY');
    }
  }

  // ---- ends

  /** Streams written before `beforeMs` that still have no answer: given up, reset, and reported as lost. */
  expire(beforeMs: number): void {
    if (this.state === 'closed' || this.#streams.count === 0) return;
    for (const stream of this.#streams.takeWhere(({ writtenAtMs }) => writtenAtMs < beforeMs)) {
      this.#forget(stream.id);
      this.#queue(uint32Frame(FRAME.rstStream, stream.id, CANCEL));
      this.#report(stream, 'NoAnswer');
    }
    this.#settled();
    this.#flush();
  }

  /** Asks the peer for a sign of life, which `heardAtMs` then shows. */
  ping(): void {
    if (this.state === 'connecting' || this.state === 'closed') return;
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
    if (!this.#writing && !this.#socket.destroyed) this.#socket.write(goawayFrame(0, error.errorCode, error.message));
    this.#close(`protocol error: ${error.message}`);
  }

  #close(why: string): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    const streams = this.#streams.takeWhere(() => true);
    for (const stream of streams) this.#report(stream, why);
    this.#answers.clear();
    this.#partial.clear();
    this.#socket.destroy();
    this.#owner.closed(this, why);
  }

  #report(stream: OpenStream<J>, why: string): void {
    if (stream.status === 0) this.#owner.lost(stream.job, stream.index, why);
    else if (stream.status === 200) this.#owner.answered(stream.job, stream.index, 200, null, null);
    else this.#owner.answered(stream.job, stream.index, stream.status, [], '');
  }

  #forget(streamId: number): void {
    this.#answers.delete(streamId);
    this.#partial.delete(streamId);
  }
}

function statusOf(fields: readonly HeaderField[]): number {
  const text = fields.find(([name]) => name === ':status')?.[1];
  const status = Number(text);
  if (text === undefined || !/^[1-9]\d\d$/.test(text)) throw new ConnectionError('PROTOCOL_ERROR', `an answer with status ${text ?? 'none'}`);
  return status;
}
