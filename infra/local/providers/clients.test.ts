import { execFile, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { ApnsClient, Notification } from 'apns2';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import type { App } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import { Agent, Pool, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  androidToken,
  apnsBody,
  apnsHeaders,
  countsOf,
  fcmAuthorization,
  iosToken,
  providersForTests,
  TestClient,
  until,
} from './for-tests.ts';
import type { TestProviders } from './for-tests.ts';

/** Clients that nobody here wrote. What they say of their answers is held against what the providers counted; a program that is not installed is skipped by name. */

const curlSpeaks = spawnSync('curl', ['--version']).stdout?.toString() ?? '';
const noH2load = spawnSync('h2load', ['--version']).error !== undefined;

let providers: TestProviders;
beforeAll(async () => {
  providers = await providersForTests();
});
afterAll(async () => {
  await providers.stop();
});

describe('apns2', () => {
  let client: ApnsClient;
  beforeAll(async () => {
    client = new ApnsClient({
      team: providers.credentials.apnsTeamId,
      keyId: providers.credentials.apnsKeyId,
      signingKey: await readFile(providers.credentials.apnsKeyFile, 'utf8'),
      defaultTopic: 'com.example.app',
    });
    const untouched = client.client;
    Object.assign(client, {
      client: new Pool(providers.apnsUrl, { allowH2: true, connections: 2, connect: { ca: providers.ca } }),
    });
    await untouched.destroy();
  });
  afterAll(async () => {
    await client.close();
  });

  it('sends, one after the other and at once, and reads the reasons', async () => {
    const push = (token: string): Promise<unknown> =>
      client.send(
        new Notification(token, {
          aps: { alert: { title: 'Hello', body: 'Now' } },
          data: { gobutton: { launch: 'apns2', shot: 'shot-1' } },
        }),
      );
    await push(iosToken(1));
    await expect(push(iosToken(2, 'dead00'))).rejects.toMatchObject({ reason: 'Unregistered', statusCode: 410 });
    await expect(push(iosToken(3, '50300a'))).rejects.toMatchObject({ reason: 'ServiceUnavailable', statusCode: 503 });
    await Promise.all(Array.from({ length: 200 }, (_, number) => push(iosToken(10 + number))));
    const counts = await countsOf(providers, 'apns2');
    expect(counts).toMatchObject({
      received: 203,
      distinctDevices: 203,
      answers: { '200': 201, '410 Unregistered': 1, '503 ServiceUnavailable': 1 },
    });
  });
});

describe('firebase-admin', () => {
  let app: App;
  beforeAll(async () => {
    const authorization = await fcmAuthorization(providers);
    const agent = new HttpsAgent();
    const { port } = new URL(providers.fcmUrl);
    agent.createConnection = () =>
      connect({
        host: '127.0.0.1',
        port: Number(port),
        servername: 'localhost',
        ca: providers.ca,
        ALPNProtocols: ['http/1.1'],
      });
    app = initializeApp(
      {
        projectId: 'gobutton-local',
        httpAgent: agent,
        credential: {
          getAccessToken: () =>
            Promise.resolve({ access_token: authorization.slice('Bearer '.length), expires_in: 3600 }),
        },
      },
      'clients-test',
    );
  });
  afterAll(async () => {
    await deleteApp(app);
  });

  const message = (token: string) => ({
    token,
    notification: { title: 'Hello', body: 'Now' },
    data: { gobutton_launch: 'firebase', gobutton_shot: 'shot-1' },
    android: {
      priority: 'high' as const,
      ttl: 3_600_000,
      collapseKey: 'c',
      notification: { tag: 'c', sound: 'default' },
    },
  });

  it('send() goes by HTTP/1.1, and its errors have the codes of the package', async () => {
    expect(await getMessaging(app).send(message(androidToken(1)))).toMatch(/^projects\/gobutton-local\/messages\//);
    await expect(getMessaging(app).send(message(androidToken(2, 'dead00')))).rejects.toMatchObject({
      code: 'messaging/registration-token-not-registered',
    });
    await expect(getMessaging(app).send(message(androidToken(3, 'badd00')))).rejects.toMatchObject({
      code: 'messaging/invalid-argument',
    });
    await expect(getMessaging(app).send(message(androidToken(4, '42900a')))).rejects.toMatchObject({
      code: 'messaging/message-rate-exceeded',
    });
    expect(await getMessaging(app).send(message(androidToken(5)), true)).toContain('fake_message_id');
    expect((await countsOf(providers, 'firebase')).received).toBe(4);
  });

  it('sendEach() goes by HTTP/2, with its odd `:scheme: https:`', async () => {
    const usual = http2.connect;
    const redirected = (_url: unknown, options: http2.SecureClientSessionOptions): http2.ClientHttp2Session =>
      usual(providers.fcmUrl, { ...options, ca: providers.ca });
    Object.assign(http2, { connect: redirected });
    try {
      const { responses } = await getMessaging(app).sendEach(
        Array.from({ length: 50 }, (_, number) => message(androidToken(100 + number, number === 7 ? 'dead00' : ''))),
      );
      expect(responses.map(({ success }) => success)).toEqual(Array.from({ length: 50 }, (_, number) => number !== 7));
      expect(responses[7]?.error?.code).toBe('messaging/registration-token-not-registered');
    } finally {
      Object.assign(http2, { connect: usual });
    }
    expect((await countsOf(providers, 'firebase')).received).toBe(54);
  });
});

describe('undici', () => {
  it('keeps to the stream limits over HTTP/2', async () => {
    const dispatcher = new Agent({ allowH2: true, connections: 1, connect: { ca: providers.ca } });
    const headers = (await apnsHeaders(providers)) as Record<string, string>;
    const push = async (number: number): Promise<number> => {
      const { statusCode, body } = await request(`${providers.apnsUrl}/3/device/${iosToken(number)}`, {
        method: 'POST',
        headers,
        body: apnsBody('undici', 'shot-1'),
        dispatcher,
      });
      await body.dump();
      return statusCode;
    };
    expect(await push(0)).toBe(200);
    const statuses = await Promise.all(Array.from({ length: 300 }, (_, number) => push(1 + number)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await dispatcher.close();
    expect(await countsOf(providers, 'undici')).toMatchObject({ received: 301, distinctDevices: 301, duplicates: 0 });
  });
});

describe('node:http2', () => {
  it('sends to both providers at once, every device counted once and answered by its mark', async () => {
    const authorization = await fcmAuthorization(providers);
    const headers = await apnsHeaders(providers);
    const apns = await new TestClient(providers.apnsUrl, providers.ca, { peerMaxConcurrentStreams: 1 }).ready();
    const fcm = await new TestClient(providers.fcmUrl, providers.ca).ready();
    const marks = ['', '', 'dead00', '', '50300a', 'badd00', ''];
    const body = (token: string, locale: number): string =>
      JSON.stringify({
        message: {
          token,
          notification: { title: `Title ${locale}` },
          data: { gobutton_launch: 'http2', gobutton_shot: 's' },
        },
      });
    providers.behaviour.streamLimitAfterRejection = 0;
    await apns.post(`/3/device/${iosToken(0)}`, headers, apnsBody('http2', 's'));
    await until(() => apns.streamLimit === 1000, 'the limit is 1000');
    const answers = await Promise.all(
      Array.from({ length: 420 }, (_, number) => {
        const mark = marks[number % marks.length] ?? '';
        return [
          apns.post(`/3/device/${iosToken(1 + number, mark)}`, headers, apnsBody('http2', 's', `Title ${number % 5}`)),
          fcm.post(
            '/v1/projects/gobutton-local/messages:send',
            { authorization, 'content-type': 'application/json' },
            body(androidToken(number, mark), number % 5),
          ),
        ];
      }).flat(),
    );
    providers.behaviour.streamLimitAfterRejection = 1;
    apns.close();
    fcm.close();
    const statuses = (provider: number): number[] =>
      answers.filter((_, index) => index % 2 === provider).map(({ status }) => status);
    expect(statuses(0)).toEqual(
      Array.from({ length: 420 }, (_, number) => [200, 200, 410, 200, 503, 400, 200][number % 7]),
    );
    expect(statuses(1)).toEqual(
      Array.from({ length: 420 }, (_, number) => [200, 200, 404, 200, 503, 400, 200][number % 7]),
    );
    expect(await countsOf(providers, 'http2')).toMatchObject({
      byPlatform: {
        ios: { received: 421, distinctDevices: 421, duplicates: 0 },
        android: { received: 420, distinctDevices: 420, duplicates: 0 },
      },
      answers: {
        '200': 481,
        '410 Unregistered': 60,
        '404 UNREGISTERED': 60,
        '503 ServiceUnavailable': 60,
        '503 UNAVAILABLE': 60,
        '400 BadDeviceToken': 60,
        '400 INVALID_ARGUMENT': 60,
      },
    });
  });
});

describe('curl', () => {
  async function curl(...args: string[]): Promise<string> {
    return (
      await promisify(execFile)('curl', ['--silent', '--show-error', '--cacert', providers.credentials.caFile, ...args])
    ).stdout;
  }

  it.skipIf(curlSpeaks === '').each(['--http2', '--http1.1'])('%s sends to FCM', async (protocol) => {
    const isOld = protocol === '--http1.1' || !curlSpeaks.includes('HTTP2');
    const said = await curl(
      isOld ? '--http1.1' : protocol,
      '-H',
      `authorization: ${await fcmAuthorization(providers)}`,
      '-H',
      'content-type: application/json',
      '-w',
      '\n%{http_code} %{http_version}',
      '--data',
      JSON.stringify({
        message: { token: androidToken(1), data: { gobutton_launch: `curl${protocol}`, gobutton_shot: 's' } },
      }),
      `${providers.fcmUrl}/v1/projects/gobutton-local/messages:send`,
    );
    expect(said.split('\n').at(-1)).toBe(isOld ? '200 1.1' : '200 2');
    expect(JSON.parse(said.split('\n')[0] ?? '')).toEqual({
      name: expect.stringMatching(/^projects\/gobutton-local\/messages\/0:\d{16}%[0-9a-f]{16}$/) as unknown,
    });
    expect((await countsOf(providers, `curl${protocol}`)).received).toBe(1);
  });

  it.skipIf(!curlSpeaks.includes('HTTP2'))(
    '--http2 reads an apns-id, its own and a new one, and the reason of a refusal',
    async () => {
      const headers = Object.entries(await apnsHeaders(providers)).flatMap(([name, value]) => [
        '-H',
        `${name}: ${String(value)}`,
      ]);
      const own = '01234567-89ab-cdef-0123-456789abcdef';
      const send = async (token: string, ...more: string[]): Promise<string[]> => {
        const said = await curl(
          '--http2',
          '--include',
          ...headers,
          ...more,
          '--data',
          apnsBody('curl-apns', 's'),
          `${providers.apnsUrl}/3/device/${token}`,
        );
        const [head = '', body = ''] = said.split('\r\n\r\n');
        return [/^HTTP\/2 (\d+)/.exec(head)?.[1] ?? '', /^apns-id: (.*)$/m.exec(head)?.[1]?.trim() ?? '', body];
      };
      expect(await send(iosToken(1))).toEqual([
        '200',
        expect.stringMatching(/^[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}$/),
        '',
      ]);
      expect(await send(iosToken(2), '-H', `apns-id: ${own}`)).toEqual(['200', own, '']);
      expect(await send(iosToken(3, 'dead00'), '-H', `apns-id: ${own}`)).toEqual([
        '410',
        own,
        expect.stringMatching(/^{"reason":"Unregistered","timestamp":\d{13}}$/),
      ]);
      expect((await countsOf(providers, 'curl-apns')).answers).toEqual({ '200': 2, '410 Unregistered': 1 });
    },
  );
});

describe('h2load', () => {
  /** How many requests it says were done, failed, and of which class their statuses were. */
  async function h2load(...args: string[]): Promise<{ done: number; failed: number; statuses: number[] }> {
    const { stdout } = await promisify(execFile)('h2load', args);
    const requests = /(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored/.exec(stdout);
    const statuses = /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout);
    if (requests === null || statuses === null) throw new Error(`h2load said ${stdout}`);
    return { done: Number(requests[1]), failed: Number(requests[4]), statuses: statuses.slice(1).map(Number) };
  }

  it.skipIf(noH2load)(
    'sends 3,000 pushes of one device by three connections to FCM: 240 in the minute are taken, the rest is too many',
    async () => {
      const file = join(providers.dir, 'h2load-fcm.json');
      await writeFile(
        file,
        JSON.stringify({
          message: { token: androidToken(7), data: { gobutton_launch: 'h2load-fcm', gobutton_shot: 's' } },
        }),
      );
      const said = await h2load(
        '-n',
        '3000',
        '-c',
        '3',
        '-m',
        '100',
        '-t',
        '1',
        '-d',
        file,
        '-H',
        `authorization: ${await fcmAuthorization(providers)}`,
        '-H',
        'content-type: application/json',
        `${providers.fcmUrl}/v1/projects/gobutton-local/messages:send`,
      );
      expect(said).toEqual({ done: 3000, failed: 0, statuses: [240, 0, 2760, 0] });
      expect(await countsOf(providers, 'h2load-fcm')).toMatchObject({
        received: 3000,
        distinctDevices: 1,
        duplicates: 2999,
        answers: { '200': 240, '429 QUOTA_EXCEEDED': 2760 },
      });
    },
  );

  it.skipIf(noH2load)(
    'sends to 1,200 devices of APNs by one connection: each is counted once, and the unregistered ones are refused',
    async () => {
      const uris = join(providers.dir, 'h2load-uris');
      const file = join(providers.dir, 'h2load-apns.json');
      await writeFile(
        uris,
        Array.from(
          { length: 1200 },
          (_, number) => `${providers.apnsUrl}/3/device/${iosToken(number, number % 10 === 3 ? 'dead00' : '')}\n`,
        ).join(''),
      );
      await writeFile(file, apnsBody('h2load-apns', 's'));
      const headers = Object.entries(await apnsHeaders(providers)).flatMap(([name, value]) => [
        '-H',
        `${name}: ${String(value)}`,
      ]);
      // It does not wait for SETTINGS before it opens streams.
      providers.behaviour.firstStreamLimit = 100;
      const said = await h2load('-n', '1200', '-c', '1', '-m', '100', '-t', '1', '-d', file, ...headers, '-i', uris);
      providers.behaviour.firstStreamLimit = 1;
      expect(said).toEqual({ done: 1200, failed: 0, statuses: [1080, 0, 120, 0] });
      expect(await countsOf(providers, 'h2load-apns')).toMatchObject({
        received: 1200,
        distinctDevices: 1200,
        duplicates: 0,
        answers: { '200': 1080, '410 Unregistered': 120 },
      });
    },
  );
});
