import { describe, expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import type { SegmentsAsked } from './commands.ts';
import {
  devicesShown,
  fireableSegments,
  isOrderWaiting,
  leftBehindOf,
  nextAttempt,
  openOrderOf,
  remainingDevices,
  runningShotOf,
  segmentsMeant,
  shotsText,
} from './remaining.ts';

describe('who is left of a segment', () => {
  test('all of it before its first attempt, nobody while it runs, and nobody of what the audience does not have', () => {
    const scene = Scene.ready();
    expect([remainingDevices(scene.state, 'us-ios'), remainingDevices(scene.state, 'nowhere')]).toEqual([500, 0]);
    expect(remainingDevices(Scene.created().state, 'us-ios')).toBe(0);
    scene.fired(['us-ios']);
    expect([remainingDevices(scene.state, 'us-ios'), nextAttempt(scene.state, 'us-ios')]).toEqual([0, 2]);
  });

  test('as it was looked up, where it was, else as the record has it', () => {
    const { state } = Scene.ready();
    const sets = [{ segment: 'us-ios', attempt: 2, devices: 7, hash: 'h', seq: 1 }];
    expect([devicesShown(state, { sets }, 'us-ios'), devicesShown(state, { sets }, 'br-ios')]).toEqual([7, 200]);
    expect(devicesShown(state, {}, 'us-ios')).toBe(500);
  });

  test('those that late accounts left behind are named by segment, where there are any', () => {
    const launch = { ...Scene.ready().state, leftBehind: { 'br-ios': 2, 'us-ios': 5, nowhere: 9, 'us-android': 0 } };
    expect(leftBehindOf(launch)).toEqual([
      { segment: 'us-ios', devices: 5 },
      { segment: 'br-ios', devices: 2 },
    ]);
    expect(leftBehindOf(Scene.created().state)).toEqual([]);
  });
});

describe('what can be asked for now', () => {
  test('is what waits in no order and is not being sent, in the order of the audience', () => {
    const scene = Scene.ready();
    scene.fired(['br-ios', 'us-ios']);
    expect(['us-ios', 'br-ios', 'us-android'].map((id) => runningShotOf(scene.state, id) !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    expect(fireableSegments(scene.state, scene.nowMs)).toEqual(['us-android']);
    // A late account may have left somebody of a segment behind whose next attempt runs.
    const left = { ...scene.state, leftBehind: { 'us-ios': 3 }, attempts: {} };
    expect(fireableSegments(left, scene.nowMs)).toEqual(['us-android']);
    expect(fireableSegments(Scene.created().state, scene.nowMs)).toEqual([]);
  });

  test('is all of it, what was cut off, or what is named', () => {
    const scene = Scene.ready();
    const meant = (asked: SegmentsAsked) => segmentsMeant(scene.state, asked, scene.nowMs);
    expect([meant('all'), meant('cut-off')]).toEqual([['us-ios', 'us-android', 'br-ios'], []]);
    scene.closes(scene.fired(['us-ios', 'br-ios']), { 'us-ios': { halted: 3 } });
    expect([meant('all'), meant('cut-off')]).toEqual([['us-ios', 'us-android'], ['us-ios']]);
    scene.asked(['us-ios']);
    expect([meant('all'), meant('cut-off'), meant(['us-ios'])]).toEqual([['us-android'], [], ['us-ios']]);
  });

  test('names each segment once, whoever names it twice', () => {
    expect(segmentsMeant(Scene.ready().state, ['br-ios', 'us-ios', 'br-ios'], 0)).toEqual(['br-ios', 'us-ios']);
  });
});

describe('an order that waits', () => {
  const scene = Scene.ready();
  const order = scene.asked(['us-ios', 'br-ios']);
  const { expiresAtMs } = order;

  test('is found by each of its segments, until it has ended', () => {
    const found = (segment: string, nowMs: number) => openOrderOf(scene.state, segment, nowMs)?.id;
    expect([found('us-ios', expiresAtMs), found('br-ios', expiresAtMs)]).toEqual([order.id, order.id]);
    expect([found('us-android', expiresAtMs), found('us-ios', expiresAtMs + 1)]).toEqual([undefined, undefined]);
  });

  test('means that GO may come at any moment, until all have ended or are no longer open', () => {
    const { state } = scene;
    expect([isOrderWaiting(state, expiresAtMs), isOrderWaiting(state, expiresAtMs + 1)]).toEqual([true, false]);
    const declined = { ...order, id: 'F0', state: 'declined' as const };
    const waits = (...orders: (typeof declined | typeof order)[]) =>
      isOrderWaiting({ ...state, orders: Object.fromEntries(orders.map((one) => [one.id, one])) }, 0);
    expect([waits(), waits(declined), waits(declined, order)]).toEqual([false, false, true]);
  });
});

test('a shot is named with its segments, of many the first six', () => {
  const shot = Scene.ready().fired(['us-ios']);
  const of = (id: string, count: number) => ({
    ...shot,
    id,
    segments: Array.from({ length: count }, (_, at) => ({ segment: `s${at + 1}`, attempt: 1 })),
  });
  expect(shotsText([of('S1', 1), of('S2', 6), of('S3', 8)])).toBe(
    'S1 (s1), S2 (s1, s2, s3, s4, s5, s6) and S3 (s1, s2, s3, s4, s5, s6 and 2 more)',
  );
});
