import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeConfigProblems, readEnvironment } from '../environment.ts';
import { KEY_SECRETS, keysFrom } from './key-config.ts';
import { publicHalf, readPrivateKey } from './keyring.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const base64 = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
const own = publicHalf(privateKey);
const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();

test.each([
  ['PEM', pem],
  ['base64 of the DER', base64],
  ['lines that end as on Windows', pem.replaceAll('\n', '\r\n')],
  ['a byte order mark', `\uFEFF${pem}`],
  ['a blank for every line break, as consoles of secret stores paste it', pem.replaceAll('\n', ' ')],
  ['\\n for every line break', pem.replaceAll('\n', '\\n')],
  ['indented, as in YAML', pem.replaceAll(/^/gm, '    ')],
  ['what openssl prints around it', `${pem}ED25519 Private-Key:\npriv:\n    a5:b6:\n`],
  ['its public half behind it', `${pem}${publicPem}`],
])('a private key is read: %s', (_, text) => {
  const read = readPrivateKey(text);
  expect(read.ok && publicHalf(read.key)).toBe(own);
});

const other = (type: 'x25519' | 'ed448') =>
  (type === 'x25519' ? generateKeyPairSync(type) : generateKeyPairSync(type)).privateKey
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
test.each([
  [
    'a key with a passphrase',
    privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
  ],
  [
    'a key of SSH',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----',
  ],
  ['a public key', publicPem],
  ['a public key', own],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
  ['a key of another kind (x25519)', other('x25519')],
  ['a key of another kind (ed448)', other('ed448')],
  ['nothing that can be read as a key', 'swordfish'],
])('what is no private key for us is named: %s', (found, text) => {
  expect(readPrivateKey(text)).toEqual({ ok: false, found });
  const read = keysFrom({ GOBUTTON_BOT_KEY: text, GOBUTTON_WORKER_PUBLIC_KEYS: own }, 'bot');
  expect(read).toMatchObject({
    ok: false,
    issues: [{ path: ['GOBUTTON_BOT_KEY'], message: expect.stringContaining(`; this is ${found}`) as string }],
  });
});

test('public keys are read as base64 and as PEM, one line or many', () => {
  const second = publicHalf(generateKeyPairSync('ed25519').privateKey);
  for (const text of [
    `${own},${second}`,
    `${publicPem}${second}`,
    `${publicPem.replaceAll('\n', ' ')}, ${second}`,
    `${own}\n${second}\n`,
    publicPem.replaceAll('\n', '\\n') + second,
  ]) {
    const read = keysFrom({ GOBUTTON_BOT_KEY: base64, GOBUTTON_WORKER_PUBLIC_KEYS: text }, 'bot');
    expect(read.ok && read.keyring.trusted?.worker).toEqual([own, second]);
  }
});

test('a private key where a public one belongs is refused and never repeated', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gobutton-keys-'));
  await writeFile(join(dir, 'key'), pem);
  for (const text of [pem, base64, `${own},${base64}`]) {
    const { values, problemsOf } = readEnvironment(
      { GOBUTTON_BOT_KEY_FILE: join(dir, 'key'), GOBUTTON_WORKER_PUBLIC_KEYS: text },
      KEY_SECRETS.bot,
    );
    const read = keysFrom(values, 'bot');
    const said = read.ok ? '' : describeConfigProblems(problemsOf(read.issues));
    expect(said).toContain('GOBUTTON_WORKER_PUBLIC_KEYS: found a private key (not shown');
    expect(said).not.toContain(base64.slice(20, 40));
  }
  await rm(dir, { recursive: true });
});
