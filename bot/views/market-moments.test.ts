import { expect, test } from 'vitest';
import type { FireOrder } from '../../runbooks/launch/launch.ts';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { boardMessage } from './board.ts';
import { momentsMessage } from './market-moments.ts';
import { orderMessage } from './order.ts';

/** 18:30 in New York. */
const TARGET = '2027-02-14 18:30 America/New_York';
const HOUR_MS = 3_600_000;

function shown(scene: Scene): string {
  const { blocks } = boardMessage(scene.state, [], [], scene.nowMs);
  return blocks.flatMap((block) => (block.type === 'section' ? (block.text?.text ?? '') : '')).join('\n');
}

function begun(targets: Record<string, string>): Scene {
  const scene = Scene.ready(sampleRunbook({ target: TARGET, targets }));
  scene.nowMs = T0_MS - 2 * HOUR_MS;
  return scene;
}

test("the board says each market's moment by the plan's clock and from T, and which one is next", () => {
  const scene = begun({ us: '2027-02-14 18:00 America/New_York', br: '2027-02-15 00:00 America/Sao_Paulo' });
  expect(shown(scene)).toContain('*Each market at its own moment* (America/New_York)');
  expect(shown(scene)).toContain(
    ':white_circle: *us* · T-30 min · Sun 14 Feb 18:00 · *next, in 1 h 30 min*: not asked for yet',
  );
  expect(shown(scene)).toContain(':white_circle: *br* · T+3 h 30 min · Sun 14 Feb 22:00 · not asked for yet');
  scene.nowMs = T0_MS - HOUR_MS / 2 - 400;
  expect(shown(scene)).toContain('*us* · T-30 min · Sun 14 Feb 18:00 · *next, now*: not asked for yet');
});

test('what was fired is told with its devices, what was missed with what to type, and the next one moves on', () => {
  const scene = begun({ us: '2027-02-14 18:00 America/New_York', br: '2027-02-14 19:00 America/New_York' });
  scene.nowMs = T0_MS - HOUR_MS / 2 + 1_000;
  const shot = scene.fired(['us-ios']);
  scene.closes(shot);
  expect(shown(scene)).toContain(
    ':warning: *us* · T-30 min · Sun 14 Feb 18:00 · us-android missed, nobody had asked for it: `/go fire us`; us-ios fired, 500 accepted',
  );
  expect(shown(scene)).toContain('*br* · T+30 min · Sun 14 Feb 19:00 · *next, in 59 min 59 s*');
  scene.nowMs = T0_MS + HOUR_MS;
  const late = scene.fired(['br-ios']);
  scene.halt();
  expect(shown(scene)).toContain('stopped by HALT, being counted');
  scene.closes(late, { 'br-ios': { halted: 150 } });
  expect(shown(scene)).toContain(':octagonal_sign: *br* · T+30 min · Sun 14 Feb 19:00 · stopped by HALT, 150 devices');
  expect(shown(scene)).toContain('missed, nobody had asked for it: once the halt is lifted, `/go fire us`');
  expect(shown(scene)).not.toContain('*next');
});

test('what HALT ended is asked for again at its moment as long as that is ahead, and at once after it', () => {
  const scene = begun({ br: '2027-02-14 19:00 America/New_York' });
  scene.asked(['br-ios']);
  scene.halt();
  expect(shown(scene)).toContain('HALT ended its order: once the halt is lifted, `/go fire br at its target`');
  scene.nowMs = T0_MS + HOUR_MS / 2 + 1_000;
  expect(shown(scene)).toContain('HALT ended its order: once the halt is lifted, `/go fire br`');
});

test('an order that goes before the own moment of its market says so to who presses, and how that moment is asked for', () => {
  const scene = begun({
    us: '2027-02-14 18:00 America/New_York',
    br: '2027-02-14 19:00 America/New_York',
  });
  const said = (order: FireOrder) => JSON.stringify(orderMessage(scene.state, order, [], scene.nowMs).blocks);
  const early = scene.asked(['br-ios']);
  expect(said(early)).toMatch(/Before its own moment\*: \*br\* [^"]*GO sends at once; `\/go fire br at its target`/);
  const both = scene.asked(['us-ios', 'us-android']);
  expect(said(both)).toContain('*us* ');
  scene.nowMs = T0_MS + 2 * HOUR_MS;
  expect(said({ ...early, expiresAtMs: scene.nowMs + 60_000 })).not.toContain('own moment');
});

test('what went at another time than its own says by how much', () => {
  const scene = begun({ us: '2027-02-14 18:00 America/New_York' });
  scene.nowMs = T0_MS;
  scene.fired(['us-ios', 'us-android']);
  expect(shown(scene)).toContain(':rocket: *us* · T-30 min · Sun 14 Feb 18:00 · sending 30 min late');
});

test('of many markets the board names those in trouble and the next ones, counts the rest, and says where they are', () => {
  const hour = (of: number) => `2027-02-${of < 24 ? '14' : '15'} ${String(of % 24).padStart(2, '0')}:00 UTC`;
  const scene = begun({
    us: hour(1),
    ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`m${i}`, hour(i + 2)])),
  });
  const text = shown(scene);
  expect(text.match(/^:\w+: \*(?:us|m\d+|br \(at T\))\* /gm)).toHaveLength(6);
  expect(text).toContain(':warning: *us*');
  // Brazil goes at T, as nothing names it; nobody is in the markets before it.
  expect(text).toContain('*br (at T)* · T · Sun 14 Feb 18:30 · *next, in 2 h*');
  expect(text).toMatch(/\*m20\* .* nobody in the audience/);
  expect(text).toContain('… and 36 more: `/go markets` shows all');
  const all = momentsMessage(scene.state, scene.nowMs);
  expect(JSON.stringify(all.blocks).match(/\*m\d+\* /g)).toHaveLength(40);
});

test('also where many are in trouble the next ones are seen; the others in trouble are counted', () => {
  const ids = Array.from({ length: 12 }, (_, i) => `m${i}`);
  const segments = ids.map((id) => ({ id: `${id}-ios`, platform: 'ios' as const, devices: 100, batches: 1 }));
  const targets = Object.fromEntries(ids.map((id, i) => [id, `2027-02-14 ${10 + i}:00 America/New_York`]));
  const scene = Scene.created(sampleRunbook({ target: TARGET, targets }));
  const audience = { hash: 'a'.repeat(64), manifestKey: 'k', devices: 1_200, locales: { en: 1_200 }, segments };
  scene.does({ kind: 'set-audience', by: 'ana', audience });
  scene.nowMs = T0_MS - HOUR_MS / 4;
  const lines = shown(scene).match(/^:\w+: \*m\d+\*/gm);
  expect(lines?.map((line) => line.replaceAll(/[*:]/g, ''))).toEqual([
    'warning m0',
    'warning m1',
    'warning m2',
    'warning m3',
    'white_circle m9',
    'white_circle m10',
  ]);
  expect(shown(scene)).toContain('… and 6 more (5 that did not go as planned): `/go markets` shows all');
});

test('many that are sent to at a time are no trouble: one that was missed is named before them, and the others are counted', () => {
  const ids = Array.from({ length: 10 }, (_, i) => `m${i}`);
  const segments = ids.map((id) => ({ id: `${id}-ios`, platform: 'ios' as const, devices: 100, batches: 1 }));
  const scene = Scene.created(
    sampleRunbook({ target: TARGET, targets: Object.fromEntries(ids.map((id) => [id, TARGET])) }),
  );
  const audience = { hash: 'c'.repeat(64), manifestKey: 'k', devices: 1_000, locales: { en: 1_000 }, segments };
  scene.does({ kind: 'set-audience', by: 'ana', audience });
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  scene.nowMs = T0_MS + 1_000;
  scene.fired(ids.slice(0, 9).map((id) => `${id}-ios`));
  const text = shown(scene);
  expect(text.match(/^:\w+: \*m\d\*/gm)?.map((line) => line.replaceAll(/[*:]/g, ''))).toEqual([
    'rocket m0',
    'rocket m1',
    'rocket m2',
    'warning m9',
  ]);
  expect(text).toContain('… and 6 more (6 sending): `/go markets` shows all');
});

test('of a launch that was called off nothing is next', () => {
  const scene = begun({ us: '2027-02-14 18:00 America/New_York' });
  scene.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
  expect(shown(scene)).toContain(':black_square_for_stop: *us* · T-30 min · Sun 14 Feb 18:00 · not sent');
  expect(shown(scene)).not.toContain('*next');
});

test('before there is an audience the moments stand all the same', () => {
  const scene = Scene.created(sampleRunbook({ target: TARGET, targets: { us: TARGET } }));
  expect(shown(scene)).toContain('*us* · T · Sun 14 Feb 18:30 · *next, in 1 h*: no audience yet');
});

test('moments beyond what a message of Slack holds are counted', () => {
  const long = (i: number) => `market-with-a-long-name-${String(i).padStart(4, '0')}`;
  const scene = begun(
    Object.fromEntries(Array.from({ length: 400 }, (_, i) => [long(i), '2027-02-14 18:00 America/New_York'])),
  );
  const { blocks } = momentsMessage(scene.state, scene.nowMs);
  const texts = blocks.flatMap((block) => (block.type === 'section' ? (block.text?.text ?? '') : []));
  expect(Math.max(...texts.map((one) => one.length))).toBeLessThanOrEqual(3_000);
  const lines = texts.join('\n').split('\n');
  expect(lines.at(-1)).toBe(`… and ${401 - (lines.length - 1)} more`);
});
