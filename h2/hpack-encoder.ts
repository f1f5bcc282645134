import type { HeaderField } from './hpack-decoder.ts';
import { encodeHuffman } from './huffman.ts';
import { STATIC_TABLE, staticIndex } from './static-table.ts';

const ENTRY_OVERHEAD_BYTES = 32;
/** What a peer has before it says otherwise (section 6.5.2 of RFC 9113). */
export const DEFAULT_TABLE_BYTES = 4_096;

/**
 * Header encoding for one direction of one connection, RFC 7541: exact matches become an index, `index`
 * fields are entered into the peer's table, `literal` ones never are. Strings go out plain or Huffman coded,
 * whichever is shorter.
 */
export class HpackEncoder {
  readonly #entries: HeaderField[] = [];
  #bytes = 0;
  #maxBytes = DEFAULT_TABLE_BYTES;
  /** Size updates that the next block must begin with: the smallest value since the last block, then the present one (section 4.2). */
  #smallestBytes: number | null = null;

  /** Goes up with everything that changes what an index means; a block that left it as it was may be sent again. */
  version = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. More than our own 4,096 is not used. */
  setLimit(bytes: number): void {
    const next = Math.min(bytes, DEFAULT_TABLE_BYTES);
    if (next === this.#maxBytes && this.#smallestBytes === null) return;
    this.#smallestBytes = Math.min(this.#smallestBytes ?? next, next);
    this.#maxBytes = next;
    this.version += 1;
    this.#evict(this.#smallestBytes);
  }

  encode(fields: readonly { name: string; value: string; mode: 'index' | 'literal' }[]): Buffer {
    const parts: Buffer[] = [];
    if (this.#smallestBytes !== null) {
      if (this.#smallestBytes < this.#maxBytes) parts.push(integer(0x20, 5, this.#smallestBytes));
      parts.push(integer(0x20, 5, this.#maxBytes));
      this.#smallestBytes = null;
      this.version += 1;
    }
    for (const { name, value, mode } of fields) {
      const exact = this.#find(name, value);
      if (exact > 0 && mode === 'index') {
        parts.push(integer(0x80, 7, exact));
        continue;
      }
      const nameIndex = staticIndex(name, null) || this.#find(name, null);
      // An entry larger than the table would only empty it (section 4.4).
      const fits = mode === 'index' && sizeOf([name, value]) <= this.#maxBytes;
      parts.push(fits ? integer(0x40, 6, nameIndex) : integer(0x00, 4, nameIndex));
      if (nameIndex === 0) parts.push(string(name));
      parts.push(string(value));
      if (fits) this.#add([name, value]);
    }
    return Buffer.concat(parts);
  }

  #find(name: string, value: string | null): number {
    const fixed = staticIndex(name, value);
    if (fixed > 0) return fixed;
    const own = this.#entries.findIndex((entry) => entry[0] === name && (value === null || entry[1] === value));
    return own < 0 ? 0 : STATIC_TABLE.length + 1 + own;
  }

  #add(field: HeaderField): void {
    this.#entries.unshift(field);
    this.#bytes += sizeOf(field);
    this.version += 1;
    this.#evict(this.#maxBytes);
  }

  #evict(maxBytes: number): void {
    while (this.#bytes > maxBytes) {
      const oldest = this.#entries.pop();
      this.#bytes -= oldest === undefined ? this.#bytes : sizeOf(oldest);
    }
  }
}

function sizeOf(field: HeaderField): number {
  return Buffer.byteLength(field[0], 'latin1') + Buffer.byteLength(field[1], 'latin1') + ENTRY_OVERHEAD_BYTES;
}

/** Section 5.1. `flags` are the bits above the prefix. */
export function integer(flags: number, prefixBits: number, value: number): Buffer {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) return Buffer.from([flags | value]);
  const bytes = [flags | mask];
  let rest = value - mask;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

export function string(value: string): Buffer {
  const plain = Buffer.from(value, 'latin1');
  const huffman = encodeHuffman(value);
  return huffman.length < plain.length
    ? Buffer.concat([integer(0x80, 7, huffman.length), huffman])
    : Buffer.concat([integer(0x00, 7, plain.length), plain]);
}
