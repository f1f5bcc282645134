import { expect, test } from 'vitest';
import { audience, Scene, T0_MS } from '../../test/properties/scene.ts';
import { rehearsalRunbook, rehearsesOf, wholeRefusal } from './rehearsal-launch.ts';
import { lastRehearsal, lastSent, rehearsedGate, sentReport } from './rehearsal-report.ts';

const HOUR_MS = 3_600_000;
const timing = { firstWriteMs: 90, p50Ms: 1, p95Ms: 2, p99Ms: 3, lastWriteMs: 4, perSecond: 5, peakPerSecond: 6 };

/** The day, and a silent rehearsal of it for all, ready to be asked for. */
function begun() {
  const day = Scene.ready();
  const rehearses = rehearsesOf(day.state, { share: 1 }, 'silent');
  if (rehearses === null) throw new Error('no audience');
  const scene = new Scene();
  scene.nowMs = T0_MS;
  scene.does({
    kind: 'create-launch',
    by: 'ana',
    launchId: 'day-rehearsal-1',
    name: 'REHEARSAL of Super Bowl',
    channelId: 'C0OTHER',
    runbook: rehearsalRunbook(day.state, T0_MS + HOUR_MS, 'silent'),
    runbookHash: 'r',
    targetAtMs: T0_MS + HOUR_MS,
    compress: 1,
    rehearses,
  });
  scene.does({
    kind: 'set-audience',
    by: 'ana',
    audience: { ...audience, hash: 'b'.repeat(64), sampleOf: audience.hash },
  });
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  return { day, scene, rehearses };
}

test('a silent rehearsal may go to everybody, since nobody sees it; what two people press says that nothing is shown', () => {
  const { scene, rehearses } = begun();
  expect(wholeRefusal(rehearses, audience)).toBeNull();
  const order = scene.asked('all');
  expect(order.devices).toBe(1_000);
  expect(order.shown).toMatchObject({ silent: true, priority: { apns: 5, fcm: 'normal' } });
  expect(scene.refuses(scene.press(order, 'ana')).code).toBe('SAME_PERSON');
  expect(Scene.ready().asked('all').shown).not.toHaveProperty('silent');
  // Whoever can write the table makes it one that people see: the press no longer fits what was shown.
  scene.launch = { ...scene.state, rehearses: { ...rehearses, what: 'limited' } };
  expect(scene.refuses(scene.press(order)).code).toBe('CONTENT_CHANGED');
});

test('it goes out within two hours of its beginning: later it is neither asked for, nor pressed, nor armed', () => {
  const { scene } = begun();
  scene.nowMs = T0_MS + 2 * HOUR_MS - 30_000;
  expect(scene.refuses(scene.request('ana', 'all', { momentMs: T0_MS + 2 * HOUR_MS + 60_000 }))).toMatchObject({
    code: 'REHEARSAL_NOT_NOW',
    say: expect.stringContaining('no device gets two in an hour'),
  });
  const order = scene.asked('all');
  scene.nowMs = T0_MS + 2 * HOUR_MS + 1;
  expect(scene.refuses(scene.press(order)).code).toBe('REHEARSAL_NOT_NOW');
  scene.does({ kind: 'decline-fire', by: 'ana', orderId: order.id, reason: '' });
  expect(scene.refuses(scene.request()).code).toBe('REHEARSAL_NOT_NOW');
});

const begin = (sentIn: string, unsent: string[] = []) =>
  ({ kind: 'begin-rehearsal', by: 'ana', what: 'silent', sentIn, unsent }) as const;

test('the next silent rehearsal begins an hour after the last report; one that has none may still go out for two hours', () => {
  const { day } = begun();
  day.nowMs = T0_MS;
  day.does(begin('R-1'));
  day.nowMs = T0_MS + 3 * HOUR_MS - 1;
  expect(day.refuses(begin('R-2'))).toMatchObject({
    code: 'REHEARSAL_NOT_NOW',
    say: expect.stringContaining('A device gets one silent push in 60 min'),
  });
  // One that people see is counted by nobody's phone as a background push; and what was closed unsent can't go out any more.
  expect(day.decide({ ...begin('R-2'), what: 'limited' }).ok).toBe(true);
  expect(day.decide(begin('R-2', ['R-1'])).ok).toBe(true);
  day.nowMs += 1;
  expect(day.decide(begin('R-2')).ok).toBe(true);
});

test('its report goes by the targets of the runbook, and a gate can ask for one', () => {
  const { day, scene } = begun();
  const shot = scene.fired();
  scene.closes(shot, { 'us-ios': { failed: 10, reasons: { Unregistered: 10 } } });
  scene.does({ kind: 'report-timing', shotId: shot.id, timing });
  const report = sentReport(scene.state, scene.entries);
  expect(report).toMatchObject({ what: 'silent', devices: 1_000, refused: 10, outcome: 'ready' });
  if (report === null) throw new Error('no report');
  const gate = { what: 'silent', within: 86_400_000, same_audience: true, at_least: 990 } as const;
  expect(rehearsedGate(day.state, gate, day.nowMs).say).toContain(
    'A silent push was not rehearsed yet: /go rehearse silent',
  );
  day.nowMs = T0_MS;
  day.does(begin('R-1'));
  day.nowMs = T0_MS + HOUR_MS;
  day.does({ kind: 'end-rehearsal', rehearsalId: 'R-1', report });
  expect(rehearsedGate(day.state, gate, day.nowMs)).toMatchObject({ status: 'green' });
  expect([lastRehearsal(day.state, 'limited'), lastSent(day.state)?.id]).toEqual([null, 'R-1']);
  day.nowMs = T0_MS + 2 * HOUR_MS - 1;
  expect(day.refuses(begin('R-2')).code).toBe('REHEARSAL_NOT_NOW');
  day.nowMs += 1;
  day.does(begin('R-2'));
});
