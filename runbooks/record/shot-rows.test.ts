import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { shotsOf } from './shot-rows.ts';

test('a shot has the HALT that came while it ran, and none that came after its close', () => {
  const scene = Scene.ready();
  const halts = () => shotsOf(scene.entries, new Map(), scene.state).map(({ haltAfterMs }) => haltAfterMs);
  scene.closes(scene.fired(['us-ios']));
  scene.nowMs += 5_000;
  scene.halt('ben');
  expect(halts()).toEqual([null]);
  const second = scene.fired(['us-android'], { lift: true });
  scene.nowMs += 320;
  scene.halt('ana');
  expect(halts()).toEqual([null, 320]);
  scene.closes(second);
  scene.nowMs += 5_000;
  scene.halt('ben');
  expect(halts()).toEqual([null, 320]);
});
