import { createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { KeyRole, RecordKey } from '../../runbooks/launch/entries.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import { readOperatorKey } from '../../runbooks/playbook/operator-key.ts';

/** An Ed25519 key that signs entries. `key` is its public half: base64 of the SPKI DER, as records and rosters name it. */
export interface Signer {
  key: string;
  sign(text: string): string;
}

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
  return {
    key: publicHalf(privateKey),
    sign: (text) => signBytes(null, Buffer.from(text, 'utf8'), privateKey).toString('base64'),
  };
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
  return [
    ...bot.map((key): RecordKey => ({ role: 'bot', key })),
    ...worker.map((key): RecordKey => ({ role: 'worker', key })),
  ];
}

export type PrivateKeyRead = { ok: true; key: KeyObject } | { ok: false; found: string };

/** A private Ed25519 key from PEM, or from base64 of its PKCS#8 DER. */
export function readPrivateKey(text: string): PrivateKeyRead {
  const pem = pemOf(text.replaceAll('\\n', '\n'));
  const found = pem === null ? null : (OTHER_PEMS.find(([label]) => label.test(pem.label))?.[1] ?? null);
  if (found !== null) return { ok: false, found };
  try {
    const key =
      pem !== null
        ? createPrivateKey(pem.text)
        : createPrivateKey({ key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'pkcs8' });
    return key.asymmetricKeyType === 'ed25519'
      ? { ok: true, key }
      : { ok: false, found: `a key of another kind (${key.asymmetricKeyType})` };
  } catch {
    return { ok: false, found: readPublicHalf(text) === null ? 'nothing that can be read as a key' : 'a public key' };
  }
}

const OTHER_PEMS: readonly [RegExp, string][] = [
  [/^ENCRYPTED/, 'a key with a passphrase'],
  [/^OPENSSH/, 'a key of SSH'],
  [/PUBLIC KEY$/, 'a public key'],
  [/CERTIFICATE/, 'a certificate'],
];

/** The first PEM of a text, its lines as they should be: secret stores, YAML and consoles indent them, or put a blank for every line break. */
function pemOf(text: string): { label: string; text: string } | null {
  const found = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/.exec(text);
  if (found === null) return null;
  const [, label = '', body = ''] = found;
  const lines = body.replaceAll(/\s/g, '').match(/.{1,64}/g) ?? [];
  return { label, text: `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n` };
}

/** A public Ed25519 key as records and rosters name it: base64 of the SPKI DER, normalised; read from that or from PEM. Null: it is none. */
export function readPublicHalf(text: string): string | null {
  const read = readOperatorKey(text);
  return read.ok ? read.key : null;
}
