/**
 * 64 bits of a device token in two uint32, and what the token is made of, in one pass over its bytes and without
 * allocation: read from the fields after a call.
 * Two multiplicative hashes with the finalizer of murmur3, as in cyrb53 (public domain).
 */
const notHex = 1;
const notInTokens = 2;

/** Of each byte: what it may not be part of. A colon stands in registration tokens. */
const classes = Uint8Array.from({ length: 256 }, (_, code) => {
  const text = String.fromCharCode(code);
  return (/[0-9a-f]/i.test(text) ? 0 : notHex) | (/[\w:-]/.test(text) ? 0 : notInTokens);
});
const colon = 0x3a;

export class TokenHash {
  high = 0;
  low = 0;
  /** Nothing but hex digits. */
  isHex = false;
  /** Nothing but letters, digits, `_`, `-` and `:`. */
  isPlain = false;
  /** Characters before the first colon, and all colons. */
  beforeColon = 0;
  colons = 0;

  /** Bytes from `from` up to `to`. `fold`: 0x20 takes upper and lower case for the same (APNs tokens are hex), 0 does not. */
  read(bytes: Uint8Array, from: number, to: number, fold: 0 | 0x20): void {
    let a = 0xdeadbeef;
    let b = 0x41c6ce57;
    let seen = 0;
    let colons = 0;
    let colonAt = from;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] as number;
      seen |= classes[byte] as number;
      if (byte === colon) {
        if (colons === 0) colonAt = at;
        colons += 1;
      }
      const code = byte | fold;
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code, 0x5f356495);
    }
    this.isHex = (seen & notHex) === 0;
    this.isPlain = (seen & notInTokens) === 0;
    this.colons = colons;
    this.beforeColon = colonAt - from;
    this.#finish(a, b);
  }

  #finish(first: number, second: number): void {
    let a = Math.imul(first ^ (first >>> 16), 0x85ebca6b);
    a ^= Math.imul(second ^ (second >>> 13), 0xc2b2ae35);
    let b = Math.imul(second ^ (second >>> 16), 0x85ebca6b);
    b ^= Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
    this.high = (b ^ (b >>> 16)) >>> 0;
    this.low = (a ^ (a >>> 16)) >>> 0;
  }
}
