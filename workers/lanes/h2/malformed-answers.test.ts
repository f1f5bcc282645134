import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { dataFrame, FLAG, FRAME, pingFrame, PROTOCOL_ERROR, SETTING, uint32Frame } from '../../../h2/frames.ts';
import { string } from '../../../h2/hpack-encoder.ts';
import { frame, HostileServer, statusBlock } from './hostile-server-for-tests.ts';
import { apnsTemplate, Recorder } from './recorder-for-tests.ts';

/*
 * Answers that break HTTP's rules inside frames that keep HTTP/2's, RFC 9113 section 8.1.1: each costs its own device, and
 * nobody else anything.
 */

const HEAD = FLAG.endHeaders;
const WHOLE = FLAG.endHeaders | FLAG.endStream;
const field = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0x00]), string(name), string(value)]);
const headers = (flags: number, ...parts: Uint8Array[]): Buffer => frame(FRAME.headers, flags, 3, Buffer.concat(parts));
const OK = Buffer.from([0x88]);

const resets = (server: HostileServer) =>
  server.frames.filter(({ type }) => type === FRAME.rstStream).map(({ id, payload }) => [id, payload.readUInt32BE()]);

/** Three requests are open; the one in the middle is answered with `bytes`, then the others rightly. */
async function answeredWith(bytes: Buffer) {
  const server = new HostileServer();
  const recorder = new Recorder(server.client, 3, { startStreams: 3 });
  server.hello();
  await recorder.until(() => server.requests.length === 3);
  server.ok(1);
  server.write(bytes, pingFrame(Buffer.alloc(8), false));
  await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping) || recorder.closedWhy !== null);
  const before = recorder.fate.get(1);
  server.error(5, 410, '{"reason":"Unregistered"}');
  await recorder.until(() => recorder.fate.has(2) || recorder.closedWhy !== null);
  expect([recorder.closedWhy, recorder.fate.get(0), recorder.fate.get(2)]).toEqual([null, '200', '410']);
  recorder.connection.destroy('test over');
  return { fate: before, resets: resets(server) };
}

test.each<[string, Buffer]>([
  ['no :status', headers(WHOLE, field('server', 'x'))],
  ['no :status', headers(WHOLE)],
  ['an odd :status', headers(WHOLE, Buffer.from([0x08]), string('2000'))],
  ['a pseudo-header out of place', headers(WHOLE, OK, OK)],
  ['an odd field name', headers(WHOLE, OK, field('Server', 'x'))],
  ['an odd field value', headers(WHOLE, OK, field('server', 'x\ny'))],
  ['a field of HTTP/1.1', headers(WHOLE, OK, field('connection', 'close'))],
  ['nothing after a 1xx', headers(WHOLE, statusBlock(103))],
  ['DATA before HEADERS', dataFrame(3, Buffer.from('x'), true)],
  ['DATA before HEADERS', Buffer.concat([headers(HEAD, statusBlock(103)), dataFrame(3, Buffer.from('x'), true)])],
  ['HEADERS in mid-answer', Buffer.concat([headers(HEAD, OK), headers(HEAD, OK)])],
  ['HEADERS in mid-answer', Buffer.concat([headers(HEAD, OK), headers(HEAD, statusBlock(103))])],
  ['a pseudo-header out of place', Buffer.concat([headers(HEAD, OK), headers(WHOLE, OK)])],
  ['an odd field name', Buffer.concat([headers(HEAD, statusBlock(503)), headers(WHOLE, field('X', 'y'))])],
  ['less than its content-length', headers(WHOLE, OK, field('content-length', '5'))],
  [
    'less than its content-length',
    Buffer.concat([headers(HEAD, OK, field('content-length', '5')), dataFrame(3, Buffer.from('1234'), true)]),
  ],
  [
    'less than its content-length',
    Buffer.concat([
      headers(HEAD, OK, field('content-length', '5')),
      dataFrame(3, Buffer.from('1234'), false),
      headers(WHOLE, field('a', 'b')),
    ]),
  ],
  [
    'more than its content-length',
    Buffer.concat([
      headers(HEAD, statusBlock(503), field('content-length', '5')),
      dataFrame(3, Buffer.from('123'), false),
      dataFrame(3, Buffer.from('456'), false),
    ]),
  ],
  ['an odd content-length', headers(HEAD, OK, field('content-length', '5x'))],
  ['WINDOW_UPDATE of 0', uint32Frame(FRAME.windowUpdate, 3, 0)],
])('%s: that device is lost, its stream reset, and the connection goes on', async (what, bytes) => {
  expect(await answeredWith(bytes)).toEqual({ fate: `lost: MalformedAnswer: ${what}`, resets: [[3, PROTOCOL_ERROR]] });
});

test.each<[string, Buffer, string]>([
  [
    'a length that is right, over several frames and padding',
    Buffer.concat([
      headers(HEAD, statusBlock(503), field('content-length', '5')),
      dataFrame(3, Buffer.from('123'), false),
      frame(FRAME.data, FLAG.padded | FLAG.endStream, 3, Buffer.from([2, 52, 53, 0, 0])),
    ]),
    '503',
  ],
  ['any 2xx', headers(WHOLE, statusBlock(202), field('content-length', '0')), '202'],
  ['a redirection', headers(WHOLE, statusBlock(302), field('location', 'https://login.example/')), '302'],
  [
    'several 1xx before the end, one of them in CONTINUATION',
    Buffer.concat([
      headers(HEAD, statusBlock(100)),
      frame(FRAME.headers, 0, 3, statusBlock(103)),
      frame(FRAME.continuation, FLAG.endHeaders, 3, field('link', '</x>')),
      headers(WHOLE, OK),
    ]),
    '200',
  ],
  [
    'a success in CONTINUATION frames',
    Buffer.concat([
      frame(FRAME.headers, FLAG.endStream, 3, OK),
      frame(FRAME.continuation, FLAG.endHeaders, 3, Buffer.alloc(0)),
    ]),
    '200',
  ],
  [
    'more of an answer that was malformed',
    Buffer.concat([headers(WHOLE, OK, OK), headers(WHOLE, OK), dataFrame(3, Buffer.from('x'), true)]),
    'lost: MalformedAnswer: a pseudo-header out of place',
  ],
])('%s is read', async (_name, bytes, fate) => {
  expect((await answeredWith(bytes)).fate).toBe(fate);
});

test('the header table lives on: what a malformed block has entered can be used by the next', async () => {
  const server = new HostileServer();
  const recorder = new Recorder(server.client, 2, { startStreams: 2 });
  server.hello();
  await recorder.until(() => server.requests.length === 2);
  server.write(
    frame(FRAME.headers, WHOLE, 1, Buffer.concat([Buffer.from([0x48]), string('429'), field('Server', 'x')])),
    frame(FRAME.headers, WHOLE, 3, Buffer.from([0xbe])),
  );
  await recorder.settled(2);
  expect([...recorder.fate.values()]).toEqual(['lost: MalformedAnswer: an odd field name', '429']);
  recorder.connection.destroy('test over');
});

test('a body that the malformed answer overtook is not sent on', async () => {
  const server = new HostileServer();
  const recorder = new Recorder(server.client, 1, { startStreams: 1 }, apnsTemplate('x'.repeat(100)));
  server.hello([[SETTING.initialWindowSize, 10]]);
  await recorder.until(() => server.frames.some(({ type }) => type === FRAME.data));
  server.write(frame(FRAME.headers, WHOLE, 1, Buffer.alloc(0)));
  await recorder.settled(1);
  server.write(uint32Frame(FRAME.windowUpdate, 1, 1_000), pingFrame(Buffer.alloc(8), false));
  await recorder.until(() => server.frames.some(({ type }) => type === FRAME.ping));
  expect(server.frames.filter(({ type }) => type === FRAME.data).map(({ payload }) => payload.length)).toEqual([10]);
  recorder.connection.destroy('test over');
});

test('five malformed answers in 5,000: five are lost', async () => {
  const server = new HostileServer();
  const recorder = new Recorder(server.client, 5_000, { startStreams: 100 });
  server.hello([[SETTING.maxConcurrentStreams, 100]]);
  server.write(uint32Frame(FRAME.windowUpdate, 0, 1_000_000));
  server.onRequest = ({ id }) => {
    if (id % 2_000 === 1_001) server.write(frame(FRAME.headers, WHOLE, id, field('server', 'x')));
    else server.ok(id);
  };
  await recorder.settled(5_000);
  expect(recorder.counts()).toEqual({ 'lost: MalformedAnswer: no :status': 5, 200: 4_995 });
  expect(recorder.closedWhy).toBeNull();
  recorder.connection.destroy('test over');
});

test('an error body in gzip is read; one that unpacks to megabytes is not, and its status stands', async () => {
  const server = new HostileServer();
  const recorder = new Recorder(server.client, 2, { startStreams: 2 });
  server.hello();
  await recorder.until(() => server.requests.length === 2);
  const packed = gzipSync('{"reason":"ServiceUnavailable"}');
  server.write(
    frame(
      FRAME.headers,
      HEAD,
      1,
      Buffer.concat([
        statusBlock(503),
        field('content-encoding', 'gzip'),
        field('content-length', String(packed.length)),
      ]),
    ),
    dataFrame(1, packed.subarray(0, 7), false),
    dataFrame(1, packed.subarray(7), true),
  );
  server.write(
    frame(FRAME.headers, HEAD, 3, Buffer.concat([statusBlock(502), field('content-encoding', 'gzip')])),
    dataFrame(3, gzipSync(Buffer.alloc(2_000_000)), true),
  );
  await recorder.settled(2);
  expect([recorder.counts(), recorder.bodies.get(0), recorder.bodies.get(1)]).toEqual([
    { 502: 1, 503: 1 },
    '{"reason":"ServiceUnavailable"}',
    '',
  ]);
  recorder.connection.destroy('test over');
});
