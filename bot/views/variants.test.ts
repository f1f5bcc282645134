import { expect, test } from 'vitest';
import { shotFigures } from '../../contract/figures.ts';
import { timelineMarkdown } from '../../runbooks/record/timeline.ts';
import { splitScene } from '../../test/properties/split-scene.ts';
import { orderLines } from '../cli/inspect.ts';
import { countsOf, snapshotOf } from '../conductor/for-tests.ts';
import { boardMessage } from './board.ts';
import { audienceMessage, compileMessage } from './compile.ts';
import { entryMessage } from './entry-message.ts';
import { liveStatsMessage } from './live-stats.ts';
import type { Message } from './message.ts';
import { orderMessage } from './order.ts';
import { summaryMessage } from './summary.ts';

/** Wherever devices are counted, variants are counted apart, and who is held out is said. */

const textOf = (message: Message): string => JSON.stringify(message.blocks).replaceAll('\u00a0', ' ');

function fired() {
  const scene = splitScene();
  const { orderId } = scene.gives('FireRequested', scene.request('mia', ['us-ios', 'us-android']));
  const asked = { launch: scene.state, order: scene.order(orderId) };
  const { shotId } = scene.gives('FireApproved', scene.press(scene.order(orderId), 'ben'));
  return { scene, shotId, asked };
}

test('an order shows the texts of every variant with how many get each, and who is held out', () => {
  const { asked, scene } = fired();
  const text = textOf(orderMessage(asked.launch, asked.order, [], scene.nowMs));
  expect(text).toContain('*Variants*:  a 390 · b 410 · *90 held out, on purpose*: they get nothing');
  expect(text).toMatch(/`en\/b` 410 {2}\*\u2068You missed it\u2069\*/u);
  expect(text).toMatch(/`en\/a` 390 {2}\*\u2068Did you see that\?\u2069\*/u);
  expect(text).toContain('Nobody here reads `pt-BR/a` `pt-BR/b`.');
  expect(orderLines(asked.launch, asked.order)).toContain('          variants a 390, b 410, 90 held out, on purpose');
  // Once it has gone it still says so.
  expect(textOf(orderMessage(scene.state, scene.order(asked.order.id), [], scene.nowMs))).toContain(
    '90 held out, on purpose',
  );
});

test('the board and the audience say who is held out', () => {
  const { state, nowMs } = splitScene();
  expect(textOf(boardMessage(state, [], [], nowMs))).toContain('112 held out, on purpose');
  expect(textOf(audienceMessage(state, null))).toContain('1,000 devices in 3 segments, 112 held out, on purpose.');
  const end = {
    atMs: 9,
    how: 'set' as const,
    say: 'Set.',
    problems: [],
    hash: 'h',
    rejected: {},
    devices: 1_000,
    rows: 1_112,
  };
  const run = {
    number: 1,
    by: 'mia',
    users: 'u.csv',
    table: 't',
    askedAtMs: 0,
    end: { ...end, heldOut: 112 },
  } as never;
  expect(textOf(compileMessage(state, run))).toContain('1,000 devices of 1,112 rows, 112 held out, on purpose');
});

test('a running shot and its summary count each variant apart, and the summary accounts for who is held out', () => {
  const { scene, shotId } = fired();
  const of = (variant: string, accepted: number, failed: number) => ({ variant, accepted, failed, others: 0 });
  const snapshots = [
    { ...snapshotOf(shotId, countsOf([1]), countsOf([])), variants: [of('a', 100, 1)] },
    { ...snapshotOf(shotId, countsOf([1]), countsOf([])), variants: [of('a', 50, 0), of('b', 200, 5)] },
  ];
  const figures = () => shotFigures(scene.state, scene.shot(shotId), snapshots, scene.nowMs).figures;
  const live = textOf(liveStatsMessage(scene.state, scene.shot(shotId), figures()));
  expect(live).toMatch(/\*Variant a\* \S+ 38% 150 of 390 accepted, 1 refused/);
  expect(live).toMatch(/\*Variant b\* \S+ 48% 200 of 410 accepted, 5 refused/);
  scene.closes(scene.shot(shotId));
  const closed = textOf(summaryMessage(scene.state, scene.shot(shotId), figures()));
  expect(closed).toMatch(/\*Variant a\* \S+ 100% 390 of 390 accepted, 0 refused/);
  expect(closed).toContain('Every one of 800 devices is accounted for; 90 held out, on purpose.');
});

test('the timeline has each variant in its table of shots, its texts, and the line of the close', () => {
  const { scene, shotId } = fired();
  scene.closes(scene.shot(shotId));
  const page = timelineMarkdown(scene.entries, [], { chain: { ok: true } });
  expect(page).toMatch(
    /\| us-ios, us-android \| 800, 90 held out, on purpose \| 800 accepted\. variant a: 390 accepted; variant b: 410 accepted/,
  );
  expect(page).toContain('| en/b | You missed it | Do your lesson. | 410 |');
  expect(page).toContain('in 3 segments, 112 held out, on purpose; of the users a 45 %, b 45 %, 10 % held out');
  expect(page).toMatch(
    /closed because every batch is accounted for: 800 accepted\. variant a: 390 accepted; variant b: 410 accepted/,
  );
});

test('other shares than the audience has are said where the change is, and on the board', () => {
  const scene = splitScene();
  const { hold_out: _, ...rest } = scene.state.campaign;
  const halves = [
    { id: 'a', share: 0.5 },
    { id: 'b', share: 0.5 },
  ];
  const entry = scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...rest, variants: halves } });
  const said = 'Nothing can be fired before it is compiled again';
  const message = entryMessage(scene.state, entry);
  expect(message === null ? '' : textOf(message)).toContain(said);
  expect(message === null ? '' : textOf(message)).toContain('share of a');
  expect(textOf(boardMessage(scene.state, [], [], scene.nowMs))).toContain(said);
});
