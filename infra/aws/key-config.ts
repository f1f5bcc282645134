import { readFileSync } from 'node:fs';
import type { KeyRole } from '../../runbooks/launch/entries.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import { type Keyring, keyringOf, looseKeyring, readPrivateKey, readPublicHalf, signerOf } from './keyring.ts';

/**
 * The keys of records, from the environment. A bot has GOBUTTON_BOT_KEY and is told the workers' public halves; a worker has
 * GOBUTTON_WORKER_KEY and is told the bots'. That is what makes a record that somebody else has begun worth nothing.
 */

type Env = Readonly<Record<string, string | undefined>>;
export interface KeyProblem { variable: string; found: string; expected: string }

export const OWN_KEY = { bot: 'GOBUTTON_BOT_KEY', worker: 'GOBUTTON_WORKER_KEY' } as const;
export const PUBLIC_KEYS = { bot: 'GOBUTTON_BOT_PUBLIC_KEYS', worker: 'GOBUTTON_WORKER_PUBLIC_KEYS' } as const;

const EXPECT = {
  own: 'an Ed25519 private key (PEM or base64 of its PKCS#8 DER), or its file in the same name with _FILE; `npm run keys` makes one',
  file: 'a readable file with an Ed25519 private key in PEM; `npm run keys` makes one',
  one: 'one of the two, not both',
  publics: 'public keys (Ed25519, base64 of the SPKI DER) with commas between them, as `npm run keys` prints them',
} as const;

/** The keyring of a deployment, or every problem. */
export function keysFrom(env: Env, role: KeyRole): { ok: true; keyring: Keyring } | { ok: false; problems: KeyProblem[] } {
  const own = ownKey(env, OWN_KEY[role]);
  const others = { bot: publicKeys(env, 'bot', role === 'worker'), worker: publicKeys(env, 'worker', role === 'bot') };
  const problems = [own, others.bot, others.worker].flatMap((part) => ('problem' in part ? [part.problem] : []));
  if ('problem' in own || 'problem' in others.bot || 'problem' in others.worker) return { ok: false, problems };
  return { ok: true, keyring: keyringOf(role, own.key, { bot: others.bot.keys, worker: others.worker.keys }) };
}

const OPERATOR_KEY = 'GOBUTTON_OPERATOR_KEY';
const isGiven = (env: Env, variable: string): boolean => given(env, variable) !== undefined || given(env, `${variable}_FILE`) !== undefined;

/** For commands: the operator's own key if it is there, else the bot's, else none; and whom to trust if that is said. */
export function commandKeyring(env: Env): { keyring: Keyring; problems: KeyProblem[] } {
  if (isGiven(env, OPERATOR_KEY)) {
    const own = ownKey(env, OPERATOR_KEY);
    const { trusted, problems } = trustedFrom(env);
    if ('problem' in own) return { keyring: looseKeyring(null, trusted), problems: [own.problem, ...problems] };
    return { keyring: looseKeyring(signerOf(own.key), trusted), problems };
  }
  if (isGiven(env, OWN_KEY.bot)) {
    const read = keysFrom(env, 'bot');
    return read.ok ? { keyring: read.keyring, problems: [] } : { keyring: looseKeyring(null, null), problems: read.problems };
  }
  const { trusted, problems } = trustedFrom(env);
  return { keyring: looseKeyring(null, trusted), problems };
}

/** Null: nobody has said whom to trust. */
export function trustedFrom(env: Env): { trusted: TrustedKeys | null; problems: KeyProblem[] } {
  const [bot, worker] = [publicKeys(env, 'bot', false), publicKeys(env, 'worker', false)];
  if ('problem' in bot || 'problem' in worker) return { trusted: null, problems: [bot, worker].flatMap((part) => ('problem' in part ? [part.problem] : [])) };
  return { trusted: bot.keys.length === 0 && worker.keys.length === 0 ? null : { bot: bot.keys, worker: worker.keys }, problems: [] };
}

function ownKey(env: Env, variable: string) {
  const value = given(env, variable);
  const file = given(env, `${variable}_FILE`);
  if (value !== undefined && file !== undefined) return { problem: { variable, found: `both ${variable} and ${variable}_FILE`, expected: EXPECT.one } };
  if (value === undefined && file === undefined) return { problem: { variable, found: 'nothing', expected: EXPECT.own } };
  if (file !== undefined) {
    const key = readPrivateKey(textOf(file) ?? '');
    return key === null ? { problem: { variable: `${variable}_FILE`, found: JSON.stringify(file), expected: EXPECT.file } } : { key };
  }
  const key = readPrivateKey(value ?? '');
  return key === null ? { problem: { variable, found: `a text of ${(value ?? '').length} characters (not shown)`, expected: EXPECT.own } } : { key };
}

function publicKeys(env: Env, role: KeyRole, isNeeded: boolean) {
  const variable = PUBLIC_KEYS[role];
  const texts = (given(env, variable) ?? '').split(/[\s,]+/).filter((text) => text !== '');
  if (isNeeded && texts.length === 0) return { problem: { variable, found: 'nothing', expected: EXPECT.publics } };
  const keys: string[] = [];
  for (const text of texts) {
    const key = readPublicHalf(text);
    if (key === null) return { problem: { variable, found: JSON.stringify(text), expected: EXPECT.publics } };
    keys.push(key);
  }
  return { keys };
}

function given(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value.trim() === '' ? undefined : value;
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
