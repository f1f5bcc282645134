import { expect, test } from 'vitest';
import { blankMessage } from '../../infra/aws/channel-message.ts';
import { Scene, T0_MS } from '../../test/properties/scene.ts';
import { timelineOf } from '../record/model.ts';
import type { TimelineMessage } from '../record/rows.ts';
import { phasesOf } from './phases.ts';

function told(scene: Scene, messages: TimelineMessage[] = []) {
  const timeline = timelineOf(scene.entries, messages, { chain: { ok: true } });
  if (timeline === null) throw new Error('no timeline');
  return phasesOf({ entries: scene.entries, timeline }).map(({ title, rows }) => ({
    title,
    said: rows.map(({ who, what }) => `${who}: ${what}`),
  }));
}

let seq = 0;
const message = (ts: string, atMs: number, more: Partial<TimelineMessage>): TimelineMessage => ({
  ...blankMessage(atMs),
  ts,
  user: 'U0MARKET1',
  seq: (seq += 1),
  hash: 'c'.repeat(64),
  ...more,
});

test('a launch is told from the ask to GO to its close, and a phase in which nothing happened is left out', () => {
  const scene = Scene.ready();
  scene.nowMs = T0_MS;
  const order = scene.asked('all');
  scene.nowMs += 5_000;
  const { shotId } = scene.gives('FireApproved', scene.press(order));
  scene.nowMs += 1_000;
  scene.closes(scene.shot(shotId));
  expect(told(scene).map(({ title, said }) => [title, said.at(-1)?.slice(0, 30)])).toEqual([
    ['Before anybody asked to fire', expect.stringContaining('set the audience')],
    ['From the first ask to the first GO', expect.stringContaining('asked to fire')],
    ['From the first GO until everything was counted', expect.stringContaining('shot ')],
  ]);
  expect(told(Scene.created()).map(({ title }) => title)).toEqual(['Before anybody asked to fire']);
});

test('what people have marked or noted stands in it, with what they made of it later; other talk does not', () => {
  const scene = Scene.ready();
  scene.does({ kind: 'note', by: 'mia', text: 'the ad moved to the third quarter' });
  const at = scene.nowMs;
  const mark = { of: '1.1', name: 'pushpin', on: true };
  const [first] = told(scene, [
    message('1.1', at + 1, { text: 'the ad is at 6:20' }),
    message('1.2', at + 2, { text: 'hello' }),
    message('1.3', at + 3, { mark }),
    message('1.4', at + 4, { text: 'the ad is at 6:30', edits: '1.1' }),
    message('1.5', at + 5, { text: 'bye', edits: '1.2' }),
    message('1.6', at + 6, { edits: '1.1', deleted: true }),
  ]);
  expect(first?.said.slice(-4)).toEqual([
    'Mia Chen: noted: the ad moved to the third quarter',
    'Mia Chen: “the ad is at 6:20” (marked :pushpin: by Mia Chen)',
    expect.stringMatching(/^Mia Chen: edited their message of .* to “the ad is at 6:30”$/),
    expect.stringMatching(/^Mia Chen: deleted their message of /),
  ]);
});
