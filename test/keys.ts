import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { keyringOf, looseKeyring, publicHalf, signerOf } from '../infra/aws/keyring.ts';
import type { Keyring } from '../infra/aws/keyring.ts';

/** Keys for tests: always the same, known to everybody, worth nothing. */

/** PKCS#8 DER of an Ed25519 private key: this, then its 32 bytes (RFC 8410). */
const PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function testKey(seed: number): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PREFIX, Buffer.alloc(32, seed)]), format: 'der', type: 'pkcs8' });
}

export const BOT_KEY = testKey(1);
export const WORKER_KEY = testKey(2);

const publics = { bot: [publicHalf(BOT_KEY)], worker: [publicHalf(WORKER_KEY)] };

/** As a bot, a worker, or a person with a key of their own has it; a new one for every process that a test plays. */
export const botKeyring = (): Keyring => keyringOf('bot', BOT_KEY, publics);
export const workerKeyring = (): Keyring => keyringOf('worker', WORKER_KEY, publics);
export const personKeyring = (key: KeyObject): Keyring => looseKeyring(signerOf(key), publics);

/** As a process of its own has them in its environment. */
export const KEY_ENV: Record<string, string> = {
  GOBUTTON_BOT_KEY: BOT_KEY.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  GOBUTTON_WORKER_KEY: WORKER_KEY.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  GOBUTTON_BOT_PUBLIC_KEYS: publics.bot.join(),
  GOBUTTON_WORKER_PUBLIC_KEYS: publics.worker.join(),
};
