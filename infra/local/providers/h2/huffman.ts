/**
 * HPACK's Huffman code (RFC 7541, appendix B), decoded a byte at a time. The code is canonical, so the
 * lengths alone define it: codes of a length follow each other in the order of their symbols.
 */

/** Runs of [first symbol, lengths…]; the last one is EOS (256). */
const lengths: readonly number[] = [
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
const endOfString = 256;

/** Per state (an inner node of the code's tree) and byte: next state | symbols << 8 | first << 10 | second << 18; or `broken`. */
const steps = new Uint32Array(256 * 256);
const broken = 0xffff_ffff;
/** States in which a string may end: at most seven bits of padding, all ones. */
const mayEnd = new Uint8Array(256);

build();

function build(): void {
  // Children of inner nodes: a number >= 0 is an inner node, a negative one is ~symbol.
  const children: [number, number][] = [[0, 0]];
  let code = 0;
  let before = 0;
  const inOrder = lengths.map((length, symbol) => ({ length, symbol })).toSorted((a, b) => a.length - b.length || a.symbol - b.symbol);
  for (const { length, symbol } of inOrder) {
    code *= 2 ** (length - before);
    before = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const pair = children[node] as [number, number];
      const side = Math.floor(code / 2 ** bit) % 2 as 0 | 1;
      if (pair[side] === 0) pair[side] = children.push([0, 0]) - 1;
      node = pair[side];
    }
    (children[node] as [number, number])[code % 2 as 0 | 1] = ~symbol;
    code += 1;
  }
  for (let state = 0; state < children.length; state++) {
    for (let byte = 0; byte < 256; byte++) steps[state * 256 + byte] = stepOf(children, state, byte);
  }
  for (let node = 0, ones = 0; ones <= 7; ones++) {
    mayEnd[node] = 1;
    node = (children[node] as [number, number])[1];
  }
}

function stepOf(children: readonly [number, number][], from: number, byte: number): number {
  let node = from;
  const symbols: number[] = [];
  for (let bit = 7; bit >= 0; bit--) {
    const next = (children[node] as [number, number])[(byte >> bit) & 1 ? 1 : 0];
    if (next >= 0) {
      node = next;
    } else {
      if (~next === endOfString) return broken;
      symbols.push(~next);
      node = 0;
    }
  }
  return (node | (symbols.length << 8) | ((symbols[0] ?? 0) << 10) | ((symbols[1] ?? 0) << 18)) >>> 0;
}

const scratch = Buffer.allocUnsafe(131_072);

/** The string in bytes `from` up to `to` (at most 64 KiB), as latin1; null if it is no Huffman string. */
export function huffmanText(bytes: Uint8Array, from: number, to: number): string | null {
  let state = 0;
  let length = 0;
  for (let at = from; at < to; at++) {
    const step = steps[state * 256 + (bytes[at] as number)] as number;
    if (step === broken) return null;
    const symbols = (step >>> 8) & 3;
    if (symbols > 0) scratch[length++] = (step >>> 10) & 0xff;
    if (symbols > 1) scratch[length++] = (step >>> 18) & 0xff;
    state = step & 0xff;
  }
  return mayEnd[state] === 1 ? scratch.toString('latin1', 0, length) : null;
}
