import type { TLSSocket } from 'node:tls';
import {
  ConnectionError,
  ERROR_NAMES,
  FRAME,
  FRAME_HEADER_BYTES,
  goawayFrame,
  LAST_STREAM_ID,
  pingFrame,
  REFUSED_STREAM,
  SETTING,
  settingsFrame,
  SETTINGS_ACK,
  uint32Frame,
} from '../../../../h2/frames.ts';
import { HpackError } from '../../../../h2/hpack-decoder.ts';
import { HuffmanError } from '../../../../h2/huffman.ts';
import type { Carrier, ConnectionRecord, Exchange, Peer, Site } from '../exchange.ts';
import { silence } from '../reply.ts';
import type { Reply } from '../reply.ts';
import { HeaderReader } from './header-reader.ts';
import { Input } from './input.ts';
import type { FrameHandler } from './input.ts';
import { dataOf, Output } from './output.ts';
import { OpenStreams, Stream } from './stream.ts';
import { wireOf } from './wire.ts';

/**
 * One HTTP/2 connection of a provider, on the bytes of its socket: node:http2 costs a core at 29,000
 * requests a second, and the sender that is judged here does several times that.
 *
 * States: open → leaving (GOAWAY sent: streams up to `#lastId` are still answered, later ones are ignored)
 * → closed.
 *
 * One piece over 300 lines: streams, windows, limits and GOAWAY meet at every frame. What could be cut off is in the files beside it.
 */

const defaultWindow = 65_535;
const noError = ERROR_NAMES.indexOf('NO_ERROR');
const protocolError = ERROR_NAMES.indexOf('PROTOCOL_ERROR');
const compressionError = ERROR_NAMES.indexOf('COMPRESSION_ERROR');
/** Window of the whole connection, so that bodies never wait for it; renewed at half. */
const receiveWindow = 1 << 26;
/** Longer than any request served here, and shorter than a stream's window, which is never renewed. */
const tooLongToRead = 49_152;
/** After GOAWAY, streams that never get an answer keep the connection no longer than this. */
const leavingMs = 10_000;
const nothing = Buffer.alloc(0);

/** What a connection needs of its server. */
export interface Host {
  readonly site: Site;
  /** Judges a request, whose body is `bytes[from, to)`. */
  decide(exchange: Exchange, bytes: Buffer, from: number, to: number, nowMs: number): void;
  /** This connection answers no PING. */
  isMute(record: ConnectionRecord): boolean;
  /** Delivers now or later, as the behaviour says. `nowMs`: of `performance.now`, when the request was read. */
  release(exchange: Exchange, nowMs: number): void;
  /** Flushes at the end of this turn of the event loop. */
  flushSoon(output: Output): void;
  /** Puts on record what was received; called before any answer is written. */
  keep(): void;
  /** Decided requests after which a connection leaves; 0: never. */
  goawayAfterRequests(): number;
  /** A stream over the limit was refused. */
  refused(): void;
  /** A GOAWAY was sent. */
  left(): void;
  closed(connection: Connection): void;
}

export class Connection implements Carrier, Peer, FrameHandler {
  readonly record: ConnectionRecord;
  credential = '';
  credentialSinceMs = 0;
  lastActiveMs = Date.now();

  readonly #socket: TLSSocket;
  readonly #host: Host;
  readonly #header = new HeaderReader();
  readonly #input: Input = new Input(this);
  readonly #out: Output;
  readonly #streams = new OpenStreams();
  /** For the next streams: those that are over. What was reset is left to the garbage collector, as its answer may still be held. */
  readonly #spare: Stream[] = [];
  #readAtMs = 0;
  #state: 'open' | 'leaving' | 'closed' = 'open';
  #highestId = 0;
  #highestDecided = 0;
  #lastId = LAST_STREAM_ID;
  #streamLimit: number;

  #receiveCredit = receiveWindow;
  #sendWindow = defaultWindow;
  #initialSendWindow = defaultWindow;
  #blocked: { stream: Stream; data: Buffer }[] = [];

  constructor(socket: TLSSocket, host: Host, record: ConnectionRecord) {
    this.record = record;
    this.#socket = socket;
    this.#host = host;
    this.#out = new Output(
      socket,
      () => {
        host.keep();
      },
      (output) => {
        host.flushSoon(output);
      },
    );
    this.#streamLimit = host.site.firstStreamLimit();
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    socket.on('error', () => {
      this.destroy();
    });
    socket.on('close', () => {
      this.destroy();
    });
    this.#out.write(settingsFrame([[SETTING.maxConcurrentStreams, this.#streamLimit]]));
    this.#out.write(uint32Frame(FRAME.windowUpdate, 0, receiveWindow - defaultWindow));
    this.#out.flush();
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Ends the connection gracefully: what was not decided yet is not processed, and the client learns it by the last stream id. */
  goaway(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#host.left();
    this.#lastId = this.#highestDecided;
    this.#streams.deleteAbove(this.#lastId);
    this.#out.write(goawayFrame(this.#lastId, noError, JSON.stringify({ reason })));
    setTimeout(() => {
      this.destroy();
    }, leavingMs).unref();
    this.#leaveIfDone();
    this.#out.flushSoon();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#close();
    this.#socket.destroy();
  }

  /** Writes the answer of a stream that is still open. */
  deliver(exchange: Exchange): void {
    const stream = this.#streams.get(exchange.streamId);
    const { reply } = exchange;
    if (stream === undefined || stream !== exchange || reply === null || reply === silence) return;
    if (reply.cuts) {
      exchange.tally?.answered(reply.key);
      this.destroy();
      return;
    }
    if (reply.streams !== 'keep') this.#limitStreams(reply.streams);
    exchange.tally?.answered(reply.key);
    if (reply.rst !== null) {
      this.#out.write(uint32Frame(FRAME.rstStream, stream.streamId, ERROR_NAMES.indexOf(reply.rst)));
      stream.ended = true;
      this.#finished(stream);
      this.#out.flushSoon();
      return;
    }
    const wire = (reply.wire ??= wireOf(reply));
    const { apnsId } = stream.head;
    if (wire.bodyBytes === 0 || (this.#blocked.length === 0 && this.#fits(stream, wire.bodyBytes))) {
      this.#sendWindow -= wire.bodyBytes;
      this.#out.answer(wire, stream.streamId, apnsId);
      this.#finished(stream);
    } else {
      this.#out.headers(wire, stream.streamId, apnsId);
      this.#blocked.push({ stream, data: dataOf(wire, stream.streamId) });
    }
    this.#out.flushSoon();
  }

  headers(streamId: number, ends: boolean, bytes: Buffer, from: number, to: number): void {
    const header = this.#header;
    header.read(bytes, from, to);
    if (streamId > this.#highestId && streamId % 2 === 1) {
      this.#opens(streamId, ends);
      return;
    }
    // Trailers are read for the sake of the table alone.
    const known = this.#streams.get(streamId);
    if (known === undefined)
      throw new ConnectionError('PROTOCOL_ERROR', "a stream id was used before, or is not the client's");
    this.#ends(known, ends);
  }

  data(streamId: number, ends: boolean, bytes: Buffer, from: number, to: number, flowBytes: number): void {
    this.#receiveCredit -= flowBytes;
    if (this.#receiveCredit < receiveWindow / 2) {
      this.#out.write(uint32Frame(FRAME.windowUpdate, 0, receiveWindow - this.#receiveCredit));
      this.#receiveCredit = receiveWindow;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // Of a stream that was refused or reset while this was under way.
      if (streamId > this.#highestId)
        throw new ConnectionError('PROTOCOL_ERROR', 'DATA on a stream that was never opened');
      return;
    }
    if (ends && stream.parts === null && !stream.decided) {
      stream.ended = true;
      this.#decide(stream, bytes, from, to);
      return;
    }
    stream.bodyBytes += to - from;
    if (!stream.decided) (stream.parts ??= []).push(bytes.subarray(from, to));
    // The client would wait for a window that never comes, and the answer is known already (RFC 9113, 8.1).
    if (!ends && !stream.decided && stream.bodyBytes > tooLongToRead) this.#decideParts(stream);
    else this.#ends(stream, ends);
  }

  reset(streamId: number): void {
    this.#streams.delete(streamId);
    this.#leaveIfDone();
  }

  settings(pairs: [number, number][]): void {
    for (const [id, value] of pairs) {
      if (id === SETTING.headerTableSize) this.#out.tableSizeDue = true;
      else if (id === SETTING.initialWindowSize) this.#initialSendWindow = value;
    }
    this.#out.write(SETTINGS_ACK);
    this.#sendBlocked();
  }

  ping(opaque: Buffer): void {
    this.record.pings += 1;
    if (this.#host.isMute(this.record)) return;
    this.#out.write(pingFrame(opaque, true));
  }

  windowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) {
      this.#sendWindow += increment;
    } else {
      const stream = this.#streams.get(streamId);
      if (stream !== undefined) stream.sendCredit += increment;
    }
    this.#sendBlocked();
  }

  #read(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    this.lastActiveMs = Date.now();
    this.#readAtMs = performance.now();
    this.#out.held = true;
    try {
      this.#input.read(chunk);
    } catch (error) {
      this.#fail(error);
    }
    this.#out.held = false;
    this.#out.flush();
  }

  /** The client broke the protocol: nothing more is read. */
  #fail(error: unknown): void {
    const isCompression = error instanceof HpackError || error instanceof HuffmanError;
    if (!isCompression && !(error instanceof ConnectionError)) throw error;
    const code = isCompression ? compressionError : error.errorCode;
    this.#out.write(goawayFrame(this.#highestDecided, code, error.message));
    this.#out.flush();
    this.#close();
    this.#socket.destroySoon();
  }

  /** The request that the header reader has just read. */
  #opens(streamId: number, ends: boolean): void {
    const { head, isGood, pathBytes, pathFrom, pathTo } = this.#header;
    this.#highestId = streamId;
    if (streamId > this.#lastId) return;
    if (this.#streams.size >= this.#streamLimit) {
      this.#host.refused();
      this.#out.write(uint32Frame(FRAME.rstStream, streamId, REFUSED_STREAM));
      return;
    }
    const isGoodScheme = head.scheme === 'https' || (head.scheme === 'https:' && this.#host.site.looseScheme);
    if (!isGood || head.method === '' || pathFrom === pathTo || !isGoodScheme) {
      this.#out.write(uint32Frame(FRAME.rstStream, streamId, protocolError));
      return;
    }
    const stream = this.#spare.pop() ?? new Stream(this, this, streamId);
    stream.begin(streamId);
    stream.head = head;
    stream.pathBytes = pathBytes;
    stream.pathFrom = pathFrom;
    stream.pathTo = pathTo;
    this.#streams.add(stream);
    this.#ends(stream, ends);
  }

  #ends(stream: Stream, ends: boolean): void {
    if (!ends) return;
    stream.ended = true;
    if (!stream.decided) this.#decideParts(stream);
  }

  #decideParts(stream: Stream): void {
    const body = stream.parts === null ? nothing : Buffer.concat(stream.parts);
    this.#decide(stream, body, 0, body.length);
  }

  #decide(stream: Stream, bytes: Buffer, from: number, to: number): void {
    stream.decided = true;
    stream.parts = null;
    if (stream.streamId > this.#highestDecided) this.#highestDecided = stream.streamId;
    this.#host.decide(stream, bytes, from, to, this.lastActiveMs);
    // Held in place, it would keep all that came with it.
    stream.pathBytes = nothing;
    this.record.requests += 1;
    this.#host.release(stream, this.#readAtMs);
    const most = this.#host.goawayAfterRequests();
    if (most > 0 && this.record.requests >= most) this.goaway('Shutdown');
  }

  #limitStreams(change: Exclude<Reply['streams'], 'keep'>): void {
    const limit = this.#host.site.streamLimit(change);
    if (limit === null || limit === this.#streamLimit) return;
    this.#streamLimit = limit;
    this.#out.write(settingsFrame([[SETTING.maxConcurrentStreams, limit]]));
  }

  /** Bodies of answers, in order, as far as the client's windows allow. */
  #sendBlocked(): void {
    if (this.#blocked.length === 0) return;
    const waiting = this.#blocked;
    this.#blocked = [];
    for (const entry of waiting) {
      const { stream, data } = entry;
      const bytes = data.length - FRAME_HEADER_BYTES;
      if (this.#streams.get(stream.streamId) !== stream) continue;
      if (!this.#fits(stream, bytes)) {
        this.#blocked.push(entry);
      } else {
        this.#sendWindow -= bytes;
        this.#out.write(data);
        this.#finished(stream);
      }
    }
  }

  #fits(stream: Stream, bodyBytes: number): boolean {
    return bodyBytes <= this.#sendWindow && bodyBytes <= this.#initialSendWindow + stream.sendCredit;
  }

  #finished(stream: Stream): void {
    // Answered before its end: the client need not send the rest (RFC 9113, 8.1).
    if (!stream.ended) this.#out.write(uint32Frame(FRAME.rstStream, stream.streamId, noError));
    this.#streams.delete(stream.streamId);
    this.#spare.push(stream);
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#state !== 'leaving' || this.#streams.size > 0) return;
    this.#out.flush();
    this.#socket.end();
  }

  #close(): void {
    this.#state = 'closed';
    this.record.closedAtMs = Date.now();
    this.#streams.clear();
    this.#host.closed(this);
  }
}
