import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { marketMoments } from './market-moments.ts';

const HOUR_MS = 3_600_000;
const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;
/** `us` an hour before T, one segment of Brazil an hour after it; the audience has nobody in Japan. */
const apart = (targets: Record<string, string>) => sampleRunbook({ target: at(T0_MS), targets });
const TARGETS = { us: at(T0_MS - HOUR_MS), 'br-ios': at(T0_MS + HOUR_MS), jp: at(T0_MS + 2 * HOUR_MS) };

function fates(scene: Scene): Record<string, string> {
  return Object.fromEntries(
    marketMoments(scene.state, scene.nowMs).map(({ name, segments }) => [
      name ?? 'T',
      segments.map(({ ref, fate }) => `${ref.id} ${fate}`).join(', '),
    ]),
  );
}

function begun(targets: Record<string, string> = TARGETS): Scene {
  const scene = Scene.ready(apart(targets));
  scene.nowMs = T0_MS - 2 * HOUR_MS;
  return scene;
}

test('a launch without targets has one T and no moments', () => {
  expect(marketMoments(Scene.ready().state, T0_MS)).toEqual([]);
});

test('moments stand in order of time, a segment goes by its own name before its market, and the others by T', () => {
  const scene = begun({ br: TARGETS['br-ios'], 'br-ios': TARGETS.us });
  expect(marketMoments(scene.state, scene.nowMs).map(({ name, atMs }) => [name, atMs - T0_MS])).toEqual([
    ['br-ios', -HOUR_MS],
    [null, 0],
    ['br', HOUR_MS],
  ]);
  expect(fates(scene)).toEqual({ 'br-ios': 'br-ios ahead', T: 'us-ios ahead, us-android ahead', br: '' });
});

test('a market is ahead, asked for, armed, sending, fired; the others stay ahead', () => {
  const scene = begun();
  expect(fates(scene)).toEqual({ us: 'us-ios ahead, us-android ahead', 'br-ios': 'br-ios ahead', jp: '' });
  const order = scene.asked(['us-ios', 'us-android'], { momentMs: T0_MS - HOUR_MS });
  expect(fates(scene)['us']).toBe('us-ios asked, us-android asked');
  scene.gives('FireArmed', scene.press(order));
  expect(fates(scene)['us']).toBe('us-ios armed, us-android armed');
  scene.nowMs = T0_MS - HOUR_MS;
  const shot = scene.fired(['br-ios']);
  expect(fates(scene)['br-ios']).toBe('br-ios sending');
  scene.closes(shot);
  expect(fates(scene)['br-ios']).toBe('br-ios fired');
});

test('a moment that passes is missed; one that nobody armed in time waits for a press, and so does one that was held', () => {
  const scene = begun();
  scene.nowMs = T0_MS - HOUR_MS - 60_000;
  const order = scene.asked(['us-ios'], { momentMs: T0_MS - HOUR_MS });
  scene.nowMs = T0_MS - HOUR_MS + 1_000;
  expect(fates(scene)['us']).toBe('us-ios unarmed, us-android missed');
  scene.nowMs = T0_MS - HOUR_MS - 50_000;
  scene.gives('FireArmed', scene.press(order));
  scene.nowMs = T0_MS - HOUR_MS + 10_000;
  scene.gives('FireHeld', { kind: 'hold-fire', orderId: order.id, reason: 'workers are not ready' });
  expect(fates(scene)['us']).toBe('us-ios held, us-android missed');
});

test('what HALT ended is told from what was missed: a shot with devices left, and an order that had not gone', () => {
  const scene = begun();
  scene.asked(['br-ios']);
  const shot = scene.fired(['us-ios']);
  scene.halt();
  expect(fates(scene)).toMatchObject({ us: 'us-ios stopping, us-android ahead', 'br-ios': 'br-ios order-halted' });
  scene.closes(shot, { 'us-ios': { halted: 300 } });
  expect(fates(scene)['us']).toBe('us-ios cut-off, us-android ahead');
});

test('a launch that is over has missed nothing more: what did not go was not sent', () => {
  const scene = begun();
  scene.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
  expect(fates(scene)['us']).toBe('us-ios off, us-android off');
  scene.nowMs = T0_MS + 5 * HOUR_MS;
  expect(fates(scene)['br-ios']).toBe('br-ios off');
});
