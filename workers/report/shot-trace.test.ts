import { afterEach, expect, test } from 'vitest';
import { onSpan } from '../../infra/watch/spans.ts';
import type { Span } from '../../infra/watch/spans.ts';
import { ShotTrace } from './shot-trace.ts';
import { ShotTally } from './tally.ts';

const PLACE = { launchId: 'L', shotId: 'S9' };
let deaf = () => undefined as void;
afterEach(() => deaf());

function traced() {
  const spans: Span[] = [];
  deaf = onSpan((span) => spans.push(span));
  let atMs = 1_000;
  const trace = new ShotTrace(PLACE, { bootId: 'b1', clock: { nowMs: () => atMs }, startMs: 900 });
  return {
    spans,
    trace,
    /** A batch from its claim to its account. */
    batch: (batch: string, tookMs: number, thread = 1): void => {
      const times = trace.begin('ios', batch, 1_000);
      Object.assign(times, { thread, claimedMs: atMs + 1, writtenMs: atMs + 2, answeredMs: atMs + tookMs - 1 });
      atMs += tookMs;
      trace.end(times);
    },
  };
}

test('ten thousand batches come to their threads, the first, the last and the slowest', () => {
  const { spans, trace, batch } = traced();
  for (let at = 0; at < 10_000; at += 1) batch(`b${at}`, at === 7 ? 500 : 10, 1 + (at % 3));
  trace.tell(new ShotTally('S9', 900));
  trace.tell(new ShotTally('S9', 900));
  const names = spans.map(({ name }) => name);
  expect(names.filter((name) => name === 'worker')).toHaveLength(1);
  expect(names.filter((name) => name === 'send ios')).toHaveLength(3);
  expect(
    spans
      .filter(({ name }) => name === 'batch')
      .map(({ attributes }) => [attributes?.['batch'], attributes?.['chosen']]),
  ).toEqual([
    ['b0', 'first'],
    ['b9999', 'last'],
    ['b7', 'slowest'],
  ]);
  expect(spans).toHaveLength(1 + 1 + 3 + 3 * 4);
  const slowest = spans.find(({ attributes }) => attributes?.['chosen'] === 'slowest');
  expect(
    spans.filter(({ within }) => within === slowest?.key).map(({ name, startMs, endMs }) => [name, endMs - startMs]),
  ).toEqual([
    ['claim', 1],
    ['provider', 497],
    ['account', 1],
  ]);
});

test('all that a worker did lies in its own span, and that in the shot', () => {
  const { spans, trace, batch } = traced();
  batch('b0', 10);
  const tally = new ShotTally('S9', 900);
  tally.wrote('ios', 1_000);
  tally.settled('ios', 'accepted', null, 1_000);
  trace.tell(tally);
  const worker = spans.find(({ name }) => name === 'worker');
  expect(worker).toMatchObject({
    key: 'worker/b1',
    startMs: 900,
    endMs: 1_010,
    attributes: { 'ios.written': 1, 'ios.accepted': 1 },
  });
  expect(worker?.within).toBeUndefined();
  for (const name of ['read record', 'send ios', 'batch'])
    expect([name, spans.find((one) => one.name === name)?.within]).toEqual([name, 'worker/b1']);
});
