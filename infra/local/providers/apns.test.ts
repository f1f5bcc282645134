import { generateKeyPairSync } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  apnsAuthorization,
  apnsBody,
  apnsHeaders,
  countsOf,
  iosToken,
  providersForTests,
  TestClient,
} from './for-tests.ts';
import type { TestAnswer, TestProviders } from './for-tests.ts';

let providers: TestProviders;
let client: TestClient;
let usual: OutgoingHttpHeaders;

beforeAll(async () => {
  providers = await providersForTests();
  client = await new TestClient(providers.apnsUrl, providers.ca).ready();
  usual = await apnsHeaders(providers);
});
afterAll(async () => {
  client.close();
  await providers.stop();
});

const push = (
  launch: string,
  token: string,
  more: OutgoingHttpHeaders = {},
  body = apnsBody(launch, 'shot-1'),
): Promise<TestAnswer> => client.post(`/3/device/${token}`, { ...usual, ...more }, body);
const reasonOf = ({ status, body }: TestAnswer): string =>
  `${status} ${body === '' ? '' : (JSON.parse(body) as { reason: string }).reason}`.trim();

describe('an accepted push', () => {
  it('is a 200 without a body that echoes the apns-id, or makes one', async () => {
    const apnsId = '123e4567-e89b-12d3-a456-426614174000';
    const echoed = await push('ids', iosToken(1), { 'apns-id': apnsId });
    expect([echoed.status, echoed.headers['apns-id'], echoed.body]).toEqual([200, apnsId, '']);
    const made = await push('ids', iosToken(2));
    expect(made.headers['apns-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect((await push('ids', iosToken(3))).headers['apns-id']).not.toBe(made.headers['apns-id']);
  });
});

describe('what the request itself has wrong', () => {
  it.each<[string, string, OutgoingHttpHeaders]>([
    ['400 MissingTopic', iosToken(1), { 'apns-topic': '' }],
    ['400 BadTopic', iosToken(1), { 'apns-topic': 'com/example' }],
    ['400 BadTopic', iosToken(17), { 'apns-topic': 'lingo' }],
    ['400 TopicDisallowed', iosToken(17), { 'apns-topic': 'com.example.lingo.voip' }],
    ['400 InvalidPushType', iosToken(1), { 'apns-push-type': 'banner' }],
    ['400 BadPriority', iosToken(1), { 'apns-priority': '7' }],
    ['400 BadPriority', iosToken(1), { 'apns-push-type': 'background', 'apns-priority': '10' }],
    ['400 BadPriority', iosToken(1), { 'apns-push-type': 'background', 'apns-priority': '' }],
    ['400 BadExpirationDate', iosToken(1), { 'apns-expiration': 'soon' }],
    ['400 BadCollapseId', iosToken(1), { 'apns-collapse-id': 'x'.repeat(65) }],
    ['400 BadMessageId', iosToken(1), { 'apns-id': 'not-a-uuid' }],
    ['400 BadDeviceToken', `${iosToken(1).slice(0, 63)}x`, {}],
    ['400 BadDeviceToken', iosToken(1).slice(0, 62), {}],
    ['400 BadDeviceToken', `${iosToken(1)}0`, {}],
    ['400 MissingDeviceToken', '', {}],
    // The body is an alert.
    ['400 InvalidPushType', iosToken(1), { 'apns-push-type': 'background', 'apns-priority': '5' }],
    ['200', iosToken(1), { 'apns-collapse-id': 'x'.repeat(64), 'apns-expiration': '0' }],
    ['200', iosToken(1, 'AB'), {}],
    ['200', 'ab'.repeat(80), {}],
  ])('%s: token %s, headers %o', async (expected, token, headers) => {
    const { 'apns-topic': topic, ...rest } = headers;
    const { 'apns-topic': _usual, ...others } = usual;
    const sent = topic === '' ? { ...others, ...rest } : { ...usual, ...headers };
    expect(reasonOf(await client.post(`/3/device/${token}`, sent, apnsBody('rules', 'shot-1')))).toBe(expected);
  });

  it.each<[string, string, object]>([
    ['200', 'background', { 'content-available': 1 }],
    ['400 InvalidPushType', 'background', { 'content-available': 1, sound: 'default' }],
    ['400 InvalidPushType', 'background', { 'content-available': 1, badge: 1 }],
    ['400 InvalidPushType', 'background', { 'content-available': 1, alert: 'Now' }],
    ['400 InvalidPushType', 'background', {}],
    ['400 InvalidPushType', 'alert', { 'content-available': 1 }],
    ['200', 'alert', { 'content-available': 1, alert: 'Now' }],
    ['200', 'alert', { badge: 0 }],
    ['200', '', { 'content-available': 1 }],
  ])('%s: the push type %s for %o', async (expected, type, aps) => {
    const { 'apns-push-type': _usual, ...rest } = usual;
    const headers = { ...rest, 'apns-priority': '5', ...(type === '' ? {} : { 'apns-push-type': type }) };
    const body = JSON.stringify({ aps, gobutton: { launch: 'types', shot: 'shot-1' } });
    expect(reasonOf(await client.post(`/3/device/${iosToken(18)}`, headers, body))).toBe(expected);
  });

  it('names a wrong method, a wrong path, an empty and a too long payload, and doubled headers', async () => {
    expect(
      reasonOf(
        await client.answerOf(client.open({ ':method': 'PUT', ':path': `/3/device/${iosToken(1)}`, ...usual }, '')),
      ),
    ).toBe('405 MethodNotAllowed');
    expect(reasonOf(await client.post('/3/devices/1', usual, ''))).toBe('404 BadPath');
    expect(reasonOf(await push('rules', iosToken(1), {}, ''))).toBe('400 PayloadEmpty');
    const fitting = JSON.stringify({ aps: { alert: '' } });
    const padded = (bytes: number): string => JSON.stringify({ aps: { alert: 'x'.repeat(bytes - fitting.length) } });
    expect(reasonOf(await push('rules', iosToken(1), {}, padded(4096)))).toBe('200');
    expect(reasonOf(await push('rules', iosToken(1), {}, padded(4097)))).toBe('413 PayloadTooLarge');
    expect(reasonOf(await push('rules', iosToken(1), {}, padded(300_000)))).toBe('413 PayloadTooLarge');
    expect(reasonOf(await push('rules', iosToken(1), { 'apns-expiration': ['1', '2'] }))).toBe('400 DuplicateHeaders');
  });

  it('refuses a topic that the key may not send to', async () => {
    providers.behaviour.topics = ['com.example.other'];
    expect(reasonOf(await push('rules', iosToken(1)))).toBe('400 TopicDisallowed');
    providers.behaviour.topics = null;
    expect(reasonOf(await push('rules', iosToken(1)))).toBe('200');
  });
});

describe('provider tokens', () => {
  const withAuthorization = async (authorization: string | undefined): Promise<string> => {
    const fresh = await new TestClient(providers.apnsUrl, providers.ca).ready();
    const { authorization: _usual, ...rest } = usual;
    const answer = await fresh.post(
      `/3/device/${iosToken(1)}`,
      authorization === undefined ? rest : { ...rest, authorization },
      apnsBody('auth', 'shot-1'),
    );
    fresh.close();
    return reasonOf(answer);
  };

  it('are judged by signature, key, team and age', async () => {
    const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    const now = Date.now();
    const headers: [string, string | undefined][] = [
      ['403 MissingProviderToken', undefined],
      ['403 InvalidProviderToken', 'bearer nonsense'],
      ['403 InvalidProviderToken', 'bearer a.b.c'],
      ['403 InvalidProviderToken', await apnsAuthorization(providers, now, { key: otherKey })],
      ['403 InvalidProviderToken', await apnsAuthorization(providers, now, { header: { kid: 'WRONGKEYID' } })],
      ['403 InvalidProviderToken', await apnsAuthorization(providers, now, { header: { alg: 'HS256' } })],
      ['403 InvalidProviderToken', await apnsAuthorization(providers, now, { claims: { iss: 'WRONGTEAMX' } })],
      ['403 InvalidProviderToken', await apnsAuthorization(providers, now, { claims: { iat: 'now' } })],
      ['403 InvalidProviderToken', await apnsAuthorization(providers, now + 3_600_000)],
      ['403 ExpiredProviderToken', await apnsAuthorization(providers, now - 3_660_000)],
      ['200', await apnsAuthorization(providers, now - 3_500_000)],
    ];
    for (const [expected, authorization] of headers) expect(await withAuthorization(authorization)).toBe(expected);
    // Only the last one was a receipt.
    expect((await countsOf(providers, 'auth')).received).toBe(1);
  });

  it('may be replaced after 20 minutes of use on a connection, not before; the one in use stays good', async () => {
    const fresh = await new TestClient(providers.apnsUrl, providers.ca).ready();
    const post = async (issuedAgoMs: number): Promise<string> =>
      reasonOf(
        await fresh.post(
          `/3/device/${iosToken(1)}`,
          { ...usual, authorization: tokens.get(issuedAgoMs) },
          apnsBody('updates', 'shot-1'),
        ),
      );
    const tokens = new Map<number, string>();
    for (const agoMs of [3000, 2000, 1000])
      tokens.set(agoMs, await apnsAuthorization(providers, Date.now() - agoMs * 10));
    expect(await post(3000)).toBe('200');
    expect(await post(2000)).toBe('429 TooManyProviderTokenUpdates');
    expect(await post(3000)).toBe('200');
    providers.behaviour.clockAheadMs = 21 * 60_000;
    expect(await post(2000)).toBe('200');
    providers.behaviour.clockAheadMs = 40 * 60_000;
    expect(await post(1000)).toBe('429 TooManyProviderTokenUpdates');
    expect(await post(2000)).toBe('200');
    providers.behaviour.clockAheadMs = 42 * 60_000;
    expect(await post(1000)).toBe('200');
    providers.behaviour.clockAheadMs = 0;
    expect((await countsOf(providers, 'updates')).received).toBe(5);
    fresh.close();
  });
});

describe('marked tokens', () => {
  it.each([
    ['dead00', '410 Unregistered'],
    ['dead0e', '410 ExpiredToken'],
    ['badd00', '400 BadDeviceToken'],
    ['42900a', '429 TooManyRequests'],
    ['50000a', '500 InternalServerError'],
    ['50300a', '503 ServiceUnavailable'],
    ['face0', '200'],
    ['DEAD00', '410 Unregistered'],
    ['dead01', '200'],
  ])('%s gets %s', async (mark, expected) => {
    expect(reasonOf(await push('marks', iosToken(5, mark)))).toBe(expected);
  });

  it('410 carries the time since when, the others do not', async () => {
    const gone = JSON.parse((await push('marks', iosToken(6, 'dead00'))).body) as { timestamp: number };
    expect(gone.timestamp).toBeLessThan(Date.now());
    expect(gone.timestamp).toBeGreaterThan(Date.now() - 1_500 * 86_400_000);
    expect(JSON.parse((await push('marks', iosToken(6, 'badd00'))).body)).toEqual({ reason: 'BadDeviceToken' });
  });

  it.each([
    ['dead00', 'Unregistered'],
    ['dead0e', 'ExpiredToken'],
  ])(
    '410 of %s says of each token the same time whenever it is asked, and of others another one, from hours to years ago',
    async (mark, reason) => {
      const since = async (number: number): Promise<number> => {
        const { body } = await push('marks', iosToken(number, mark));
        // As Apple writes it: milliseconds, and nothing else.
        expect(body).toMatch(new RegExp(`^\\{"reason":"${reason}","timestamp":\\d{13}\\}$`));
        return (JSON.parse(body) as { timestamp: number }).timestamp;
      };
      const first = await Promise.all(Array.from({ length: 16 }, (_, number) => since(number)));
      expect(await Promise.all(Array.from({ length: 16 }, (_, number) => since(number)))).toEqual(first);
      expect(new Set(first).size).toBe(7);
      expect(Math.max(...first)).toBeGreaterThan(Date.now() - 86_400_000);
      expect(Math.min(...first)).toBeLessThan(Date.now() - 365 * 86_400_000);
    },
  );

  it('51111e is received and never answered', async () => {
    // The rejected token of an earlier test left one stream, which the silent one would hold for good.
    await push('before', iosToken(7));
    const stream = client.open(
      { ':method': 'POST', ':path': `/3/device/${iosToken(7, '51111e')}`, ...usual },
      apnsBody('silent', 'shot-1'),
    );
    const answer = client.answerOf(stream);
    for (let number = 0; number < 20; number++) await push('silent', iosToken(number));
    expect(stream.closed).toBe(false);
    const counts = await countsOf(providers, 'silent');
    expect([counts.received, counts.answers]).toEqual([21, { 200: 20 }]);
    stream.close();
    expect((await answer).status).toBe(0);
  });
});

describe('limits', () => {
  it('a device that gets more than 20 pushes in a minute is answered 429, another is not', async () => {
    const answers: string[] = [];
    for (let count = 0; count < 22; count++) answers.push(reasonOf(await push('often', iosToken(900))));
    expect(answers.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => '200'));
    expect(answers.slice(20)).toEqual(['429 TooManyRequests', '429 TooManyRequests']);
    expect(reasonOf(await push('often', iosToken(901)))).toBe('200');
    expect(await countsOf(providers, 'often')).toMatchObject({ received: 23, distinctDevices: 2, duplicates: 21 });
  });

  it('above the overload rate answers are 503 or 429, as configured, until the second is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    providers.behaviour.overloadPerSecond = 5;
    const first = await Promise.all(Array.from({ length: 12 }, (_, number) => push('overload', iosToken(number))));
    providers.behaviour.overloadStatus = 429;
    const second = await push('overload', iosToken(100));
    vi.setSystemTime(Date.now() + 1_000);
    const third = await push('overload', iosToken(102));
    providers.behaviour.overloadPerSecond = 0;
    providers.behaviour.overloadStatus = 503;
    expect(first.map(reasonOf).filter((reason) => reason === '503 ServiceUnavailable')).toHaveLength(7);
    expect([second, third].map(reasonOf)).toEqual(['429 TooManyRequests', '200']);
    expect(reasonOf(await push('overload', iosToken(101)))).toBe('200');
  });

  it('answers come after the latency, in an order that its spread mixes', async () => {
    const run = async (): Promise<{ order: number[]; soonestMs: number }> => {
      const order: number[] = [];
      const times = await Promise.all(
        Array.from({ length: 30 }, async (_, number) => {
          const startMs = performance.now();
          await push('latency', iosToken(number));
          order.push(number);
          return performance.now() - startMs;
        }),
      );
      return { order, soonestMs: Math.min(...times) };
    };
    const inOrder = Array.from({ length: 30 }, (_, number) => number);
    Object.assign(providers.behaviour, { latencyMs: 60, latencySpreadMs: 0 });
    const steady = await run();
    expect(steady.order).toEqual(inOrder);
    expect(steady.soonestMs).toBeGreaterThanOrEqual(59);
    Object.assign(providers.behaviour, { latencyMs: 60, latencySpreadMs: 20 });
    const spread = await run();
    expect(spread.order).not.toEqual(inOrder);
    expect(spread.soonestMs).toBeGreaterThanOrEqual(39);
    Object.assign(providers.behaviour, { latencyMs: 0, latencySpreadMs: 0 });
  });
});
