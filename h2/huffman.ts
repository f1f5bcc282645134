/**
 * Huffman coding of header strings, RFC 7541 section 5.2 and appendix B, decoded a byte at a time. The code is canonical: codes of
 * one length count up in the order of the symbols, and each length goes on where the shorter one ended, so the lengths
 * alone are the table.
 */

/** Code length in bits of each byte value; the last one is EOS. */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];
const EOS = 256;

/** A complete prefix code: any byte string decodes until it ends in padding or EOS, so these are the only two faults. */
export class HuffmanError extends Error {
  readonly code = 'HPACK_HUFFMAN';
}

const CODES = new Uint32Array(257);
/** Per state (an inner node of the code's tree) and byte: next state | symbols << 8 | first << 10 | second << 18; or BROKEN. */
const STEPS = new Uint32Array(256 * 256);
const BROKEN = 0xffff_ffff;
/** States in which a string may end: at most seven bits of padding, all ones, which is the beginning of EOS. */
const MAY_END = new Uint8Array(256);

build();

function build(): void {
  // Children of inner nodes: a number >= 0 is an inner node, a negative one is ~symbol.
  const children: [number, number][] = [[0, 0]];
  let code = 0;
  let size = 0;
  const inOrder = LENGTHS.map((length, symbol) => ({ length, symbol })).toSorted(
    (a, b) => a.length - b.length || a.symbol - b.symbol,
  );
  for (const { length, symbol } of inOrder) {
    code <<= length - size;
    size = length;
    CODES[symbol] = code;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit -= 1) {
      const pair = pairOf(children, node);
      const side = ((code >> bit) & 1) as 0 | 1;
      if (pair[side] === 0) pair[side] = children.push([0, 0]) - 1;
      node = pair[side];
    }
    pairOf(children, node)[(code & 1) as 0 | 1] = ~symbol;
    code += 1;
  }
  for (let state = 0; state < children.length; state += 1) {
    for (let byte = 0; byte < 256; byte += 1) STEPS[state * 256 + byte] = stepOf(children, state, byte);
  }
  for (let node = 0, ones = 0; ones <= 7; ones += 1) {
    MAY_END[node] = 1;
    node = pairOf(children, node)[1];
  }
}

function pairOf(children: readonly [number, number][], node: number): [number, number] {
  const pair = children[node];
  if (pair === undefined) throw new Error('HUFFMAN_TREE: a code leads nowhere');
  return pair;
}

function stepOf(children: readonly [number, number][], from: number, byte: number): number {
  let node = from;
  const symbols: number[] = [];
  for (let bit = 7; bit >= 0; bit -= 1) {
    const next = pairOf(children, node)[((byte >> bit) & 1) as 0 | 1];
    if (next >= 0) {
      node = next;
      continue;
    }
    if (~next === EOS) return BROKEN;
    symbols.push(~next);
    node = 0;
  }
  return (node | (symbols.length << 8) | ((symbols[0] ?? 0) << 10) | ((symbols[1] ?? 0) << 18)) >>> 0;
}

/** A code is five bits at least: room for the text of a header block of 64 KiB. */
let scratch = Buffer.allocUnsafeSlow(112 * 1024);

/** Decodes `source[start, end)`; the text is Latin-1, one character a byte, as header bytes are. Throws HuffmanError. */
export function decodeHuffman(source: Uint8Array, start: number, end: number): string {
  if ((end - start) * 8 > scratch.length * 5) scratch = Buffer.allocUnsafeSlow(Math.ceil(((end - start) * 8) / 5));
  let state = 0;
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const step = STEPS[state * 256 + (source[at] ?? 0)] ?? BROKEN;
    if (step === BROKEN) throw new HuffmanError('EOS inside a header string');
    const symbols = (step >>> 8) & 3;
    if (symbols > 0) scratch[length++] = (step >>> 10) & 0xff;
    if (symbols > 1) scratch[length++] = (step >>> 18) & 0xff;
    state = step & 0xff;
  }
  if (MAY_END[state] !== 1) throw new HuffmanError('bad padding at the end of a header string');
  return scratch.toString('latin1', 0, length);
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
