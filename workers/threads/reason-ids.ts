/*
 * Reasons by number, in memory of one sending thread that the main thread reads: an Int32 count, then texts of at most
 * 95 Latin letters, each with its length before it. What does not fit is `Other`, number 0.
 */
const TEXTS = 256;
const TEXT_BYTES = 96;
const OTHER = 'Other';

export function createReasons(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 + TEXTS * TEXT_BYTES);
}

export class ReasonWriter {
  readonly #shared: SharedArrayBuffer;
  readonly #ids = new Map<string, number>();

  constructor(shared: SharedArrayBuffer) {
    this.#shared = shared;
    this.#add(OTHER);
  }

  /** The same number for the same text. */
  idOf(reason: string): number {
    return this.#ids.get(reason) ?? (this.#ids.size < TEXTS ? this.#add(reason) : 0);
  }

  #add(reason: string): number {
    const id = this.#ids.size;
    const bytes = new Uint8Array(this.#shared, 4 + id * TEXT_BYTES, TEXT_BYTES);
    const text = Buffer.from(reason.slice(0, TEXT_BYTES - 1), 'latin1');
    bytes.set(text, 1);
    bytes[0] = text.length;
    this.#ids.set(reason, id);
    Atomics.store(new Int32Array(this.#shared, 0, 1), 0, id + 1);
    return id;
  }
}

export function reasonOf(shared: SharedArrayBuffer, id: number): string {
  if (id >= Atomics.load(new Int32Array(shared, 0, 1), 0)) return OTHER;
  const from = 4 + id * TEXT_BYTES;
  const [length = 0] = new Uint8Array(shared, from, 1);
  return Buffer.from(shared, from + 1, length).toString('latin1');
}
