import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseProvider } from '../config.ts';
import { watchedSecrets } from './provider-secrets.ts';
import type { ProviderSecrets } from './provider-secrets.ts';

const log = pino({ level: 'silent' });
const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:superbowl/apns';
const pem = (kind: 'ec' | 'rsa'): string =>
  (kind === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
  ).privateKey
    .export({ type: 'pkcs8', format: 'pem' })
    .toString()
    .trim();
const [first, second, rsa] = [pem('ec'), pem('ec'), pem('rsa')];
const account = (change: Record<string, string> = {}): string =>
  JSON.stringify({ project_id: 'p', private_key_id: 'k1', client_email: 'a@b', private_key: rsa, ...change });

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'secrets-'));
});
afterAll(() => rm(dir, { recursive: true }));
const file = async (name: string, text: string): Promise<string> => {
  await writeFile(join(dir, name), text);
  return join(dir, name);
};

function watched(
  env: Record<string, string>,
  valueOf: (arn: string) => Promise<string> = () => Promise.reject(new Error('not asked')),
): ProviderSecrets {
  const [apns, fcm] = [parseProvider(env, 'apns'), parseProvider(env, 'fcm')];
  if (!apns.ok || apns.config.provider !== 'apns' || !fcm.ok || fcm.config.provider !== 'fcm')
    throw new Error('no config');
  return watchedSecrets({ config: { apns: apns.config.apns, fcm: fcm.config.fcm }, env, valueOf, log });
}

const given = {
  APNS_KEY: first,
  APNS_KEY_ID: 'AAAAAAAAAA',
  APNS_TEAM_ID: 'TTTTTTTTTT',
  GOOGLE_SERVICE_ACCOUNT: account(),
};

test('files that have changed are the new key, with the id beside it', async () => {
  const { APNS_KEY: _, APNS_KEY_ID: __, GOOGLE_SERVICE_ACCOUNT: ___, ...rest } = given;
  const secrets = watched({
    ...rest,
    APNS_KEY_FILE: await file('key.p8', first),
    APNS_KEY_ID_FILE: await file('key-id', 'AAAAAAAAAA\n'),
    GOOGLE_APPLICATION_CREDENTIALS: await file('account.json', account()),
  });
  await file('key.p8', second);
  await file('key-id', 'BBBBBBBBBB\n');
  await file('account.json', account({ private_key_id: 'k2' }));
  await Promise.all([secrets.apns.look(), secrets.fcm.look()]);
  expect(secrets.apns.current()).toEqual({ keyPem: second, keyId: 'BBBBBBBBBB', teamId: 'TTTTTTTTTT' });
  expect(secrets.fcm.current().keyId).toBe('k2');
  await rm(join(dir, 'key-id'));
  await secrets.apns.look();
  expect(secrets.apns.problem).toMatch(/APNS_KEY_ID_FILE: found ".*key-id" \(ENOENT\), expected a readable file/);
  expect(secrets.apns.current().keyId).toBe('BBBBBBBBBB');
});

test.each([
  [
    'no JSON',
    'hunter2',
    /a secret of 7 characters \(not shown\), expected JSON with APNS_KEY, APNS_KEY_ID, APNS_TEAM_ID/,
  ],
  [
    'a key without its id',
    JSON.stringify({ APNS_KEY: second, APNS_TEAM_ID: 'TTTTTTTTTT' }),
    /APNS_KEY_ID: found nothing, expected the ten characters/,
  ],
  [
    'a PEM that is torn',
    JSON.stringify({ ...given, APNS_KEY: '-----BEGIN PRIVATE KEY-----\nhunter2' }),
    /APNS_KEY: found a PEM that no key can be read from, expected a P-256 key/,
  ],
  ['a key of another kind', JSON.stringify({ ...given, APNS_KEY: rsa }), /expected a P-256 key/],
])('of Secrets Manager, %s is not used, with words that give nothing away', async (_, text, words) => {
  const { apns } = watched({ ...given, GOBUTTON_APNS_SECRET_ARN: ARN }, () => Promise.resolve(text));
  await apns.look();
  expect(apns.problem).toMatch(words);
  expect(apns.problem).not.toContain('hunter2');
  expect(apns.current().keyId).toBe('AAAAAAAAAA');
});

test('of Secrets Manager, the fields of a secret replace those of the start, and nothing else that it may hold', async () => {
  const asked: string[] = [];
  const next = {
    APNS_KEY: second,
    APNS_KEY_ID: 'BBBBBBBBBB',
    APNS_TEAM_ID: 'TTTTTTTTTT',
    GOBUTTON_APNS_URL: 'nonsense',
  };
  const { apns, fcm } = watched(
    { ...given, GOBUTTON_APNS_SECRET_ARN: ARN, GOBUTTON_GOOGLE_SECRET_ARN: `${ARN}-g` },
    (arn) => {
      asked.push(arn);
      return Promise.resolve(arn === ARN ? JSON.stringify(next) : account({ private_key_id: 'k2' }));
    },
  );
  await Promise.all([apns.look(), fcm.look()]);
  expect([apns.problem, apns.current().keyId, fcm.current().keyId]).toEqual([null, 'BBBBBBBBBB', 'k2']);
  expect(asked).toEqual([ARN, `${ARN}-g`]);
});

test('an account of another project is not used: the lane and the tokens are of the first one', async () => {
  const { fcm } = watched({ ...given, GOBUTTON_GOOGLE_SECRET_ARN: ARN }, () =>
    Promise.resolve(account({ project_id: 'q' })),
  );
  await fcm.look();
  expect([fcm.problem, fcm.current().projectId]).toEqual([
    'the new service account is not used, the one before stays: found an account of project "q", expected one of p: another project takes a new start',
    'p',
  ]);
});
