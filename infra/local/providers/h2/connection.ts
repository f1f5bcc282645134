import type { TLSSocket } from 'node:tls';
import { Exchange } from '../exchange.ts';
import type { Carrier, Peer, Site } from '../exchange.ts';
import { freshMessageId, freshUuid, silence } from '../reply.ts';
import type { Reply } from '../reply.ts';
import {
  defaultWindow, errorCode, flag, frameType, goawayFrame, headBytes, largestFrame, largestWindow, preface, resetFrame, setting, settingsAck, settingsFrame, windowFrame,
} from './frames.ts';
import { CompressionError, HpackReader } from './hpack.ts';
import { wireOf } from './wire.ts';

/**
 * One HTTP/2 connection of a provider, on the bytes of its socket: node:http2 costs most of a core at
 * 25,000 requests a second, and the sender that is judged here does several times that.
 *
 * States: greeting (before the client's preface) → open → leaving (GOAWAY sent; streams up to `#lastId` are
 * still answered, later ones are ignored) → closed. It is one file as its parts share every field: reading
 * frames, streams, and writing answers.
 */

/** Beyond this much unread output the client is not read from either. */
const mostUnwrittenBytes = 4_000_000;
/** Window of the whole connection, so that bodies never wait for it; renewed at half. */
const receiveWindow = 1 << 26;
/** After GOAWAY, streams that never get an answer keep the connection no longer than this. */
const leavingMs = 10_000;
const outBytes = 32_768;
const largestBlock = 65_536;
/** Longer than any request served here, and shorter than a stream's window, which is never renewed. */
const tooLongToRead = 49_152;

/** What a connection needs of its server. */
export interface Host {
  readonly site: Site;
  /** Delivers now or later, as the behaviour says. */
  release(exchange: Exchange): void;
  /** Answered requests after which a connection leaves; 0: never. */
  goawayAfterRequests(): number;
  refused(): void;
  /** A GOAWAY was sent. */
  left(): void;
  closed(connection: Connection): void;
}

class Stream extends Exchange {
  /** The body so far, when it came in more than one piece. */
  parts: Buffer[] | null = null;
  bodyBytes = 0;
  /** END_STREAM came. */
  ended = false;
  decided = false;
  /** On top of what SETTINGS_INITIAL_WINDOW_SIZE gives. */
  sendCredit = 0;
}

export class Connection implements Carrier, Peer {
  credential = '';
  credentialSinceMs = 0;
  updates = 0;
  lastActiveMs: number;

  readonly #socket: TLSSocket;
  readonly #host: Host;
  readonly #hpack = new HpackReader();
  readonly #streams = new Map<number, Stream>();
  #state: 'greeting' | 'open' | 'leaving' | 'closed' = 'greeting';
  #rest: Buffer | null = null;
  #highestId = 0;
  #highestDecided = 0;
  #lastId = largestWindow;
  #decided = 0;
  #streamLimit: number;
  /** A header block that goes on in CONTINUATION. */
  #block: { parts: Buffer[]; bytes: number; streamId: number; flags: number } | null = null;

  #receiveCredit = receiveWindow;
  #sendWindow = defaultWindow;
  #initialSendWindow = defaultWindow;
  #blocked: { stream: Stream; data: Buffer }[] = [];
  /** The client said a table size: the next block begins with ours, which is 0 (RFC 7541, 4.2). */
  #tableSizeDue = false;

  #out: Buffer = Buffer.allocUnsafe(outBytes);
  #outLength = 0;
  #flushDue = false;
  #reading = false;

  constructor(socket: TLSSocket, host: Host) {
    this.#socket = socket;
    this.#host = host;
    this.lastActiveMs = Date.now();
    this.#streamLimit = host.site.firstStreamLimit();
    socket.on('data', (chunk: Buffer) => { this.#read(chunk); });
    socket.on('drain', () => { if (socket.writableLength < mostUnwrittenBytes) socket.resume(); });
    socket.on('error', () => { this.destroy(); });
    socket.on('close', () => { this.destroy(); });
    this.#write(settingsFrame([[setting.maxConcurrentStreams, this.#streamLimit]]));
    this.#write(windowFrame(0, receiveWindow - defaultWindow));
    this.#flush();
  }

  get openStreams(): number { return this.#streams.size; }

  /** Ends the connection gracefully: what was not decided yet is not processed, and the client learns it by the last stream id. */
  goaway(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#host.left();
    this.#lastId = this.#highestDecided;
    for (const [id, stream] of this.#streams) if (!stream.decided && id > this.#lastId) this.#streams.delete(id);
    this.#write(goawayFrame(this.#lastId, errorCode.none, JSON.stringify({ reason })));
    setTimeout(() => { this.destroy(); }, leavingMs).unref();
    this.#leaveIfDone();
    this.#flushSoon();
  }

  destroy(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#streams.clear();
    this.#socket.destroy();
    this.#host.closed(this);
  }

  #read(chunk: Buffer): void {
    if (this.#state === 'closed') return;
    this.#reading = true;
    const now = Date.now();
    this.lastActiveMs = now;
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    if (this.#state === 'greeting') {
      if (bytes.length < preface.length) {
        this.#rest = bytes;
        return;
      }
      if (preface.compare(bytes, 0, preface.length) !== 0) {
        this.destroy();
        return;
      }
      this.#state = 'open';
      at = preface.length;
    }
    while (bytes.length - at >= headBytes) {
      const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      if (length > largestFrame) {
        this.#fail(errorCode.frameSize, 'a frame is too long');
        break;
      }
      const start = at + headBytes;
      if (bytes.length - start < length) break;
      const streamId = bytes.readUInt32BE(at + 5) & largestWindow;
      this.#frame(bytes[at + 3] as number, bytes[at + 4] as number, streamId, bytes, start, start + length, now);
      at = start + length;
      if (!this.#isAlive()) break;
    }
    this.#rest = at === bytes.length ? null : bytes.subarray(at);
    this.#reading = false;
    this.#flush();
  }

  #frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number, now: number): void {
    if (this.#block !== null && (type !== frameType.continuation || streamId !== this.#block.streamId)) {
      this.#fail(errorCode.protocol, 'a header block was interrupted');
      return;
    }
    switch (type) {
      case frameType.headers: this.#headersFrame(flags, streamId, bytes, start, end, now); break;
      case frameType.data: this.#dataFrame(flags, streamId, bytes, start, end, now); break;
      case frameType.continuation: this.#continuation(flags, bytes.subarray(start, end), now); break;
      case frameType.reset: this.#streams.delete(streamId); break;
      case frameType.settings: this.#settings(flags, bytes, start, end); break;
      case frameType.ping: this.#ping(flags, bytes, start, end); break;
      case frameType.windowUpdate: this.#windowUpdate(streamId, bytes, start, end); break;
      case frameType.pushPromise: this.#fail(errorCode.protocol, 'clients do not push'); break;
      // PRIORITY, GOAWAY of the client and unknown types ask for nothing.
      default: break;
    }
  }

  #headersFrame(flags: number, streamId: number, bytes: Buffer, start: number, end: number, now: number): void {
    let from = start;
    let to = end;
    if ((flags & flag.padded) !== 0) {
      to -= bytes[from] as number;
      from += 1;
    }
    if ((flags & flag.priority) !== 0) from += 5;
    if (from > to) this.#fail(errorCode.protocol, 'padding is longer than its frame');
    else if ((flags & flag.endHeaders) !== 0) this.#headers(flags, streamId, bytes, from, to, now);
    else this.#block = { parts: [Buffer.from(bytes.subarray(from, to))], bytes: to - from, streamId, flags };
  }

  #continuation(flags: number, part: Buffer, now: number): void {
    const block = this.#block;
    if (block === null) {
      this.#fail(errorCode.protocol, 'CONTINUATION continues nothing');
      return;
    }
    block.parts.push(Buffer.from(part));
    block.bytes += part.length;
    if (block.bytes > largestBlock) {
      this.#fail(errorCode.enhanceYourCalm, 'the headers are too long');
    } else if ((flags & flag.endHeaders) !== 0) {
      this.#block = null;
      this.#headers(block.flags, block.streamId, Buffer.concat(block.parts), 0, block.bytes, now);
    }
  }

  #headers(flags: number, streamId: number, bytes: Buffer, from: number, to: number, now: number): void {
    const known = this.#streams.get(streamId);
    const stream = known ?? new Stream(this, this, streamId);
    // Trailers are read for the sake of the table alone.
    const into = known === undefined ? stream : new Exchange(this, this, streamId);
    let good = false;
    try {
      good = this.#hpack.read(bytes, from, to, into);
    } catch (error) {
      if (!(error instanceof CompressionError)) throw error;
      this.#fail(errorCode.compression, error.message);
      return;
    }
    const ends = (flags & flag.endStream) !== 0;
    if (known !== undefined) {
      known.ended ||= ends;
      if (ends && !known.decided) this.#whole(known, joined(known), now);
      else if (ends) return;
      else this.#reset(streamId, errorCode.protocol);
      return;
    }
    if (streamId % 2 === 0 || streamId <= this.#highestId) {
      this.#fail(streamId % 2 === 0 ? errorCode.protocol : errorCode.streamClosed, 'a stream id is used twice or is not the client\'s');
      return;
    }
    this.#highestId = streamId;
    if (streamId > this.#lastId) return;
    if (this.#streams.size >= this.#streamLimit) {
      this.#host.refused();
      this.#reset(streamId, errorCode.refusedStream);
      return;
    }
    const { scheme } = stream;
    const schemeIsGood = scheme === 'https' || (scheme === 'https:' && this.#host.site.looseScheme);
    if (!good || stream.method === '' || stream.path === '' || !schemeIsGood) {
      this.#reset(streamId, errorCode.protocol);
      return;
    }
    this.#streams.set(streamId, stream);
    stream.ended = ends;
    if (ends) this.#whole(stream, nothing, now);
  }

  #dataFrame(flags: number, streamId: number, bytes: Buffer, start: number, end: number, now: number): void {
    this.#receiveCredit -= end - start;
    if (this.#receiveCredit < receiveWindow / 2) {
      this.#write(windowFrame(0, receiveWindow - this.#receiveCredit));
      this.#receiveCredit = receiveWindow;
    }
    const stream = this.#streams.get(streamId);
    const ends = (flags & flag.endStream) !== 0;
    if (stream === undefined || stream.decided) {
      if (stream !== undefined) stream.ended ||= ends;
      if (streamId === 0 || streamId > this.#highestId) this.#fail(errorCode.protocol, 'DATA on a stream that was never opened');
      return;
    }
    let from = start;
    let to = end;
    if ((flags & flag.padded) !== 0) {
      to -= bytes[from] as number;
      from += 1;
      if (from > to) {
        this.#fail(errorCode.protocol, 'padding is longer than its frame');
        return;
      }
    }
    const part = bytes.subarray(from, to);
    stream.ended = ends;
    if (ends && stream.parts === null) {
      this.#whole(stream, part, now);
      return;
    }
    stream.bodyBytes += part.length;
    (stream.parts ??= []).push(part);
    if (ends) {
      this.#whole(stream, joined(stream), now);
    } else if (stream.bodyBytes > tooLongToRead) {
      // Longer than any push, and the client would wait for a window: the answer is known already (RFC 9113, 8.1).
      this.#whole(stream, joined(stream), now);
    }
  }

  #whole(stream: Stream, body: Buffer, now: number): void {
    stream.decided = true;
    stream.parts = null;
    if (stream.streamId > this.#highestDecided) this.#highestDecided = stream.streamId;
    this.#host.site.decide(stream, body, now);
    this.#decided += 1;
    this.#host.release(stream);
    const most = this.#host.goawayAfterRequests();
    if (most > 0 && this.#decided >= most) this.goaway('Shutdown');
  }

  /** Writes the answer of a stream that is still open; the carrier's part. */
  deliver(exchange: Exchange): void {
    const stream = this.#streams.get(exchange.streamId);
    const { reply } = exchange;
    if (stream === undefined || stream !== exchange || reply === null || reply === silence) return;
    if (reply.streams !== 'keep') this.#limitStreams(reply.streams);
    exchange.tally?.answered(reply.key);
    const wire = (reply.wire ??= wireOf(reply));
    this.#answerHeaders(wire.headers, wire.apnsIdAt, stream);
    if (wire.data === null) this.#finished(stream);
    else this.#answerBody(wire.data, wire.messageIdAt, stream);
    this.#flushSoon();
  }

  #limitStreams(change: Exclude<Reply['streams'], 'keep'>): void {
    const limit = this.#host.site.streamLimit(change);
    if (limit === null || limit === this.#streamLimit) return;
    this.#streamLimit = limit;
    this.#write(settingsFrame([[setting.maxConcurrentStreams, limit]]));
  }

  #answerHeaders(headers: Buffer, apnsIdAt: number, stream: Stream): void {
    const extra = this.#tableSizeDue ? 1 : 0;
    const at = this.#room(headers.length + extra);
    const out = this.#out;
    if (extra === 0) {
      out.set(headers, at);
    } else {
      this.#tableSizeDue = false;
      out.set(headers.subarray(0, headBytes), at);
      out.writeUIntBE(headers.length - headBytes + 1, at, 3);
      out[at + headBytes] = 0x20;
      out.set(headers.subarray(headBytes), at + headBytes + 1);
    }
    out.writeUInt32BE(stream.streamId, at + 5);
    if (apnsIdAt >= 0) out.write(stream.apnsId.length === 36 ? stream.apnsId : freshUuid(), at + apnsIdAt + extra, 36, 'latin1');
  }

  #answerBody(data: Buffer, messageIdAt: number, stream: Stream): void {
    const bytes = Buffer.from(data);
    bytes.writeUInt32BE(stream.streamId, 5);
    if (messageIdAt >= 0) bytes.write(freshMessageId(), messageIdAt, 'latin1');
    const length = bytes.length - headBytes;
    if (this.#blocked.length > 0 || length > this.#sendWindow || length > this.#initialSendWindow + stream.sendCredit) {
      this.#blocked.push({ stream, data: bytes });
    } else {
      this.#sendWindow -= length;
      this.#write(bytes);
      this.#finished(stream);
    }
  }

  #unblock(): void {
    const waiting = this.#blocked;
    this.#blocked = [];
    for (const { stream, data } of waiting) {
      const length = data.length - headBytes;
      if (this.#streams.get(stream.streamId) !== stream) continue;
      if (length > this.#sendWindow || length > this.#initialSendWindow + stream.sendCredit) {
        this.#blocked.push({ stream, data });
      } else {
        this.#sendWindow -= length;
        this.#write(data);
        this.#finished(stream);
      }
    }
  }

  #finished(stream: Stream): void {
    // Answered before its end: the client need not send the rest (RFC 9113, 8.1).
    if (!stream.ended) this.#write(resetFrame(stream.streamId, errorCode.none));
    this.#streams.delete(stream.streamId);
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#state !== 'leaving' || this.#streams.size > 0) return;
    this.#flush();
    this.#socket.end();
  }

  #settings(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & flag.ack) !== 0) return;
    if ((end - start) % 6 !== 0) {
      this.#fail(errorCode.frameSize, 'SETTINGS has an odd length');
      return;
    }
    for (let at = start; at < end; at += 6) {
      const id = bytes.readUInt16BE(at);
      const value = bytes.readUInt32BE(at + 2);
      if (id === setting.headerTableSize) {
        this.#tableSizeDue = true;
      } else if (id === setting.initialWindowSize) {
        if (value > largestWindow) this.#fail(errorCode.flowControl, 'the window is too big');
        this.#initialSendWindow = value;
      }
    }
    this.#write(settingsAck);
    this.#unblock();
  }

  #ping(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & flag.ack) !== 0) return;
    if (end - start !== 8) {
      this.#fail(errorCode.frameSize, 'PING has a wrong length');
      return;
    }
    const answer = Buffer.alloc(headBytes + 8);
    answer.set([0, 0, 8, frameType.ping, flag.ack]);
    bytes.copy(answer, headBytes, start, end);
    this.#write(answer);
  }

  #windowUpdate(streamId: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) {
      this.#fail(errorCode.frameSize, 'WINDOW_UPDATE has a wrong length');
      return;
    }
    const increment = bytes.readUInt32BE(start) & largestWindow;
    if (streamId === 0) {
      this.#sendWindow += increment;
    } else {
      const stream = this.#streams.get(streamId);
      if (stream !== undefined) stream.sendCredit += increment;
    }
    if (this.#blocked.length > 0) this.#unblock();
  }

  #reset(streamId: number, code: number): void {
    this.#streams.delete(streamId);
    this.#write(resetFrame(streamId, code));
  }

  /** The client broke the protocol: the connection ends. */
  #fail(code: number, say: string): void {
    if (!this.#isAlive()) return;
    this.#write(goawayFrame(this.#highestDecided, code, say));
    this.#flush();
    this.#state = 'closed';
    this.#streams.clear();
    this.#socket.destroySoon();
    this.#host.closed(this);
  }

  #isAlive(): boolean {
    return this.#state !== 'closed';
  }

  /** Makes room for a frame and returns where it goes. */
  #room(length: number): number {
    if (this.#outLength + length > this.#out.length) this.#flush(length);
    const at = this.#outLength;
    this.#outLength += length;
    return at;
  }

  #write(bytes: Buffer): void {
    const at = this.#room(bytes.length);
    this.#out.set(bytes, at);
  }

  /** Several answers of one turn leave in one write. */
  #flushSoon(): void {
    if (this.#reading || this.#flushDue) return;
    this.#flushDue = true;
    setImmediate(() => {
      this.#flushDue = false;
      this.#flush();
    });
  }

  #flush(next = 0): void {
    if (this.#outLength > 0 && this.#isAlive() && this.#socket.writable) {
      this.#socket.write(this.#out.subarray(0, this.#outLength));
      // The bytes belong to the socket until they are written: the next ones go elsewhere.
      const left = this.#out.subarray(this.#outLength);
      this.#out = left.length >= Math.max(4096, next) ? left : Buffer.allocUnsafe(Math.max(outBytes, next));
      if (this.#socket.writableLength > mostUnwrittenBytes) this.#socket.pause();
    } else if (next > this.#out.length) {
      this.#out = Buffer.allocUnsafe(next);
    }
    this.#outLength = 0;
  }
}

const nothing = Buffer.alloc(0);

function joined(stream: Stream): Buffer {
  const { parts } = stream;
  return parts === null ? nothing : parts.length === 1 ? parts[0] as Buffer : Buffer.concat(parts);
}
