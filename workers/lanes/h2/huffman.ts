/**
 * Huffman coding of header strings, RFC 7541 section 5.2 and appendix B. The code is canonical: codes of
 * one length count up in the order of the symbols, and each length goes on where the shorter one ended, so
 * the lengths alone are the table.
 */

/** Code length in bits of each byte value; the last one is EOS. */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const EOS = 256;

/** A complete prefix code: any byte string decodes until it ends in padding or EOS, so these are the only two faults. */
export class HuffmanError extends Error {
  readonly code = 'HPACK_HUFFMAN';
}

const CODES = new Uint32Array(257);
/** Binary tree: two children per node; >= 0 is a node, < 0 is the symbol -(value + 1). */
const TREE = buildTree();

function buildTree(): Int32Array {
  const bySize = LENGTHS.map((length, symbol) => ({ length, symbol })).toSorted((a, b) => a.length - b.length || a.symbol - b.symbol);
  const tree: number[] = [0, 0];
  let code = 0;
  let size = 0;
  for (const { length, symbol } of bySize) {
    code <<= length - size;
    size = length;
    CODES[symbol] = code;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit -= 1) {
      const slot = node * 2 + ((code >> bit) & 1);
      if (tree[slot] === 0) {
        tree[slot] = tree.length / 2;
        tree.push(0, 0);
      }
      node = tree[slot] ?? 0;
    }
    tree[node * 2 + (code & 1)] = -(symbol + 1);
    code += 1;
  }
  return Int32Array.from(tree);
}

/** Decodes `source[start, end)`; the text is Latin-1, one character a byte, as header bytes are. */
export function decodeHuffman(source: Uint8Array, start: number, end: number): string {
  let text = '';
  let node = 0;
  let padding = 0;
  let ones = true;
  for (let at = start; at < end; at += 1) {
    const byte = source[at] ?? 0;
    for (let bit = 7; bit >= 0; bit -= 1) {
      const next = TREE[node * 2 + ((byte >> bit) & 1)] ?? 0;
      padding += 1;
      ones &&= ((byte >> bit) & 1) === 1;
      if (next >= 0) {
        node = next;
        continue;
      }
      if (-next - 1 === EOS) throw new HuffmanError('EOS inside a header string');
      text += String.fromCharCode(-next - 1);
      node = 0;
      padding = 0;
      ones = true;
    }
  }
  // Padding is the beginning of EOS: fewer than 8 bits, all ones.
  if (padding > 7 || !ones) throw new HuffmanError('bad padding at the end of a header string');
  return text;
}

/** Encodes bytes; used by tests and where a shorter request pays. */
export function encodeHuffman(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0n;
  let count = 0n;
  for (const byte of Buffer.from(text, 'latin1')) {
    const length = BigInt(LENGTHS[byte] ?? 0);
    bits = (bits << length) | BigInt(CODES[byte] ?? 0);
    count += length;
    while (count >= 8n) {
      bytes.push(Number((bits >> (count - 8n)) & 0xffn));
      count -= 8n;
      bits &= (1n << count) - 1n;
    }
  }
  if (count > 0n) bytes.push(Number(((bits << (8n - count)) | (0xffn >> count)) & 0xffn));
  return Buffer.from(bytes);
}
