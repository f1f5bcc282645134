import type { TLSSocket } from 'node:tls';
import type { Carrier, Exchange, Peer, Site } from '../exchange.ts';
import { freshMessageId, silence } from '../reply.ts';
import type { Reply } from '../reply.ts';
import {
  defaultWindow, errorCode, flag, frame, frameType, goawayFrame, headBytes, largestWindow, resetFrame, setting, settingsAck, settingsFrame, windowFrame,
} from './frames.ts';
import { CompressionError, HpackReader } from './hpack.ts';
import { Input } from './input.ts';
import type { FrameHandler } from './input.ts';
import { Output } from './output.ts';
import { Stream } from './stream.ts';
import { wireOf } from './wire.ts';

/**
 * One HTTP/2 connection of a provider, on the bytes of its socket: node:http2 costs a core at 29,000
 * requests a second, and the sender that is judged here does several times that.
 *
 * States: open → leaving (GOAWAY sent: streams up to `#lastId` are still answered, later ones are ignored)
 * → closed.
 */

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
  /** Delivers now or later, as the behaviour says. */
  release(exchange: Exchange): void;
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
  credential = '';
  credentialSinceMs = 0;
  updates = 0;
  lastActiveMs = Date.now();

  readonly #socket: TLSSocket;
  readonly #host: Host;
  readonly #hpack = new HpackReader();
  readonly #input: Input = new Input(this);
  readonly #out: Output;
  readonly #streams = new Map<number, Stream>();
  #state: 'open' | 'leaving' | 'closed' = 'open';
  #highestId = 0;
  #highestDecided = 0;
  #lastId = largestWindow;
  #decided = 0;
  #streamLimit: number;

  #receiveCredit = receiveWindow;
  #sendWindow = defaultWindow;
  #initialSendWindow = defaultWindow;
  #blocked: { stream: Stream; data: Buffer }[] = [];

  constructor(socket: TLSSocket, host: Host) {
    this.#socket = socket;
    this.#host = host;
    this.#out = new Output(socket, () => { host.keep(); });
    this.#streamLimit = host.site.firstStreamLimit();
    socket.on('data', (chunk: Buffer) => { this.#read(chunk); });
    socket.on('error', () => { this.destroy(); });
    socket.on('close', () => { this.destroy(); });
    this.#out.write(settingsFrame([[setting.maxConcurrentStreams, this.#streamLimit]]));
    this.#out.write(windowFrame(0, receiveWindow - defaultWindow));
    this.#out.flush();
  }

  get openStreams(): number { return this.#streams.size; }

  /** Ends the connection gracefully: what was not decided yet is not processed, and the client learns it by the last stream id. */
  goaway(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#host.left();
    this.#lastId = this.#highestDecided;
    for (const id of this.#streams.keys()) if (id > this.#lastId) this.#streams.delete(id);
    this.#out.write(goawayFrame(this.#lastId, errorCode.none, JSON.stringify({ reason })));
    setTimeout(() => { this.destroy(); }, leavingMs).unref();
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
    if (reply.streams !== 'keep') this.#limitStreams(reply.streams);
    exchange.tally?.answered(reply.key);
    const wire = (reply.wire ??= wireOf(reply));
    this.#out.headers(wire.headers, wire.apnsIdAt, stream.streamId, stream.apnsId);
    if (wire.data === null) {
      this.#finished(stream);
    } else {
      const data = Buffer.from(wire.data);
      data.writeUInt32BE(stream.streamId, 5);
      if (wire.messageIdAt >= 0) data.write(freshMessageId(), wire.messageIdAt, 'latin1');
      this.#blocked.push({ stream, data });
      this.#sendBlocked();
    }
    this.#out.flushSoon();
  }

  headers(streamId: number, ends: boolean, bytes: Buffer, from: number, to: number): void {
    const known = this.#streams.get(streamId);
    const stream = new Stream(this, this, streamId);
    let isGood = false;
    try {
      isGood = this.#hpack.read(bytes, from, to, stream);
    } catch (error) {
      if (!(error instanceof CompressionError)) throw error;
      this.#input.stop();
      this.fail(errorCode.compression, error.message);
      return;
    }
    // Trailers are read for the sake of the table alone.
    if (known !== undefined) this.#ends(known, ends);
    else if (streamId <= this.#highestId || streamId % 2 === 0) this.#broken('a stream id was used before, or is not the client\'s');
    else this.#opens(stream, isGood, ends);
  }

  data(streamId: number, ends: boolean, bytes: Buffer, from: number, to: number, flowBytes: number): void {
    this.#receiveCredit -= flowBytes;
    if (this.#receiveCredit < receiveWindow / 2) {
      this.#out.write(windowFrame(0, receiveWindow - this.#receiveCredit));
      this.#receiveCredit = receiveWindow;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      // Of a stream that was refused or reset while this was under way.
      if (streamId > this.#highestId) this.#broken('DATA on a stream that was never opened');
      return;
    }
    const part = bytes.subarray(from, to);
    if (ends && stream.parts === null && !stream.decided) {
      stream.ended = true;
      this.#decide(stream, part);
      return;
    }
    stream.bodyBytes += part.length;
    if (!stream.decided) (stream.parts ??= []).push(part);
    // The client would wait for a window that never comes, and the answer is known already (RFC 9113, 8.1).
    if (!ends && !stream.decided && stream.bodyBytes > tooLongToRead) this.#decide(stream, Buffer.concat(stream.parts ?? []));
    else this.#ends(stream, ends);
  }

  reset(streamId: number): void {
    this.#streams.delete(streamId);
    this.#leaveIfDone();
  }

  settings(pairs: [number, number][]): void {
    for (const [id, value] of pairs) {
      if (id === setting.headerTableSize) this.#out.tableSizeDue = true;
      else if (id === setting.initialWindowSize) this.#initialSendWindow = value;
    }
    this.#out.write(settingsAck);
    this.#sendBlocked();
  }

  ping(opaque: Buffer): void {
    this.#out.write(frame(frameType.ping, flag.ack, 0, opaque));
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

  fail(code: number, say: string): void {
    if (this.#state === 'closed') return;
    this.#out.write(goawayFrame(this.#highestDecided, code, say));
    this.#out.flush();
    this.#close();
    this.#socket.destroySoon();
  }

  #read(chunk: Buffer): void {
    this.lastActiveMs = Date.now();
    this.#out.held = true;
    this.#input.read(chunk);
    this.#out.held = false;
    this.#out.flush();
  }

  #opens(stream: Stream, isGood: boolean, ends: boolean): void {
    const { streamId, scheme } = stream;
    this.#highestId = streamId;
    if (streamId > this.#lastId) return;
    if (this.#streams.size >= this.#streamLimit) {
      this.#host.refused();
      this.#out.write(resetFrame(streamId, errorCode.refusedStream));
      return;
    }
    const isGoodScheme = scheme === 'https' || (scheme === 'https:' && this.#host.site.looseScheme);
    if (!isGood || stream.method === '' || stream.path === '' || !isGoodScheme) {
      this.#out.write(resetFrame(streamId, errorCode.protocol));
      return;
    }
    this.#streams.set(streamId, stream);
    this.#ends(stream, ends);
  }

  #ends(stream: Stream, ends: boolean): void {
    if (!ends) return;
    stream.ended = true;
    if (stream.decided) return;
    this.#decide(stream, stream.parts === null ? nothing : Buffer.concat(stream.parts));
  }

  #decide(stream: Stream, body: Buffer): void {
    stream.decided = true;
    stream.parts = null;
    if (stream.streamId > this.#highestDecided) this.#highestDecided = stream.streamId;
    this.#host.site.decide(stream, body, this.lastActiveMs);
    this.#decided += 1;
    this.#host.release(stream);
    const most = this.#host.goawayAfterRequests();
    if (most > 0 && this.#decided >= most) this.goaway('Shutdown');
  }

  #limitStreams(change: Exclude<Reply['streams'], 'keep'>): void {
    const limit = this.#host.site.streamLimit(change);
    if (limit === null || limit === this.#streamLimit) return;
    this.#streamLimit = limit;
    this.#out.write(settingsFrame([[setting.maxConcurrentStreams, limit]]));
  }

  /** Bodies of answers, in order, as far as the client's windows allow. */
  #sendBlocked(): void {
    if (this.#blocked.length === 0) return;
    const waiting = this.#blocked;
    this.#blocked = [];
    for (const entry of waiting) {
      const { stream, data } = entry;
      const bytes = data.length - headBytes;
      if (this.#streams.get(stream.streamId) !== stream) continue;
      if (bytes > this.#sendWindow || bytes > this.#initialSendWindow + stream.sendCredit) {
        this.#blocked.push(entry);
      } else {
        this.#sendWindow -= bytes;
        this.#out.write(data);
        this.#finished(stream);
      }
    }
  }

  #finished(stream: Stream): void {
    // Answered before its end: the client need not send the rest (RFC 9113, 8.1).
    if (!stream.ended) this.#out.write(resetFrame(stream.streamId, errorCode.none));
    this.#streams.delete(stream.streamId);
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#state !== 'leaving' || this.#streams.size > 0) return;
    this.#out.flush();
    this.#socket.end();
  }

  #broken(say: string): void {
    this.#input.stop();
    this.fail(errorCode.protocol, say);
  }

  #close(): void {
    this.#state = 'closed';
    this.#input.stop();
    this.#streams.clear();
    this.#host.closed(this);
  }
}
