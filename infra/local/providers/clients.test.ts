import { execFile, spawnSync } from 'node:child_process';
import http2 from 'node:http2';
import { Agent as HttpsAgent } from 'node:https';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { readFile } from 'node:fs/promises';
import { ApnsClient, Notification } from 'apns2';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import type { App } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import { Agent, Pool, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { androidToken, apnsBody, apnsHeaders, countsOf, fcmAuthorization, iosToken, providersForTests } from './for-tests.ts';
import type { TestProviders } from './for-tests.ts';

/** Clients that nobody here wrote. */

const curlSpeaks = spawnSync('curl', ['--version']).stdout?.toString() ?? '';
/** Where there is no curl, the other clients have to do. */
const curlProtocols = curlSpeaks === '' ? [] : curlSpeaks.includes('HTTP2') ? ['--http2', '--http1.1'] : ['--http1.1'];

let providers: TestProviders;
beforeAll(async () => { providers = await providersForTests(); });
afterAll(async () => { await providers.stop(); });

describe('apns2', () => {
  let client: ApnsClient;
  beforeAll(async () => {
    client = new ApnsClient({ team: providers.credentials.apnsTeamId, keyId: providers.credentials.apnsKeyId, signingKey: await readFile(providers.credentials.apnsKeyFile, 'utf8'), defaultTopic: 'com.example.app' });
    const untouched = client.client;
    Object.assign(client, { client: new Pool(providers.apnsUrl, { allowH2: true, connections: 2, connect: { ca: providers.ca } }) });
    await untouched.destroy();
  });
  afterAll(async () => { await client.close(); });

  it('sends, one after the other and at once, and reads the reasons', async () => {
    const push = (token: string): Promise<unknown> => client.send(new Notification(token, { aps: { alert: { title: 'Hello', body: 'Now' } }, data: { gobutton: { launch: 'apns2', shot: 'shot-1' } } }));
    await push(iosToken(1));
    await expect(push(iosToken(2, 'dead00'))).rejects.toMatchObject({ reason: 'Unregistered', statusCode: 410 });
    await expect(push(iosToken(3, '50300a'))).rejects.toMatchObject({ reason: 'ServiceUnavailable', statusCode: 503 });
    await Promise.all(Array.from({ length: 200 }, (_, number) => push(iosToken(10 + number))));
    const counts = await countsOf(providers, 'apns2');
    expect(counts).toMatchObject({ received: 203, distinctDevices: 203, answers: { '200': 201, '410 Unregistered': 1, '503 ServiceUnavailable': 1 } });
  });
});

describe('firebase-admin', () => {
  let app: App;
  beforeAll(async () => {
    const authorization = await fcmAuthorization(providers);
    const agent = new HttpsAgent();
    const { port } = new URL(providers.fcmUrl);
    agent.createConnection = () => connect({ host: '127.0.0.1', port: Number(port), servername: 'localhost', ca: providers.ca, ALPNProtocols: ['http/1.1'] });
    app = initializeApp({
      projectId: 'gobutton-local', httpAgent: agent,
      credential: { getAccessToken: () => Promise.resolve({ access_token: authorization.slice('Bearer '.length), expires_in: 3600 }) },
    }, 'clients-test');
  });
  afterAll(async () => { await deleteApp(app); });

  const message = (token: string) => ({
    token, notification: { title: 'Hello', body: 'Now' }, data: { gobutton_launch: 'firebase', gobutton_shot: 'shot-1' },
    android: { priority: 'high' as const, ttl: 3_600_000, collapseKey: 'c', notification: { tag: 'c', sound: 'default' } },
  });

  it('send() goes by HTTP/1.1, and its errors have the codes of the package', async () => {
    expect(await getMessaging(app).send(message(androidToken(1)))).toMatch(/^projects\/gobutton-local\/messages\//);
    await expect(getMessaging(app).send(message(androidToken(2, 'dead00')))).rejects.toMatchObject({ code: 'messaging/registration-token-not-registered' });
    await expect(getMessaging(app).send(message(androidToken(3, 'badd00')))).rejects.toMatchObject({ code: 'messaging/invalid-argument' });
    await expect(getMessaging(app).send(message(androidToken(4, '42900a')))).rejects.toMatchObject({ code: 'messaging/message-rate-exceeded' });
    expect(await getMessaging(app).send(message(androidToken(5)), true)).toContain('fake_message_id');
    expect((await countsOf(providers, 'firebase')).received).toBe(4);
  });

  it('sendEach() goes by HTTP/2, with its odd `:scheme: https:`', async () => {
    const usual = http2.connect;
    const redirected = (_url: unknown, options: http2.SecureClientSessionOptions): http2.ClientHttp2Session => usual(providers.fcmUrl, { ...options, ca: providers.ca });
    Object.assign(http2, { connect: redirected });
    try {
      const { responses } = await getMessaging(app).sendEach(Array.from({ length: 50 }, (_, number) => message(androidToken(100 + number, number === 7 ? 'dead00' : ''))));
      expect(responses.map(({ success }) => success)).toEqual(Array.from({ length: 50 }, (_, number) => number !== 7));
      expect(responses[7]?.error?.code).toBe('messaging/registration-token-not-registered');
    } finally {
      Object.assign(http2, { connect: usual });
    }
    expect((await countsOf(providers, 'firebase')).received).toBe(54);
  });
});

describe('undici and curl', () => {
  it('undici over HTTP/2 keeps to the stream limits', async () => {
    const dispatcher = new Agent({ allowH2: true, connections: 1, connect: { ca: providers.ca } });
    const headers = await apnsHeaders(providers) as Record<string, string>;
    const push = async (number: number): Promise<number> => {
      const { statusCode, body } = await request(`${providers.apnsUrl}/3/device/${iosToken(number)}`, { method: 'POST', headers, body: apnsBody('undici', 'shot-1'), dispatcher });
      await body.dump();
      return statusCode;
    };
    expect(await push(0)).toBe(200);
    const statuses = await Promise.all(Array.from({ length: 300 }, (_, number) => push(1 + number)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await dispatcher.close();
    expect(await countsOf(providers, 'undici')).toMatchObject({ received: 301, distinctDevices: 301, duplicates: 0 });
  });

  it.each(curlProtocols)('curl %s sends to FCM', async (protocol) => {
    const { stdout } = await promisify(execFile)('curl', [
      protocol, '--silent', '--show-error', '--cacert', providers.credentials.caFile, '-H', `authorization: ${await fcmAuthorization(providers)}`, '-H', 'content-type: application/json',
      '-w', '\n%{http_code} %{http_version}', '--data', JSON.stringify({ message: { token: androidToken(1), data: { gobutton_launch: `curl${protocol}`, gobutton_shot: 's' } } }),
      `${providers.fcmUrl}/v1/projects/gobutton-local/messages:send`,
    ]);
    expect(stdout.split('\n').at(-1)).toBe(protocol === '--http2' ? '200 2' : '200 1.1');
    expect((await countsOf(providers, `curl${protocol}`)).received).toBe(1);
  });
});
