import { errorCode, flag, frameType, headBytes, largestFrame, largestWindow, preface } from './frames.ts';

const largestBlock = 65_536;

/** What a connection does with each frame. Bytes lie in `bytes` from `from` up to `to`, and are valid during the call and after it. */
export interface FrameHandler {
  headers(streamId: number, ends: boolean, bytes: Buffer, from: number, to: number): void;
  /** `flowBytes` counts padding, as flow control does. */
  data(streamId: number, ends: boolean, bytes: Buffer, from: number, to: number, flowBytes: number): void;
  reset(streamId: number): void;
  settings(pairs: [id: number, value: number][]): void;
  ping(opaque: Buffer): void;
  windowUpdate(streamId: number, increment: number): void;
  /** The client broke the protocol: nothing more is read. */
  fail(code: number, say: string): void;
}

/** Cuts what comes from a client into frames: preface, CONTINUATION, padding and lengths are dealt with here. */
export class Input {
  readonly #handler: FrameHandler;
  #greeted = false;
  #stopped = false;
  #rest: Buffer | null = null;
  /** A header block that goes on in CONTINUATION. */
  #block: { parts: Buffer[]; bytes: number; streamId: number; ends: boolean } | null = null;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Reads no more. */
  stop(): void {
    this.#stopped = true;
  }

  read(chunk: Buffer): void {
    const bytes = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    let at = 0;
    if (!this.#greeted) {
      const known = Math.min(bytes.length, preface.length);
      if (preface.compare(bytes, 0, known, 0, known) !== 0) this.#fail(errorCode.protocol, 'the client does not speak HTTP/2');
      else if (known < preface.length) this.#rest = bytes;
      if (known < preface.length) return;
      this.#greeted = true;
      at = preface.length;
    }
    while (!this.#stopped && bytes.length - at >= headBytes) {
      const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      const start = at + headBytes;
      if (length > largestFrame) {
        this.#fail(errorCode.frameSize, 'a frame is too long');
        return;
      }
      if (bytes.length - start < length) break;
      this.#frame(bytes[at + 3] as number, bytes[at + 4] as number, bytes.readUInt32BE(at + 5) & largestWindow, bytes, start, start + length);
      at = start + length;
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
  }

  #frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    if (this.#block !== null && (type !== frameType.continuation || streamId !== this.#block.streamId)) {
      this.#fail(errorCode.protocol, 'a header block was interrupted');
      return;
    }
    switch (type) {
      case frameType.headers:
      case frameType.data: this.#padded(type, flags, streamId, bytes, start, end); break;
      case frameType.continuation: this.#continuation(flags, bytes.subarray(start, end)); break;
      case frameType.reset: if (this.#isSize(end - start, 4)) this.#handler.reset(streamId); break;
      case frameType.settings: this.#settings(flags, bytes, start, end); break;
      case frameType.ping: if (this.#isSize(end - start, 8) && (flags & flag.ack) === 0) this.#handler.ping(bytes.subarray(start, end)); break;
      case frameType.windowUpdate: if (this.#isSize(end - start, 4)) this.#handler.windowUpdate(streamId, bytes.readUInt32BE(start) & largestWindow); break;
      case frameType.pushPromise: this.#fail(errorCode.protocol, 'clients do not push'); break;
      // PRIORITY, the client's GOAWAY and unknown types ask for nothing.
      default: break;
    }
  }

  #padded(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    let from = start;
    let to = end;
    if ((flags & flag.padded) !== 0) {
      to -= bytes[from] as number;
      from += 1;
    }
    if (type === frameType.headers && (flags & flag.priority) !== 0) from += 5;
    const ends = (flags & flag.endStream) !== 0;
    if (streamId === 0 || from > to) this.#fail(errorCode.protocol, streamId === 0 ? 'stream 0 carries no request' : 'padding is longer than its frame');
    else if (type === frameType.data) this.#handler.data(streamId, ends, bytes, from, to, end - start);
    else if ((flags & flag.endHeaders) !== 0) this.#handler.headers(streamId, ends, bytes, from, to);
    else this.#block = { parts: [bytes.subarray(from, to)], bytes: to - from, streamId, ends };
  }

  #continuation(flags: number, part: Buffer): void {
    const block = this.#block;
    if (block === null) {
      this.#fail(errorCode.protocol, 'CONTINUATION continues nothing');
      return;
    }
    block.parts.push(part);
    block.bytes += part.length;
    if (block.bytes > largestBlock) {
      this.#fail(errorCode.enhanceYourCalm, 'the headers are too long');
    } else if ((flags & flag.endHeaders) !== 0) {
      this.#block = null;
      this.#handler.headers(block.streamId, block.ends, Buffer.concat(block.parts), 0, block.bytes);
    }
  }

  #settings(flags: number, bytes: Buffer, start: number, end: number): void {
    if ((flags & flag.ack) !== 0) return;
    const pairs: [number, number][] = [];
    if ((end - start) % 6 !== 0) {
      this.#fail(errorCode.frameSize, 'SETTINGS has an odd length');
      return;
    }
    for (let at = start; at < end; at += 6) pairs.push([bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2)]);
    this.#handler.settings(pairs);
  }

  #isSize(found: number, expected: number): boolean {
    if (found !== expected) this.#fail(errorCode.frameSize, `a frame of ${expected} bytes has ${found}`);
    return found === expected;
  }

  #fail(code: number, say: string): void {
    this.#stopped = true;
    this.#handler.fail(code, say);
  }
}
