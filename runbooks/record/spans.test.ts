import { expect, test } from 'vitest';
import { playSample } from '../../test/docs/sample-launch.ts';
import { Scene } from '../../test/properties/scene.ts';
import { timelineOf } from './model.ts';
import { spansOf } from './spans.ts';

const entries = playSample().map(({ entry }) => entry);
const all = timelineOf(entries, [], { chain: { ok: true } })?.spans ?? [];
const of = (track: string) =>
  all
    .filter((span) => span.track === track)
    .map(({ label, tone, fromMs, toMs }) => `${label} (${tone}) ${toMs === null ? 'on' : (toMs - fromMs) / 1_000}`);

test('a fleet is on its way from its order until it stands, is bad while late, and is gone at nought', () => {
  expect(of('fleet workers')).toEqual([
    'workers to 2 (busy) 184',
    'workers at 2 (good) 21',
    'workers to 0 (busy) 31',
    'workers to 2 (bad) 342',
    'workers at 2 (good) 61',
    'workers to 2 (bad) 1',
    expect.stringMatching(/^workers at 2 \(good\) \d+$/) as string,
    'workers to 0 (busy) 1',
  ]);
});

test('a gate has its colour until the next one, or until the launch is closed: nobody measures it any more', () => {
  const seconds = (text: string) => Number(/[\d.]+$/.exec(text)?.[0]);
  expect(of('gate workers')).toEqual([expect.stringMatching(/^workers red \(bad\) \d+$/)]);
  expect(of('gate copy-read').every((text) => seconds(text) > 0)).toBe(true);
  const open = timelineOf(entries.filter(({ kind }) => kind !== 'LaunchClosed').slice(0, 30), [], {
    chain: { ok: true },
  });
  expect(open?.spans.filter(({ lane }) => lane === 'gates').map(({ toMs }) => toMs)).toContain(null);
});

test('an order waits until it goes, is declined, or ends; armed and held it says so', () => {
  expect(of('F44')).toEqual(['F44 waits for GO (busy) 1']);
  expect(of('F49')).toEqual(['F49 waits for GO (busy) 1', expect.stringMatching(/^F49 armed \(warn\)/) as string]);
});

test('a shot lasts from its press to its close and is bad where a halt ended it; a halt lasts until it is lifted, by an order too', () => {
  expect(of('S54')).toEqual([expect.stringMatching(/^S54 us-ios \(bad\) 2$/) as string]);
  expect(of('halt').map((text) => text.replace(/ [\d.]+$/, ''))).toEqual(['halt 1 (bad)', 'halt 2 (bad)']);
  expect(of('halt').every((text) => !text.endsWith('on'))).toBe(true);
});

test('an order that became void ends then, though no entry of its own says it', () => {
  const asked = entries.find(({ kind }) => kind === 'FireRequested');
  if (asked?.kind !== 'FireRequested') throw new Error('no order');
  const ends = (voided: Map<string, number>) => spansOf([asked], voided).map(({ toMs }) => toMs);
  expect(ends(new Map())).toEqual([null]);
  expect(ends(new Map([[asked.orderId, asked.atMs + 5]]))).toEqual([asked.atMs + 5]);
});

test('what makes an order void ends its wait', () => {
  const scene = Scene.ready();
  const order = scene.asked();
  scene.halt();
  const ended = timelineOf(scene.entries, [], { chain: { ok: true } })?.spans.find(({ track }) => track === order.id);
  expect(scene.order(order.id).state).toBe('void');
  expect(ended?.toMs).toBe(scene.entries.at(-1)?.atMs);
});

test('a HALT that is pressed while all is halted already is no bar of its own', () => {
  const scene = Scene.ready();
  scene.fired('all');
  scene.halt('ben');
  const from = scene.entries.at(-1)?.atMs;
  scene.nowMs += 300;
  scene.halt('ana');
  const halts = spansOf(scene.entries, new Map()).filter(({ track }) => track === 'halt');
  expect(halts).toMatchObject([{ label: 'halt 1, 2', fromMs: from, toMs: null }]);
});
