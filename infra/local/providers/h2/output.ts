import type { TLSSocket } from 'node:tls';
import { FRAME_HEADER_BYTES, writeFrameHeader, writeUint32, FLAG, FRAME } from '../../../../h2/frames.ts';
import { writeId } from '../reply.ts';
import type { Wire } from '../reply.ts';

const bufferBytes = 32_768;
const worthFilling = 4096;
/** Beyond this much unread output the client is not read from either. */
const mostUnwrittenBytes = 4_000_000;
const uuidBytes = 36;
const streamIdAt = 5;
/** A header table of 0 bytes (RFC 7541, 6.3). */
const emptyTable = 0x20;

/** Writes out, once at the end of a turn of the event loop, what connections have gathered in it. */
export class Flusher {
  #due: Output[] = [];

  add(output: Output): void {
    if (this.#due.length === 0) setImmediate(this.#turn);
    this.#due.push(output);
  }

  readonly #turn = (): void => {
    const due = this.#due;
    this.#due = [];
    for (const output of due) output.flush();
  };
}

/** The outgoing bytes of a connection, gathered so that several answers leave in one write. */
export class Output {
  readonly #socket: TLSSocket;
  #buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  /** What is gathered lies in `#buffer[#start, #end)`; before it is what the socket may still be writing. */
  #start = 0;
  #end = 0;
  #flushDue = false;
  /** While true, whoever set it will flush. */
  held = false;
  /** The client said a table size: the next header block begins with ours, which is 0 (RFC 7541, 4.2). */
  tableSizeDue = false;

  readonly #beforeWrite: () => void;
  readonly #flushLater: (output: Output) => void;

  /** `beforeWrite` runs before bytes go to the socket: what they answer must be on record by then. `flushLater`: calls `flush` at the end of this turn. */
  constructor(socket: TLSSocket, beforeWrite: () => void, flushLater: (output: Output) => void) {
    this.#socket = socket;
    this.#beforeWrite = beforeWrite;
    this.#flushLater = flushLater;
    socket.on('drain', () => {
      if (socket.writableLength < mostUnwrittenBytes) socket.resume();
    });
  }

  write(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** An answer for one stream, whole: its id is `apnsId`, or a new one if that is ''. */
  answer(wire: Wire, streamId: number, apnsId: string): void {
    if (this.tableSizeDue) {
      this.headers(wire, streamId, apnsId);
      if (wire.bodyBytes > 0) this.write(dataOf(wire, streamId));
      return;
    }
    const { frames, dataAt } = wire;
    const at = this.#room(frames.length);
    const out = this.#buffer;
    out.set(frames, at);
    writeUint32(out, at + streamIdAt, streamId);
    if (dataAt < frames.length) writeUint32(out, at + dataAt + streamIdAt, streamId);
    if (wire.idAt >= 0) this.#id(at + wire.idAt, wire, apnsId);
  }

  /** Only the headers of an answer. */
  headers(wire: Wire, streamId: number, apnsId: string): void {
    const { frames, dataAt } = wire;
    const extra = this.tableSizeDue ? 1 : 0;
    this.tableSizeDue = false;
    const at = this.#room(dataAt + extra);
    const out = this.#buffer;
    const blockAt = writeFrameHeader(
      out,
      at,
      dataAt - FRAME_HEADER_BYTES + extra,
      FRAME.headers,
      FLAG.endHeaders | (wire.bodyBytes > 0 ? 0 : FLAG.endStream),
      streamId,
    );
    out[blockAt] = emptyTable;
    out.set(frames.subarray(FRAME_HEADER_BYTES, dataAt), blockAt + extra);
    if (wire.idAt >= 0 && wire.idAt < dataAt) this.#id(at + extra + wire.idAt, wire, apnsId);
  }

  #id(at: number, { idAt, dataAt }: Wire, apnsId: string): void {
    if (idAt > dataAt) writeId(this.#buffer, at, 'message-name');
    else if (apnsId.length === uuidBytes) this.#buffer.write(apnsId, at, 'latin1');
    else writeId(this.#buffer, at, 'apns-id');
  }

  /** At the end of this turn of the event loop, unless held. */
  flushSoon(): void {
    if (this.held || this.#flushDue) return;
    this.#flushDue = true;
    this.#flushLater(this);
  }

  flush(): void {
    this.#flushDue = false;
    if (this.#start === this.#end) return;
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    if (this.#buffer.length - this.#end < worthFilling) this.#renew(bufferBytes);
    if (!this.#socket.writable) return;
    this.#beforeWrite();
    this.#socket.write(bytes);
    if (this.#socket.writableLength > mostUnwrittenBytes) this.#socket.pause();
  }

  #renew(bytes: number): void {
    this.#buffer = Buffer.allocUnsafeSlow(bytes);
    this.#start = 0;
    this.#end = 0;
  }

  #room(length: number): number {
    if (this.#end + length > this.#buffer.length) {
      this.flush();
      if (this.#end + length > this.#buffer.length) this.#renew(Math.max(bufferBytes, length));
    }
    const at = this.#end;
    this.#end += length;
    return at;
  }
}

/** The DATA frame of an answer by itself. */
export function dataOf({ frames, dataAt, idAt }: Wire, streamId: number): Buffer {
  const data = Buffer.from(frames.subarray(dataAt));
  writeUint32(data, streamIdAt, streamId);
  if (idAt > dataAt) writeId(data, idAt - dataAt, 'message-name');
  return data;
}
