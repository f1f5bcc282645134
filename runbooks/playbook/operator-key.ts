/**
 * An operator's public key: Ed25519, written as PEM or as base64 of its SPKI DER, and kept in one spelling (base64 with
 * padding, no line breaks), so that two spellings of a key are never two people. Pure: a public key of Ed25519 is twelve
 * constant bytes and 32 of its own (RFC 8410), so that reading one takes no cryptography.
 */

export type OperatorKeyRead = { ok: true; key: string } | { ok: false; found: string; expected: string };

/** SEQUENCE, AlgorithmIdentifier 1.3.101.112, BIT STRING of 33 bytes. */
const PREFIX = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const KEY_BYTES = 32;
const EXPECTED = 'an Ed25519 public key, as `npm run go -- keygen` prints it: base64 of its SPKI DER, or PEM';

export function readOperatorKey(text: string): OperatorKeyRead {
  const no = (found: string): OperatorKeyRead => ({ ok: false, found, expected: EXPECTED });
  if (/PRIVATE KEY/.test(text))
    return {
      ok: false,
      found: 'a private key',
      expected: 'its public half alone. This one is no secret any more: make a new one with `npm run go -- keygen`',
    };
  const pem = /^-----BEGIN PUBLIC KEY-----([\s\S]*)-----END PUBLIC KEY-----$/.exec(text.trim());
  const bytes = fromBase64((pem?.[1] ?? text).replaceAll(/\s/g, ''));
  if (bytes === null || text.trim().length < 16)
    return no(/^ssh-|^ecdsa-/.test(text.trim()) ? 'a key of SSH' : clip(JSON.stringify(text)));
  if (bytes.length !== PREFIX.length + KEY_BYTES || PREFIX.some((byte, at) => bytes[at] !== byte))
    return no(`a key of another kind or length (${bytes.length} bytes)`);
  if (isWeak(bytes.slice(PREFIX.length))) return no('a key of small order, for which anybody could sign');
  return { ok: true, key: btoa(String.fromCharCode(...bytes)) };
}

/** The one spelling of a key; what is no key stays as it is, and equals itself alone. */
export function keySpelling(text: string): string {
  const read = readOperatorKey(text);
  return read.ok ? read.key : text;
}

/** `SHA256:` and base64 of the SHA-256 over the SPKI DER, without padding: what people compare by eye. `sha256` gives hex. */
export function fingerprintOf(key: string, sha256: (bytes: Uint8Array) => string): string {
  const bytes = fromBase64(key.replaceAll(/\s/g, ''));
  if (bytes === null) return 'unreadable key';
  const hex = sha256(Uint8Array.from(bytes));
  return `SHA256:${btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)))).replace(/=+$/, '')}`;
}

function fromBase64(text: string): number[] | null {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  if (standard === '' || !/^[A-Za-z0-9+/]+$/.test(standard) || standard.length % 4 === 1) return null;
  return Array.from(atob(standard), (character) => character.charCodeAt(0));
}

/**
 * Points of order 1, 2, 4 and 8 in every encoding (little-endian y, the sign bit aside): under such a key one signature
 * fits any text.
 */
const WEAK = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

function isWeak(key: readonly number[]): boolean {
  return WEAK.has(
    key.map((byte, at) => (at === KEY_BYTES - 1 ? byte & 0x7f : byte).toString(16).padStart(2, '0')).join(''),
  );
}

const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);
