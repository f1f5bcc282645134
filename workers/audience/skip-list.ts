import type { SkipListRef } from '../../runbooks/launch/entries.ts';
import { createHash } from 'node:crypto';
import { sha256 } from '../../infra/aws/sha256.ts';
import { AudienceError } from './errors.ts';
import { FNV_PRIME, FNV_START } from './shard.ts';

/**
 * Known-bad tokens as a packed sorted set of their hashes, big endian so that bytes sort like numbers:
 *
 *   0  'GBSK'   4  version (1), zero, zero, zero   8  tokens given (u32)   12  entries (u32)
 *  16  per entry: FNV-1a of the token's stored bytes (u32), then the first 12 bytes of their sha256
 *
 * The cheap hash tells nearly every good device apart; only where it agrees is the sha256 asked (96 bits of it:
 * a good device taken for a bad one would be a device without its push). A token that could be either hex or plain
 * ASCII has an entry for both, since a list of bad tokens doesn't say the platform.
 */
const MAGIC = 0x4742534b;
const VERSION = 1;
const HEADER_BYTES = 16;
const ENTRY_BYTES = 16;

export interface PackedSkipList { bytes: Buffer; ref: SkipListRef }

/** Empty and repeated tokens don't count. An empty list is a valid one: it takes an earlier list back. */
export function packSkipList(tokens: Iterable<string>): PackedSkipList {
  const distinct = new Set<string>();
  const entries = new Set<string>();
  for (const given of tokens) {
    const token = given.trim();
    if (token === '') continue;
    distinct.add(isHexToken(token) ? token.toLowerCase() : token);
    entries.add(entryOf(Buffer.from(token, 'utf8')).toString('latin1'));
    if (isHexToken(token)) entries.add(entryOf(Buffer.from(token, 'hex')).toString('latin1'));
  }
  const bytes = Buffer.alloc(HEADER_BYTES + entries.size * ENTRY_BYTES);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt8(VERSION, 4);
  bytes.writeUInt32BE(distinct.size, 8);
  bytes.writeUInt32BE(entries.size, 12);
  // Code units of latin1 text are the bytes, so the default order is the order of bytes.
  let at = HEADER_BYTES;
  for (const entry of [...entries].sort()) at += bytes.write(entry, at, 'latin1');
  const hash = sha256(bytes);
  return { bytes, ref: { hash, key: skipListKeyOf(hash), tokens: distinct.size } };
}

export function skipListKeyOf(hash: string): string {
  return `skip-lists/${hash}.bin`;
}

/** Looks tokens up in a packed list. */
export class SkipList {
  readonly entries: number;
  readonly #bytes: Buffer;
  /** One bit for the upper 24 bits of each entry's cheap hash. */
  readonly #filter = new Uint8Array(1 << 21);

  /** Throws SKIP_LIST_CORRUPT. */
  constructor(packed: Uint8Array) {
    const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    const corrupt = (found: string, expected: string) => new AudienceError('SKIP_LIST_CORRUPT', `skip list: found ${found}, expected ${expected}`);
    if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC) throw corrupt('another kind of file', 'a skip list (GBSK)');
    if (bytes.readUInt8(4) !== VERSION) throw corrupt(`format version ${bytes.readUInt8(4)}`, `version ${VERSION}`);
    this.entries = bytes.readUInt32BE(12);
    if (bytes.length !== HEADER_BYTES + this.entries * ENTRY_BYTES) throw corrupt(`${bytes.length} bytes`, `${HEADER_BYTES + this.entries * ENTRY_BYTES}`);
    this.#bytes = bytes;
    for (let i = 0; i < this.entries; i++) {
      const at = HEADER_BYTES + i * ENTRY_BYTES;
      if (i > 0 && bytes.compare(bytes, at, at + ENTRY_BYTES, at - ENTRY_BYTES, at) >= 0) throw corrupt(`entry ${i} out of order`, 'sorted entries');
      const bit = bytes.readUInt32BE(at) >>> 8;
      this.#filter[bit >> 3] = (this.#filter[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }

  /** False for nearly every token that is not on the list; true asks for `has`. */
  may(fnv: number): boolean {
    const bit = fnv >>> 8;
    return ((this.#filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  has(stored: Uint8Array): boolean {
    const wanted = entryOf(stored);
    let low = 0;
    let high = this.entries - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = HEADER_BYTES + middle * ENTRY_BYTES;
      const order = this.#bytes.compare(wanted, 0, ENTRY_BYTES, at, at + ENTRY_BYTES);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }
}

function entryOf(stored: Uint8Array): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  let hash = FNV_START;
  for (const byte of stored) hash = Math.imul(hash ^ byte, FNV_PRIME);
  entry.writeUInt32BE(hash >>> 0, 0);
  createHash('sha256').update(stored).digest().copy(entry, 4, 0, 12);
  return entry;
}

function isHexToken(token: string): boolean {
  return token.length >= 64 && token.length <= 200 && token.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(token);
}
