import type { OutgoingHttpHeaders } from 'node:http2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { behaviourChange } from './behaviour.ts';
import type { BehaviourInput } from './behaviour.ts';
import {
  androidToken,
  apnsBody,
  apnsHeaders,
  become as changeTo,
  becomeUsual,
  countsOf,
  fcmAuthorization,
  iosToken,
  providersForTests,
  TestClient,
  until,
} from './for-tests.ts';
import type { TestAnswer, TestProviders } from './for-tests.ts';

let providers: TestProviders;
let usual: OutgoingHttpHeaders;
let bearer: string;
let clients: TestClient[] = [];

beforeAll(async () => {
  providers = await providersForTests({ addresses: ['127.0.0.1', '127.0.0.2'] });
  usual = await apnsHeaders(providers);
  bearer = await fcmAuthorization(providers);
});
afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  becomeUsual(providers);
  await fetch(`${providers.controlUrl}/reset`, { method: 'POST' });
});
afterAll(async () => {
  await providers.stop();
});

const become = (change: BehaviourInput): void => {
  changeTo(providers, change);
};

async function client(url = providers.apnsUrl): Promise<TestClient> {
  const made = new TestClient(url, providers.ca, { peerMaxConcurrentStreams: 1, servername: 'localhost' });
  clients.push(made);
  return made.ready();
}

const push = (by: TestClient, launch: string, token = iosToken(1)): Promise<TestAnswer> =>
  by.post(`/3/device/${token}`, usual, apnsBody(launch, 'shot-1'));
const message = (launch: string, token = androidToken(1)): string =>
  JSON.stringify({
    message: {
      token,
      notification: { title: 'Hello', body: 'Now' },
      data: { gobutton_launch: launch, gobutton_shot: 'shot-1' },
    },
  });
const send = (by: TestClient, launch: string, token?: string): Promise<TestAnswer> =>
  by.post(
    '/v1/projects/gobutton-local/messages:send',
    { authorization: bearer, 'content-type': 'application/json' },
    message(launch, token),
  );
const openings = (provider: 'apns' | 'fcm'): number => providers.connections(provider).at(-1)?.number ?? 0;

/** What came of it, in a word: status and reason, title of a page, error of the stream. */
function wordOf({ status, body, error }: TestAnswer): string {
  if (status === 0) return error ?? 'nothing';
  const word =
    /"errorCode":"(\w+)"/.exec(body)?.[1] ??
    /"status":"(\w+)"/.exec(body)?.[1] ??
    /"reason":"(\w+)"/.exec(body)?.[1] ??
    /<title>(.*)<\/title>/.exec(body)?.[1];
  return word === undefined ? String(status) : `${status} ${word}`;
}

describe('a sick connection', () => {
  it('is one of every so many by order of acceptance; the others are healthy, and what it took is counted for it alone', async () => {
    const before = openings('apns');
    const four = [await client(), await client(), await client(), await client()];
    become({ sick: { every: 4, how: '503', retryAfterSeconds: 7 } });
    const answers = await Promise.all(four.map((one, at) => push(one, 'sick', iosToken(at))));
    expect(answers.map(wordOf).filter((word) => word === '200')).toHaveLength(3);
    const sickAt = answers.findIndex(({ status }) => status !== 200);
    expect(wordOf(answers[sickAt] as TestAnswer)).toBe('503 ServiceUnavailable');
    expect(answers[sickAt]?.headers['retry-after']).toBe('7');
    for (let more = 0; more < 4; more++) await push(four[sickAt] as TestClient, 'sick', iosToken(more));
    const records = providers.connections('apns').filter(({ number }) => number > before);
    expect(records.map(({ number, requests, sickRequests }) => [number % 4 === 0, requests, sickRequests])).toEqual(
      records.map(({ number }) => (number % 4 === 0 ? [true, 5, 5] : [false, 1, 0])),
    );
    expect(await countsOf(providers, 'sick')).toMatchObject({ received: 3 });
    expect(providers.state().apns).toMatchObject({ sick: 5, storm: 0, refusals: { '503 ServiceUnavailable': 5 } });
  });

  it('falls ill after so many requests in health, answers without the latency, and recovers when it is told to', async () => {
    become({ latencyMs: 5, sick: { how: '429', afterRequests: 2 } });
    const one = await client();
    expect((await Promise.all([push(one, 'later'), push(one, 'later')])).map(wordOf)).toEqual(['200', '200']);
    // As long as a test may take.
    become({ latencyMs: 60_000 });
    expect(wordOf(await push(one, 'later'))).toBe('429 TooManyRequests');
    become({ latencyMs: 0, sick: null });
    expect(wordOf(await push(one, 'later'))).toBe('200');
  });

  it('may be the node behind one address', async () => {
    become({ sick: { how: 'html502', address: '127.0.0.2' } });
    const [first, second] = [
      await client(providers.apnsUrl.replace('localhost', '127.0.0.1')),
      await client(providers.apnsUrl.replace('localhost', '127.0.0.2')),
    ];
    expect([wordOf(await push(first, 'address')), wordOf(await push(second, 'address'))]).toEqual([
      '200',
      '502 502 Bad Gateway',
    ]);
    expect(
      providers
        .connections('apns')
        .slice(-2)
        .map(({ address }) => address),
    ).toEqual(['127.0.0.1', '127.0.0.2']);
  });

  it('silent: takes requests, answers none of them, and still answers PING; mute: nor that', async () => {
    become({ sick: { how: 'silent', delivered: true } });
    const one = await client(providers.fcmUrl);
    let answered = 0;
    for (let at = 0; at < 5; at++)
      void send(one, 'silent', androidToken(at)).then(() => {
        answered += 1;
      });
    await until(() => providers.connections('fcm').at(-1)?.sickRequests === 5, 'all are taken');
    let pongs = 0;
    one.session.ping(() => {
      pongs += 1;
    });
    await until(() => pongs === 1, 'a PING is answered');
    become({ sick: { how: 'mute', delivered: true } });
    one.session.ping(() => {
      pongs += 1;
    });
    await until(() => providers.connections('fcm').at(-1)?.pings === 2, 'a second PING came');
    // What is written later on another connection has come and gone meanwhile.
    await fetch(`${providers.controlUrl}/config`);
    expect([answered, pongs]).toEqual([0, 1]);
    expect(await countsOf(providers, 'silent')).toMatchObject({ received: 5, answers: {} });
    const { firstSickAtMs, lastSickAtMs } = providers.connections('fcm').at(-1) ?? {};
    expect(lastSickAtMs ?? 0).toBeGreaterThanOrEqual(firstSickAtMs ?? Number.NaN);
  });

  it.each([
    ['reset', 'NGHTTP2_INTERNAL_ERROR'],
    ['refused', 'NGHTTP2_REFUSED_STREAM'],
    ['malformed', 'NGHTTP2_PROTOCOL_ERROR'],
    ['cut', 'closed'],
  ] as const)('%s: the stream ends so, and nothing is received', async (how, error) => {
    become({ sick: { how } });
    const one = await client();
    expect((await push(one, 'ended')).error).toContain(error);
    if (how === 'cut') await until(() => one.session.destroyed, 'the connection is closed');
    else {
      become({ sick: null });
      expect((await push(one, 'ended')).status).toBe(200);
    }
    expect((await countsOf(providers, 'ended')).received).toBe(how === 'cut' ? 0 : 1);
  });
});

describe('a storm', () => {
  it.each([
    ['429', '429 TooManyRequests', '429 RESOURCE_EXHAUSTED'],
    ['quota', '429 TooManyRequests', '429 QUOTA_EXCEEDED'],
    ['500', '500 InternalServerError', '500 INTERNAL'],
    ['503', '503 ServiceUnavailable', '503 UNAVAILABLE'],
    ['credential', '403 InvalidProviderToken', '401 UNAUTHENTICATED'],
    ['html302', '302 302 Found', '302 302 Found'],
    ['html404', '404 404 Not Found', '404 404 Not Found'],
    ['html502', '502 502 Bad Gateway', '502 502 Bad Gateway'],
  ] as const)('of %s: %s of APNs, %s of FCM, to everybody and received by nobody', async (how, apnsWord, fcmWord) => {
    const [apns, fcm] = [await client(), await client(providers.fcmUrl)];
    become({ storm: { how, retryAfterSeconds: 3 } });
    const answers = [await push(apns, 'storm'), await send(fcm, 'storm')];
    expect(answers.map(wordOf)).toEqual([apnsWord, fcmWord]);
    expect(answers.map(({ headers }) => headers['retry-after'])).toEqual(['3', '3']);
    expect(
      answers.every(({ headers }) =>
        headers['content-type']?.startsWith(how.startsWith('html') ? 'text/html' : 'application/json'),
      ),
    ).toBe(true);
    expect((await countsOf(providers, 'storm')).received).toBe(0);
    become({ storm: null });
    expect([wordOf(await push(apns, 'storm')), wordOf(await send(fcm, 'storm'))]).toEqual(['200', '200']);
    expect(providers.state()).toMatchObject({ apns: { storm: 1 }, fcm: { storm: 1 } });
  });

  it('meets the share of requests that it is given, of one provider, and not the token endpoint', async () => {
    become({ storm: { how: '503', share: 0.25, provider: 'fcm' } });
    const [apns, fcm] = [await client(), await client(providers.fcmUrl)];
    const words: string[] = [];
    for (let at = 0; at < 8; at++) words.push(wordOf(await send(fcm, 'share', androidToken(at))));
    expect(words).toEqual(['200', '200', '200', '503 UNAVAILABLE', '200', '200', '200', '503 UNAVAILABLE']);
    expect(wordOf(await push(apns, 'share'))).toBe('200');
    become({ storm: { how: '503' } });
    await expect(fcmAuthorization(providers)).resolves.toMatch(/^Bearer (?!undefined)./);
  });

  it('ends by itself, so long after the first request that met it', async () => {
    const one = await client();
    become({ storm: { how: '429', forMs: 150 } });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const fromMs = Date.now();
    expect(wordOf(await push(one, 'passing'))).toBe('429 TooManyRequests');
    await until(async () => (await push(one, 'passing')).status === 200, 'it is over');
    expect(Date.now() - fromMs).toBeGreaterThanOrEqual(149);
  });

  it('may deliver what it answers with 503, and a second one is then a duplicate', async () => {
    const fcm = await client(providers.fcmUrl);
    become({ storm: { how: '503', delivered: true } });
    expect(wordOf(await send(fcm, 'doubt'))).toBe('503 UNAVAILABLE');
    become({ storm: null });
    await send(fcm, 'doubt');
    expect(await countsOf(providers, 'doubt')).toMatchObject({
      received: 2,
      distinctDevices: 1,
      duplicates: 1,
      answers: { '503 UNAVAILABLE': 1, '200': 1 },
    });
  });

  it('of pages that deliver is refused: they know nothing of push', () => {
    const parsed = behaviourChange.safeParse({ storm: { how: 'html502', delivered: true } });
    expect(parsed.error?.issues[0]).toMatchObject({
      path: ['storm', 'delivered'],
      message: expect.stringContaining('html502 says that nothing was processed') as string,
    });
  });
});

describe('single answers', () => {
  it('come to one request in so many, and the others are as usual', async () => {
    const fcm = await client(providers.fcmUrl);
    become({ sporadic: { how: 'third-party', every: 3 } });
    const words: string[] = [];
    for (let at = 0; at < 6; at++) words.push(wordOf(await send(fcm, 'sporadic', androidToken(at))));
    expect(words).toEqual(['200', '200', '401 THIRD_PARTY_AUTH_ERROR', '200', '200', '401 THIRD_PARTY_AUTH_ERROR']);
    expect((await countsOf(providers, 'sporadic')).received).toBe(4);
    const apns = await client();
    become({ sporadic: { how: 'credential', every: 2 } });
    expect([wordOf(await push(apns, 'sporadic')), wordOf(await push(apns, 'sporadic'))]).toEqual([
      '200',
      '403 InvalidProviderToken',
    ]);
  });
});

describe('whoever is asked to wait', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

  it('and does not is counted, of the whole provider in a storm, of one connection if it is sick; what was under way is not', async () => {
    const [one, other] = [await client(), await client()];
    become({ storm: { how: '429', retryAfterSeconds: 1 } });
    expect((await push(one, 'wait')).status).toBe(429);
    become({ storm: null });
    expect((await push(other, 'wait')).status).toBe(200);
    expect(providers.state().apns.impatient).toBe(0);
    pass(300);
    await push(other, 'wait');
    await push(one, 'wait');
    expect(providers.state().apns.impatient).toBe(2);
    pass(800);
    await push(one, 'wait');
    expect(providers.state().apns).toMatchObject({ impatient: 2, storm: 1 });
    const { number } = providers.connections('apns').at(-1) ?? { number: 1 };
    become({ sick: { how: '429', number, retryAfterSeconds: 5 } });
    await push(other, 'wait');
    pass(300);
    await push(one, 'wait');
    expect(providers.state().apns.impatient).toBe(2);
    await push(other, 'wait');
    expect(providers.state().apns.impatient).toBe(3);
  });

  it("is told so above a rate too, and what was refused there is nobody's receipt", async () => {
    const [apns, fcm] = [await client(), await client(providers.fcmUrl)];
    become({ overloadPerSecond: 2, overloadStatus: 429, overloadRetryAfterSeconds: 4 });
    const answers = [];
    for (let at = 0; at < 3; at++)
      answers.push(await push(apns, 'rate', iosToken(at)), await send(fcm, 'rate', androidToken(at)));
    expect(answers.map(wordOf)).toEqual(['200', '200', '200', '200', '429 TooManyRequests', '429 QUOTA_EXCEEDED']);
    expect(answers.slice(-2).map(({ headers }) => headers['retry-after'])).toEqual(['4', '4']);
    expect((await countsOf(providers, 'rate')).received).toBe(4);
    // Ten a second are three in 300 ms, and in the next 300 ms there are three more.
    become({ overloadPerSecond: 10, overloadWindowMs: 300 });
    pass(310);
    const short = await Promise.all(Array.from({ length: 5 }, (_, at) => push(apns, 'short', iosToken(at))));
    expect(short.filter(({ status }) => status === 429)).toHaveLength(2);
    pass(310);
    expect((await push(apns, 'short')).status).toBe(200);
  });
});
