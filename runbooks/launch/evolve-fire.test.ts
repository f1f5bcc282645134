import { describe, expect, test } from 'vitest';
import { ANA, keyVia, Scene, segmentTotals, setsLeft } from '../../test/properties/scene.ts';
import type { Entry, ShotTiming } from './entries.ts';
import { approved, closedShot, correctedShot, timedShot } from './evolve-fire.ts';

/** What a fire, a close, a correction and a halt change, and what they leave alone. */

const TIMING: ShotTiming = {
  firstWriteMs: 1,
  p50Ms: 2,
  p95Ms: 3,
  p99Ms: 4,
  lastWriteMs: 5,
  perSecond: 6,
  peakPerSecond: 7,
};
/** The newest entry of a scene, as one that could be folded again; `more` is changed in it. */
const again = <E extends Entry>(entry: E, more: object = {}): E => ({ ...entry, ...more });

describe('an approval', () => {
  test('makes a shot of what was shown, of its schema version, and begins the next attempt of its segments', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    const before = scene.state;
    const entry = scene.gives('FireApproved', scene.press(order));
    expect(scene.shot(entry.shotId)).toEqual({
      id: entry.shotId,
      orderId: order.id,
      requestedBy: 'ana',
      approvedBy: 'mia',
      segments: [{ segment: 'us-ios', attempt: 1 }],
      shown: order.shown,
      shownHash: order.shownHash,
      audience: before.audience,
      skipList: null,
      campaign: before.campaign,
      approvedSeq: entry.seq,
      approvedBySchema: 3,
      pressedAtMs: scene.nowMs,
      notAfterAtMs: entry.notAfterAtMs,
      haltEpoch: 0,
      redGates: [],
      haltedAtMs: null,
      closed: null,
      totals: null,
      corrected: [],
      timing: null,
    });
    expect(scene.state.attempts).toEqual({
      'us-ios': [{ attempt: 1, shotId: entry.shotId, devices: 500, closed: false, totals: null }],
    });
    for (const v of [1, 2] as const)
      expect(approved(before, again(entry, { v })).shots?.[entry.shotId]).not.toHaveProperty('approvedBySchema');
  });

  test('without an audience is an entry that nobody can have written', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    const before = scene.state;
    const entry = scene.gives('FireApproved', scene.press(order));
    expect(() => approved({ ...before, audience: null }, entry)).toThrow('FOLD_IMPOSSIBLE');
  });

  test('keeps the nonce of a signature, and of Slack nothing', () => {
    const scene = Scene.ready();
    const via = keyVia(ANA.key, scene.nowMs);
    scene.does(scene.press(scene.asked(['us-ios'], { via })));
    expect(scene.state.usedNonces).toEqual(['n'.repeat(22)]);
  });

  test('takes what was left behind of its own segments with it, and of no other', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios', 'br-ios']);
    scene.launch = { ...scene.state, leftBehind: { 'us-ios': 3, 'us-android': 4 } };
    scene.does(scene.press(order));
    expect(scene.state.leftBehind).toEqual({ 'us-android': 4 });
  });

  test.each([
    { say: 'lifts the halt that it names', lifts: 2, halt: { epoch: 2, active: true }, isActive: false },
    { say: 'lifts no newer halt', lifts: 1, halt: { epoch: 2, active: true }, isActive: true },
    { say: 'that lifts none leaves a halt alone', lifts: null, halt: { epoch: 2, active: true }, isActive: true },
  ])('$say', ({ lifts, halt, isActive }) => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    const before = scene.state;
    const entry = scene.gives('FireApproved', scene.press(order));
    const lift = { id: 'L1', epoch: 2, by: 'ana', reason: 'r', open: true };
    const state = { ...before, halt: { ...before.halt, ...halt }, lifts: { L1: lift } };
    const { halt: after = state.halt, lifts: waiting = state.lifts } = approved(state, again(entry, { lifts }));
    expect(after.active).toBe(isActive);
    expect(waiting).toEqual({ L1: { ...lift, open: isActive } });
    // The names of who lifted it, and when, stand where those of the halt stood.
    expect(after.by).toBe(isActive ? null : 'mia');
  });

  test('leaves a halt that is lifted already as it is', () => {
    const scene = Scene.ready();
    const order = scene.asked(['us-ios']);
    const before = scene.state;
    const entry = scene.gives('FireApproved', scene.press(order));
    const halt = { ...before.halt, epoch: 2, active: false, by: 'ben' };
    expect(approved({ ...before, halt }, again(entry, { lifts: 2 }))).not.toHaveProperty('halt');
  });
});

describe('a halt', () => {
  test('ends the shots that run, and leaves what is closed as it was closed', () => {
    const scene = Scene.ready();
    const done = scene.fired(['us-ios']);
    scene.closes(done);
    const running = scene.fired(['br-ios']);
    scene.halt();
    expect([scene.shot(done.id).haltedAtMs, scene.shot(running.id).haltedAtMs]).toEqual([null, scene.nowMs]);
  });

  test('ends a lift that waits, and all else of it stands', () => {
    const scene = Scene.ready();
    scene.halt();
    const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: 'link is right' });
    const expiresAtMs = scene.nowMs + 900_000;
    scene.halt('ben', 2);
    expect(scene.state.lifts).toEqual({
      [liftId]: { id: liftId, epoch: 1, by: 'ana', reason: 'link is right', open: false, expiresAtMs },
    });
  });
});

describe('a close', () => {
  test('gives its totals to the attempts of its own shot, and an attempt of another keeps its own', () => {
    const scene = Scene.ready();
    const first = scene.fired(['us-ios']);
    scene.closes(first, { 'us-ios': { halted: 20 } });
    const second = scene.fired(['us-ios'], { sets: setsLeft(scene.state) });
    scene.closes(second);
    expect(scene.state.attempts['us-ios']).toMatchObject([
      { shotId: first.id, closed: true, totals: { devices: 500 } },
      { shotId: second.id, closed: true, totals: { devices: 20 } },
    ]);
  });

  test('of what is closed, a correction of what is not, and figures of what is not, are no entries', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    const running = scene.state;
    scene.closes(shot);
    const close = scene.entries.at(-1);
    if (close?.kind !== 'ShotClosed') throw new Error('unexpected');
    const corrected = { ...close, kind: 'ShotCorrected' as const, batch: 'b' };
    const timed = { ...close, kind: 'ShotTimed' as const, timing: TIMING };
    for (const fold of [
      () => closedShot(scene.state, close),
      () => correctedShot(running, corrected),
      () => timedShot(running, timed),
    ])
      expect(fold).toThrow('FOLD_IMPOSSIBLE');
    scene.does({ kind: 'report-timing', shotId: shot.id, timing: TIMING });
    expect(scene.shot(shot.id)).toMatchObject({ timing: TIMING, closed: { cause: 'complete' } });
  });
});

describe('a correction', () => {
  const late = (halted: number) => segmentTotals('us-ios', 1, 500, { halted, uncertain: 30 - halted });

  /** us-ios went out twice: an account that is late for its first attempt brings devices within reach that no order has. */
  function sentTwice() {
    const scene = Scene.ready();
    const first = scene.fired(['us-ios']);
    scene.closes(first, { 'us-ios': { halted: 10, uncertain: 20 } });
    scene.closes(scene.fired(['us-ios']));
    return { scene, first };
  }
  const correct = (scene: Scene, shotId: string, halted: number, batch: string) =>
    scene.gives('ShotCorrected', { kind: 'correct-shot', shotId, segments: [late(halted)], batch });

  test('voids every order that is also for its segments, and no other', () => {
    const { scene, first } = sentTwice();
    scene.launch = { ...scene.state, leftBehind: { 'us-ios': 1 } };
    const both = scene.asked(['br-ios', 'us-ios']);
    const other = scene.asked(['us-android']);
    correct(scene, first.id, 12, 'b1');
    expect([scene.order(both.id).state, scene.order(other.id).state]).toEqual(['void', 'open']);
  });

  test('adds to what was left behind, of this and of other segments, and what it takes out of reach takes nothing away', () => {
    const { scene, first } = sentTwice();
    scene.launch = { ...scene.state, leftBehind: { 'br-ios': 4 } };
    correct(scene, first.id, 12, 'b1');
    correct(scene, first.id, 15, 'b2');
    expect(scene.state.leftBehind).toEqual({ 'br-ios': 4, 'us-ios': 5 });
    correct(scene, first.id, 11, 'b3');
    expect(scene.state.leftBehind).toEqual({ 'br-ios': 4, 'us-ios': 5 });
  });

  test('that brings nobody within reach leaves nobody behind', () => {
    const { scene, first } = sentTwice();
    const same = segmentTotals('us-ios', 1, 500, { halted: 10, uncertain: 5 });
    scene.does({ kind: 'correct-shot', shotId: first.id, segments: [same], batch: 'b1' });
    expect(scene.state.leftBehind).toEqual({});
  });

  test('is counted against what this very segment had before', () => {
    const scene = Scene.ready();
    const first = scene.fired(['br-ios', 'us-ios']);
    scene.closes(first, { 'us-ios': { halted: 10, uncertain: 20 }, 'br-ios': { halted: 90 } });
    scene.closes(scene.fired(['us-ios']));
    correct(scene, first.id, 12, 'b1');
    expect(scene.state.leftBehind).toEqual({ 'us-ios': 2 });
  });

  test('by the rules of before sets were frozen voids nothing and leaves nobody behind', () => {
    const { scene, first } = sentTwice();
    const before = scene.state;
    const entry = correct(scene, first.id, 12, 'b1');
    const change = correctedShot(before, again(entry, { v: 2 }));
    expect(change).not.toHaveProperty('orders');
    expect(change).not.toHaveProperty('leftBehind');
    expect(change.correctedSeq).toEqual({ 'us-ios': entry.seq });
  });
});
