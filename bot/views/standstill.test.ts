import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { movesAgainMessage, standstillNote } from './standstill.ts';

/** How an alarm reads once it is over. */

const reason = { kind: 'x', why: 'nothing waits.', todo: 'x' };
const still = { platform: 'android' as const, sinceMs: 0, left: 5, devices: 200, waiting: 0 };

test('of a shot that closed before anything was seen of it, the room reads what was seen, and not that it stood still', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['br-ios']);
  const over = (everMoved: boolean) =>
    movesAgainMessage(scene.state, shot, [{ ...still, everMoved }], reason, { how: 'closed', afterMs: 3_000 }).text;
  expect(over(false)).toMatch(/^The shot was closed 3 s after GO; until then nothing was seen to go out on Android/);
  expect(over(true)).toMatch(/^The shot was closed; Android had stood still for 3 s/);
});

test('of one that some workers can not be heard of nobody reads that it stands still, or has', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['br-ios']);
  const unseen = { ...reason, isUnseen: true };
  const begins = (everMoved: boolean) => standstillNote(scene.state, shot, [{ ...still, everMoved }], unseen);
  expect(begins(true)).toMatch(/^Nothing shows that Android still moves/);
  expect(begins(false)).toMatch(/^GO was pressed, and nothing shows that a push has gone out on Android/);
  const over = (how: 'moves' | 'closed' | 'halted', everMoved = true) =>
    movesAgainMessage(scene.state, shot, [{ ...still, everMoved }], unseen, { how, afterMs: 3_000 }).text;
  expect([over('moves'), over('moves', false), over('closed'), over('halted')]).toEqual([
    expect.stringMatching(/^Android is seen to move again after 3 s/),
    expect.stringMatching(/^Android is seen to move again after 3 s/),
    expect.stringMatching(/^The shot was closed; nothing was seen of Android for 3 s/),
    expect.stringMatching(/^The shot was halted; nothing was seen of Android for 3 s/),
  ]);
});
