import { ConnectionError, FLAG, FRAME } from './frames.ts';

/** No provider's answer comes near; more is an attack on our memory. */
const MAX_BLOCK_BYTES = 64 * 1024;
/** Many empty CONTINUATIONs cost the peer nothing and us work. */
const MAX_CONTINUATIONS = 64;

export interface HeaderBlock {
  streamId: number;
  endStream: boolean;
  block: Uint8Array;
}

/**
 * Joins HEADERS and CONTINUATION frames to header blocks (RFC 9113 sections 4.3, 6.2, 6.10), taking off
 * padding and priority. Between a HEADERS and its last CONTINUATION nothing else may come.
 */
export class HeaderBlocks {
  #open: { streamId: number; endStream: boolean; parts: Uint8Array[]; bytes: number } | null = null;

  /** Must be asked for every frame before it is handled. */
  expect(type: number, streamId: number): void {
    if (this.#open === null) {
      if (type === FRAME.continuation) throw new ConnectionError('PROTOCOL_ERROR', 'CONTINUATION without HEADERS');
    } else if (type !== FRAME.continuation || streamId !== this.#open.streamId) {
      throw new ConnectionError('PROTOCOL_ERROR', 'another frame inside a header block');
    }
  }

  /** Returns the block when it is whole. */
  push(
    type: number,
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): HeaderBlock | null {
    if (type === FRAME.headers) {
      const payload = withoutPadding(flags, bytes, start, end);
      let from = payload.start;
      if ((flags & FLAG.priority) !== 0) from += 5;
      if (from > payload.end) throw new ConnectionError('FRAME_SIZE_ERROR', 'HEADERS too short for its priority');
      const endStream = (flags & FLAG.endStream) !== 0;
      if ((flags & FLAG.endHeaders) !== 0) return { streamId, endStream, block: bytes.subarray(from, payload.end) };
      this.#open = {
        streamId,
        endStream,
        parts: [Buffer.from(bytes.subarray(from, payload.end))],
        bytes: payload.end - from,
      };
      return null;
    }
    const open = this.#open;
    if (open === null) throw new ConnectionError('PROTOCOL_ERROR', 'CONTINUATION without HEADERS');
    open.parts.push(Buffer.from(bytes.subarray(start, end)));
    open.bytes += end - start;
    if (open.bytes > MAX_BLOCK_BYTES || open.parts.length > MAX_CONTINUATIONS)
      throw new ConnectionError('ENHANCE_YOUR_CALM', 'header block too large');
    if ((flags & FLAG.endHeaders) === 0) return null;
    this.#open = null;
    return { streamId, endStream: open.endStream, block: Buffer.concat(open.parts) };
  }
}

/** The payload of a DATA or HEADERS frame without its padding (section 6.1). */
export function withoutPadding(
  flags: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): { start: number; end: number } {
  if ((flags & FLAG.padded) === 0) return { start, end };
  const from = start + 1;
  const to = end - (bytes[start] ?? 0);
  if (from > end || to < from) throw new ConnectionError('PROTOCOL_ERROR', 'padding longer than its frame');
  return { start: from, end: to };
}
