import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { providersForTests } from '../../infra/local/providers/for-tests.ts';
import type { TestProviders } from '../../infra/local/providers/for-tests.ts';
import { main } from './cli.ts';
import type { Meeting } from './meet.ts';
import { plainHttp } from './servers-for-tests.ts';

let providers: TestProviders;
let env: Record<string, string>;
beforeAll(async () => {
  providers = await providersForTests();
  const { caFile, apnsKeyFile, apnsKeyId, apnsTeamId, serviceAccountFile } = providers.credentials;
  env = {
    GOBUTTON_APNS_URL: providers.apnsUrl,
    GOBUTTON_FCM_URL: providers.fcmUrl,
    GOBUTTON_FCM_TOKEN_URL: providers.tokenUrl,
    GOBUTTON_CA_FILE: caFile,
    APNS_KEY_FILE: apnsKeyFile,
    APNS_KEY_ID: apnsKeyId,
    APNS_TEAM_ID: apnsTeamId,
    GOOGLE_APPLICATION_CREDENTIALS: serviceAccountFile,
  };
});
afterAll(() => providers.stop());

async function probe(args: string[], change: Record<string, string> = {}) {
  let [out, err] = ['', ''];
  const code = await main(
    args,
    { ...env, ...change },
    {
      write: (text) => {
        out += text;
      },
    },
    {
      write: (text) => {
        err += text;
      },
    },
  );
  return { code, out, err };
}

test("the local providers are met and described, with a runbook's device or none", async () => {
  const apns = await probe(['apns', '--runbook', 'runbooks/library/superbowl.yaml']);
  expect([apns.code, apns.err]).toEqual([0, '']);
  expect(apns.out).toMatch(
    /^APNs at https:\/\/localhost:\d+ was met: it took the credential and answered\.\n\naddresses {5}127\.0\.0\.1; met 127\.0\.0\.1\nTLS {11}TLSv1\.3, .* is taken up again\n/,
  );
  expect(apns.out).toMatch(/streams {7}1 at first, 1,000 after the answer\n.*spent {9}one push/s);
  const fcm = await probe(['fcm', '--json']);
  expect(fcm.code).toBe(0);
  expect(JSON.parse(fcm.out)).toMatchObject({
    provider: 'fcm',
    finding: null,
    push: { device: 'made up', reason: 'INVALID_TOKEN' },
    spent: true,
  } satisfies Partial<Record<keyof Meeting, unknown>>);
});

test("who can't be met is named on the first line, with exit code 1, and neither token nor key is printed", async () => {
  const token = `badd00${'5'.repeat(58)}`;
  for (const json of [[], ['--json']]) {
    const { code, out, err } = await probe(['apns', '--topic', 'com.example.lingo', '--device', token, ...json]);
    expect([code, err]).toEqual([1, '']);
    expect(out).toContain('DEVICE_OF_OTHER_ENVIRONMENT');
    expect(out).not.toContain(token.slice(0, 20));
    expect(out).not.toContain('PRIVATE KEY');
  }
  expect(
    (await probe(['apns', '--topic', 'com.example.lingo'], { GOBUTTON_APNS_URL: 'https://api.sandbox.push.apple.com' }))
      .out,
  ).toMatch(
    /^APNs at https:\/\/api\.sandbox\.push\.apple\.com was not met \(WRONG_ENVIRONMENT\): .*sandbox.*\n\nspent {2}no push\n$/,
  );
});

test('it goes through the proxy of the lanes, and says no word of its password', async () => {
  const asked: string[] = [];
  const proxy = createServer()
    .on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    })
    .listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  // A lane goes to loopback without a proxy.
  const named = {
    GOBUTTON_APNS_URL: 'https://apns.test:4443',
    GOBUTTON_FCM_URL: 'https://fcm.test:4443',
    HTTPS_PROXY: `http://somebody:hunter2@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  };
  for (const args of [
    ['apns', '--topic', 'com.example.lingo'],
    ['fcm', '--json'],
  ]) {
    const { code, out, err } = await probe(args, named);
    expect([code, err]).toEqual([1, '']);
    expect(out).toContain('PROXY_REFUSES');
    expect(out).not.toContain('hunter2');
  }
  expect(asked).toEqual(['apns.test:4443', 'fcm.test:4443']);
  proxy.close();
});

test('a device that has lost the app says so, and that the provider was met', async () => {
  expect(await probe(['apns', '--topic', 'com.example.lingo', '--device', 'dead00'.padEnd(64, '5')])).toMatchObject({
    code: 1,
    out: expect.stringMatching(
      /^APNs at \S+ was met: it took the credential\. The device is another matter \(DEVICE_GONE\)/,
    ) as string,
  });
});

test('a configuration that is not usable is said by variable; of the other provider nothing is asked', async () => {
  expect(
    await probe(['apns', '--topic', 'a.b'], {
      APNS_KEY_ID: 'short',
      GOBUTTON_APNS_URL: 'https://localhost:1/3/device',
      GOOGLE_APPLICATION_CREDENTIALS: '',
    }),
  ).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(/APNS_KEY_ID: found .*short.*\n|GOBUTTON_APNS_URL: found .*without a path/) as string,
  });
  expect((await probe(['apns', '--topic', 'a.b'], { GOOGLE_APPLICATION_CREDENTIALS: '' })).code).toBe(0);
});

test.each([
  [[], 'found no provider, expected apns or fcm'],
  [['gcm'], 'found "gcm"'],
  [['apns'], '--topic: found none'],
  [['apns', 'fcm'], 'found "fcm" with lane:probe, expected no word more'],
  [['apns', '--what'], '--what'],
  [['apns', '--topic', 'a.b', '--device', 'not hex'], 'found a text of 7 characters'],
  [['fcm', '--runbook', 'a', '--launch', 'b'], 'expected one of them'],
])('a command line that is wrong is refused before anything is opened: %j', async (args, words) => {
  const before = providers.judge.launches().length;
  expect(await probe(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(words) as string });
  expect(providers.judge.launches().length).toBe(before);
});

test("a runbook that can't be used, and one without a device of the platform", async () => {
  expect(await probe(['apns', '--runbook', '/nowhere.yaml'])).toMatchObject({
    code: 1,
    err: expect.stringContaining("can't be read") as string,
  });
  const file = join(providers.dir, 'bad.yaml');
  await writeFile(file, 'version: 1\n');
  expect(await probe(['apns', '--runbook', file])).toMatchObject({
    code: 1,
    err: expect.stringContaining('bad.yaml') as string,
  });
  expect((await probe(['help'])).code).toBe(2);
  expect((await probe(['--help'])).out).toContain('npm run lane:probe -- apns|fcm');
});

test("it goes through the workers' proxy; one that refuses is named, without its password", async () => {
  const asked: string[] = [];
  const proxy = await plainHttp((socket, target) => {
    asked.push(target);
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  });
  try {
    const { code, out } = await probe(['apns', '--topic', 'a.b'], {
      HTTPS_PROXY: `http://me:hunter22@127.0.0.1:${proxy.port}`,
      NO_PROXY: '',
      GOBUTTON_APNS_URL: 'https://push.example:4443',
    });
    expect([code, asked]).toEqual([1, ['push.example:4443']]);
    expect(out).toMatch(/was not met \(PROXY_REFUSES\).*answered 407 to CONNECT/);
    expect(out).not.toContain('hunter22');
  } finally {
    await proxy.stop();
  }
});
