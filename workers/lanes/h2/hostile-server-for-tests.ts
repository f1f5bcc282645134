import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { FrameReader } from '../../../h2/frame-reader.ts';
import { dataFrame, FLAG, FRAME, PREFACE, settingsFrame, SETTINGS_ACK, writeFrameHeader } from '../../../h2/frames.ts';
import { HpackDecoder } from '../../../h2/hpack-decoder.ts';
import type { HeaderField } from '../../../h2/hpack-decoder.ts';

export interface SeenRequest {
  id: number;
  fields: HeaderField[];
  body: string;
}

/** A server that does exactly what a test tells it, byte by byte; it reads requests with our own parser and asserts nothing by itself. */
export class HostileServer {
  readonly client: Duplex;
  readonly socket: Duplex;
  readonly requests: SeenRequest[] = [];
  readonly frames: { type: number; flags: number; id: number; payload: Buffer }[] = [];
  onRequest: (request: SeenRequest) => void = () => undefined;
  readonly #decoder: HpackDecoder;
  readonly #open = new Map<number, SeenRequest>();
  #preface = 0;

  constructor(tableBytes = 4_096) {
    [this.client, this.socket] = duplexPair();
    // A pair hands chunks over by reference, where a socket copies: the connection uses its buffer again after the write.
    const write = this.client.write.bind(this.client) as (
      chunk: Uint8Array,
      done?: (error?: Error | null) => void,
    ) => boolean;
    this.client.write = ((chunk: Uint8Array, done?: (error?: Error | null) => void) =>
      write(Buffer.from(chunk), done)) as Duplex['write'];
    this.#decoder = new HpackDecoder(tableBytes);
    const reader = new FrameReader((type, flags, id, bytes, start, end) =>
      this.#frame(type, flags, id, Buffer.from(bytes.slice(start, end))),
    );
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('data', (chunk: Buffer) => {
      const skip = Math.min(PREFACE.length - this.#preface, chunk.length);
      this.#preface += skip;
      reader.push(chunk.subarray(skip));
    });
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    this.frames.push({ type, flags, id, payload });
    if (type === FRAME.headers) this.#open.set(id, { id, fields: this.#decoder.decode(payload), body: '' });
    if (type === FRAME.data) {
      const request = this.#open.get(id);
      if (request === undefined) throw new Error(`DATA on stream ${id} before HEADERS`);
      request.body += payload.toString();
      if ((flags & FLAG.endStream) !== 0) {
        this.requests.push(request);
        this.onRequest(request);
      }
    }
  }

  /** The table limit that the client must obey from now on. */
  lowerTable(bytes: number): void {
    this.#decoder.lowerLimit(bytes);
  }

  write(...parts: Uint8Array[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(parts));
  }

  hello(settings: [number, number][] = []): void {
    this.write(settingsFrame(settings), SETTINGS_ACK);
  }

  /** `:status 200` and the end of the stream, in the fewest bytes. */
  ok(id: number): void {
    this.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, Buffer.from([0x88])));
  }

  error(id: number, status: number, body: string): void {
    this.write(frame(FRAME.headers, FLAG.endHeaders, id, statusBlock(status)), dataFrame(id, Buffer.from(body), true));
  }
}

/** `:status` as a plain literal that enters no table. */
export const statusBlock = (status: number): Buffer =>
  Buffer.concat([Buffer.from([0x08, 0x03]), Buffer.from(String(status))]);

export function frame(type: number, flags: number, id: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.set(payload, writeFrameHeader(bytes, 0, payload.length, type, flags, id));
  return bytes;
}
