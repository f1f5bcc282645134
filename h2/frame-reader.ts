import { ConnectionError, FRAME_HEADER_BYTES, MAX_FRAME_BYTES, readUint32 } from './frames.ts';

/** Takes one whole frame; the payload is `bytes[start, end)` and only valid during the call. */
export type OnFrame = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  end: number,
) => void;

/** What crosses chunks is an answer of a few bytes, nearly always. */
const FIRST_HELD_BYTES = 256;

/**
 * Cuts a byte stream into frames, however it is split. Whole frames inside a chunk are handed over in place;
 * only a frame that crosses chunks is copied, so at most one frame (16 KiB) is ever held.
 */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #held = Buffer.allocUnsafeSlow(FIRST_HELD_BYTES);
  #heldBytes = 0;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Throws ConnectionError for a frame over the size that we announced, and whatever `onFrame` throws. */
  push(chunk: Uint8Array): void {
    let at = this.#heldBytes === 0 ? 0 : this.#complete(chunk);
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + payloadLength(chunk, at);
      if (end > chunk.length) break;
      this.#onFrame(
        chunk[at + 3] ?? 0,
        chunk[at + 4] ?? 0,
        readUint32(chunk, at + 5) & 0x7fffffff,
        chunk,
        at + FRAME_HEADER_BYTES,
        end,
      );
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
  }

  /** Finishes the held frame from the head of `chunk`; returns how much of the chunk that took. */
  #complete(chunk: Uint8Array): number {
    let at = this.#take(chunk, 0, FRAME_HEADER_BYTES);
    if (this.#heldBytes < FRAME_HEADER_BYTES) return at;
    const end = FRAME_HEADER_BYTES + payloadLength(this.#held, 0);
    at = this.#take(chunk, at, end);
    if (this.#heldBytes < end) return at;
    this.#heldBytes = 0;
    const held = this.#held;
    this.#onFrame(held[3] ?? 0, held[4] ?? 0, readUint32(held, 5) & 0x7fffffff, held, FRAME_HEADER_BYTES, end);
    return at;
  }

  #take(chunk: Uint8Array, at: number, upTo: number): number {
    const bytes = Math.min(Math.max(upTo - this.#heldBytes, 0), chunk.length - at);
    this.#hold(chunk, at, at + bytes);
    return at + bytes;
  }

  #hold(chunk: Uint8Array, start: number, end: number): void {
    const bytes = this.#heldBytes + end - start;
    if (bytes > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + MAX_FRAME_BYTES);
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(chunk.subarray(start, end), this.#heldBytes);
    this.#heldBytes = bytes;
  }
}

function payloadLength(bytes: Uint8Array, at: number): number {
  const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  if (length > MAX_FRAME_BYTES) throw new ConnectionError('FRAME_SIZE_ERROR', `a frame of ${length} bytes`);
  return length;
}
