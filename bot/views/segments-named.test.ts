import { expect, test } from 'vitest';
import { shotFigures } from '../../contract/figures.ts';
import { gateLines } from '../../runbooks/launch/gates.ts';
import type { FireOrder } from '../../runbooks/launch/launch.ts';
import { audience, measuredAt, Scene } from '../../test/properties/scene.ts';
import { chartAltText } from '../conductor/figures/chart.ts';
import { boardMessage } from './board.ts';
import { entryMessage } from './entry-message.ts';
import { liveStatsMessage } from './live-stats.ts';
import type { Message } from './message.ts';
import { orderMessage } from './order.ts';
import { movesAgainMessage, standstillMessage } from './standstill.ts';
import { stoppedMessage, stoppedOverMessage } from './stopped.ts';
import { summaryMessage } from './summary.ts';
import { sickNoteHead, weatherMessage, weatherOverMessage } from './weather.ts';

/**
 * Markets fire apart, minutes after each other: each message about an order or a shot says which market it is about, and shows its
 * texts, its counts, and what shapes it.
 */

const text = (said: Message | null): string =>
  said === null ? 'NO MESSAGE' : [said.text, JSON.stringify(said.blocks)].join('\n');
const order = (scene: Scene, one: FireOrder): Message =>
  orderMessage(
    scene.state,
    scene.order(one.id),
    gateLines(scene.state, measuredAt(scene.nowMs), scene.nowMs, 'all'),
    scene.nowMs,
  );
const last = (scene: Scene): Message | null => {
  const entry = scene.entries.at(-1);
  return entry === undefined ? null : entryMessage(scene.state, entry);
};

/** Every message that an order or a shot of the Brazilian segment brings, by what it is. */
function walked(): Record<string, string> {
  const said: Record<string, string> = {};
  const keep = (what: string, message: Message | null) => {
    said[what] = text(message);
  };
  const scene = Scene.ready();
  const declined = scene.asked(['br-ios']);
  keep('open order', order(scene, declined));
  keep('board with it', boardMessage(scene.state, [], [], scene.nowMs));
  scene.nowMs += 10 * 60_000;
  scene.does({ kind: 'renew-order', by: 'ana', orderId: declined.id });
  keep('renewed', last(scene));
  scene.does({ kind: 'decline-fire', by: 'mia', orderId: declined.id, reason: 'typo' });
  keep('declined', last(scene));
  keep('declined order', order(scene, declined));
  const expired = scene.asked(['br-ios']);
  scene.nowMs += 16 * 60_000;
  scene.does({ kind: 'expire-order', orderId: expired.id });
  keep('expired', last(scene));
  const armed = scene.asked(['br-ios'], { momentMs: scene.nowMs + 60_000 });
  keep('order with a moment', order(scene, armed));
  scene.does(scene.press(armed, 'mia', { measured: [] }));
  keep('armed', last(scene));
  keep('armed order', order(scene, armed));
  keep('board with an armed one', boardMessage(scene.state, [], [], scene.nowMs));
  scene.nowMs += 60_000;
  scene.does({ kind: 'hold-fire', orderId: armed.id, reason: 'a gate was red' });
  keep('held', last(scene));
  scene.does({ kind: 'decline-fire', by: 'mia', orderId: armed.id, reason: '' });
  const shot = scene.fired(['br-ios']);
  const figures = () => shotFigures(scene.state, scene.shot(shot.id), [], scene.nowMs).figures;
  keep('order with GO', order(scene, scene.order(shot.orderId)));
  keep('live', liveStatsMessage(scene.state, shot, figures()));
  keep('board of a shot', boardMessage(scene.state, [], [], scene.nowMs));
  const still = [{ platform: 'ios' as const, sinceMs: 0, everMoved: true, left: 5, devices: 200, waiting: 0 }];
  const reason = { kind: 'x', why: 'x', todo: 'x' };
  keep('standstill', standstillMessage(scene.state, shot, still, reason));
  keep('standstill over', movesAgainMessage(scene.state, shot, still, reason, { how: 'moves', afterMs: 1 }));
  const segments = shot.segments;
  const stopped = {
    shotId: shot.id,
    platform: 'ios' as const,
    segments,
    sinceMs: 0,
    untilMs: 1,
    workers: 1,
    of: 1,
    reason: 'BadTopic',
    bad: 9,
    among: 10,
    devices: 200,
    left: 5,
  };
  keep('stopped', stoppedMessage(scene.state, stopped));
  keep('stopped over', stoppedOverMessage(scene.state, stopped, { how: 'halted', afterMs: 1, left: 5 }));
  const weather = {
    platform: 'ios' as const,
    state: 'stopped' as const,
    reason: 'TooManyRequests',
    sinceMs: 0,
    workers: 1,
    stopped: 1,
    of: 1,
    refused: 1,
    waiting: 1,
    nextTryAtMs: null,
  };
  const told = {
    weather,
    worst: weather,
    parts: [{ shotId: shot.id, segments, untilMs: 1 }],
    devices: 200,
    left: 5,
    mostWaiting: 1,
  };
  keep('weather', weatherMessage(scene.state, told));
  keep('weather over', weatherOverMessage(scene.state, told, { how: 'fair', afterMs: 1, left: 0, uncertain: 0 }));
  said['sick'] = sickNoteHead(scene.state, shot, 'ios');
  said['refused close'] = scene.refuses({ kind: 'close-launch', by: 'ana', reason: '' }).say;
  said['refused stand-down'] = scene.refuses({ kind: 'stand-down', by: 'ana', reason: '' }).say;
  scene.halt();
  keep('halt', last(scene));
  scene.closes(scene.shot(shot.id), { 'br-ios': { uncertain: 10, halted: 20 } });
  keep('summary', summaryMessage(scene.state, scene.shot(shot.id), figures()));
  keep('live at its end', liveStatsMessage(scene.state, scene.shot(shot.id), figures()));
  said['curve'] = chartAltText(scene.state, scene.shot(shot.id), figures());
  const [totals] = scene.shot(shot.id).totals ?? [];
  if (totals === undefined) throw new Error('NO_TOTALS');
  const counted = { ...totals, totals: { ...totals.totals, uncertain: 0, accepted: totals.totals.accepted + 10 } };
  scene.does({ kind: 'correct-shot', shotId: shot.id, segments: [counted], batch: 'b' });
  keep('corrected', last(scene));
  return said;
}

test.each(Object.entries(walked()))('%s names its segment, and none that it is not about', (_, said) => {
  expect(said).toContain('br-ios');
  expect(said).not.toMatch(/us-ios|us-android/);
});

test('an order shows the texts and counts of exactly its segments', () => {
  const scene = Scene.ready();
  const [usIos, usAndroid, brIos] = audience.segments;
  if (usIos === undefined || usAndroid === undefined || brIos === undefined) throw new Error('NO_SEGMENTS');
  const counted = {
    ...audience,
    hash: 'b'.repeat(64),
    segments: [
      { ...usIos, locales: { en: 490, 'pt-BR': 10 } },
      { ...usAndroid, locales: { en: 300 } },
      { ...brIos, locales: { en: 10, 'pt-BR': 190 } },
    ],
  };
  scene.does({ kind: 'set-audience', by: 'ana', audience: counted });
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const shown = (segments: string[]) => {
    const one = scene.asked(segments);
    const said = text(order(scene, one));
    scene.does({ kind: 'decline-fire', by: 'mia', orderId: one.id, reason: '' });
    return said;
  };
  const brazil = shown(['br-ios']);
  expect(brazil).toContain('`pt-BR` 190  *');
  expect(brazil).toContain('`en` 10  *');
  expect(brazil).toContain('Fire order: 200 devices');
  const android = shown(['us-android']);
  expect(android).toContain('`en` 300  *');
  expect(android).not.toContain('Faça');
  expect(android).toContain('Nobody here reads `pt-BR`');
});

test('an order shows pace with the time that follows, and switches, with who set them and before which shot', () => {
  const scene = Scene.ready();
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'pace.ios', value: 20, reason: '' });
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'zombie', value: true, reason: '' });
  const first = scene.asked(['us-ios']);
  expect(text(order(scene, first))).toContain('*iOS*: 25 s at 20/s (pace set by Ana Ortiz)');
  expect(text(order(scene, first))).toContain('zombie mode *on* (set by Ana Ortiz)');
  scene.closes(scene.shot(scene.gives('FireApproved', scene.press(first)).shotId));
  scene.does({ kind: 'set-switch', by: 'ana', switch: 'sale', value: true, reason: '' });
  const second = text(order(scene, scene.asked(['br-ios'])));
  expect(second).toContain('*iOS*: 10 s at 20/s (pace set by Ana Ortiz before us-ios went out)');
  expect(second).toContain('zombie mode *on* (set by Ana Ortiz before us-ios went out), sale *on* (set by Ana Ortiz)');
});

test('the board names every open order, also where markets fire apart', () => {
  const scene = Scene.ready();
  scene.asked(['us-ios']);
  scene.asked(['br-ios']);
  const board = boardMessage(scene.state, [], [], scene.nowMs);
  expect(board.text).toBe('Super Bowl: 2 fire orders wait for GO');
  expect(text(board)).toMatch(/second person\*: us-ios, 500 devices.*second person\*: br-ios, 200 devices/s);
});
