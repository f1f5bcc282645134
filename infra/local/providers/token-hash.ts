/**
 * 64 bits of a device token in two uint32, read from the fields after a call; no allocation. Upper and
 * lower case count as the same only where asked (APNs tokens are hex).
 * Two multiplicative hashes with the finalizer of murmur3, as in cyrb53 (public domain).
 */
export class TokenHash {
  high = 0;
  low = 0;

  /** Characters `from` up to the end. `fold` is 0x20 to fold case, 0 to keep it. */
  text(text: string, from: number, fold: 0 | 0x20): void {
    let a = 0xdeadbeef;
    let b = 0x41c6ce57;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at) | fold;
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code, 0x5f356495);
    }
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
