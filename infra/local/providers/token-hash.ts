/**
 * 64 bits of a device token in two int32, and what the token is made of, in one pass over its bytes and without
 * allocation: read from the fields after a call.
 * Two multiplicative hashes over words of four bytes with the finalizer of murmur3, after cyrb53 (public domain).
 */
/** Counts of four bytes, side by side in one number: what is no hex digit, what stands in no token, colons. */
const notHex = 1;
const notInTokens = 1 << 3;
const colonShift = 6;
const notHexMask = 7;
const notInTokensMask = 7 << 3;

const classes = Uint8Array.from({ length: 256 }, (_, code) => {
  const text = String.fromCharCode(code);
  // A colon stands in registration tokens.
  return (
    (/[0-9a-f]/i.test(text) ? 0 : notHex) +
    (/[\w:-]/.test(text) ? 0 : notInTokens) +
    (text === ':' ? 1 << colonShift : 0)
  );
});
/** As int32: with a number above 2³¹ the loop would calculate in floating point. */
const firstSeed = 0xdeadbeef | 0;
const secondSeed = 0x41c6ce57;

export class TokenHash {
  /** Both as int32. */
  high = 0;
  low = 0;
  /** Nothing but hex digits. */
  isHex = false;
  /** Nothing but letters, digits, `_`, `-` and `:`. */
  isPlain = false;
  colons = 0;

  /** Bytes from `from` up to `to`. `fold`: 0x20 takes upper and lower case for the same (APNs tokens are hex), 0 does not. */
  read(bytes: Uint8Array, from: number, to: number, fold: 0 | 0x20): void {
    const fold4 = fold * 0x01010101;
    let a = firstSeed ^ (to - from);
    let b = secondSeed;
    let seen = 0;
    let colons = 0;
    let at = from;
    // Four at a time: multiplications wait for one another, and are most of the time.
    for (const last = to - 4; at <= last; at += 4) {
      const first = bytes[at] as number;
      const second = bytes[at + 1] as number;
      const third = bytes[at + 2] as number;
      const fourth = bytes[at + 3] as number;
      const kinds =
        (classes[first] as number) +
        (classes[second] as number) +
        (classes[third] as number) +
        (classes[fourth] as number);
      seen |= kinds;
      colons += kinds >> colonShift;
      const code = first | (second << 8) | (third << 16) | (fourth << 24) | fold4;
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code, 0x5f356495);
      // A multiplication carries upwards only: what the high bytes say must reach the low ones.
      a ^= a >>> 15;
      b ^= b >>> 13;
    }
    for (; at < to; at += 1) {
      const byte = bytes[at] as number;
      const kind = classes[byte] as number;
      seen |= kind;
      colons += kind >> colonShift;
      a = Math.imul(a ^ (byte | fold), 0x9e3779b1);
      b = Math.imul(b ^ (byte | fold), 0x5f356495);
    }
    this.isHex = (seen & notHexMask) === 0;
    this.isPlain = (seen & notInTokensMask) === 0;
    this.colons = colons;
    this.#finish(a, b);
  }

  #finish(first: number, second: number): void {
    let a = Math.imul(first ^ (first >>> 16), 0x85ebca6b);
    a ^= Math.imul(second ^ (second >>> 13), 0xc2b2ae35);
    let b = Math.imul(second ^ (second >>> 16), 0x85ebca6b);
    b ^= Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
    this.high = b ^ (b >>> 16);
    this.low = a ^ (a >>> 16);
  }
}
