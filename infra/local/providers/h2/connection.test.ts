import { once } from 'node:events';
import { constants } from 'node:http2';
import type { OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { behaviour } from '../behaviour.ts';
import { apnsBody, apnsHeaders, countsOf, iosToken, providersForTests, TestClient, until } from '../for-tests.ts';
import type { TestAnswer, TestProviders } from '../for-tests.ts';

let providers: TestProviders;
let usual: OutgoingHttpHeaders;
let clients: TestClient[] = [];

beforeAll(async () => {
  providers = await providersForTests();
  usual = await apnsHeaders(providers);
});
afterEach(() => {
  for (const client of clients) client.close();
  clients = [];
  Object.assign(providers.behaviour, behaviour.parse({}));
});
afterAll(async () => {
  await providers.stop();
});

function client(
  ...options: ConstructorParameters<typeof TestClient> extends [string, Buffer, ...infer Rest] ? Rest : never
): TestClient {
  const made = new TestClient(providers.apnsUrl, providers.ca, ...options);
  clients.push(made);
  return made;
}
function push(
  by: TestClient,
  launch: string,
  token: string,
  headers: OutgoingHttpHeaders = usual,
): Promise<TestAnswer> {
  return by.post(`/3/device/${token}`, headers, apnsBody(launch, 'shot-1'));
}
const many = (by: TestClient, launch: string, count: number, from = 0): Promise<TestAnswer[]> =>
  Promise.all(Array.from({ length: count }, (_, number) => push(by, launch, iosToken(from + number))));
const refused = (answers: TestAnswer[]): number =>
  answers.filter(({ error }) => error?.includes('REFUSED_STREAM') === true).length;
const accepted = (answers: TestAnswer[]): number => answers.filter(({ status }) => status === 200).length;

describe('the stream limit', () => {
  it('is 1 until a request with a valid token was answered, then the configured one', async () => {
    const one = await client().ready();
    expect(one.streamLimit).toBe(1);
    expect((await push(one, 'first', iosToken(1), { ...usual, authorization: 'bearer x.y.z' })).status).toBe(403);
    expect(one.streamLimit).toBe(1);
    expect((await push(one, 'first', iosToken(1))).status).toBe(200);
    await until(() => one.streamLimit === 1000, 'the limit is 1000');
  });

  it('refuses what a client opens above it before it knows, and does not count that', async () => {
    // Like a client that does not wait for SETTINGS: 29 of 30 are refused (docs/facts.md#h2-early-streams).
    const one = client();
    const answers = await many(one, 'refused', 30);
    expect([accepted(answers), refused(answers)]).toEqual([1, 29]);
    expect(await countsOf(providers, 'refused')).toMatchObject({
      received: 1,
      distinctDevices: 1,
      answers: { 200: 1 },
    });
  });

  it('lets a client that knows it send everything', async () => {
    const answers = await many(client({ peerMaxConcurrentStreams: 1 }), 'patient', 30);
    expect(accepted(answers)).toBe(30);
  });

  it('falls to 1 after a rejected token and rises again with the next success', async () => {
    const one = client({ peerMaxConcurrentStreams: 1 });
    await push(one, 'lowered', iosToken(1));
    await until(() => one.streamLimit === 1000, 'the limit is 1000');
    await push(one, 'lowered', iosToken(2, 'badd00'));
    await until(() => one.streamLimit === 1, 'the limit is 1');
    // 410 is no error in Apple's count (docs/facts.md#apns-rejected-push).
    await push(one, 'lowered', iosToken(3, 'dead00'));
    await until(() => one.streamLimit === 1000, 'the limit is 1000 again');
  });

  it('stays where it is when a rejected token lowers nothing', async () => {
    providers.behaviour.streamLimitAfterRejection = 0;
    const one = client({ peerMaxConcurrentStreams: 1 });
    await push(one, 'unlowered', iosToken(1));
    await until(() => one.streamLimit === 1000, 'the limit is 1000');
    expect((await push(one, 'unlowered', iosToken(2, 'badd00'))).status).toBe(400);
    await push(one, 'unlowered', iosToken(3));
    expect(one.streamLimit).toBe(1000);
  });

  it('lowered amid a burst refuses what is over it; what was received is what was answered', async () => {
    providers.behaviour.streamLimit = 50;
    const one = client({ peerMaxConcurrentStreams: 1 });
    await push(one, 'burst', iosToken(1));
    await until(() => one.streamLimit === 50, 'the limit is 50');
    providers.behaviour.latencyMs = 5;
    const answers = await Promise.all([
      push(one, 'burst', iosToken(2, 'badd00')),
      ...Array.from({ length: 300 }, (_, number) => push(one, 'burst', iosToken(10 + number))),
    ]);
    const counts = await countsOf(providers, 'burst');
    expect(accepted(answers) + refused(answers)).toBe(300);
    expect(counts).toMatchObject({ received: accepted(answers) + 2, duplicates: 0 });
  });
});

describe('GOAWAY', () => {
  it('after so many requests: what lies above the last stream id is neither answered nor counted', async () => {
    const one = client({ peerMaxConcurrentStreams: 1 });
    await push(one, 'goaway', iosToken(0));
    await until(() => one.streamLimit === 1000, 'the limit is 1000');
    providers.behaviour.goawayAfterRequests = 40;
    const answers = await many(one, 'goaway', 100, 1);
    expect(accepted(answers)).toBe(39);
    expect(one.goaway).toEqual({ code: 0, lastStreamId: 79, text: '{"reason":"Shutdown"}' });
    expect(await countsOf(providers, 'goaway')).toMatchObject({ received: 40, distinctDevices: 40, duplicates: 0 });
    await until(() => one.session.destroyed, 'the connection is closed');
  });

  it('on demand still answers what was received, and closes after that', async () => {
    const one = client({ peerMaxConcurrentStreams: 1 });
    await push(one, 'demand', iosToken(0));
    await until(() => one.streamLimit === 1000, 'the limit is 1000');
    providers.behaviour.latencyMs = 100;
    const answers = many(one, 'demand', 20, 1);
    await until(async () => (await countsOf(providers, 'demand')).received === 21, 'all are received');
    const response = await fetch(`${providers.controlUrl}/goaway?provider=apns`, { method: 'POST' });
    expect(await response.json()).toEqual({ connections: 1 });
    expect(accepted(await answers)).toBe(20);
    await until(() => one.session.destroyed, 'the connection is closed');
  });

  it('comes to a connection that is idle, with the reason', async () => {
    const one = client({ peerMaxConcurrentStreams: 1 });
    await push(one, 'idle', iosToken(0));
    providers.behaviour.idleMs = 50;
    await until(() => one.goaway !== null && one.session.destroyed, 'the connection is closed');
    expect(one.goaway?.text).toBe('{"reason":"IdleTimeout"}');
  });
});

describe('framing against a client that nobody here wrote', () => {
  it('answers to a client whose header table is 0, changes, and to one without Huffman-friendly headers', async () => {
    const one = client({ peerMaxConcurrentStreams: 1, settings: { headerTableSize: 0 } });
    expect((await push(one, 'table', iosToken(1))).status).toBe(200);
    one.session.settings({ headerTableSize: 4096 });
    expect((await push(one, 'table', iosToken(2))).status).toBe(200);
    expect((await push(one, 'table', iosToken(3, 'dead00'))).status).toBe(410);
  });

  it('reads header blocks that need CONTINUATION', async () => {
    const one = client({ peerMaxConcurrentStreams: 1, maxSendHeaderBlockLength: 65_000 });
    const long = {
      ...usual,
      'x-long': Array.from({ length: 20_000 }, (_, at) => String.fromCharCode(33 + ((at * 7) % 90)))
        .join('')
        .replaceAll(/[",;]/g, '.'),
    };
    expect((await push(one, 'long', iosToken(1), long)).status).toBe(200);
    expect((await push(one, 'long', iosToken(2))).status).toBe(200);
  });

  it("waits with error bodies for the client's windows", async () => {
    const one = client({ peerMaxConcurrentStreams: 1, settings: { initialWindowSize: 0 } });
    await push(one, 'window', iosToken(1));
    await until(() => one.streamLimit === 1000, 'the limit is 1000');
    const stream = one.open(
      { ':method': 'POST', ':path': `/3/device/${iosToken(1, 'dead00')}`, ...usual },
      apnsBody('window', 'shot-1'),
    );
    const answer = one.answerOf(stream);
    await once(stream, 'response');
    expect(stream.closed).toBe(false);
    one.session.settings({ initialWindowSize: 65_535 });
    expect(JSON.parse((await answer).body)).toMatchObject({ reason: 'Unregistered' });
  });

  it('sends more error bodies than one connection window holds', async () => {
    const one = client({ peerMaxConcurrentStreams: 1 });
    await push(one, 'errors', iosToken(1));
    await until(() => one.streamLimit === 1000, 'the limit is 1000');
    const answers = await Promise.all(
      Array.from({ length: 4000 }, (_, number) => push(one, 'errors', iosToken(number, 'dead00'))),
    );
    expect(answers.every(({ status, body }) => status === 410 && body.includes('Unregistered'))).toBe(true);
  });

  it('answers PING, and takes a body that comes in pieces', async () => {
    const one = await client({ peerMaxConcurrentStreams: 1 }).ready();
    await new Promise<void>((resolve, reject) => {
      one.session.ping(Buffer.from('8 bytes!'), (error, _durationMs, payload) => {
        if (error === null && payload.toString() === '8 bytes!') resolve();
        else reject(error ?? new Error('another payload'));
      });
    });
    const stream = one.session.request({ ':method': 'POST', ':path': `/3/device/${iosToken(1)}`, ...usual });
    const answer = one.answerOf(stream);
    for (const piece of apnsBody('pieces', 'shot-1').match(/.{1,20}/g) ?? []) {
      stream.write(piece);
      await new Promise(setImmediate);
    }
    stream.end();
    expect((await answer).status).toBe(200);
    expect((await countsOf(providers, 'pieces')).received).toBe(1);
  });

  it('forgets a stream that the client cancels, and answers the others', async () => {
    providers.behaviour.latencyMs = 50;
    const one = client({ peerMaxConcurrentStreams: 1 });
    const stream = one.open(
      { ':method': 'POST', ':path': `/3/device/${iosToken(1)}`, ...usual },
      apnsBody('cancel', 'shot-1'),
    );
    const answer = one.answerOf(stream);
    await until(async () => (await countsOf(providers, 'cancel')).received === 1, 'it is received');
    stream.close(constants.NGHTTP2_CANCEL);
    await answer;
    expect((await push(one, 'cancel', iosToken(2))).status).toBe(200);
    expect((await countsOf(providers, 'cancel')).answers).toEqual({ 200: 1 });
  });

  it('a scheme that is none is a malformed request here (FCM is looser)', async () => {
    const one = client({ peerMaxConcurrentStreams: 1 });
    expect((await push(one, 'scheme', iosToken(1), { ...usual, ':scheme': 'https:' })).error).toContain(
      'PROTOCOL_ERROR',
    );
    expect((await push(one, 'scheme', iosToken(1))).status).toBe(200);
  });
});

describe('clients that break the protocol', () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const frame = (type: number, flags: number, streamId: number, payload: number[]): Buffer =>
    Buffer.from([0, payload.length >> 8, payload.length & 255, type, flags, 0, 0, 0, streamId, ...payload]);

  /** The error code of the GOAWAY that these bytes cause. */
  async function goawayCode(bytes: Buffer): Promise<number> {
    const socket = connectTls({
      port: Number(new URL(providers.apnsUrl).port),
      host: '127.0.0.1',
      servername: 'localhost',
      ca: providers.ca,
      ALPNProtocols: ['h2'],
    });
    await once(socket, 'secureConnect');
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.write(bytes);
    await once(socket, 'close');
    const all = Buffer.concat(parts);
    for (let at = 0; at + 9 <= all.length; at += 9 + all.readUIntBE(at, 3))
      if (all[at + 3] === 7) return all.readUInt32BE(at + 13);
    return -1;
  }

  it.each<[string, number, Buffer]>([
    ['another protocol', 1, Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a frame that is too long', 6, Buffer.concat([preface, Buffer.from([0x01, 0, 0, 0, 0, 0, 0, 0, 1])])],
    ['DATA on a stream never opened', 1, Buffer.concat([preface, frame(0, 1, 1, [1])])],
    ['an even stream id', 1, Buffer.concat([preface, frame(1, 5, 2, [0x83])])],
    ['a stream id used twice', 1, Buffer.concat([preface, frame(1, 5, 3, [0x83]), frame(1, 5, 1, [0x83])])],
    ['a broken header block', 9, Buffer.concat([preface, frame(1, 5, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])])],
    [
      'a header block interrupted',
      1,
      Buffer.concat([preface, frame(1, 1, 1, [0x83]), frame(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])]),
    ],
    ['padding longer than the frame', 1, Buffer.concat([preface, frame(1, 0xd, 1, [9, 0x83])])],
    ['a PING of another length', 6, Buffer.concat([preface, frame(6, 0, 0, [1])])],
    ['PUSH_PROMISE', 1, Buffer.concat([preface, frame(5, 4, 1, [0, 0, 0, 2])])],
  ])('%s ends the connection with code %i', async (_what, code, bytes) => {
    expect(await goawayCode(bytes)).toBe(code);
  });

  it('one request in single bytes is read like any other', async () => {
    const socket = connectTls({
      port: Number(new URL(providers.apnsUrl).port),
      host: '127.0.0.1',
      servername: 'localhost',
      ca: providers.ca,
      ALPNProtocols: ['h2'],
    });
    await once(socket, 'secureConnect');
    socket.setNoDelay(true);
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    const path = Buffer.from('/3/device/00');
    const bytes = Buffer.concat([
      preface,
      frame(4, 0, 0, []),
      frame(1, 5, 1, [0x83, 0x87, 0x04, path.length, ...path]),
    ]);
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    await until(() => Buffer.concat(parts).includes('MissingProviderToken'), 'the answer');
    socket.destroy();
  });

  it('a client without ALPN gets no APNs', async () => {
    const socket = connectTls({
      port: Number(new URL(providers.apnsUrl).port),
      host: '127.0.0.1',
      servername: 'localhost',
      ca: providers.ca,
    });
    await once(socket, 'close');
    expect(socket.alpnProtocol).toBe(false);
  });
});
