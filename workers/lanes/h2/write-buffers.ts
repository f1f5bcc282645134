const SMALLEST_BYTES = 1_024;
/** Of all sizes together; more is left to the garbage collector. Above what all connections have unsent, so that none is made anew while a shot runs. */
const IDLE_BYTES = 8 * 1024 * 1024;

/**
 * Buffers for writes under way, used again and again. A write is composed in a buffer of the largest size, and waits for its
 * socket in one that fits: memory follows what is really unsent, not the number of connections.
 */
export class WriteBuffers {
  readonly #largestBytes: number;
  /** By size: the largest, half of it, and so on down to 1 KiB. */
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;

  constructor(largestBytes: number) {
    this.#largestBytes = largestBytes;
    for (let bytes = largestBytes; bytes >= SMALLEST_BYTES; bytes /= 2) this.#idle.set(bytes, []);
  }

  /** A buffer of at least so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    const size = this.#sizeFor(bytes);
    const buffer = this.#idle.get(size)?.pop();
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#idleBytes -= size;
    return buffer;
  }

  give(buffer: Buffer): void {
    if (this.#idleBytes + buffer.length > IDLE_BYTES) return;
    this.#idle.get(buffer.length)?.push(buffer);
    this.#idleBytes += buffer.length;
  }

  /** The first `bytes` of a taken buffer in one that fits them; `buffer` itself is no longer the caller's. */
  fitting(buffer: Buffer, bytes: number): Buffer {
    if (this.#sizeFor(bytes) >= buffer.length) return buffer;
    const fitting = this.take(bytes);
    buffer.copy(fitting, 0, 0, bytes);
    this.give(buffer);
    return fitting;
  }

  #sizeFor(bytes: number): number {
    let size = this.#largestBytes;
    while (size / 2 >= Math.max(bytes, SMALLEST_BYTES)) size /= 2;
    return size;
  }
}
