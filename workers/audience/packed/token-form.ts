import type { Platform } from '../../../runbooks/launch/entries.ts';

/**
 * How a device token lies in memory. Six million of them are most of what a worker holds, so hex is stored as bytes,
 * and the usual FCM token `<22>:APA91b<rest>`, whose characters are base64url, as 6 bits a character (163 characters take 117 bytes).
 * Anything else stays ASCII. The form is a number of 3 bits:
 *
 *   0      bytes of hex (iOS), ASCII (Android)
 *   4 + p  FCM: base64url of the 22 and the rest, p letters A added to fill the last group of four
 *
 * One token has exactly one stored form, so that stored forms can be compared instead of tokens.
 */
export type TokenForm = number;
export const PLAIN: TokenForm = 0;
export const FCM: TokenForm = 4;

const MIDDLE = ':APA91b';
const ID_CHARACTERS = 22;
const REST_AT = ID_CHARACTERS + MIDDLE.length;
const PADDING = ['', 'A', 'AA', 'AAA'] as const;

/**
 * Writes a valid token (lower-case hex for iOS; letters, digits, `:`, `-`, `_` for Android) at `at`: 4,096 bytes have to be free.
 * Returns the bytes written and the form as `bytes * 8 + form`, since this runs per device.
 */
export function storeToken(platform: Platform, token: string, into: Buffer, at: number): number {
  if (platform === 'ios') return into.write(token, at, 'hex') * 8 + PLAIN;
  if (token.startsWith(MIDDLE, ID_CHARACTERS)) {
    const characters = token.slice(0, ID_CHARACTERS) + token.slice(REST_AT);
    if (!characters.includes(':')) {
      const added = (4 - (characters.length % 4)) % 4;
      return into.write(characters + (PADDING[added] ?? ''), at, 'base64url') * 8 + FCM + added;
    }
  }
  return into.write(token, at, 'latin1') * 8 + PLAIN;
}

export function tokenText(platform: Platform, form: TokenForm, bytes: Buffer, start: number, end: number): string {
  if (form === PLAIN) return bytes.toString(platform === 'ios' ? 'hex' : 'latin1', start, end);
  const characters = bytes.toString('base64url', start, end);
  const added = form - FCM;
  return (
    characters.slice(0, ID_CHARACTERS) +
    MIDDLE +
    (added === 0 ? characters.slice(ID_CHARACTERS) : characters.slice(ID_CHARACTERS, -added))
  );
}

/** The same characters as bytes, without making a string. Returns how many; there has to be room for them and 3 more. */
export function tokenCharacters(
  platform: Platform,
  form: TokenForm,
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  offset: number,
): number {
  if (form === PLAIN && platform === 'android') {
    target.set(bytes.subarray(start, end), offset);
    return end - start;
  }
  let at = offset;
  if (form === PLAIN) {
    for (let from = start; from < end; from++) {
      const byte = bytes[from] ?? 0;
      target[at++] = HEX[byte >> 4] ?? 0;
      target[at++] = HEX[byte & 15] ?? 0;
    }
    return at - offset;
  }
  // Written where the rest belongs, then the id is moved to the front of the seven characters in the middle.
  at += MIDDLE.length;
  for (let from = start; from < end; from += 3) {
    const group = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    target[at++] = BASE64URL[group >> 18] ?? 0;
    target[at++] = BASE64URL[(group >> 12) & 63] ?? 0;
    target[at++] = BASE64URL[(group >> 6) & 63] ?? 0;
    target[at++] = BASE64URL[group & 63] ?? 0;
  }
  target.copyWithin(offset, offset + MIDDLE.length, offset + MIDDLE.length + ID_CHARACTERS);
  for (let i = 0; i < MIDDLE.length; i++) target[offset + ID_CHARACTERS + i] = MIDDLE_BYTES[i] ?? 0;
  return at - offset - (form - FCM);
}

const HEX = Buffer.from('0123456789abcdef', 'latin1');
const BASE64URL = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1');
const MIDDLE_BYTES = Buffer.from(MIDDLE, 'latin1');

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a (32 bits) over a stored token and its form. */
export function storedHash(form: TokenForm, bytes: Uint8Array, start: number, end: number): number {
  let hash = Math.imul(FNV_START ^ form, FNV_PRIME);
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
  return hash >>> 0;
}
