import { decodeHuffman } from './huffman.ts';
import { STATIC_TABLE } from './static-table.ts';

/** A header block that breaks RFC 7541: the connection is lost (COMPRESSION_ERROR), since its state is. */
export class HpackError extends Error {
  readonly code = 'HPACK_ERROR';
}

export type HeaderField = readonly [name: string, value: string];

/** An entry costs its name and value in bytes and 32 more (section 4.1). */
const ENTRY_OVERHEAD_BYTES = 32;
/** No header of a provider comes near; what is longer is an attack on our memory. */
const MAX_HEADER_LIST_BYTES = 64 * 1024;

/**
 * Header decoding for one direction of one connection, RFC 7541. Our lanes announce a table of 0, and keep the limit at
 * 4,096 all the same: who obeys begins its next block with a size update (section 4.2), from which on nothing is kept
 * between blocks; who acknowledges and goes on using its table is understood too.
 */
export class HpackDecoder {
  /** Newest first: index 62 is entries[0]. */
  readonly #entries: HeaderField[] = [];
  #bytes = 0;
  /** What the encoder chose by a size update; at most #limit. */
  #maxBytes: number;
  /** The most that the encoder may choose. */
  #limitBytes: number;
  #at = 0;
  #block: Uint8Array = new Uint8Array(0);

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#maxBytes = limitBytes;
  }

  /** The peer acknowledged a smaller limit. Its size update follows in the next block; what is over the limit is gone already. */
  lowerLimit(bytes: number): void {
    this.#limitBytes = bytes;
    this.#resize(Math.min(this.#maxBytes, bytes));
  }

  /** True: the encoder has chosen a table of 0, so a block changes nothing for those after it, unless it begins with a size update. */
  get isStateless(): boolean {
    return this.#maxBytes === 0;
  }

  /** One whole header block (HEADERS and its CONTINUATIONs joined). Throws HpackError or HuffmanError. */
  decode(block: Uint8Array): HeaderField[] {
    this.#block = block;
    this.#at = 0;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    while (this.#at < block.length) {
      const first = block[this.#at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        // A size update may only stand at the beginning of a block (section 4.2).
        if (fields.length > 0) throw new HpackError('table size update after a field');
        this.#resize(this.#integer(5));
        continue;
      }
      const field = (first & 0x80) !== 0 ? this.#indexed(this.#integer(7)) : this.#literal(first);
      listBytes += field[0].length + field[1].length + ENTRY_OVERHEAD_BYTES;
      if (listBytes > MAX_HEADER_LIST_BYTES) throw new HpackError('header list too large');
      fields.push(field);
    }
    return fields;
  }

  #literal(first: number): HeaderField {
    const indexing = (first & 0x40) !== 0;
    const nameIndex = this.#integer(indexing ? 6 : 4);
    const name = nameIndex === 0 ? this.#string() : this.#indexed(nameIndex)[0];
    const field: HeaderField = [name, this.#string()];
    if (indexing) this.#add(field);
    return field;
  }

  #indexed(index: number): HeaderField {
    const field =
      index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : this.#entries[index - STATIC_TABLE.length - 1];
    if (field === undefined) throw new HpackError(`no header at index ${index}`);
    return field;
  }

  #add(field: HeaderField): void {
    this.#entries.unshift(field);
    this.#bytes += sizeOf(field);
    this.#evict();
  }

  #resize(maxBytes: number): void {
    if (maxBytes > this.#limitBytes) throw new HpackError(`table size ${maxBytes} over the limit ${this.#limitBytes}`);
    this.#maxBytes = maxBytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#entries.pop();
      this.#bytes -= oldest === undefined ? this.#bytes : sizeOf(oldest);
    }
  }

  /** Section 5.1. The value is bounded, so that a long run of continuation bytes can't overflow. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (this.#byte() & mask) >>> 0;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (value > 0xffffff) throw new HpackError('integer too large');
      if ((byte & 0x80) === 0) return value;
      if (shift > 21) throw new HpackError('integer too long');
    }
  }

  #string(): string {
    const huffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#block.length) throw new HpackError('string longer than its block');
    this.#at = end;
    if (huffman) return decodeHuffman(this.#block, start, end);
    return Buffer.from(this.#block.buffer, this.#block.byteOffset + start, length).toString('latin1');
  }

  #byte(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw new HpackError('block ends inside a field');
    this.#at += 1;
    return byte;
  }
}

function sizeOf(field: HeaderField): number {
  return field[0].length + field[1].length + ENTRY_OVERHEAD_BYTES;
}
