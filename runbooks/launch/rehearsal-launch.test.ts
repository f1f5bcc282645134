import { describe, expect, test } from 'vitest';
import { audience, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { RehearsalSample } from './entries.ts';
import {
  rehearsalId,
  rehearsalRunbook,
  rehearsesOf,
  sampleSize,
  sampleText,
  wholeRefusal,
} from './rehearsal-launch.ts';
import { sentReport, shortfalls } from './rehearsal-report.ts';
import { collapseIdOf } from './shown.ts';

const skipList = { hash: 'd'.repeat(64), key: 'skip-lists/d.bin', tokens: 7 };

/** The day's launch, and a rehearsal of it for so many. */
function begun(sample: RehearsalSample = { first: 300 }) {
  const parent = Scene.ready();
  parent.does({ kind: 'set-skip-list', by: 'mia', skipList, adds: null });
  const rehearses = rehearsesOf(parent.state, sample);
  if (rehearses === null) throw new Error('no audience');
  const scene = new Scene();
  scene.nowMs = T0_MS - 60_000;
  scene.does({
    kind: 'create-launch',
    by: 'ana',
    launchId: 'superbowl-2027',
    name: 'REHEARSAL of Super Bowl',
    channelId: 'C0WARROOM',
    runbook: rehearsalRunbook(parent.state, scene.nowMs),
    runbookHash: 'r',
    targetAtMs: scene.nowMs,
    compress: 1,
    rehearses,
  });
  return { parent, scene, rehearses };
}
const partOf = (devices: number) => ({
  ...audience,
  hash: 'b'.repeat(64),
  manifestKey: `audiences/${'b'.repeat(64)}/manifest.json`,
  devices,
  segments: [{ id: 'us-ios', platform: 'ios' as const, devices, batches: 1 }],
  locales: { en: devices },
  sampleOf: audience.hash,
});

test.each([
  [{ first: 300 }, 300, 'the first 300 devices'],
  [{ first: 5_000 }, 1_000, 'the first 5,000 devices'],
  [{ share: 0.0011 }, 2, '0.11 % of the devices'],
  [{ segments: ['us-ios', 'br-ios'] }, 700, 'us-ios, br-ios'],
])('%j of a thousand devices', (sample, size, text) => {
  expect(sampleSize(sample, audience)).toBe(size);
  expect(sampleText(sample)).toBe(text);
});

test.each([{ first: 1_000 }, { first: 5_000 }, { share: 1 }, { segments: audience.segments.map(({ id }) => id) }])(
  '%j is everybody, and no rehearsal: it would go out without the gates of the day',
  (sample) => {
    const rehearses = rehearsesOf(Scene.ready().state, sample);
    if (rehearses === null) throw new Error('no audience');
    expect(wholeRefusal(rehearses, audience)).toMatchObject({
      code: 'REHEARSAL_TOO_LARGE',
      say: expect.stringContaining('would go to all 1,000 devices'),
    });
    expect(wholeRefusal({ ...rehearses, atMost: 999 }, audience)).toBeNull();
  },
);

test.each([
  ['sale', 'sale-rehearsal-2'],
  ['long-night-at-the-kustenmuseum-2026-11-30', 'long-night-at-the-kustenmuseum-2026-11-30-rehearsal-2'],
  ['a-long-night-at-the-museum-of-the-coast-2026-11-30', 'a-long-night-at-the-museum-of-the-2026-11-30-rehearsal-2'],
  [`${'x'.repeat(40)}-2026-11-30`, `${'x'.repeat(33)}-2026-11-30-rehearsal-2`],
])('a rehearsal of %s keeps the whole date in its id', (launchId, id) => {
  expect(rehearsalId(launchId, 2)).toBe(id);
});

describe('a rehearsal that sends', () => {
  test('takes no audience that is larger than it was begun for, and no order for one', () => {
    const { scene } = begun();
    expect(scene.refuses({ kind: 'set-audience', by: 'ana', audience: partOf(301) })).toMatchObject({
      code: 'REHEARSAL_TOO_LARGE',
      say: expect.stringContaining('the first 300 devices, at most 300, and the audience has 301'),
    });
    const { sampleOf: _, ...other } = partOf(300);
    expect(scene.refuses({ kind: 'set-audience', by: 'ana', audience: other })).toMatchObject({
      code: 'VALUE_INVALID',
      say: expect.stringContaining('no sample of that one'),
    });
    scene.does({ kind: 'set-audience', by: 'ana', audience: partOf(300) });
    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    scene.launch = { ...scene.state, audience: other };
    expect(scene.refuses(scene.request()).code).toBe('VALUE_INVALID');
    // Whoever can write the table writes a larger one: the order is refused by every reader.
    scene.launch = { ...scene.state, audience: partOf(301) };
    expect(scene.refuses(scene.request()).code).toBe('REHEARSAL_TOO_LARGE');
    scene.launch = { ...scene.state, audience: partOf(300) };
    expect(scene.asked('all').devices).toBe(300);
  });

  test('skips whom the launch skips, and has collapse ids of its own', () => {
    const { scene } = begun();
    expect(scene.state.skipList).toEqual(skipList);
    expect(collapseIdOf('day', { id: 'c' })).not.toBe(collapseIdOf('day-rehearsal-1', { id: 'c' }));
  });

  test('needs two people and every gate, as the day does', () => {
    const { scene } = begun();
    scene.does({ kind: 'set-audience', by: 'ana', audience: partOf(300) });
    expect(scene.refuses(scene.request()).code).toBe('GATES_RED');
    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    const order = scene.asked('all');
    expect(scene.refuses(scene.press(order, 'ana')).code).toBe('SAME_PERSON');
  });

  test('raises the fleets and takes them down after a shot; nobody is asked, paged or called, and no phone gets a copy', () => {
    const { scene } = begun();
    const { runbook } = scene.state;
    expect(runbook.phases.flatMap(({ steps }) => steps).map(({ do: act }) => act.kind)).toEqual([
      'scale',
      'fire-window',
      'scale',
    ]);
    expect(runbook.phases.at(-1)?.steps[0]).toMatchObject({ after: ['shot'], catch_up_within: 0 });
    expect(runbook.people.flatMap(({ devices }) => devices)).toEqual([]);
    expect(scene.refuses({ kind: 'request-test', by: 'mia', to: [] }).say).toBe(
      'A rehearsal has no phones of its own. `/go test` in the channel of superbowl-2027 sends copies of its text.',
    );
    const gated = sampleRunbook({
      gates: [
        { id: 'a', title: 'A', after: 'test-copies' },
        { id: 'b', title: 'B', probe: { kind: 'test-send' } },
        { id: 'c', title: 'C', probe: { kind: 'rehearsed' } },
        // Nobody answers before GO where no phone primes a connection: by these no order could be asked for.
        { id: 'd', title: 'D', probe: { kind: 'primed-share', at_least: 0.9 } },
        { id: 'e', title: 'E', probe: { kind: 'providers' } },
      ],
    });
    const plan = rehearsalRunbook(Scene.created(gated).state, T0_MS);
    expect(plan.gates).toEqual([{ id: 'a', title: 'A', hard: false }]);
  });

  test('reports what its shots have shown once each has its times, to the launch that it rehearses', () => {
    const { parent, scene } = begun();
    scene.does({ kind: 'set-audience', by: 'ana', audience: partOf(300) });
    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    const shot = scene.fired();
    scene.closes(shot, { 'us-ios': { failed: 12, reasons: { Unregistered: 10, InternalServerError: 2 } } });
    expect(sentReport(scene.state, scene.entries)).toBeNull();
    const timing = { firstWriteMs: 90, p50Ms: 1, p95Ms: 2, p99Ms: 3, lastWriteMs: 4, perSecond: 5, peakPerSecond: 6 };
    scene.does({ kind: 'report-timing', shotId: shot.id, timing });
    const report = sentReport(scene.state, scene.entries);
    expect(report).toMatchObject({ what: 'limited', devices: 300, refused: 10, timing: { p99Ms: 3 } });
    if (report === null) throw new Error('no report');
    parent.does({ kind: 'begin-rehearsal', by: 'ana', sentIn: 'day-rehearsal-1' });
    const end = { kind: 'end-rehearsal', rehearsalId: 'day-rehearsal-1', report } as const;
    parent.does(end);
    expect(parent.refuses(end).code).toBe('ALREADY_SO');
    expect(parent.refuses({ ...end, rehearsalId: 'other' }).code).toBe('NO_SUCH_REHEARSAL');
    // Nobody counts as reached by the push of the day.
    expect([parent.state.attempts, parent.state.shots]).toEqual([{}, {}]);
  });

  test('that was halted, reached nobody or left a segment out is not what was asked for', () => {
    const timing = { firstWriteMs: 90, p50Ms: 1, p95Ms: 2, p99Ms: 3, lastWriteMs: 4, perSecond: 5, peakPerSecond: 6 };
    const wrongOf = (states: object, more: Partial<typeof audience> = {}) => {
      const { scene } = begun();
      scene.does({ kind: 'set-audience', by: 'ana', audience: { ...partOf(200), ...more } });
      scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
      const shot = scene.fired(['us-ios']);
      scene.closes(shot, { 'us-ios': states });
      scene.does({ kind: 'report-timing', shotId: shot.id, timing });
      const report = sentReport(scene.state, scene.entries);
      return report === null ? [] : shortfalls(scene.state.runbook, report);
    };
    expect(wrongOf({ failed: 1, reasons: { Unregistered: 1 } })).toEqual([]);
    expect(wrongOf({ halted: 190, late: 7 })).toEqual(['197 of 200 devices were halted or too late']);
    expect(wrongOf({ failed: 200, reasons: { InvalidProviderToken: 200 } })).toEqual(['it reached nobody']);
    const [ios] = partOf(200).segments;
    const android = { id: 'us-android', platform: 'android' as const, devices: 100, batches: 1 };
    const both = { devices: 300, segments: [...(ios === undefined ? [] : [ios]), android], locales: { en: 300 } };
    expect(wrongOf({}, both)).toEqual(['it was stopped (us-android never sent)']);
  });
});
