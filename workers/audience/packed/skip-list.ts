import { createHash } from 'node:crypto';
import { AudienceError } from '../../../contract/audience-error.ts';
import { skipListKeyOf } from '../../../contract/skip-list-key.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { sha256 } from '../../../infra/aws/sha256.ts';
import type { Platform, SkipListRef } from '../../../runbooks/launch/entries.ts';
import { storedHash, storeToken } from './token-form.ts';
import type { TokenForm } from './token-form.ts';

/**
 * Known-bad tokens as a packed sorted set of their hashes, big endian so that bytes sort like numbers:
 *
 *   0  'GBSK'   4  version (1), zero, zero, zero   8  tokens given (u32)   12  entries (u32)
 *  16  per entry: `storedHash` of the token in its stored form (u32), then the first 12 bytes of the sha256 over form and bytes
 *
 * The cheap hash tells nearly every good device apart; only where it agrees is the sha256 asked (96 bits of it:
 * a good device taken for a bad one would be a device without its push). A token that could be either hex or plain
 * ASCII has an entry for both, since a list of bad tokens doesn't say the platform.
 */
const MAGIC = 0x4742534b;
const VERSION = 1;
const HEADER_BYTES = 16;
const ENTRY_BYTES = 16;

export interface PackedSkipList {
  bytes: Buffer;
  ref: SkipListRef;
}

/**
 * Empty and repeated tokens don't count. An empty list is a valid one. `earlier` is a packed list whose tokens are on the new one too.
 * Throws SKIP_LIST_CORRUPT for an `earlier` that is none.
 */
export function packSkipList(tokens: Iterable<string>, earlier: Uint8Array | null = null): PackedSkipList {
  const distinct = new Set<string>();
  const before = earlier === null ? null : new SkipList(earlier);
  const entries = new Set<string>(before?.all());
  let added = 0;
  for (const given of tokens) {
    const token = given.trim();
    const name = isHexToken(token) ? token.toLowerCase() : token;
    if (token === '') continue;
    const isNew = !distinct.has(name);
    distinct.add(name);
    const known = entries.size;
    // What can't be a token on either platform is on the list without an effect.
    const isAscii = /^[A-Za-z0-9:_-]{1,4096}$/.test(token);
    if (isHexToken(token)) entries.add(entryOfToken('ios', token.toLowerCase()));
    if (isAscii) entries.add(entryOfToken('android', token));
    if (isNew && (entries.size > known || !isAscii)) added++;
  }
  const bytes = Buffer.alloc(HEADER_BYTES + entries.size * ENTRY_BYTES);
  const count = (before?.tokens ?? 0) + added;
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt8(VERSION, 4);
  bytes.writeUInt32BE(count, 8);
  bytes.writeUInt32BE(entries.size, 12);
  // Code units of latin1 text are the bytes, so the default order is the order of bytes.
  let at = HEADER_BYTES;
  for (const entry of [...entries].sort()) at += bytes.write(entry, at, 'latin1');
  const hash = sha256(bytes);
  return { bytes, ref: { hash, key: skipListKeyOf(hash), tokens: count } };
}

/**
 * The packed list that this is the hash of, and no other: whoever can write the bucket, and nothing else, must not say who gets a push.
 * Throws SKIP_LIST_CORRUPT, also where there is none.
 */
export async function readSkipList(
  objects: Objects,
  { key, hash }: Pick<SkipListRef, 'key' | 'hash'>,
): Promise<Uint8Array> {
  const packed = await objects.get(key);
  if (packed === null)
    throw new AudienceError('SKIP_LIST_CORRUPT', `${key}: found no such object, expected the skip list ${hash}`);
  const found = sha256(packed);
  if (found !== hash)
    throw new AudienceError(
      'SKIP_LIST_CORRUPT',
      `${key}: found content with the sha256 ${found}, expected ${hash}: it was changed after it was set`,
    );
  return packed;
}

/** Looks tokens up in a packed list. */
export class SkipList {
  readonly entries: number;
  /** Tokens given when it was made. */
  readonly tokens: number;
  readonly #bytes: Buffer;
  /** One bit for the upper 24 bits of each entry's cheap hash. */
  readonly #filter = new Uint8Array(1 << 21);

  /** Throws SKIP_LIST_CORRUPT. */
  constructor(packed: Uint8Array) {
    const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    const corrupt = (found: string, expected: string) =>
      new AudienceError('SKIP_LIST_CORRUPT', `skip list: found ${found}, expected ${expected}`);
    if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC)
      throw corrupt('another kind of file', 'a skip list (GBSK)');
    if (bytes.readUInt8(4) !== VERSION) throw corrupt(`format version ${bytes.readUInt8(4)}`, `version ${VERSION}`);
    this.tokens = bytes.readUInt32BE(8);
    this.entries = bytes.readUInt32BE(12);
    if (bytes.length !== HEADER_BYTES + this.entries * ENTRY_BYTES)
      throw corrupt(`${bytes.length} bytes`, `${HEADER_BYTES + this.entries * ENTRY_BYTES}`);
    this.#bytes = bytes;
    for (let i = 0; i < this.entries; i++) {
      const at = HEADER_BYTES + i * ENTRY_BYTES;
      if (i > 0 && bytes.compare(bytes, at, at + ENTRY_BYTES, at - ENTRY_BYTES, at) >= 0)
        throw corrupt(`entry ${i} out of order`, 'sorted entries');
      const bit = bytes.readUInt32BE(at) >>> 8;
      this.#filter[bit >> 3] = (this.#filter[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }

  /** Every entry, as packed. */
  *all(): Generator<string> {
    for (let at = HEADER_BYTES; at < this.#bytes.length; at += ENTRY_BYTES)
      yield this.#bytes.toString('latin1', at, at + ENTRY_BYTES);
  }

  /** How many entries of another list are not on this one. Both are sorted. */
  lacks(other: SkipList): number {
    let lacking = 0;
    let mine = 0;
    for (let theirs = 0; theirs < other.entries; theirs++) {
      const at = HEADER_BYTES + theirs * ENTRY_BYTES;
      let order = -1;
      while (mine < this.entries && (order = this.#compare(mine, other.#bytes, at)) < 0) mine++;
      if (mine === this.entries || order > 0) lacking++;
    }
    return lacking;
  }

  #compare(entry: number, other: Buffer, at: number): number {
    const mine = HEADER_BYTES + entry * ENTRY_BYTES;
    return this.#bytes.compare(other, at, at + ENTRY_BYTES, mine, mine + ENTRY_BYTES);
  }

  /** False for nearly every token that is not on the list; true asks for `has`. */
  may(fnv: number): boolean {
    const bit = fnv >>> 8;
    return ((this.#filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  has({ form, bytes }: { form: TokenForm; bytes: Uint8Array }): boolean {
    const wanted = entryOf(form, bytes);
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

const scratch = Buffer.alloc(4096 + 3);

function entryOfToken(platform: Platform, token: string): string {
  const stored = storeToken(platform, token, scratch, 0);
  return entryOf(stored & 7, scratch.subarray(0, stored >> 3)).toString('latin1');
}

function entryOf(form: TokenForm, bytes: Uint8Array): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt32BE(storedHash(form, bytes, 0, bytes.length), 0);
  createHash('sha256').update(Uint8Array.of(form)).update(bytes).digest().copy(entry, 4, 0, 12);
  return entry;
}

function isHexToken(token: string): boolean {
  return token.length >= 64 && token.length <= 200 && token.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(token);
}
