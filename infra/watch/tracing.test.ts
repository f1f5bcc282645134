import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { startOtlpReceiver } from '../local/otlp-receiver.ts';
import { headersFor, otlpTarget } from './otlp-target.ts';
import { spanId, traceId } from './otlp.ts';
import { areSpansHeard, tellSpan } from './spans.ts';
import type { Span } from './spans.ts';
import { Tracing } from './tracing.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const SPAN: Span = {
  launchId: 'L',
  shotId: 'S9',
  name: 'cut',
  startMs: 1_796_000_000_000.25,
  endMs: 1_796_000_000_020,
};
const KEYS = { accessKeyId: 'AKID', secretAccessKey: 'secret' };

function tracing(endpoint: string, more: { timeoutMs?: number } = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
  const target = otlpTarget({ OTEL_EXPORTER_OTLP_ENDPOINT: new URL(endpoint) });
  if (target === null) throw new Error('no target');
  const one = new Tracing({
    target,
    whose: { 'service.name': 'gobutton-worker', 'process.pid': 7 },
    credentials: () => Promise.resolve(KEYS),
    log,
    nowMs: Date.now,
    everyMs: 3_600_000,
    ...more,
  });
  ends.push(() => one.stop());
  return { one, lines };
}

/** A collector that answers as it is told; what it was sent. */
async function collector(answer: (response: ServerResponse, nth: number) => void) {
  const got: { headers: IncomingHttpHeaders; spans: number }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] };
      got.push({ headers: request.headers, spans: resourceSpans[0]?.scopeSpans[0]?.spans.length ?? 0 });
      answer(response, got.length);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}
/** Of a port where nobody listens any more. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
const fine = (response: ServerResponse) => response.end('{}');

test('bot and workers find the same trace, and the spans in it, by what both know', async () => {
  const receiver = await startOtlpReceiver(0);
  ends.push(() => receiver.close());
  const { one } = tracing(receiver.url);
  tellSpan({ ...SPAN, name: 'shot', key: 'shot', attributes: { accepted: 3, isDone: true } });
  tellSpan({ ...SPAN, name: 'press', key: 'press' });
  tellSpan({ ...SPAN, name: 'append FireApproved', within: 'press', failed: 'no' });
  await one.send();
  const trace = traceId('L', 'S9');
  expect(receiver.spansOf('S9')).toEqual([
    {
      id: spanId(trace, 'shot'),
      parent: null,
      name: 'shot',
      who: 'gobutton-worker 7',
      startMs: 1_796_000_000_000.25,
      endMs: 1_796_000_000_020,
      attributes: { accepted: '3', isDone: 'true' },
      failed: null,
    },
    expect.objectContaining({ id: spanId(trace, 'press'), parent: spanId(trace, 'shot') }),
    expect.objectContaining({ parent: spanId(trace, 'press'), failed: 'no' }),
  ]);
  const page = await (await fetch(receiver.url)).text();
  expect(page).toBe(`L S9: 3 spans, /${trace}\n`);
  expect(await (await fetch(`${receiver.url}/${trace}`)).text()).toMatch(
    / 0 ms +20 ms {2}shot .*█.* gobutton-worker 7/,
  );
});

test('two launches, or two shots of one, have traces of their own', () => {
  expect(new Set([traceId('L', 'S9'), traceId('L', 'S10'), traceId('M', 'S9'), traceId('LS', '9')]).size).toBe(4);
});

test('a collector that is busy gets the same spans again, and nothing is lost', async () => {
  const { url, got } = await collector((response, nth) => {
    response.statusCode = nth === 1 ? 503 : 200;
    fine(response);
  });
  const { one, lines } = tracing(url);
  tellSpan(SPAN);
  await one.send();
  // Not again before its pause is over, but for the end of the process.
  await one.send();
  expect(got).toHaveLength(1);
  await one.stop();
  expect(got.map(({ spans }) => spans)).toEqual([1, 1]);
  expect(lines).toEqual([]);
});

test('a collector that never answers costs its time limit, and what it had not taken is counted at the end', async () => {
  const { url } = await collector(() => undefined);
  const { one, lines } = tracing(url, { timeoutMs: 50 });
  tellSpan(SPAN);
  await one.send();
  tellSpan(SPAN);
  await one.stop();
  expect(areSpansHeard()).toBe(false);
  expect(lines).toEqual([expect.objectContaining({ level: 40, dropped: 2, msg: expect.stringContaining('dropped') })]);
});

test('a collector that is not there fills a bounded buffer, and the rest is counted by why', async () => {
  const { one, lines } = tracing(await closedAddress());
  tellSpan(SPAN);
  await one.send();
  for (let at = 0; at < 5_000; at += 1) tellSpan(SPAN);
  await one.stop();
  // Everything: what had room in the buffer was not taken either.
  expect(lines).toEqual([expect.objectContaining({ dropped: 5_001, why: expect.stringContaining('ECONNREFUSED') })]);
});

test('what a collector refuses for good, or in part, is not sent again', async () => {
  const { url, got } = await collector((response, nth) => {
    if (nth === 1) response.end('{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}');
    else response.writeHead(403).end('who are you?');
  });
  const { one, lines } = tracing(url);
  tellSpan(SPAN);
  tellSpan(SPAN);
  await one.send();
  tellSpan(SPAN);
  await one.send();
  await one.stop();
  expect(got.map(({ spans }) => spans)).toEqual([2, 1]);
  expect(lines.map(({ dropped, why }) => [dropped, why])).toEqual([
    [1, 'the collector took a part of a request only'],
    [1, 'the collector answered 403: who are you?'],
  ]);
});

test('a burst goes in requests of a bounded size', async () => {
  const { url, got } = await collector(fine);
  const { one } = tracing(url);
  for (let at = 0; at < 1_200; at += 1) tellSpan(SPAN);
  await one.send();
  expect(got.map(({ spans }) => spans)).toEqual([512, 512, 176]);
});

test('X-Ray gets its requests signed as the library of AWS signs them, and nobody else does', async () => {
  const target = otlpTarget({
    OTEL_EXPORTER_OTLP_ENDPOINT: new URL('https://xray.eu-west-1.amazonaws.com/'),
    OTEL_EXPORTER_OTLP_HEADERS: { 'x-tenant': 'a' },
  });
  if (target === null) throw new Error('no target');
  expect(target.url.href).toBe('https://xray.eu-west-1.amazonaws.com/v1/traces');
  const nowMs = Date.parse('2027-02-14T23:30:00Z');
  const found = await headersFor(target, '{"a":1}', () => Promise.resolve(KEYS), nowMs);
  const signer = new SignatureV4({
    credentials: KEYS,
    region: 'eu-west-1',
    service: 'xray',
    sha256: Hash.bind(null, 'sha256') as never,
    applyChecksum: false,
  });
  const expected = await signer.sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: 'xray.eu-west-1.amazonaws.com',
      path: '/v1/traces',
      query: {},
      headers: {
        host: 'xray.eu-west-1.amazonaws.com',
        'content-type': 'application/json',
        'x-tenant': 'a',
        'content-length': '7',
      },
      body: '{"a":1}',
    },
    { signingDate: new Date(nowMs) },
  );
  expect(found['Authorization']).toContain('Credential=AKID/20270214/eu-west-1/xray/aws4_request');
  const signature = (text: string | undefined) => /SignedHeaders=(.*)$/.exec(text ?? '')?.[1];
  expect(signature(found['Authorization'])).toBe(signature(expected.headers['authorization']));
  const other = otlpTarget({ OTEL_EXPORTER_OTLP_ENDPOINT: new URL('http://127.0.0.1:4318/otlp') });
  if (other === null) throw new Error('no target');
  const none = () => Promise.reject(new Error('not asked'));
  expect(await headersFor(other, '{}', none, nowMs)).toEqual({ 'content-type': 'application/json' });
  expect(other.url.href).toBe('http://127.0.0.1:4318/otlp/v1/traces');
});
