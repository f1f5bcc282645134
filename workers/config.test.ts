import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeConfigProblems } from '../infra/environment.ts';
import { KEY_ENV } from '../test/keys.ts';
import { parseConfig, parseProvider } from './config.ts';

const dir = mkdtempSync(join(tmpdir(), 'gobutton-config-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

const ACCOUNT = JSON.stringify({ project_id: 'p', client_email: 'a@b', private_key: '-----BEGIN PRIVATE KEY-----' });
const good = {
  AWS_REGION: 'us-east-1',
  GOBUTTON_BUCKET: 'gobutton',
  GOBUTTON_POOL: 'workers',
  APNS_KEY_ID: 'ABCDE12345',
  APNS_TEAM_ID: 'TEAM123456',
  APNS_KEY_FILE: file('key.p8', '-----BEGIN PRIVATE KEY-----\nx\n'),
  GOOGLE_APPLICATION_CREDENTIALS: file('account.json', ACCOUNT),
  ...KEY_ENV,
};

test('real providers, production numbers and nothing local without local addresses', () => {
  const parsed = parseConfig(good);
  if (!parsed.ok) throw new Error(describeConfigProblems(parsed.problems));
  expect(parsed.config).toMatchObject({
    launchId: null,
    connections: 60,
    primesPerDeviceHour: 3,
    ca: null,
    apns: { url: 'https://api.push.apple.com', isLocal: false },
    fcm: { url: 'https://fcm.googleapis.com', isLocal: false, tokenUrl: null },
    cloud: { endpoint: null, tablePrefix: 'gobutton' },
  });
});

test('every problem is named at once, with what was found and expected, and no secret is repeated', () => {
  const parsed = parseConfig({
    ...good,
    AWS_REGION: 'here',
    GOBUTTON_POOL: ' ',
    APNS_KEY_FILE: join(dir, 'missing.p8'),
    GOBUTTON_APNS_URL: 'http://localhost',
    GOBUTTON_CONNECTIONS: '0',
    GOBUTTON_CA_FILE: good.APNS_KEY_FILE,
  });
  expect(parsed.ok).toBe(false);
  if (parsed.ok) return;
  expect(parsed.problems.map(({ variable }) => variable).toSorted()).toEqual([
    'APNS_KEY_FILE',
    'AWS_REGION',
    'GOBUTTON_APNS_URL',
    'GOBUTTON_CA_FILE',
    'GOBUTTON_CONNECTIONS',
    'GOBUTTON_POOL',
  ]);
  expect(describeConfigProblems(parsed.problems)).toContain(
    "GOBUTTON_POOL: found nothing, expected the name of this worker's pool",
  );
});

test('keys and accounts come as values too; a broken one is named without what it holds', () => {
  const { APNS_KEY_FILE: _key, GOOGLE_APPLICATION_CREDENTIALS: _account, ...rest } = good;
  const parsed = parseConfig({ ...rest, APNS_KEY: '-----BEGIN PRIVATE KEY-----\\nx', GOOGLE_SERVICE_ACCOUNT: ACCOUNT });
  if (!parsed.ok) throw new Error(describeConfigProblems(parsed.problems));
  expect(parsed.config).toMatchObject({
    apns: { keyPem: '-----BEGIN PRIVATE KEY-----\nx' },
    fcm: { account: { projectId: 'p', clientEmail: 'a@b' } },
  });
  const broken = parseConfig({
    ...rest,
    APNS_KEY: 'hunter2',
    GOOGLE_APPLICATION_CREDENTIALS: file('half.json', '{"project_id":"p","private_key":"hunter2"}'),
  });
  if (broken.ok) throw new Error('expected problems');
  expect(describeConfigProblems(broken.problems)).toContain(
    'APNS_KEY: found a text of 7 characters (not shown), expected the APNs signing key',
  );
  expect(describeConfigProblems(broken.problems)).toContain('(bad or missing: client_email, private_key)');
  expect(describeConfigProblems(broken.problems)).not.toContain('hunter2');
});

test('a proxy is that of the usual variables, small letters first, and not for whom NO_PROXY names', () => {
  const proxies = (env: Record<string, string>) => {
    const parsed = parseConfig({ ...good, ...env });
    if (!parsed.ok) throw new Error(describeConfigProblems(parsed.problems));
    return [parsed.config.apns.proxy, parsed.config.fcm.proxy];
  };
  expect(proxies({})).toEqual([null, null]);
  expect(proxies({ HTTPS_PROXY: 'http://ann:hunter2@big.test:3128' })).toEqual(
    Array(2).fill('http://ann:hunter2@big.test:3128'),
  );
  expect(
    proxies({
      HTTPS_PROXY: 'http://big.test',
      https_proxy: 'small.test:80',
      NO_PROXY: 'apple.com,googleapis.com',
      no_proxy: '.googleapis.com',
    }),
  ).toEqual(['http://small.test:80', null]);
  expect(proxies({ HTTPS_PROXY: 'http://big.test', GOBUTTON_APNS_URL: 'https://localhost:4443' })).toEqual([
    null,
    'http://big.test',
  ]);
  expect(proxies({ HTTPS_PROXY_FILE: file('proxy.txt', 'http://ann:hunter2@filed.test') })).toEqual(
    Array(2).fill('http://ann:hunter2@filed.test'),
  );
  const wrong = parseConfig({ ...good, HTTPS_PROXY: 'socks5://ann:hunter2@big.test' });
  if (wrong.ok) throw new Error('expected problems');
  expect(describeConfigProblems(wrong.problems)).toContain(
    'HTTPS_PROXY: found a text of 29 characters (not shown), expected the address of an HTTP proxy',
  );
  const { APNS_KEY_FILE, APNS_KEY_ID, APNS_TEAM_ID } = good;
  expect(
    parseProvider({ APNS_KEY_FILE, APNS_KEY_ID, APNS_TEAM_ID, HTTPS_PROXY: 'http://big.test' }, 'apns'),
  ).toMatchObject({ ok: true, config: { apns: { proxy: 'http://big.test' } } });
});

test('one provider is read by the rules of the whole, and without the rest', () => {
  const { AWS_REGION: _, GOBUTTON_BUCKET: __, GOOGLE_APPLICATION_CREDENTIALS: account, ...apns } = good;
  expect(parseProvider(apns, 'apns')).toMatchObject({
    ok: true,
    config: { provider: 'apns', ca: null, apns: { url: 'https://api.push.apple.com', keyId: 'ABCDE12345' } },
  });
  expect(
    parseProvider({ GOOGLE_APPLICATION_CREDENTIALS: account, GOBUTTON_FCM_URL: 'https://localhost:4444' }, 'fcm'),
  ).toMatchObject({ ok: true, config: { fcm: { url: 'https://localhost:4444', account: { projectId: 'p' } } } });
  expect(parseProvider({ APNS_KEY_ID: 'short' }, 'apns')).toMatchObject({
    ok: false,
    problems: expect.arrayContaining([
      expect.objectContaining({ variable: 'APNS_KEY_ID', found: '"short"' }),
      expect.objectContaining({ variable: 'APNS_KEY' }),
    ]) as unknown[],
  });
});

test.each([
  'https://fcm.googleapis.com/fcm/send',
  'https://fcm.googleapis.com/v1/projects/other/messages:send',
  'https://localhost:4444/?x',
  'https://me@localhost',
])('%s names more than a provider, which a lane would pass over', (address) => {
  expect(parseConfig({ ...good, GOBUTTON_FCM_URL: address })).toMatchObject({
    ok: false,
    problems: [{ variable: 'GOBUTTON_FCM_URL', expected: expect.stringContaining('without a path') as string }],
  });
  expect(parseConfig({ ...good, GOBUTTON_FCM_URL: 'https://localhost:4444/' })).toMatchObject({ ok: true });
});
