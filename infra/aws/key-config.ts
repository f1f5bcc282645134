import type { KeyRole } from '../../runbooks/launch/entries.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import { readEnvironment, secret } from '../environment.ts';
import type { ConfigProblem, Env } from '../environment.ts';
import { keyringOf, looseKeyring, readPrivateKey, readPublicHalf, signerOf } from './keyring.ts';
import type { Keyring } from './keyring.ts';

/**
 * The keys of records, from the environment. A bot has GOBUTTON_BOT_KEY and is told the workers' public halves; a worker has
 * GOBUTTON_WORKER_KEY and is told the bots'. That is what makes a record that somebody else has begun worth nothing.
 */

type Values = Readonly<Record<string, string>>;
interface Issue {
  path: string[];
  message: string;
}

const OWN_KEY = { bot: 'GOBUTTON_BOT_KEY', worker: 'GOBUTTON_WORKER_KEY' } as const;
const PUBLIC_KEYS = { bot: 'GOBUTTON_BOT_PUBLIC_KEYS', worker: 'GOBUTTON_WORKER_PUBLIC_KEYS' } as const;
const OPERATOR_KEY = 'GOBUTTON_OPERATOR_KEY';
/** What a deployment must read as secrets before `keysFrom`. */
export const KEY_SECRETS = { bot: [secret(OWN_KEY.bot)], worker: [secret(OWN_KEY.worker)] } as const;

const EXPECT = {
  own: 'an Ed25519 private key (PEM or base64 of its PKCS#8 DER), as `npm run keys` makes one',
  publics:
    'public keys (Ed25519, base64 of the SPKI DER, or PEM) with commas between them, as `npm run keys` prints them',
} as const;

/** The keyring of a deployment, or what is wrong; `values` with secrets in place (`readEnvironment`). */
export function keysFrom(
  values: Values,
  role: KeyRole,
): { ok: true; keyring: Keyring } | { ok: false; issues: Issue[] } {
  const own = ownKey(values, OWN_KEY[role]);
  const others = {
    bot: publicKeys(values, 'bot', role === 'worker'),
    worker: publicKeys(values, 'worker', role === 'bot'),
  };
  const issues = [own, others.bot, others.worker].flatMap((part) => ('issue' in part ? [part.issue] : []));
  if ('issue' in own || 'issue' in others.bot || 'issue' in others.worker) return { ok: false, issues };
  return { ok: true, keyring: keyringOf(role, own.key, { bot: others.bot.keys, worker: others.worker.keys }) };
}

/** For commands: the operator's own key if it is there, else the bot's, else none; and whom to trust if that is said. */
export function commandKeyring(env: Env): { keyring: Keyring; problems: ConfigProblem[] } {
  const { values, problemsOf } = readEnvironment(env, [secret(OPERATOR_KEY), ...KEY_SECRETS.bot]);
  const { trusted, issues } = trustIn(values);
  const isSet = (variable: string) => values[variable] !== undefined || values[`${variable}_FILE`] !== undefined;
  if (isSet(OPERATOR_KEY)) {
    const own = ownKey(values, OPERATOR_KEY);
    return 'issue' in own
      ? { keyring: looseKeyring(null, trusted), problems: problemsOf([own.issue, ...issues]) }
      : { keyring: looseKeyring(signerOf(own.key), trusted), problems: problemsOf(issues) };
  }
  if (!isSet(OWN_KEY.bot)) return { keyring: looseKeyring(null, trusted), problems: problemsOf(issues) };
  const read = keysFrom(values, 'bot');
  return read.ok
    ? { keyring: read.keyring, problems: problemsOf([]) }
    : { keyring: looseKeyring(null, null), problems: problemsOf(read.issues) };
}

/** Null: nobody has said whom to trust. */
export function trustedFrom(env: Env): { trusted: TrustedKeys | null; problems: ConfigProblem[] } {
  const { values, problemsOf } = readEnvironment(env, []);
  const { trusted, issues } = trustIn(values);
  return { trusted, problems: problemsOf(issues) };
}

function trustIn(values: Values): { trusted: TrustedKeys | null; issues: Issue[] } {
  const [bot, worker] = [publicKeys(values, 'bot', false), publicKeys(values, 'worker', false)];
  if ('issue' in bot || 'issue' in worker)
    return { trusted: null, issues: [bot, worker].flatMap((part) => ('issue' in part ? [part.issue] : [])) };
  return {
    trusted: bot.keys.length === 0 && worker.keys.length === 0 ? null : { bot: bot.keys, worker: worker.keys },
    issues: [],
  };
}

function ownKey(values: Values, variable: string) {
  const read = readPrivateKey(values[variable] ?? '');
  if (read.ok) return { key: read.key };
  return {
    issue: {
      path: [variable],
      message: `${EXPECT.own}${values[variable] === undefined ? '' : `; this is ${read.found}`}`,
    },
  };
}

/** A whole PEM, or what stands between commas and white space. */
const ONE_KEY = /-----BEGIN [^-]*-----[^-]*-----END [^-]*-----|[^\s,]+/g;

function publicKeys(values: Values, role: KeyRole, isNeeded: boolean) {
  const variable = PUBLIC_KEYS[role];
  const keys = [...(values[variable] ?? '').replaceAll('\\n', '\n').matchAll(ONE_KEY)].map(([text]) =>
    readPublicHalf(text),
  );
  const known = keys.filter((key) => key !== null);
  return known.length < keys.length || (isNeeded && keys.length === 0)
    ? { issue: { path: [variable], message: EXPECT.publics } }
    : { keys: known };
}
