import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { publicHalf, readPrivateKey } from '../../infra/aws/keyring.ts';
import type { Via } from '../../runbooks/launch/entries.ts';
import { proofText } from '../../runbooks/launch/proof.ts';
import type { ProofFields } from '../../runbooks/launch/proof.ts';
import { CliError } from './cli-error.ts';

/** An operator's Ed25519 key: proves a press when Slack is gone. The public half stands in the roster. */
export interface OperatorKey {
  privateKey: KeyObject;
  /** Base64 of the SPKI DER, as in a runbook's `operator_keys`. */ publicKey: string;
}

/** A signature holds this long: enough to type and retry, too short to be kept for another day. */
export const PROOF_LIFE_MS = 10 * 60_000;

/** Writes a new key for its owner's eyes only; refuses to replace one. Gives the public half. */
export async function writeNewKey(file: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new CliError('KEY_NOT_WRITTEN', `${file}: expected a name that is free and writable`, error);
  }
  return publicHalf(privateKey);
}

export async function readKey(file: string): Promise<OperatorKey> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CliError(
      'KEY_UNREADABLE',
      `${file}: expected a private key in PEM, as \`npm run go -- keygen\` writes it`,
      error,
    );
  });
  const read = readPrivateKey(text);
  if (!read.ok)
    throw new CliError(
      'KEY_UNREADABLE',
      `${file}: found ${read.found}, expected a private Ed25519 key in PEM, as \`npm run go -- keygen\` writes it`,
    );
  return { privateKey: read.key, publicKey: publicHalf(read.key) };
}

/** Signs exactly this: launch, order, segments, attempts, hash, time limits, with an end and a nonce of its own. */
export function proofBy(key: OperatorKey, fields: Omit<ProofFields, 'expiresAtMs' | 'nonce'>, nowMs: number): Via {
  const nonce = randomBytes(16).toString('base64url');
  const expiresAtMs = nowMs + PROOF_LIFE_MS;
  const signature = sign(
    null,
    Buffer.from(proofText({ ...fields, expiresAtMs, nonce }), 'utf8'),
    key.privateKey,
  ).toString('base64');
  return { kind: 'operator', publicKey: key.publicKey, signature, nonce, signedAtMs: nowMs, expiresAtMs };
}
