import { createPrivateKey, createPublicKey, type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import type { KeyRole, RecordKey } from '../../runbooks/launch/entries.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';

/** An Ed25519 key that signs entries. `key` is its public half: base64 of the SPKI DER, as records and rosters name it. */
export interface Signer { key: string; sign(text: string): string }

/** Whose key this process has, and whose it believes. */
export interface Keyring {
  /** Null: this process only reads. */
  signer: Signer | null;
  /** What a record may name. Null: nobody has said; then a record is checked against itself alone, which is enough to look and never to send. */
  trusted: TrustedKeys | null;
  /** What a launch that this process creates names. */
  named: readonly RecordKey[];
  /** Last verified head by launch: what chains up to the same hash is the same record, and its signatures need no second look. */
  verified: Map<string, { seq: number; hash: string }>;
}

export function signerOf(privateKey: KeyObject): Signer {
  return { key: publicHalf(privateKey), sign: (text) => signBytes(null, Buffer.from(text, 'utf8'), privateKey).toString('base64') };
}

export function publicHalf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
}

/** A deployment's keyring: its own key counts as trusted in its own role. */
export function keyringOf(role: KeyRole, privateKey: KeyObject, others: TrustedKeys): Keyring {
  const signer = signerOf(privateKey);
  const trusted: TrustedKeys = { ...others, [role]: [...new Set([signer.key, ...others[role]])] };
  return { signer, trusted, named: namedBy(trusted), verified: new Map() };
}

/** For who has no key of a deployment: an operator's own, or none. */
export function looseKeyring(signer: Signer | null, trusted: TrustedKeys | null): Keyring {
  return { signer, trusted, named: [], verified: new Map() };
}

function namedBy({ bot, worker }: TrustedKeys): RecordKey[] {
  return [...bot.map((key): RecordKey => ({ role: 'bot', key })), ...worker.map((key): RecordKey => ({ role: 'worker', key }))];
}

const publicKeys = new Map<string, KeyObject | null>();
const PUBLIC_KEYS_KEPT = 1_000;

/** Whether `signature` (base64) over this text is of this public key. What can't even be read proves nothing. */
export function signatureHolds(text: string, { key, signature }: { key: string; signature: string }): boolean {
  const publicKey = readPublicKey(key);
  if (publicKey === null) return false;
  try {
    return verifyBytes(null, Buffer.from(text, 'utf8'), publicKey, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

function readPublicKey(text: string): KeyObject | null {
  const known = publicKeys.get(text);
  if (known !== undefined) return known;
  const made = parsePublicKey(text);
  if (publicKeys.size >= PUBLIC_KEYS_KEPT) publicKeys.clear();
  publicKeys.set(text, made);
  return made;
}

function parsePublicKey(text: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

/** A private Ed25519 key from PEM, or from base64 of its PKCS#8 DER. Null: it is none. */
export function readPrivateKey(text: string): KeyObject | null {
  try {
    const trimmed = text.trim().replaceAll('\\n', '\n');
    const key = trimmed.startsWith('-----BEGIN') ? createPrivateKey(trimmed) : createPrivateKey({ key: Buffer.from(trimmed, 'base64'), format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

/** A public Ed25519 key as records name it: base64 of the SPKI DER, normalised. Null: it is none. */
export function readPublicHalf(text: string): string | null {
  const key = parsePublicKey(text.trim());
  return key === null ? null : key.export({ type: 'spki', format: 'der' }).toString('base64');
}
