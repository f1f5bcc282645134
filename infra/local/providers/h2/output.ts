import type { TLSSocket } from 'node:tls';
import { freshUuid } from '../reply.ts';
import { headBytes } from './frames.ts';

const bufferBytes = 32_768;
const worthFilling = 4096;
/** Beyond this much unread output the client is not read from either. */
const mostUnwrittenBytes = 4_000_000;
const uuidBytes = 36;

/** The outgoing bytes of a connection, gathered so that several answers leave in one write. */
export class Output {
  readonly #socket: TLSSocket;
  #buffer: Buffer = Buffer.allocUnsafe(bufferBytes);
  #length = 0;
  #flushDue = false;
  /** While true, whoever set it will flush. */
  held = false;
  /** The client said a table size: the next header block begins with ours, which is 0 (RFC 7541, 4.2). */
  tableSizeDue = false;

  readonly #beforeWrite: () => void;

  /** `beforeWrite` runs before bytes go to the socket: what they answer must be on record by then. */
  constructor(socket: TLSSocket, beforeWrite: () => void) {
    this.#socket = socket;
    this.#beforeWrite = beforeWrite;
    socket.on('drain', () => { if (socket.writableLength < mostUnwrittenBytes) socket.resume(); });
  }

  write(bytes: Buffer): void {
    const at = this.#room(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** A prepared HEADERS frame for one stream; `apnsIdAt` is where its apns-id goes, -1 for nowhere. An `apnsId` of '' gets a new one. */
  headers(frame: Buffer, apnsIdAt: number, streamId: number, apnsId: string): void {
    const extra = this.tableSizeDue ? 1 : 0;
    const at = this.#room(frame.length + extra);
    const out = this.#buffer;
    if (extra === 0) {
      out.set(frame, at);
    } else {
      this.tableSizeDue = false;
      out.set(frame.subarray(0, headBytes), at);
      out.writeUIntBE(frame.length - headBytes + 1, at, 3);
      out[at + headBytes] = 0x20;
      out.set(frame.subarray(headBytes), at + headBytes + 1);
    }
    out.writeUInt32BE(streamId, at + 5);
    if (apnsIdAt >= 0) out.write(apnsId.length === uuidBytes ? apnsId : freshUuid(), at + apnsIdAt + extra, uuidBytes, 'latin1');
  }

  /** At the end of this turn of the event loop, unless held. */
  flushSoon(): void {
    if (this.held || this.#flushDue) return;
    this.#flushDue = true;
    setImmediate(() => {
      this.#flushDue = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.#length === 0) return;
    const bytes = this.#buffer.subarray(0, this.#length);
    // The bytes belong to the socket until they are written: the next ones go elsewhere.
    const left = this.#buffer.subarray(this.#length);
    this.#buffer = left.length >= worthFilling ? left : Buffer.allocUnsafe(bufferBytes);
    this.#length = 0;
    if (!this.#socket.writable) return;
    this.#beforeWrite();
    this.#socket.write(bytes);
    if (this.#socket.writableLength > mostUnwrittenBytes) this.#socket.pause();
  }

  #room(length: number): number {
    if (this.#length + length > this.#buffer.length) {
      this.flush();
      if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(Math.max(bufferBytes, length));
    }
    const at = this.#length;
    this.#length += length;
    return at;
  }
}
