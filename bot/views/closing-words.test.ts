import { describe, expect, test } from 'vitest';
import { shotFigures } from '../../contract/figures.ts';
import type { Totals } from '../../runbooks/launch/entries.ts';
import { gateLines } from '../../runbooks/launch/gates.ts';
import { fireArguments, fireCommand } from '../../runbooks/launch/order-words.ts';
import { timelineMarkdown } from '../../runbooks/record/timeline.ts';
import { Scene } from '../../test/properties/scene.ts';
import { boardMessage } from './board.ts';
import { liveStatsMessage } from './live-stats.ts';
import { summaryMessage } from './summary.ts';

/** How a shot is said to have ended: in its summary, its live message, on the board and in the record. A launch of us-ios 500, us-android 300, br-ios 200. */

interface Words {
  summary: string;
  whole: string;
  live: string;
  board: string;
  timeline: string;
}

function closed(rest: Record<string, Partial<Totals>>, segments: string[] | 'all' = 'all'): Words & { scene: Scene } {
  const scene = Scene.ready();
  const shot = scene.fired(segments);
  scene.closes(shot, rest);
  const over = scene.shot(shot.id);
  const { state, nowMs } = scene;
  const { figures } = shotFigures(state, over, [], nowMs);
  const summary = summaryMessage(state, over, figures);
  return {
    scene,
    summary: summary.text,
    whole: JSON.stringify(summary.blocks),
    live: liveStatsMessage(state, over, figures).text,
    board: boardMessage(state, gateLines(state, [], nowMs, 'all'), [], nowMs).text,
    timeline: timelineMarkdown(scene.entries, [], { chain: { ok: true } }),
  };
}

test('a market that is alone on its platform is told by the line of that platform, once', () => {
  const pair = closed({ 'us-ios': { halted: 40 } }, ['us-ios', 'us-android']);
  expect(pair.whole).toContain('*iOS*: 460 of 500 accepted, *40 got nothing*');
  expect(pair.whole).not.toContain('*us-ios*');
  expect(closed({ 'us-ios': { halted: 40 } }, ['us-ios', 'br-ios']).whole).toContain('*us-ios*: 460 of 500 accepted');
});

test.each<[string, Record<string, Partial<Totals>>, Partial<Record<keyof Words, string | RegExp>>]>([
  [
    'a platform was not sent in time',
    { 'us-ios': { late: 500 }, 'br-ios': { late: 195 } },
    {
      summary: 'Shot not sent on iOS: 695 of 1,000 got nothing (not sent in time)',
      live: 'Not sent on iOS: 305 of 1,000',
      board: 'Super Bowl: 695 devices not reached yet: /go fire',
      whole: '*695 devices can still be sent to.* `/go fire` goes to exactly those',
      timeline:
        'NOT REACHED: us-ios (500 of 500 not sent), br-ios (195 of 200 not sent). 695 devices of us-ios, br-ios can still be sent to: /go fire**',
    },
  ],
  [
    'workers stopped it by themselves, without a halt',
    { 'us-android': { halted: 297, failed: 3, reachable: 3, reasons: { BadTopic: 3 } } },
    {
      summary: 'Shot not sent on Android: 300 of 1,000 got nothing',
      live: 'Not sent on Android',
      timeline: 'us-android (297 of 300 not sent)',
    },
  ],
  [
    'one was refused and the other not sent',
    {
      'us-ios': { failed: 500, reachable: 500, reasons: { InvalidProviderToken: 500 } },
      'br-ios': { failed: 200, reachable: 200, reasons: { InvalidProviderToken: 200 } },
      'us-android': { late: 300 },
    },
    {
      summary:
        'Shot failed on iOS, not sent on Android: 1,000 of 1,000 got nothing (700 refused, 300 not sent in time)',
      live: 'Failed on iOS, Not sent on Android',
    },
  ],
  [
    'nobody knows of a platform',
    { 'us-android': { uncertain: 300 } },
    {
      summary: 'Shot without answers on Android: 700 of 1,000 accepted, 300 may or may not have got it',
      whole: 'They are not sent to again: whoever has it would get it twice.',
      board: 'Super Bowl: nothing left to send, and Android not reached',
      timeline: 'us-android (300 of 300 without an answer)',
    },
  ],
  [
    'one of two segments of a platform was missed',
    { 'br-ios': { failed: 200, reachable: 200, reasons: { TooManyRequests: 200 } } },
    {
      summary: 'Shot complete except br-ios: 200 of 1,000 got nothing (refused)',
      live: 'Done except br-ios: 800 of 1,000',
      whole: '• *br-ios*: 0 of 200 accepted, *200 got nothing* (refused)',
      timeline: /\| S\d+ .*\*\*NOT REACHED: br-ios \(200 of 200 refused\)\*\* \|/,
    },
  ],
  [
    'all tokens of a platform were of another app',
    { 'us-android': { failed: 300, reasons: { SENDER_ID_MISMATCH: 300 } } },
    {
      summary: 'Shot failed on Android: 300 of 1,000 got nothing',
      board: 'Super Bowl: nothing left to send, and Android not reached',
    },
  ],
  [
    'a part was late',
    { 'us-ios': { late: 300 } },
    {
      summary: 'Shot over, not all of it sent: 300 of 1,000 got nothing (not sent in time)',
      live: 'Done, not all of it',
    },
  ],
])('%s', (_, rest, words) => {
  const said = closed(rest);
  for (const [where, wanted] of Object.entries(words))
    expect(said[where as keyof Words]).toEqual(
      typeof wanted === 'string' ? expect.stringContaining(wanted) : expect.stringMatching(wanted),
    );
  expect(said.summary).not.toMatch(/^Shot complete:/);
});

test('a shot of one platform with a handful of devices is no exception', () => {
  const { scene, summary } = closed({ 'br-ios': { failed: 200, reachable: 200, reasons: { TooManyRequests: 200 } } }, [
    'br-ios',
  ]);
  expect(summary).toContain('Shot failed on iOS: 200 of 200 got nothing');
  scene.closes(scene.fired(['br-ios']), { 'br-ios': { skipped: 197, late: 3 } });
  const again = scene.shot(Object.keys(scene.state.shots).at(-1) ?? '');
  expect(summaryMessage(scene.state, again, shotFigures(scene.state, again, [], scene.nowMs).figures).text).toContain(
    'Shot not sent on iOS: 3 of 200 got nothing (not sent in time)',
  );
});

test('what a halt cut off is said of the halt', () => {
  const scene = Scene.ready();
  const shot = scene.fired();
  scene.halt();
  scene.closes(scene.shot(shot.id), { 'us-ios': { halted: 500 }, 'br-ios': { halted: 200 } });
  const over = scene.shot(shot.id);
  expect(summaryMessage(scene.state, over, shotFigures(scene.state, over, [], scene.nowMs).figures).text).toContain(
    'Shot ended by halt: 700 of 1,000 got nothing (cut off by the halt)',
  );
  expect(timelineMarkdown(scene.entries, [], { chain: { ok: true } })).not.toContain('NOT REACHED');
});

test('all well is said plainly', () => {
  const said = closed({});
  expect(said).toMatchObject({
    summary: expect.stringContaining('Shot complete: all 1,000 accepted') as string,
    live: expect.stringContaining('Done: 1,000') as string,
    board: 'Super Bowl: everything is sent',
  });
  expect(said.timeline).not.toMatch(/NOT REACHED|Not reached|can still be sent/);
});

describe('the command for exactly those', () => {
  test('never slips in a segment that was not fired yet', () => {
    const { scene, whole, timeline } = closed({ 'us-ios': { late: 450 } }, ['us-ios']);
    expect(whole).toContain('*450 devices can still be sent to.* `/go fire us-ios` goes to exactly those');
    expect(timeline).toContain('Not reached at the end: 450 devices of us-ios can still be sent to: /go fire us-ios');
    expect(fireArguments(scene.state, ['us-ios'])).toBe('fire request --segments us-ios');
    expect(scene.asked(['us-ios'])).toMatchObject({ devices: 450 });
  });

  test('is short where a platform, or all that is left, is meant', () => {
    const { scene } = closed({ 'us-ios': { late: 1 }, 'br-ios': { late: 1 }, 'us-android': { late: 1 } });
    const command = (...segments: string[]) => fireCommand(scene.state, segments);
    expect([
      command('us-ios', 'br-ios'),
      command('us-ios', 'us-android', 'br-ios'),
      command('us-ios', 'us-android'),
      command('br-ios'),
    ]).toEqual(['/go fire ios', '/go fire', '/go fire us-ios us-android', '/go fire br-ios']);
    scene.fired(['us-android']);
    // What runs may leave something too.
    expect(command('us-ios', 'br-ios')).toBe('/go fire ios');
    scene.halt();
    expect([command('br-ios'), fireArguments(scene.state, ['us-ios', 'br-ios'])]).toEqual([
      '/go resume fire br-ios',
      'fire request --segments ios --lift',
    ]);
  });

  test('is not offered once the launch is closed', () => {
    const { scene } = closed({ 'us-ios': { late: 450 } });
    scene.does({ kind: 'close-launch', by: 'ana', reason: 'late enough' });
    expect(timelineMarkdown(scene.entries, [], { chain: { ok: true } })).toContain(
      'Not reached at the end: 450 devices of us-ios were within reach when the launch was closed',
    );
  });
});
