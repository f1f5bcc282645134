import { createServer as createHttp2Server } from 'node:http2';
import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  dataFrame,
  FLAG,
  FRAME,
  goawayFrame,
  LAST_STREAM_ID,
  pingFrame,
  REFUSED_STREAM,
  SETTING,
  settingsFrame,
  SETTINGS_ACK,
  uint32Frame,
} from '../../../h2/frames.ts';
import { encodeHuffman } from '../../../h2/huffman.ts';
import { holds, PROPERTY } from '../../../test/properties/holds.ts';
import { frame, HostileServer, statusBlock } from './hostile-server-for-tests.ts';
import { apnsTemplate, fcmTemplate, Recorder } from './recorder-for-tests.ts';

/*
 * The connection against node:http2, against a server that does byte by byte what a test says, and against noise. One
 * file over 300 lines, because every part asks the same of it: each request has exactly one fate.
 */

const servers: Http2Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0))
    await new Promise((resolve) => {
      server.close(resolve);
    });
});

/** node:http2 (nghttp2) without TLS: a server that nobody here wrote. */
async function realServer(
  onStream: (stream: ServerHttp2Stream, path: string, body: string) => void,
  settings: object = {},
): Promise<{ socket: ReturnType<typeof connect>; seen: Record<string, string>[] }> {
  const server = createHttp2Server({ settings });
  servers.push(server);
  const seen: Record<string, string>[] = [];
  server.on('stream', (stream, headers) => {
    seen.push(headers as Record<string, string>);
    let body = '';
    stream
      .setEncoding('utf8')
      .on('data', (chunk: string) => {
        body += chunk;
      })
      .on('end', () => onStream(stream, String(headers[':path']), body));
    stream.on('error', () => stream.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { socket: connect((server.address() as AddressInfo).port, '127.0.0.1'), seen };
}

const ok = (stream: ServerHttp2Stream) => stream.respond({ ':status': 200 }, { endStream: true });

const dataBytes = (server: HostileServer) =>
  server.frames.reduce((sum, { type, payload }) => sum + (type === FRAME.data ? payload.length : 0), 0);

describe('against node:http2', () => {
  test('5,000 requests: every token arrives once, with all headers and the body', async () => {
    const tokens = new Set<string>();
    const bodies = new Set<string>();
    const { socket, seen } = await realServer(
      (stream, path, body) => {
        tokens.add(path);
        bodies.add(body);
        ok(stream);
      },
      { maxConcurrentStreams: 100 },
    );
    const recorder = new Recorder(socket, 5_000);
    await recorder.settled(5_000);
    expect(recorder.counts()).toEqual({ 200: 5_000 });
    expect(tokens.size).toBe(5_000);
    expect([...tokens][4_999]).toBe(`/3/device/${(4_999).toString(16).padStart(64, '0')}`);
    expect([...bodies]).toEqual(['{"aps":{"alert":"hello"}}']);
    expect(seen.at(-1)).toMatchObject({
      ':method': 'POST',
      ':scheme': 'https',
      'content-length': '25',
      authorization: 'bearer test.jwt.token',
      'apns-topic': 'com.example.app',
      'apns-push-type': 'alert',
    });
    recorder.connection.destroy('test over');
  });

  test('error answers come with status, headers and body', async () => {
    const { socket } = await realServer((stream, path) => {
      if (!path.endsWith('3')) return ok(stream);
      stream.respond({ ':status': 503, 'retry-after': '7' });
      stream.end('{"reason":"ServiceUnavailable"}');
    });
    const recorder = new Recorder(socket, 16);
    await recorder.settled(16);
    expect(recorder.counts()).toEqual({ 200: 15, 503: 1 });
    expect(recorder.bodies.get(3)).toBe('{"reason":"ServiceUnavailable"}');
    expect(recorder.fields.get(3)).toContainEqual(['retry-after', '7']);
    recorder.connection.destroy('test over');
  });

  test('tokens of several lengths in the body (FCM)', async () => {
    const tokens: string[] = [];
    const lengths: number[] = [];
    const { socket, seen } = await realServer((stream, _path, body) => {
      lengths.push(body.length);
      tokens.push((JSON.parse(body) as { message: { token: string } }).message.token);
      stream.respond({ ':status': 200 });
      stream.end('{"name":"x"}');
    });
    const recorder = new Recorder(socket, 300, {}, fcmTemplate(), (index) => `t${index}`.padEnd(20 + (index % 7), 'x'));
    await recorder.settled(300);
    expect(recorder.counts()).toEqual({ 200: 300 });
    expect(new Set(tokens).size).toBe(300);
    expect(seen.map((headers) => Number(headers['content-length']))).toEqual(lengths);
    expect(new Set(lengths).size).toBe(7);
    recorder.connection.destroy('test over');
  });

  test('a header table of 0 and windows smaller than a body', async () => {
    const { socket, seen } = await realServer(
      (stream, _path, body) => {
        expect(body.length).toBe(3_000);
        ok(stream);
      },
      { headerTableSize: 0, initialWindowSize: 1_000 },
    );
    const recorder = new Recorder(socket, 50, {}, apnsTemplate('x'.repeat(3_000)));
    await recorder.settled(50);
    expect(recorder.counts()).toEqual({ 200: 50 });
    expect(seen).toHaveLength(50);
    recorder.connection.destroy('test over');
  });

  test('only one stream is open until an answer came', async () => {
    let open = 0;
    let most = 0;
    let answered = 0;
    const { socket } = await realServer((stream) => {
      open += 1;
      if (answered === 0) most = Math.max(most, open);
      setImmediate(() => {
        open -= 1;
        answered += 1;
        ok(stream);
      });
    });
    const recorder = new Recorder(socket, 40);
    await recorder.settled(40);
    expect(most).toBe(1);
    recorder.connection.destroy('test over');
  });
});

describe('whatever the server does, each request has one fate', () => {
  test('answers with Huffman coding, padding, priority, CONTINUATION, trailers and 1xx before', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 5, { startStreams: 10 });
    server.hello();
    await recorder.until(() => server.requests.length === 5);
    const huffman = encodeHuffman('410');
    const block = Buffer.concat([Buffer.from([0x08, 0x80 | huffman.length]), huffman]);
    server.write(
      frame(FRAME.headers, FLAG.endHeaders, 1, block),
      frame(
        FRAME.data,
        FLAG.endStream | FLAG.padded,
        1,
        Buffer.concat([Buffer.from([4]), Buffer.from('{"reason":"Unregistered"}'), Buffer.alloc(4)]),
      ),
    );
    server.write(
      frame(
        FRAME.headers,
        FLAG.endHeaders | FLAG.endStream | FLAG.padded | FLAG.priority,
        3,
        Buffer.from([2, 0, 0, 0, 0, 16, 0x88, 0, 0]),
      ),
    );
    server.write(
      frame(FRAME.headers, FLAG.endStream, 5, Buffer.from([0x08])),
      frame(FRAME.continuation, 0, 5, Buffer.from([0x03, 0x34])),
      frame(FRAME.continuation, FLAG.endHeaders, 5, Buffer.from('00')),
    );
    server.write(
      frame(FRAME.headers, FLAG.endHeaders, 7, Buffer.from([0x88])),
      frame(FRAME.data, 0, 7, Buffer.from('x')),
      frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 7, Buffer.from([0x00, 0x01, 0x61, 0x01, 0x62])),
    );
    server.write(
      frame(FRAME.headers, FLAG.endHeaders, 9, statusBlock(103)),
      frame(0x77, 0xff, 9, Buffer.from('unknown frame')),
    );
    server.ok(9);
    await recorder.settled(5);
    expect([0, 1, 2, 3, 4].map((index) => recorder.fate.get(index))).toEqual(['410', '200', '400', '200', '200']);
    expect(recorder.bodies.get(0)).toBe('{"reason":"Unregistered"}');
  });

  test.each([
    ['has not seen our settings yet', false],
    ['acknowledges our table of 0 and takes no notice', true],
  ])('a server that %s goes on using its header table, and is understood', async (_name, acknowledges) => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 5, { startStreams: 10 });
    server.write(settingsFrame([]));
    if (acknowledges) server.write(SETTINGS_ACK);
    await recorder.until(() => server.requests.length === 5);
    const answer = (id: number, ...bytes: (number[] | string)[]) =>
      server.write(
        frame(
          FRAME.headers,
          FLAG.endHeaders | FLAG.endStream,
          id,
          Buffer.concat(bytes.map((part) => Buffer.from(part as string))),
        ),
      );
    // `:status: 429` enters the table and is used from it; so does a field behind a 200, which no shortcut may miss.
    answer(1, [0x48, 0x03], '429');
    answer(3, [0xbe]);
    answer(5, [0x88, 0x40, 0x01], 'a', [0x01], 'b');
    answer(7, [0xbf]);
    answer(9, [0x88]);
    await recorder.settled(5);
    expect([0, 1, 2, 3, 4].map((index) => recorder.fate.get(index))).toEqual(['429', '429', '200', '429', '200']);
    expect(recorder.connection.hasNoTable).toBe(false);
    recorder.connection.destroy('test over');
  });

  test('a server that gives its table up, by a size update as it must, is believed from then on, and may take it back', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 5, { startStreams: 10 });
    server.hello();
    await recorder.until(() => server.requests.length === 5);
    const entered = Buffer.from([0x88, 0x40, 0x01, 0x61, 0x01, 0x62]);
    server.write(
      frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.concat([Buffer.from([0x20]), entered])),
    );
    await recorder.settled(1);
    expect(recorder.connection.hasNoTable).toBe(true);
    server.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 3, entered));
    // 4,096 again: what enters now can be used.
    server.write(
      frame(
        FRAME.headers,
        FLAG.endHeaders | FLAG.endStream,
        5,
        Buffer.concat([Buffer.from([0x3f, 0xe1, 0x1f, 0x48, 0x03]), Buffer.from('410')]),
      ),
    );
    server.write(
      frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 7, entered),
      frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 9, Buffer.from([0xbf])),
    );
    await recorder.settled(5);
    expect([0, 1, 2, 3, 4].map((index) => recorder.fate.get(index))).toEqual(['200', '200', '410', '200', '410']);
    recorder.connection.destroy('test over');
  });

  test('the stream limit lowered to 1 and raised again is obeyed', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 30, { startStreams: 1_000 });
    server.hello([[SETTING.maxConcurrentStreams, 4]]);
    await recorder.until(() => server.requests.length === 4);
    server.write(settingsFrame([[SETTING.maxConcurrentStreams, 1]]));
    for (const id of [1, 3, 5]) server.ok(id);
    await recorder.settled(3);
    expect(server.requests).toHaveLength(4);
    server.ok(7);
    await recorder.until(() => server.requests.length === 5);
    expect(recorder.connection.inFlight).toBe(1);
    server.write(settingsFrame([[SETTING.maxConcurrentStreams, 100]]));
    server.ok(9);
    await recorder.until(() => server.requests.length === 30);
    expect(recorder.connection.inFlight).toBe(25);
  });

  test('HEADER_TABLE_SIZE lowered to 0 in flight: a size update, then literals that still say the same', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 3, { startStreams: 1 });
    recorder.unlockOnAnswer = false;
    server.onRequest = ({ id }) => {
      if (id === 1) {
        server.write(settingsFrame([[SETTING.headerTableSize, 0]]));
      }
      server.ok(id);
    };
    server.hello();
    await recorder.settled(3);
    expect(server.requests.map((request) => request.fields.find(([name]) => name === 'apns-topic'))).toEqual(
      Array(3).fill(['apns-topic', 'com.example.app']),
    );
    const blocks = server.frames.filter(({ type }) => type === FRAME.headers).map(({ payload }) => payload);
    expect(blocks[1]?.[0]).toBe(0x20);
    expect(blocks[2]?.length).toBeGreaterThan(100);
  });

  test('GOAWAY: what lies above its last stream is given back, what lies below is still answered, then the connection closes', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 6, { startStreams: 6 });
    server.hello();
    await recorder.until(() => server.requests.length === 6);
    server.write(goawayFrame(5, 0, '{"reason":"Shutdown"}'));
    await recorder.settled(3);
    expect(recorder.counts()).toEqual({ refused: 3 });
    expect(recorder.drainingWhy).toContain('Shutdown');
    for (const id of [1, 3, 5]) server.ok(id);
    await recorder.until(() => recorder.closedWhy !== null);
    expect(recorder.counts()).toEqual({ refused: 3, 200: 3 });
  });

  test('GOAWAY takes nothing back that has a status already', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 3, { startStreams: 3 });
    server.hello();
    await recorder.until(() => server.requests.length === 3);
    server.write(frame(FRAME.headers, FLAG.endHeaders, 5, statusBlock(200)), goawayFrame(1, 0, ''));
    await recorder.settled(2);
    expect([1, 2].map((index) => recorder.fate.get(index))).toEqual(['refused', '200']);
    recorder.connection.destroy('test over');
  });

  test('the rest of a body that a window holds up waits while paused, and is given up for good when stopped', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 2, { startStreams: 2 }, apnsTemplate('x'.repeat(100)));
    server.hello([[SETTING.initialWindowSize, 10]]);
    await recorder.until(() => server.frames.filter(({ type }) => type === FRAME.data).length === 2);
    recorder.finish = 'later';
    server.write(uint32Frame(FRAME.windowUpdate, 1, 20), pingFrame(Buffer.from('12345678'), false));
    await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping));
    expect(dataBytes(server)).toBe(20);
    recorder.finish = 'now';
    recorder.connection.expire(0);
    await recorder.until(() => dataBytes(server) === 40);
    recorder.finish = 'never';
    recorder.connection.expire(0);
    await recorder.settled(2);
    server.write(
      uint32Frame(FRAME.windowUpdate, 1, 1_000),
      uint32Frame(FRAME.windowUpdate, 3, 1_000),
      pingFrame(Buffer.from('87654321'), false),
    );
    await recorder.until(() => server.frames.filter(({ type }) => type === FRAME.ping).length === 2);
    expect(recorder.counts()).toEqual({ refused: 2 });
    expect(dataBytes(server)).toBe(40);
    expect(server.frames.filter(({ type }) => type === FRAME.rstStream).map(({ id }) => id)).toEqual([1, 3]);
    recorder.connection.destroy('test over');
  });

  test('REFUSED_STREAM is given back; any other reset is lost; a reset in mid-answer keeps the status', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 4, { startStreams: 4 });
    server.hello();
    await recorder.until(() => server.requests.length === 4);
    server.write(uint32Frame(FRAME.rstStream, 1, REFUSED_STREAM), uint32Frame(FRAME.rstStream, 3, 2));
    server.write(frame(FRAME.headers, FLAG.endHeaders, 5, Buffer.from([0x88])), uint32Frame(FRAME.rstStream, 5, 8));
    server.write(frame(FRAME.headers, FLAG.endHeaders, 7, statusBlock(429)), uint32Frame(FRAME.rstStream, 7, 8));
    await recorder.settled(4);
    expect([0, 1, 2, 3].map((index) => recorder.fate.get(index))).toEqual([
      'refused',
      'lost: stream reset: INTERNAL_ERROR',
      '200',
      '429',
    ]);
  });

  test('a server that takes fewer streams than it says: no more than it takes are open after its refusals, and one more with every round of answers', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 400, { startStreams: 1_000 });
    let open: number[] = [];
    let refusals = 0;
    // It has room for 10, and answers when it has seen all of a write.
    server.onRequest = ({ id }) => {
      if (open.length < 10) open.push(id);
      else {
        refusals += 1;
        server.write(uint32Frame(FRAME.rstStream, id, REFUSED_STREAM));
      }
    };
    server.hello([[SETTING.maxConcurrentStreams, 100]]);
    await recorder.until(() => recorder.unprocessed.length === 90);
    expect([recorder.connection.limit, recorder.connection.inFlight]).toEqual([10, 10]);
    for (let wave = 0; wave < 4; wave += 1) {
      const ids = open;
      open = [];
      for (const id of ids) server.ok(id);
      await recorder.until(() => open.length === 10);
      // Whatever it writes on hearing of these answers is here when its PING is.
      server.write(pingFrame(Buffer.alloc(8), false));
      await recorder.until(() => server.frames.filter(({ type }) => type === FRAME.ping).length === wave + 1);
    }
    // One more stream each time, which is refused each time: instead of 90.
    expect(refusals).toBe(94);
    expect(recorder.counts()).toEqual({ refused: refusals, 200: 40 });
    expect(new Set(recorder.unprocessed)).toEqual(new Set(['RefusedStream']));
    recorder.connection.destroy('test over');
  });

  test('who wants to see one answer whole gets the headers and body of a success too, and what SETTINGS said', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { readsAll: true });
    server.hello([
      [SETTING.maxConcurrentStreams, 1],
      [SETTING.initialWindowSize, 70_000],
    ]);
    await recorder.until(() => server.requests.length === 1);
    const unique = Buffer.concat([
      Buffer.from([0x88, 0x00, 0x06]),
      Buffer.from('server'),
      Buffer.from([0x03]),
      Buffer.from('abc'),
    ]);
    // Those that nobody knows are not kept: there may be any number of them.
    server.write(
      settingsFrame([
        [SETTING.maxConcurrentStreams, 500],
        [0xfff1, 7],
      ]),
      frame(FRAME.headers, FLAG.endHeaders, 1, unique),
      dataFrame(1, Buffer.from('{"name":1}'), true),
    );
    await recorder.settled(1);
    expect([recorder.fields.get(0), recorder.bodies.get(0)]).toEqual([
      [
        [':status', '200'],
        ['server', 'abc'],
      ],
      '{"name":1}',
    ]);
    expect([...recorder.connection.peerSettings]).toEqual([
      [SETTING.maxConcurrentStreams, 500],
      [SETTING.initialWindowSize, 70_000],
    ]);
    recorder.connection.destroy('test over');
  });

  test('silence begins with a PING and ends with the first bytes, which the owner is told once', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 2, { startStreams: 2 });
    server.hello();
    await recorder.until(() => server.requests.length === 2);
    expect([recorder.signsOfLife, recorder.connection.silentSinceMs]).toEqual([0, null]);
    recorder.connection.ping(1_000);
    recorder.connection.ping(2_000);
    expect(recorder.connection.silentSinceMs).toBe(1_000);
    await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping));
    server.ok(1);
    await recorder.settled(1);
    expect([recorder.signsOfLife, recorder.connection.silentSinceMs]).toEqual([1, null]);
    server.ok(3);
    await recorder.settled(2);
    expect(recorder.signsOfLife).toBe(1);
    recorder.connection.ping(3_000);
    server.write(pingFrame(Buffer.alloc(8), true));
    await recorder.until(() => recorder.signsOfLife === 2);
    // What breaks the connection is no sign of life.
    recorder.connection.ping(4_000);
    server.write(frame(FRAME.ping, 0, 1, Buffer.alloc(8)));
    await recorder.until(() => recorder.closedWhy !== null);
    expect(recorder.signsOfLife).toBe(2);
  });

  test('connection lost: what was written is lost, what was not is still ours', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 100, { startStreams: 10 });
    server.hello();
    await recorder.until(() => server.requests.length === 10);
    server.ok(1);
    await recorder.settled(1);
    recorder.connection.destroy('cut');
    expect(recorder.fate.size + recorder.queue.length).toBe(100);
    expect(recorder.taken).toBe(recorder.fate.size);
    expect(recorder.counts()['200']).toBe(1);
  });

  test('a server that never answers: the deadline gives up each stream, resets it, and goes on', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 8, { startStreams: 4 });
    server.hello();
    await recorder.until(() => server.requests.length === 4);
    expect(recorder.connection.expire(Date.now() + 1)).toBe(4);
    await recorder.until(() => server.requests.length === 8);
    expect(recorder.counts()).toEqual({ 'lost: NoAnswer': 4 });
    expect(server.frames.filter(({ type }) => type === FRAME.rstStream).map(({ id }) => id)).toEqual([1, 3, 5, 7]);
    // The late answer of a given-up stream changes nothing.
    server.ok(1);
    server.ok(9);
    await recorder.settled(5);
    expect(recorder.counts()).toEqual({ 'lost: NoAnswer': 4, 200: 1 });
  });

  test('a stream that has a status when its time is up is answered, and not among those that had no answer', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 3, { startStreams: 3 });
    server.hello();
    await recorder.until(() => server.requests.length === 3);
    server.write(frame(FRAME.headers, FLAG.endHeaders, 3, statusBlock(503)), pingFrame(Buffer.alloc(8), false));
    await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping));
    expect(recorder.connection.expire(Date.now() + 1)).toBe(2);
    expect(recorder.counts()).toEqual({ 'lost: NoAnswer': 2, 503: 1 });
  });

  test('stream ids used up: the connection drains and says so', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 5, { startStreams: 10, firstStreamId: LAST_STREAM_ID - 4 });
    server.onRequest = ({ id }) => server.ok(id);
    server.hello();
    await recorder.until(() => recorder.closedWhy !== null);
    expect(recorder.drainingWhy).toBe('stream ids used up');
    expect(recorder.fate.size + recorder.queue.length).toBe(5);
    expect(recorder.fate.size).toBe(2);
  });

  test('stream ids used up with the last answer: the connection closes too', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 5, { startStreams: 1, firstStreamId: LAST_STREAM_ID - 4 });
    recorder.unlockOnAnswer = false;
    server.onRequest = ({ id }) => server.ok(id);
    server.hello();
    await recorder.until(() => recorder.closedWhy !== null);
    expect([recorder.closedWhy, recorder.fate.size, recorder.queue.length]).toEqual(['drained', 2, 3]);
  });

  test('an endless error body is cut off and its status stands', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { startStreams: 1 });
    server.hello();
    await recorder.until(() => server.requests.length === 1);
    server.write(
      frame(FRAME.headers, FLAG.endHeaders, 1, statusBlock(500)),
      frame(FRAME.data, 0, 1, Buffer.alloc(8_000)),
      frame(FRAME.data, 0, 1, Buffer.alloc(8_000)),
    );
    await recorder.settled(1);
    expect(recorder.counts()).toEqual({ 500: 1 });
    expect(recorder.bodies.get(0)?.length).toBeLessThanOrEqual(8 * 1024);
  });

  test('a connection window that never opens wider than a part of a body is filled to the last byte, and nothing is lost', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 40, { startStreams: 1_000 }, apnsTemplate('x'.repeat(3_000)));
    let sent = 0;
    server.hello();
    await recorder.until(() => dataBytes(server) === 65_535);
    server.onRequest = ({ id }) => server.ok(id);
    for (const { id } of server.requests) server.ok(id);
    // From here on 1,000 bytes at a time.
    while (recorder.fate.size < 40) {
      const before = dataBytes(server);
      server.write(uint32Frame(FRAME.windowUpdate, 0, 1_000));
      sent += 1_000;
      await recorder.until(() => dataBytes(server) >= Math.min(before + 1_000, 120_000) || recorder.fate.size === 40);
      expect(dataBytes(server)).toBeLessThanOrEqual(65_535 + sent);
    }
    expect(recorder.counts()).toEqual({ 200: 40 });
    expect(new Set(server.requests.map(({ body }) => body.length))).toEqual(new Set([3_000]));
  });

  test('many unfinished bodies that may go on at once do, in writes of at most 64 KiB', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 200, { startStreams: 1_000 }, apnsTemplate('x'.repeat(4_000)));
    server.onRequest = ({ id }) => server.ok(id);
    server.write(
      settingsFrame([[SETTING.initialWindowSize, 10]]),
      uint32Frame(FRAME.windowUpdate, 0, 10_000_000),
      frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)),
    );
    await recorder.until(() => recorder.taken === 200 && dataBytes(server) === 2_000);
    server.write(settingsFrame([[SETTING.initialWindowSize, 65_535]]));
    await recorder.settled(200);
    expect(recorder.counts()).toEqual({ 200: 200 });
    expect(dataBytes(server)).toBe(800_000);
  });

  test('a window that a smaller SETTINGS value has made negative is paid back before anything more is written', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { startStreams: 1 }, apnsTemplate('x'.repeat(300)));
    const echoed = async (text: string) => {
      server.write(pingFrame(Buffer.from(text), false));
      await recorder.until(() =>
        server.frames.some(({ type, payload }) => type === FRAME.ping && payload.equals(Buffer.from(text))),
      );
    };
    server.hello([[SETTING.initialWindowSize, 100]]);
    await recorder.until(() => dataBytes(server) === 100);
    server.write(settingsFrame([[SETTING.initialWindowSize, 10]]), uint32Frame(FRAME.windowUpdate, 1, 90));
    await echoed('at zero!');
    expect(dataBytes(server)).toBe(100);
    server.write(uint32Frame(FRAME.windowUpdate, 1, 7));
    await recorder.until(() => dataBytes(server) > 100);
    await echoed('at seven');
    expect(dataBytes(server)).toBe(107);
    recorder.connection.destroy('test over');
  });

  test('answers may go on for ever: the window for them is opened again and again', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 300, { startStreams: 1_000 });
    server.hello();
    await recorder.until(() => server.requests.length === 300);
    let sent = 0;
    const credit = () =>
      server.frames.reduce(
        (sum, { type, id, payload }) => sum + (type === FRAME.windowUpdate && id === 0 ? payload.readUInt32BE() : 0),
        65_535,
      ) - sent;
    for (const { id } of server.requests) {
      await recorder.until(() => credit() >= 8_000);
      server.error(id, 410, 'x'.repeat(8_000));
      sent += 8_000;
    }
    await recorder.settled(300);
    expect(recorder.counts()).toEqual({ 410: 300 });
    expect(server.frames.filter(({ type }) => type === FRAME.windowUpdate).length).toBeLessThan(10);
  });

  test('a write takes no further request once it has as many bytes as it should', async () => {
    const server = new HostileServer();
    const sizes: number[] = [];
    const write = server.client.write.bind(server.client) as (
      chunk: Uint8Array,
      done?: (error?: Error | null) => void,
    ) => boolean;
    server.client.write = ((chunk: Uint8Array, done?: (error?: Error | null) => void) => (
      sizes.push(chunk.length),
      write(chunk, done)
    )) as typeof server.client.write;
    const recorder = new Recorder(server.client, 500, { startStreams: 1_000, writeBytes: 4_000 });
    server.hello();
    await recorder.until(() => server.requests.length === 500);
    expect(Math.max(...sizes)).toBeGreaterThanOrEqual(4_000);
    expect(Math.max(...sizes)).toBeLessThan(4_500);
  });

  test('bytes that a socket has taken are not written over before it has let go of them, though its connection is gone', async () => {
    const taken: { chunk: Buffer; copy: Buffer }[] = [];
    let release = true;
    let underWay: (error: Error) => void = () => undefined;
    const socket = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        if (release) return done();
        underWay = done;
        taken.push({ chunk, copy: Buffer.from(chunk) });
      },
      destroy(error, done) {
        underWay(new Error('ECANCELED'));
        done(error);
      },
    });
    const first = new Recorder(socket, 50, { startStreams: 50 });
    // The preface is out, and its acknowledgement of the settings: the next write is one of requests.
    socket.push(settingsFrame([[SETTING.maxConcurrentStreams, 0]]));
    await first.until(() => first.connection.state === 'open' && socket.writableLength === 0);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    release = false;
    socket.push(settingsFrame([[SETTING.maxConcurrentStreams, 50]]));
    await first.until(() => taken.length === 1);
    first.connection.destroy('cut');
    const server = new HostileServer();
    const second = new Recorder(server.client, 500, { startStreams: 50 }, apnsTemplate('{"aps":{"alert":"others"}}'));
    server.onRequest = ({ id }) => server.ok(id);
    server.hello();
    await second.settled(500);
    expect(first.fate.size).toBe(50);
    expect(taken.every(({ chunk, copy }) => chunk.equals(copy))).toBe(true);
  });

  test('an answer before the body is whole ends the stream on both sides', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { startStreams: 1 });
    server.hello([[SETTING.initialWindowSize, 10]]);
    await recorder.until(() => dataBytes(server) === 10);
    server.write(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, statusBlock(413)));
    await recorder.until(() => server.frames.some(({ type, id }) => type === FRAME.rstStream && id === 1));
    server.write(uint32Frame(FRAME.windowUpdate, 1, 1_000), pingFrame(Buffer.from('is alive'), false));
    await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping));
    expect(recorder.counts()).toEqual({ 413: 1 });
    expect(dataBytes(server)).toBe(10);
  });

  test('an answer that has begun stands, though the rest of the body is given up', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { startStreams: 1 });
    server.hello([[SETTING.initialWindowSize, 10]]);
    await recorder.until(() => dataBytes(server) === 10);
    server.write(frame(FRAME.headers, FLAG.endHeaders, 1, statusBlock(400)), pingFrame(Buffer.from('is alive'), false));
    await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping));
    recorder.finish = 'never';
    recorder.connection.expire(0);
    await recorder.until(() => server.frames.some(({ type, id }) => type === FRAME.rstStream && id === 1));
    expect(recorder.counts()).toEqual({ 400: 1 });
  });

  test('a connection that is retired by such an answer takes nothing more', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { startStreams: 2 });
    server.hello([[SETTING.initialWindowSize, 10]]);
    await recorder.until(() => dataBytes(server) === 10);
    server.write(frame(FRAME.headers, FLAG.endHeaders, 1, statusBlock(403)), pingFrame(Buffer.from('is alive'), false));
    await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping) && recorder.connection.free === 1);
    const answered = recorder.answered.bind(recorder);
    recorder.answered = (...answer) => {
      answered(...answer);
      recorder.connection.retire('ExpiredProviderToken');
    };
    recorder.finish = 'never';
    recorder.queue.push(1);
    expect(recorder.connection.fill(Date.now())).toBe(0);
    expect([recorder.closedWhy, recorder.counts(), recorder.queue]).toEqual(['drained', { 403: 1 }, [1]]);
  });

  test('a success on stream 0 is a protocol error, also when its place among the open streams is free', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { startStreams: 1 });
    server.onRequest = ({ id }) => server.ok(id);
    server.hello();
    await recorder.settled(1);
    server.ok(0);
    await recorder.until(() => recorder.closedWhy !== null);
    expect(recorder.closedWhy).toMatch(/^protocol error/);
  });

  test('PING is answered with its own bytes', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { startStreams: 1 });
    server.hello();
    server.write(pingFrame(Buffer.from('12345678'), false));
    await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping));
    expect(server.frames.find(({ type }) => type === FRAME.ping)).toMatchObject({
      flags: FLAG.ack,
      payload: Buffer.from('12345678'),
    });
  });

  test.each([
    ['SETTINGS of a broken length', frame(FRAME.settings, 0, 0, Buffer.alloc(5))],
    ['push promised', frame(FRAME.pushPromise, FLAG.endHeaders, 1, Buffer.alloc(5))],
    ['push enabled', settingsFrame([[SETTING.enablePush, 1]])],
    ['DATA on stream 0', frame(FRAME.data, 0, 0, Buffer.alloc(1))],
    [
      'an answer on a stream that was never opened',
      frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 99, Buffer.from([0x88])),
    ],
    ['CONTINUATION without HEADERS', frame(FRAME.continuation, FLAG.endHeaders, 1, Buffer.from([0x88]))],
    [
      'another frame inside a header block',
      Buffer.concat([frame(FRAME.headers, 0, 1, Buffer.from([0x88])), pingFrame(Buffer.alloc(8), false)]),
    ],
    ['padding longer than its frame', frame(FRAME.headers, FLAG.endHeaders | FLAG.padded, 1, Buffer.from([9, 0x88]))],
    ['a window over 2^31 - 1', uint32Frame(FRAME.windowUpdate, 0, 0x7fffffff)],
    ['WINDOW_UPDATE of 0', uint32Frame(FRAME.windowUpdate, 0, 0)],
    ['a frame over our size', frame(FRAME.data, 0, 1, Buffer.alloc(16_385))],
    ['broken header coding', frame(FRAME.headers, FLAG.endHeaders, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]))],
    [
      'a header block over 64 KiB',
      Buffer.concat([
        frame(FRAME.headers, 0, 1, Buffer.alloc(16_000)),
        ...Array.from({ length: 4 }, () => frame(FRAME.continuation, 0, 1, Buffer.alloc(16_000))),
      ]),
    ],
    [
      'CONTINUATION without end',
      Buffer.concat([
        frame(FRAME.headers, 0, 1, Buffer.from([0x88])),
        ...Array.from({ length: 64 }, () => frame(FRAME.continuation, 0, 1, Buffer.alloc(0))),
      ]),
    ],
    [
      'more DATA than our window allows',
      Buffer.concat([
        frame(FRAME.headers, FLAG.endHeaders, 1, Buffer.from([0x88])),
        ...Array.from({ length: 66 }, () => frame(FRAME.data, 0, 1, Buffer.alloc(16_000))),
      ]),
    ],
  ])('%s ends the connection, and the open request is lost', async (name, bytes) => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 1, { startStreams: 1 });
    server.hello();
    await recorder.until(() => server.requests.length === 1);
    server.write(bytes);
    await recorder.until(() => recorder.closedWhy !== null);
    expect(recorder.closedWhy).toMatch(/protocol error/);
    // A status that came before it stands.
    expect(recorder.fate.get(0)).toMatch(name.startsWith('more DATA') ? /^200$/ : /^lost: protocol error/);
  });

  test('a flood of PINGs that nobody reads the answers to ends the connection instead of filling memory', async () => {
    const server = new HostileServer();
    const recorder = new Recorder(server.client, 0);
    server.hello();
    server.socket.pause();
    const flood = Buffer.concat(Array.from({ length: 5_000 }, () => pingFrame(Buffer.alloc(8), false)));
    server.write(flood, flood);
    await recorder.until(() => recorder.closedWhy !== null);
    expect(recorder.closedWhy).toContain('ENHANCE_YOUR_CALM');
  });
});

describe('fuzz', () => {
  test('valid streams split anywhere give the same fates', PROPERTY, async () => {
    await holds(
      'h2-split-anywhere',
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'error', 'refuse', 'continuation', 'ping', 'window'), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 50 }),
        async (kinds, cuts) => {
          const requests = kinds.filter((kind) => kind !== 'ping' && kind !== 'window').length;
          const server = new HostileServer();
          const recorder = new Recorder(server.client, requests, { startStreams: 1_000 });
          server.hello();
          await recorder.until(() => server.requests.length === requests);
          let id = 1;
          const expected: string[] = [];
          const parts: Buffer[] = [];
          for (const kind of kinds) {
            if (kind === 'ping') {
              parts.push(pingFrame(Buffer.alloc(8), false));
              continue;
            }
            if (kind === 'window') {
              parts.push(uint32Frame(FRAME.windowUpdate, 0, 5));
              continue;
            }
            if (kind === 'ok') {
              parts.push(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, id, Buffer.from([0x88])));
              expected.push('200');
            }
            if (kind === 'error') {
              parts.push(
                frame(FRAME.headers, FLAG.endHeaders, id, statusBlock(410)),
                frame(FRAME.data, FLAG.endStream, id, Buffer.from('{"reason":"Unregistered"}')),
              );
              expected.push('410');
            }
            if (kind === 'refuse') {
              parts.push(uint32Frame(FRAME.rstStream, id, REFUSED_STREAM));
              expected.push('refused');
            }
            if (kind === 'continuation') {
              parts.push(
                frame(FRAME.headers, FLAG.endStream, id, statusBlock(503).subarray(0, 2)),
                frame(FRAME.continuation, FLAG.endHeaders, id, statusBlock(503).subarray(2)),
              );
              expected.push('503');
            }
            id += 2;
          }
          const bytes = Buffer.concat(parts);
          for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
            const size = cuts[cut % cuts.length] ?? 1;
            server.write(bytes.subarray(at, at + size));
            at += size;
          }
          await recorder.settled(requests);
          expect(Array.from({ length: requests }, (_, index) => recorder.fate.get(index))).toEqual(expected);
          recorder.connection.destroy('test over');
        },
      ),
      { seed: 4, runs: 60 },
    );
  });

  test('arbitrary bytes: never a crash, never a hang, every request has exactly one fate', PROPERTY, async () => {
    await holds(
      'h2-arbitrary-bytes',
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 60 }),
            fc
              .record({
                type: fc.integer({ min: 0, max: 10 }),
                flags: fc.integer({ min: 0, max: 255 }),
                id: fc.integer({ min: 0, max: 12 }),
                payload: fc.uint8Array({ maxLength: 40 }),
              })
              .map(({ type, flags, id, payload }) => new Uint8Array(frame(type, flags, id, payload))),
          ),
          { maxLength: 20 },
        ),
        async (chunks) => {
          const server = new HostileServer();
          const recorder = new Recorder(server.client, 5, { startStreams: 5 });
          server.hello();
          await recorder.until(() => server.requests.length === 5);
          for (const chunk of chunks) server.write(chunk);
          await new Promise((resolve) => setImmediate(resolve));
          recorder.connection.destroy('test over');
          expect(recorder.fate.size).toBe(5);
        },
      ),
      { seed: 5, runs: 400 },
    );
  });

  test(
    'well-formed frames in any order, on any stream, with halts, deadlines and GOAWAYs between: what was taken has exactly one fate',
    PROPERTY,
    async () => {
      const id = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 140 }));
      const bytes = fc.oneof(
        fc
          .tuple(
            id,
            fc.constantFrom(FLAG.endHeaders, FLAG.endHeaders | FLAG.endStream),
            fc.constantFrom(200, 200, 103, 410, 1_000),
          )
          .map(([on, flags, status]) =>
            frame(FRAME.headers, flags, on, status === 200 ? Buffer.from([0x88]) : statusBlock(status)),
          ),
        fc
          .tuple(id, fc.constantFrom(0, FLAG.endStream))
          .map(([on, flags]) => frame(FRAME.data, flags, on, Buffer.from('x'))),
        fc.tuple(id, fc.constantFrom(0, REFUSED_STREAM, 8)).map(([on, code]) => uint32Frame(FRAME.rstStream, on, code)),
        fc.tuple(id, fc.integer({ min: 1, max: 60 })).map(([on, more]) => uint32Frame(FRAME.windowUpdate, on, more)),
        fc
          .tuple(
            fc.constantFrom(SETTING.headerTableSize, SETTING.maxConcurrentStreams, SETTING.initialWindowSize),
            fc.integer({ min: 0, max: 90 }),
          )
          .map((pair) => settingsFrame([pair])),
        id.map((last) => goawayFrame(last, 0, '')),
      );
      const moves = ['expire', 'retire', 'fill', 'turn', 'now', 'later', 'never'] as const;
      const turn = () =>
        new Promise((resolve) => {
          setImmediate(resolve);
        });
      await holds(
        'h2-frames-in-any-order',
        fc.asyncProperty(
          fc.array(fc.oneof({ weight: 5, arbitrary: bytes }, { weight: 1, arbitrary: fc.constantFrom(...moves) }), {
            maxLength: 60,
          }),
          fc.constantFrom(20, 65_535),
          async (steps, window) => {
            const server = new HostileServer();
            const recorder = new Recorder(
              server.client,
              200,
              { startStreams: 70, writeBytes: 2_000 },
              apnsTemplate('y'.repeat(50)),
            );
            server.hello([[SETTING.initialWindowSize, window]]);
            await turn();
            await turn();
            for (const step of steps) {
              if (typeof step !== 'string') server.write(step);
              else if (step === 'expire') recorder.connection.expire(Date.now() + 1);
              else if (step === 'retire') recorder.connection.retire('retired');
              else if (step === 'fill') recorder.connection.fill(Date.now());
              else if (step === 'turn') await turn();
              else recorder.finish = step;
            }
            await turn();
            recorder.connection.destroy('test over');
            expect([recorder.fate.size, recorder.connection.inFlight]).toEqual([recorder.taken, 0]);
          },
        ),
        { seed: 11, runs: 400 },
      );
    },
  );
});
