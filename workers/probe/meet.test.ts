import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { goawayFrame, settingsFrame } from '../../h2/frames.ts';
import { providersForTests } from '../../infra/local/providers/for-tests.ts';
import type { TestProviders } from '../../infra/local/providers/for-tests.ts';
import { apnsCredential } from '../credentials/apns-jwt.ts';
import type { Credential } from '../credentials/credential.ts';
import { fcmCredential } from '../credentials/fcm-oauth.ts';
import { fixedCredential } from '../credentials/fixed-for-tests.ts';
import { parseServiceAccount } from '../credentials/service-account.ts';
import type { ServiceAccount } from '../credentials/service-account.ts';
import { apnsProvider, fcmProvider } from '../lanes/provider.ts';
import { primeTemplate } from '../send/templates.ts';
import type { FindingCode } from './findings.ts';
import { meet } from './meet.ts';
import type { Meeting, MeetOptions } from './meet.ts';
import { answering, certificateFor, http1, http2, plainHttp, tcpServer, tlsServer } from './servers-for-tests.ts';
import type { BadServer, Pem } from './servers-for-tests.ts';

/* Real servers of each kind, on loopback. */

const log = pino({ level: 'silent' });
const timeouts = { connectMs: 400, settingsMs: 250, answerMs: 250 };
const PHONE = 'face0a0a'.padEnd(64, '1');
const ANDROID_PHONE = `face0StaffPhone:APA91b${'1'.repeat(134)}`;
let providers: TestProviders;
let account: ServiceAccount;
let pem: Pem;
const credentials: Credential[] = [];
const servers: BadServer[] = [];
beforeAll(async () => {
  [providers, pem] = await Promise.all([providersForTests(), certificateFor('localhost')]);
  const parsed = parseServiceAccount(await readFile(providers.credentials.serviceAccountFile, 'utf8'));
  if (!parsed.ok) throw new Error('unexpected');
  account = parsed.account;
});
afterEach(async () => {
  for (const credential of credentials.splice(0)) credential.close();
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => providers.stop());

const up = async (server: Promise<BadServer>): Promise<BadServer> => {
  servers.push(await server);
  return server;
};
const kept = (credential: Credential): Credential => {
  credentials.push(credential);
  return credential;
};
async function apnsKey(change: { teamId?: string; keyPem?: string } = {}): Promise<Credential> {
  const { apnsKeyFile, apnsKeyId, apnsTeamId } = providers.credentials;
  const key = {
    keyPem: change.keyPem ?? (await readFile(apnsKeyFile, 'utf8')),
    keyId: apnsKeyId,
    teamId: change.teamId ?? apnsTeamId,
  };
  return kept(apnsCredential({ key: () => key, log }));
}
const fcmKey = (change: { tokenUrl?: string; account?: ServiceAccount } = {}): Credential =>
  kept(
    fcmCredential({
      account: () => change.account ?? account,
      tokenUrl: change.tokenUrl ?? providers.tokenUrl,
      ca: providers.ca.toString(),
      log,
    }),
  );

const meetApns = (options: Partial<MeetOptions> = {}): Promise<Meeting> =>
  meet({
    provider: apnsProvider(),
    url: providers.apnsUrl,
    ca: providers.ca.toString(),
    credential: fixedCredential(),
    template: primeTemplate('ios', 'lane-probe', 'com.example.lingo'),
    device: null,
    timeouts,
    ...options,
  });
const meetFcm = (options: Partial<MeetOptions> = {}): Promise<Meeting> =>
  meet({
    provider: fcmProvider(account.projectId),
    url: providers.fcmUrl,
    ca: providers.ca.toString(),
    credential: fixedCredential(),
    template: primeTemplate('android', 'lane-probe', ''),
    device: null,
    timeouts,
    ...options,
  });
const meetBad = (server: BadServer, options: Partial<MeetOptions> = {}): Promise<Meeting> =>
  meetApns({ url: server.url, ca: pem.cert, ...options });
const said = (meeting: Meeting): [FindingCode | null, string] => [
  meeting.finding?.code ?? null,
  meeting.finding?.say ?? '',
];

describe('a provider that is one', () => {
  test('APNs says what it is, of a staff device and of none', async () => {
    const meeting = await meetApns({ credential: await apnsKey(), device: PHONE });
    expect(meeting).toMatchObject({
      provider: 'apns',
      finding: null,
      addresses: ['127.0.0.1'],
      spent: true,
      tls: {
        address: '127.0.0.1',
        version: 'TLSv1.3',
        cipher: expect.stringMatching(/^TLS_/) as string,
        alpn: 'h2',
        trustedBy: 'GOBUTTON_CA_FILE',
        resumes: true,
        certificate: { subject: 'localhost', issuer: 'gobutton local CA' },
      },
      http2: {
        streams: 1,
        streamsAfter: 1_000,
        obeysTable: expect.any(Boolean) as boolean,
        pingMs: expect.any(Number) as number,
      },
      push: {
        device: 'staff',
        status: 200,
        reason: '',
        follows: 'accepted',
        id: expect.stringMatching(/^[0-9A-F-]{36}$/i) as string,
      },
    });
    // The session of before is taken up, and the certificate is said all the same.
    expect(await meetApns({ credential: await apnsKey() })).toMatchObject({
      finding: null,
      push: { device: 'made up', status: 400, reason: 'BadDeviceToken' },
      http2: { streams: 1, streamsAfter: 1 },
      tls: { certificate: { subject: 'localhost' } },
    });
  });

  test('FCM too, and nothing is delivered', async () => {
    const meeting = await meetFcm({ credential: fcmKey(), device: ANDROID_PHONE });
    expect(meeting).toMatchObject({
      provider: 'fcm',
      finding: null,
      http2: { streams: 100, streamsAfter: 100 },
      push: { device: 'staff', status: 200 },
    });
    expect(await meetFcm({ credential: fcmKey() })).toMatchObject({
      finding: null,
      push: { device: 'made up', status: 400, reason: 'INVALID_TOKEN' },
    });
    expect(providers.phones.all().filter(({ platform }) => platform === 'android')).toEqual([]);
  });

  test('a staff device that the provider does not take is named, by what is wrong with it', async () => {
    const of = async (token: string) => said(await meetApns({ credential: await apnsKey(), device: token }));
    expect(await of('badd00'.padEnd(64, '1'))).toEqual([
      'DEVICE_OF_OTHER_ENVIRONMENT',
      expect.stringContaining('BadDeviceToken') as string,
    ]);
    expect((await of('dead00'.padEnd(64, '1')))[0]).toBe('DEVICE_GONE');
    expect(said(await meetFcm({ credential: fcmKey(), device: 'cut-off' }))).toEqual([
      'DEVICE_UNKNOWN',
      expect.stringContaining('not a valid FCM registration token') as string,
    ]);
  });
});

describe('a credential that is not ours', () => {
  test('the key of another team is one finding, and the connection is described all the same', async () => {
    const meeting = await meetApns({ credential: await apnsKey({ teamId: 'OTHERTEAM1' }) });
    expect(said(meeting)).toEqual([
      'KEY_REFUSED',
      expect.stringMatching(/403 InvalidProviderToken.*APNS_TEAM_ID/) as string,
    ]);
    expect(meeting).toMatchObject({
      tls: { version: 'TLSv1.3' },
      http2: { streams: 1 },
      push: { status: 403 },
      spent: true,
    });
  });

  test('a key that signs nothing, or a token endpoint that gives nothing, spends no push', async () => {
    const spoiled = await meetApns({
      credential: await apnsKey({ keyPem: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' }),
    });
    expect(spoiled).toMatchObject({ finding: { code: 'KEY_UNUSABLE' }, spent: false, http2: { streams: 1 } });
    expect(JSON.stringify(spoiled)).not.toContain('AAAA');
    const wrong = await meetFcm({ credential: fcmKey({ tokenUrl: `${providers.fcmUrl}/nothing` }) });
    expect(said(wrong)).toEqual(['TOKEN_ENDPOINT_WRONG', expect.stringContaining('404') as string]);
    expect(wrong.spent).toBe(false);
    const refused = await meetFcm({
      credential: fcmKey({ account: { ...account, clientEmail: 'someone@else.iam.gserviceaccount.com' } }),
    });
    expect(said(refused)).toEqual(['TOKEN_REFUSED', expect.stringContaining('account not found') as string]);
  });

  test('another project, and an access token that is none', async () => {
    expect(said(await meetFcm({ provider: fcmProvider('other-project'), credential: fcmKey() }))).toEqual([
      'PROJECT_REFUSED',
      expect.stringContaining('cloudmessaging.messages.create') as string,
    ]);
    expect(said(await meetFcm())).toEqual([
      'ACCOUNT_REFUSED',
      expect.stringContaining('401 UNAUTHENTICATED') as string,
    ]);
  });

  test.each([
    ['BadEnvironmentKeyIdInToken', 403, 'KEY_OF_OTHER_ENVIRONMENT'],
    ['UnrelatedKeyIdInToken', 403, 'KEY_OF_OTHER_TEAM'],
    ['ExpiredProviderToken', 403, 'CREDENTIAL_EXPIRED'],
    ['TooManyProviderTokenUpdates', 429, 'CREDENTIAL_TOO_OFTEN'],
    ['TopicDisallowed', 400, 'TOPIC_REFUSED'],
    ['ServiceUnavailable', 503, 'UNWELL'],
    ['SomethingNewOfApples', 400, 'UNKNOWN_ANSWER'],
  ])('%s', async (reason, status, code) => {
    const server = await up(answering(pem, status, JSON.stringify({ reason })));
    expect(said(await meetBad(server))).toEqual([code, expect.stringContaining(`${status} ${reason}`) as string]);
  });

  test('a project with the API switched off', async () => {
    const server = await up(
      answering(
        pem,
        403,
        JSON.stringify({
          error: {
            code: 403,
            message: 'FCM API has not been used in project 1 before or it is disabled.',
            status: 'PERMISSION_DENIED',
            details: [{ reason: 'SERVICE_DISABLED' }],
          },
        }),
      ),
    );
    expect(said(await meetFcm({ url: server.url, ca: pem.cert }))).toEqual([
      'API_DISABLED',
      expect.stringContaining('has not been used') as string,
    ]);
  });
});

describe('an address that is no provider', () => {
  test.each([
    ['apns', 'https://api.sandbox.push.apple.com', 'WRONG_ENVIRONMENT'],
    ['apns', 'https://api.development.push.apple.com:2197', 'WRONG_ENVIRONMENT'],
    ['apns', 'https://fcm.googleapis.com', 'OTHER_SERVICE'],
    ['apns', 'https://gateway.push.apple.com:2195', 'OTHER_SERVICE'],
    ['fcm', 'https://android.googleapis.com', 'OTHER_SERVICE'],
    ['fcm', 'https://api.push.apple.com', 'OTHER_SERVICE'],
  ] as const)('%s at %s is seen before anything is opened', async (provider, url, code) => {
    const meeting = await (provider === 'apns' ? meetApns({ url }) : meetFcm({ url }));
    expect(meeting).toMatchObject({ finding: { code }, addresses: [], tls: null, spent: false });
  });

  test('a name that is none, and a port where nobody is', async () => {
    expect(said(await meetApns({ url: 'https://nowhere.invalid' }))).toEqual([
      expect.stringMatching(/^(?:NAME_UNKNOWN|RESOLVER_SILENT)$/) as string,
      expect.stringContaining('nowhere.invalid') as string,
    ]);
    const server = await up(tcpServer(() => undefined));
    await server.stop();
    expect(said(await meetBad(server))).toEqual([
      'NOTHING_LISTENS',
      expect.stringContaining(`nothing listens at localhost:${server.port} (ECONNREFUSED)`) as string,
    ]);
  });

  test('plain HTTP, some other protocol, silence, and a closed door', async () => {
    const http = await up(plainHttp());
    expect(said(await meetBad(http))).toEqual(['PLAIN_HTTP', expect.stringContaining('HTTP/1.') as string]);
    expect(http.requests.filter((one) => one.startsWith('POST'))).toEqual([]);
    const ssh = await up(tcpServer((socket) => socket.write('SSH-2.0-OpenSSH_9\r\n')));
    expect(said(await meetBad(ssh))).toEqual(['NOT_TLS', expect.stringContaining('SSH-2.0') as string]);
    const silent = await up(tcpServer(() => undefined));
    expect(said(await meetBad(silent))).toEqual([
      'TLS_SILENT',
      expect.stringContaining('says nothing within 0.4 s') as string,
    ]);
    const closing = await up(tcpServer((socket) => socket.destroy()));
    expect(said(await meetBad(closing))[0]).toBe('CLOSED_IN_HANDSHAKE');
  });

  test('a proxy that refuses is named; through one that lets us, the provider is met', async () => {
    const proxyOf = async (status: number) => {
      const proxy = await plainHttp((socket, target) => {
        socket.write(`HTTP/1.1 ${status} Whatever\r\n\r\n`);
        if (status !== 200) return socket.end();
        const onward = connect(Number(target.split(':').at(-1)), '127.0.0.1');
        socket.on('close', () => onward.destroy());
        onward.on('error', () => socket.destroy());
        return socket.pipe(onward).pipe(socket);
      });
      servers.push(proxy);
      return proxy.url.replace('https:', 'http:');
    };
    const refused = await meetApns({ proxy: await proxyOf(403) });
    expect([...said(refused), refused.spent]).toEqual([
      'PROXY_REFUSES',
      expect.stringMatching(/answered 403 to CONNECT localhost:\d+/) as string,
      false,
    ]);
    expect(await meetApns({ proxy: await proxyOf(200), credential: await apnsKey() })).toMatchObject({
      finding: null,
      addresses: [],
      spent: true,
      tls: { resumes: true },
    });
  });

  test('certificates: not trusted, of another name, of the past, of the future', async () => {
    const DAY = 86_400_000;
    for (const [own, trusts, code, words] of [
      [pem, (await certificateFor('other')).cert, 'CERTIFICATE_UNTRUSTED', /localhost, by localhost/],
      [
        await certificateFor('push.example.com'),
        null,
        'CERTIFICATE_WRONG_NAME',
        /it is for push\.example\.com, by push\.example\.com/,
      ],
      [
        await certificateFor('localhost', { fromMs: Date.now() - 9 * DAY, toMs: Date.now() - 2 * DAY }),
        null,
        'CERTIFICATE_EXPIRED',
        new RegExp(`localhost, on ${new Date(Date.now() - 2 * DAY).toISOString().slice(0, 10)}`),
      ],
      [
        await certificateFor('localhost', { fromMs: Date.now() + 3 * DAY, toMs: Date.now() + 9 * DAY }),
        null,
        'CERTIFICATE_TOO_NEW',
        /localhost, from 20/,
      ],
    ] as const) {
      const server = await up(tlsServer(own, () => undefined));
      const meeting = await meetBad(server, { ca: trusts ?? own.cert });
      expect([...said(meeting), meeting.spent]).toEqual([code, expect.stringMatching(words) as string, false]);
    }
  });

  test('TLS without HTTP/2: HTTP/1.1 alone, no ALPN at all, and TLS that is too old', async () => {
    const http1Only = await up(http1(pem, ['http/1.1']));
    expect(said(await meetBad(http1Only))).toEqual(['NO_H2', expect.stringContaining('it takes http/1.1') as string]);
    const none = await up(tlsServer(pem, () => undefined, { ALPNProtocols: undefined }));
    expect(said(await meetBad(none))).toEqual(['NO_H2', expect.stringContaining('none agreed on') as string]);
    expect(http1Only.requests).toEqual([]);
    const old = await up(
      tlsServer(pem, () => undefined, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    );
    expect(said(await meetBad(old))).toEqual(['TLS_REFUSED', expect.stringContaining('protocol version') as string]);
  });

  test('HTTP/2 that is none: no SETTINGS, garbage, HTTP/1.1 in its place, an end', async () => {
    const mute = await up(tlsServer(pem, () => undefined));
    expect(said(await meetBad(mute))).toEqual(['NO_SETTINGS', expect.stringContaining('within 0.25 s') as string]);
    const garbage = await up(tlsServer(pem, (socket) => socket.write(Buffer.alloc(64, 0x5a))));
    expect(said(await meetBad(garbage))[0]).toBe('GARBAGE');
    const old = await up(tlsServer(pem, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    expect(said(await meetBad(old))[0]).toBe('GARBAGE');
    const gone = await up(tlsServer(pem, (socket) => socket.end()));
    expect(said(await meetBad(gone))[0]).toBe('CLOSED_EARLY');
    const leaving = await up(
      tlsServer(pem, (socket) =>
        socket.end(Buffer.concat([settingsFrame([]), goawayFrame(0, 0, '{"reason":"BadCertificate"}')])),
      ),
    );
    expect(said(await meetBad(leaving))).toEqual(['WENT_AWAY', expect.stringContaining('BadCertificate') as string]);
  });

  test('redirects, front ends and unknown paths: one push each, and nothing follows', async () => {
    const elsewhere = await up(answering(pem, 200, ''));
    for (const [status, headers, body, code, words] of [
      [302, { location: `${elsewhere.url}/login` }, '', 'REDIRECTS', /302, to https:\/\/localhost:\d+\/login/],
      [308, { location: elsewhere.url }, '', 'REDIRECTS', /308/],
      [
        502,
        { 'content-type': 'text/html', server: 'nginx/1.22' },
        '<html><title>502 Bad Gateway</title></html>',
        'FRONT_END',
        /502, an HTML page “502 Bad Gateway”, server nginx\/1\.22/,
      ],
      [
        403,
        { 'content-type': 'text/html' },
        '<!DOCTYPE html><title>Access denied</title>',
        'FRONT_END',
        /403, an HTML page “Access denied”/,
      ],
      // A portal that asks for a login says that all is well.
      [200, { 'content-type': 'text/html' }, '<html><title>Log in</title>', 'FRONT_END', /200, an HTML page “Log in”/],
      [404, { 'content-type': 'text/html' }, '<html><title>Error 404 (Not Found)!!1</title>', 'NOT_THERE', /404/],
      [429, { 'retry-after': '30' }, 'slow down', 'UNWELL', /429, retry after 30/],
      [418, {}, 'teapot', 'UNKNOWN_ANSWER', /418/],
    ] as const) {
      const server = await up(answering(pem, status, body, headers));
      const meeting = await meetBad(server);
      expect([...said(meeting), server.requests.length]).toEqual([code, expect.stringMatching(words) as string, 1]);
    }
    expect(elsewhere.requests).toEqual([]);
  });

  test('a push that is never answered is given up in time, and its connection with it', async () => {
    let closed = false;
    const server = await up(
      http2(
        pem,
        (stream) =>
          void stream.session?.on('close', () => {
            closed = true;
          }),
      ),
    );
    const meeting = await meetBad(server);
    expect([...said(meeting), meeting.spent, server.requests.length]).toEqual([
      'NO_ANSWER',
      expect.stringContaining('did not answer within 0.25 s') as string,
      true,
      1,
    ]);
    await expect.poll(() => closed).toBe(true);
  });

  test('a reset, and an abort', async () => {
    const server = await up(http2(pem, (stream) => stream.close(2)));
    expect(said(await meetBad(server))).toEqual(['RESET', expect.stringContaining('INTERNAL_ERROR') as string]);
    const stop = new AbortController();
    const hung = await up(http2(pem, () => stop.abort()));
    await expect(meetBad(hung, { signal: stop.signal, timeouts: { ...timeouts, answerMs: 60_000 } })).rejects.toThrow(
      'abort',
    );
  });

  test('a front end that repeats the path does not get the device into the sentence', async () => {
    const server = await up(
      answering(pem, 404, `<title>/3/device/${PHONE} not found</title>`, { 'content-type': 'text/html' }),
    );
    const meeting = await meetBad(server, { device: PHONE });
    expect(meeting.finding?.code).toBe('NOT_THERE');
    expect(JSON.stringify(meeting)).not.toContain(PHONE);
  });
});
