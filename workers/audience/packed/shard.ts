import { AudienceError } from '../../../contract/audience-error.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import { FCM, PLAIN, storedHash, tokenCharacters, tokenText } from './token-form.ts';
import type { TokenForm } from './token-form.ts';

/**
 * One packed file of the audience, little endian:
 *
 *   0  'GBSH'   4  version (1)   5  platform (0 ios, 1 android)   6  zero, zero
 *   8  devices n (u32)          12  bytes of all tokens (u32)
 *  16  n + 1 offsets into the tokens (u32: the upper 3 bits are the token's form, see token-form.ts)
 *      n locale indexes (u8)
 *      tokens in their stored forms
 *
 * Apple promises no size of a token (docs/facts.md#apns-device-token), and FCM's have varied too; hence offsets.
 */

const MAGIC = 0x48534247;
const VERSION = 1;
const HEADER_BYTES = 16;
const OFFSET_BITS = 29;
const OFFSET_MASK = 2 ** OFFSET_BITS - 1;
const PLATFORM_NUMBER: Record<Platform, number> = { ios: 0, android: 1 };

/** Bytes of a shard with so many devices and token bytes. */
export function shardBytes(devices: number, tokenBytes: number): number {
  return HEADER_BYTES + 4 * (devices + 1) + devices + tokenBytes;
}

export interface ShardContent {
  platform: Platform;
  devices: number;
  /** devices + 1 of them. */
  offsets: Uint32Array;
  /** Form of each token. */
  forms: Uint8Array;
  locales: Uint8Array;
  tokens: Uint8Array;
}

export function encodeShard(content: ShardContent): Buffer {
  const { devices } = content;
  const tokenBytes = content.offsets[devices] ?? 0;
  const bytes = Buffer.allocUnsafe(shardBytes(devices, tokenBytes));
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt8(VERSION, 4);
  bytes.writeUInt8(PLATFORM_NUMBER[content.platform], 5);
  bytes.writeUInt16LE(0, 6);
  bytes.writeUInt32LE(devices, 8);
  bytes.writeUInt32LE(tokenBytes, 12);
  for (let i = 0; i <= devices; i++)
    bytes.writeUInt32LE(
      (content.offsets[i] ?? 0) + (i < devices ? (content.forms[i] ?? 0) : 0) * 2 ** OFFSET_BITS,
      HEADER_BYTES + 4 * i,
    );
  const localesAt = HEADER_BYTES + 4 * (devices + 1);
  bytes.set(content.locales.subarray(0, devices), localesAt);
  bytes.set(content.tokens.subarray(0, tokenBytes), localesAt + devices);
  return bytes;
}

/** A shard in memory as it was packed: nothing is copied, tokens are cut out when asked for. */
export class Shard {
  readonly platform: Platform;
  readonly devices: number;
  /** All of it, shareable with other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #bytes: Buffer;
  readonly #localesAt: number;
  readonly #tokensAt: number;

  /** `name` is used in messages. Throws SHARD_CORRUPT where header, sizes, offsets or locales can't be right. */
  constructor(
    memory: SharedArrayBuffer,
    name: string,
    expected: { platform: Platform; devices: number; locales: number },
  ) {
    const bytes = Buffer.from(memory);
    const corrupt = (found: string, wanted: string) =>
      new AudienceError('SHARD_CORRUPT', `${name}: found ${found}, expected ${wanted}`);
    if (bytes.length < HEADER_BYTES) throw corrupt(`${bytes.length} bytes`, `at least ${HEADER_BYTES}`);
    if (bytes.readUInt32LE(0) !== MAGIC) throw corrupt('another kind of file', 'a shard (GBSH)');
    if (bytes.readUInt8(4) !== VERSION) throw corrupt(`format version ${bytes.readUInt8(4)}`, `version ${VERSION}`);
    if (bytes.readUInt8(5) !== PLATFORM_NUMBER[expected.platform])
      throw corrupt(`platform ${bytes.readUInt8(5)}`, expected.platform);
    this.devices = bytes.readUInt32LE(8);
    if (this.devices !== expected.devices)
      throw corrupt(`${this.devices} devices`, `${expected.devices} as in the manifest`);
    const size = shardBytes(this.devices, bytes.readUInt32LE(12));
    if (bytes.length !== size) throw corrupt(`${bytes.length} bytes`, `${size}`);
    this.platform = expected.platform;
    this.memory = memory;
    this.#bytes = bytes;
    this.#localesAt = HEADER_BYTES + 4 * (this.devices + 1);
    this.#tokensAt = this.#localesAt + this.devices;
    for (let i = 0; i < this.devices; i++) {
      if (this.#offset(i) >= this.#offset(i + 1)) throw corrupt(`an empty token at device ${i}`, 'offsets that go up');
      const form = this.#form(i);
      if (form !== PLAIN && (form < FCM || expected.platform === 'ios'))
        throw corrupt(`token form ${form} at device ${i}`, 'one that the platform has');
      if (this.localeAt(i) >= expected.locales)
        throw corrupt(`locale ${this.localeAt(i)} at device ${i}`, `less than ${expected.locales}`);
    }
    if (this.#offset(this.devices) !== bytes.readUInt32LE(12) || this.#offset(0) !== 0)
      throw corrupt('offsets beside the tokens', 'offsets from 0 to the end of the tokens');
  }

  get bytes(): number {
    return this.#bytes.length;
  }

  /** As the provider wants it: hex for APNs. */
  tokenAt(index: number): string {
    return tokenText(
      this.platform,
      this.#form(index),
      this.#bytes,
      this.#tokensAt + this.#offset(index),
      this.#tokensAt + this.#offset(index + 1),
    );
  }

  /** Writes the same characters at `offset` of `target`; returns how many. The caller sees to the room: 200 bytes (iOS), 4,099 (Android). */
  tokenBytes(index: number, target: Uint8Array, offset: number): number {
    return tokenCharacters(
      this.platform,
      this.#form(index),
      this.#bytes,
      this.#tokensAt + this.#offset(index),
      this.#tokensAt + this.#offset(index + 1),
      target,
      offset,
    );
  }

  localeAt(index: number): number {
    return this.#bytes[this.#localesAt + index] ?? 0;
  }

  /** The token as stored; a view, not a copy. */
  stored(index: number): { form: TokenForm; bytes: Uint8Array } {
    return {
      form: this.#form(index),
      bytes: this.#bytes.subarray(this.#tokensAt + this.#offset(index), this.#tokensAt + this.#offset(index + 1)),
    };
  }

  /** `storedHash` without making a view: asked for every device when a skip list is applied. */
  hashAt(index: number): number {
    return storedHash(
      this.#form(index),
      this.#bytes,
      this.#tokensAt + this.#offset(index),
      this.#tokensAt + this.#offset(index + 1),
    );
  }

  #offset(index: number): number {
    return this.#word(index) & OFFSET_MASK;
  }

  #form(index: number): TokenForm {
    return this.#word(index) >>> OFFSET_BITS;
  }

  #word(index: number): number {
    const at = HEADER_BYTES + 4 * index;
    const bytes = this.#bytes;
    return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  }
}
