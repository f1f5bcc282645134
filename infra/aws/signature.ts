import sodium from 'sodium-native';
import { readOperatorKey } from '../../runbooks/playbook/operator-key.ts';

/** Who has written something, as it says so itself: `key` is base64 of an Ed25519 key's SPKI DER, `signature` base64 of 64 bytes. */
export interface Proof {
  key: string;
  signature: string;
}

const publicKeys = new Map<string, Buffer | null>();
const PUBLIC_KEYS_KEPT = 1_000;

/**
 * Whether the signature over this text (UTF-8) is of this public key; what can't even be read proves nothing. By libsodium, which takes half of
 * the time that Node's own takes (`npm run bench:timeline`), and refuses keys and points of small order besides.
 */
export function signatureHolds(text: string, { key, signature }: Proof): boolean {
  const publicKey = publicKeyOf(key);
  const bytes = Buffer.from(signature, 'base64');
  return (
    publicKey !== null &&
    bytes.length === sodium.crypto_sign_BYTES &&
    sodium.crypto_sign_verify_detached(bytes, Buffer.from(text, 'utf8'), publicKey)
  );
}

/** The key's own 32 bytes, or null. */
function publicKeyOf(text: string): Buffer | null {
  const known = publicKeys.get(text);
  if (known !== undefined) return known;
  const read = readOperatorKey(text);
  const made = read.ok ? Buffer.from(read.key, 'base64').subarray(-sodium.crypto_sign_PUBLICKEYBYTES) : null;
  if (publicKeys.size >= PUBLIC_KEYS_KEPT) publicKeys.clear();
  publicKeys.set(text, made);
  return made;
}
