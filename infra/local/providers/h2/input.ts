import { FrameReader } from '../../../../h2/frame-reader.ts';
import { ConnectionError, FLAG, FRAME, PREFACE, readUint32 } from '../../../../h2/frames.ts';
import { HeaderBlocks, withoutPadding } from '../../../../h2/header-blocks.ts';

const idMask = 0x7fff_ffff;

/** What a connection does with each frame. Bytes lie in `bytes` from `from` up to `to`, and are valid during the call and after it. */
export interface FrameHandler {
  headers(streamId: number, ends: boolean, bytes: Buffer, from: number, to: number): void;
  /** `flowBytes` counts padding, as flow control does. */
  data(streamId: number, ends: boolean, bytes: Buffer, from: number, to: number, flowBytes: number): void;
  reset(streamId: number): void;
  settings(pairs: [id: number, value: number][]): void;
  ping(opaque: Buffer): void;
  windowUpdate(streamId: number, increment: number): void;
}

/** Takes what comes from a client: the preface, then frames, which the lane's reader cuts and joins; padding and lengths are dealt with here. */
export class Input {
  readonly #handler: FrameHandler;
  readonly #frames = new FrameReader((type, flags, streamId, bytes, start, end) => {
    this.#frame(type, flags, streamId, bytes, start, end);
  });
  readonly #blocks = new HeaderBlocks();
  #greeting: Buffer | null = Buffer.alloc(0);
  #chunk: Buffer = Buffer.alloc(0);

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Throws ConnectionError for a client that breaks the protocol, and what the handler throws: nothing may be read after that. */
  read(chunk: Buffer): void {
    const frames = this.#greeting === null ? chunk : this.#greet(Buffer.concat([this.#greeting, chunk]));
    if (frames === null) return;
    this.#chunk = frames;
    this.#frames.push(frames);
  }

  /** What follows the preface; null until it is whole. */
  #greet(bytes: Buffer): Buffer | null {
    const known = Math.min(bytes.length, PREFACE.length);
    if (PREFACE.compare(bytes, 0, known, 0, known) !== 0)
      throw new ConnectionError('PROTOCOL_ERROR', 'the client does not speak HTTP/2');
    this.#greeting = known < PREFACE.length ? bytes : null;
    return known < PREFACE.length ? null : bytes.subarray(known);
  }

  #frame(type: number, flags: number, streamId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#blocks.expect(type, streamId);
    if (type === FRAME.headers || type === FRAME.data) {
      if (streamId === 0) throw new ConnectionError('PROTOCOL_ERROR', 'stream 0 carries no request');
      // The reader's own buffer, for a frame that crossed chunks, is only lent.
      const isOurs = bytes === this.#chunk;
      this.#request(
        type,
        flags,
        streamId,
        isOurs ? this.#chunk : Buffer.from(bytes.subarray(start, end)),
        isOurs ? start : 0,
        isOurs ? end : end - start,
      );
      return;
    }
    this.#other(type, flags, streamId, Buffer.from(bytes.subarray(start, end)));
  }

  #request(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const ends = (flags & FLAG.endStream) !== 0;
    if (type === FRAME.headers) {
      if ((flags & (FLAG.endHeaders | FLAG.padded | FLAG.priority)) === FLAG.endHeaders)
        this.#handler.headers(streamId, ends, bytes, start, end);
      else this.#block(type, flags, streamId, bytes, start, end);
    } else if ((flags & FLAG.padded) === 0) {
      this.#handler.data(streamId, ends, bytes, start, end, end - start);
    } else {
      const payload = withoutPadding(flags, bytes, start, end);
      this.#handler.data(streamId, ends, bytes, payload.start, payload.end, end - start);
    }
  }

  /** Headers that are padded, have a priority, or go on in CONTINUATION. */
  #block(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const joined = this.#blocks.push(type, flags, streamId, bytes, start, end);
    if (joined !== null)
      this.#handler.headers(joined.streamId, joined.endStream, Buffer.from(joined.block), 0, joined.block.length);
  }

  #other(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case FRAME.continuation:
        this.#block(type, flags, streamId, payload, 0, payload.length);
        break;
      case FRAME.rstStream:
        mustBe(payload, 4);
        this.#handler.reset(streamId);
        break;
      case FRAME.settings:
        if ((flags & FLAG.ack) === 0) this.#handler.settings(pairsOf(payload));
        break;
      case FRAME.ping:
        mustBe(payload, 8);
        if ((flags & FLAG.ack) === 0) this.#handler.ping(payload);
        break;
      case FRAME.windowUpdate:
        mustBe(payload, 4);
        this.#handler.windowUpdate(streamId, readUint32(payload, 0) & idMask);
        break;
      case FRAME.pushPromise:
        throw new ConnectionError('PROTOCOL_ERROR', 'clients do not push');
      // PRIORITY, the client's GOAWAY and unknown types ask for nothing.
      default:
        break;
    }
  }
}

function pairsOf(payload: Buffer): [number, number][] {
  if (payload.length % 6 !== 0) throw new ConnectionError('FRAME_SIZE_ERROR', 'SETTINGS has an odd length');
  return Array.from({ length: payload.length / 6 }, (_, pair) => [
    payload.readUInt16BE(pair * 6),
    payload.readUInt32BE(pair * 6 + 2),
  ]);
}

function mustBe({ length }: Buffer, expected: number): void {
  if (length !== expected) throw new ConnectionError('FRAME_SIZE_ERROR', `a frame of ${expected} bytes has ${length}`);
}
