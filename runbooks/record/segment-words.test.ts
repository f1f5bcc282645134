import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { timelineOf } from './model.ts';
import { shotsPart } from './page-shots.ts';
import { neverFiredText, segmentList } from './segment-words.ts';
import { timelineMarkdown } from './timeline.ts';

const on = (ids: string, attempt = 1) => ids.split(' ').map((segment) => ({ segment, attempt }));

test('a few segments are told by name, and further attempts with their number', () => {
  expect(segmentList(on('us-ios us-android'))).toBe('us-ios, us-android');
  expect(segmentList([...on('us-ios'), ...on('br-ios', 2)])).toBe('us-ios, br-ios (attempt 2)');
});

test('many segments are told by market and platform, and none is left out', () => {
  expect(segmentList(on('br-ios de-ios us-ios br-android us-android'))).toBe(
    '5 segments: br and us on ios and android, de on ios',
  );
  expect(segmentList([...on('br-ios us-ios us-android gb-android'), ...on('de-ios jp-ios', 2)])).toBe(
    '6 segments: br on ios, us on ios and android, gb on android; de and jp on ios (attempt 2)',
  );
});

test('segments that are not cut by platform keep their names', () => {
  expect(segmentList(on('br de us gb us-ios'))).toBe('5 segments: br, de, us, gb and us-ios');
});

test('segments that never went are told in Markdown and on the page, as long as the launch is open as not fired so far', () => {
  const scene = Scene.ready();
  const shown = () => timelineMarkdown(scene.entries, [], { chain: { ok: true }, slackNames: new Map() });
  scene.closes(scene.fired(['us-ios', 'us-android']));
  expect(neverFiredText(scene.state)).toBe('Not fired so far: br-ios (200 devices)');
  expect(shown()).toContain('\n\nNot fired so far: br-ios (200 devices)\n');
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  expect(shown()).toContain('\n\nNever fired: br-ios (200 devices)\n');
  const timeline = timelineOf(scene.entries, [], { chain: { ok: true } });
  expect(timeline === null ? '' : shotsPart(timeline, {}).text).toContain('<p>Never fired: br-ios (200 devices)</p>');
  const whole = Scene.ready();
  whole.fired('all');
  expect(neverFiredText(whole.state)).toBe('');
});
