import { describe, expect, test } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import { Scene, segmentTotals, setsLeft } from '../../test/properties/scene.ts';
import { decide } from './decide.ts';
import type { CommandOf } from './decision.ts';
import type { FrozenSet } from './entries.ts';
import { remainingDevices } from './remaining.ts';

/** What a further attempt is for: who was found when it was asked for, and nobody else. */

const correction = (scene: Scene, shotId: string, halted: number, uncertain: number, batch = 'b1') =>
  scene.does({
    kind: 'correct-shot',
    shotId,
    segments: [segmentTotals('us-ios', 1, 500, { halted, uncertain })],
    batch,
  });

function sentOnce() {
  const scene = Scene.ready();
  const first = scene.fired(['us-ios']);
  scene.closes(first, { 'us-ios': { halted: 100, uncertain: 30 } });
  return { scene, first };
}

const set = (scene: Scene, change: Partial<FrozenSet> = {}): FrozenSet[] =>
  setsLeft(scene.state).map((one) => ({ ...one, ...change }));

describe('who is left', () => {
  test('must have been looked for, for this attempt, since the last late account, and be somebody', () => {
    const { scene, first } = sentOnce();
    const refusal = (sets: FrozenSet[]) => scene.refuses(scene.request('ana', ['us-ios'], { sets }));
    expect(refusal([])).toMatchObject({
      code: 'SET_MISSING',
      say: expect.stringContaining('Nobody has looked yet who of us-ios is left') as string,
    });
    expect(refusal(set(scene, { attempt: 3 }))).toMatchObject({
      code: 'SET_MISSING',
      say: expect.stringContaining('attempt 3, and this would be attempt 2') as string,
    });
    const unfrozen = scene.request('ana', ['us-ios'], { sets: [] });
    const byRules = (rules: number) => decide(scene.state, unfrozen, { nowMs: scene.nowMs, sha256, rules });
    expect(byRules(2).ok).toBe(true);
    expect(byRules(3)).toMatchObject({ code: 'SET_MISSING' });
    expect(refusal(set(scene, { devices: 0 })).code).toBe('NOTHING_TO_FIRE');
    for (const devices of [501, 1.5, -1]) expect(refusal(set(scene, { devices })).code).toBe('VALUE_INVALID');
    const stale = set(scene);
    correction(scene, first.id, 110, 20);
    expect(refusal(stale)).toMatchObject({
      code: 'SET_MISSING',
      say: expect.stringContaining('A late account has come since') as string,
    });
    expect(scene.decide(scene.request('ana', ['us-ios'])).ok).toBe(true);
  });

  test('may be everybody, and is looked for by segment', () => {
    const scene = Scene.ready();
    scene.closes(scene.fired(['us-ios', 'br-ios']), { 'us-ios': { halted: 500 }, 'br-ios': { halted: 7 } });
    const order = scene.asked(['br-ios', 'us-ios']);
    expect(order.devices).toBe(507);
    expect(order.shown.sets?.map(({ segment, devices }) => [segment, devices])).toEqual([
      ['br-ios', 7],
      ['us-ios', 500],
    ]);
    const one = { segment: 'br-ios', attempt: 2, hash: 'h', seq: scene.state.seq };
    const sets = [
      { ...one, devices: 7 },
      { ...one, segment: 'us-ios', devices: 501 },
    ];
    scene.does({ kind: 'decline-fire', by: 'mia', orderId: order.id, reason: '' });
    expect(scene.refuses(scene.request('ana', ['br-ios', 'us-ios'], { sets })).say).toContain('us-ios has 500 devices');
    const shot = scene.fired(['br-ios', 'us-ios']);
    const segments = [segmentTotals('br-ios', 2, 7), segmentTotals('us-ios', 2, 500)];
    expect(scene.decide({ kind: 'close-shot', shotId: shot.id, cause: 'complete', segments }).ok).toBe(true);
  });

  test('is nobody where all were reached, whether anybody has looked or not', () => {
    const scene = Scene.ready();
    scene.closes(scene.fired(['us-ios']));
    const asking = scene.request('ana', ['us-ios'], { sets: [] });
    expect(scene.refuses(asking)).toEqual({
      code: 'NOTHING_TO_FIRE',
      say: 'us-ios went out already and nothing is left to send. Leave it out.',
    });
    // Under the rules of before sets were frozen, too.
    const given = { nowMs: scene.nowMs, sha256, rules: 2 };
    expect(decide(scene.state, asking, given)).toMatchObject({ code: 'NOTHING_TO_FIRE' });
  });

  test('a request that says nothing of it is refused', () => {
    const { scene } = sentOnce();
    const { sets: _sets, ...asking } = scene.request('ana', ['us-ios']) as CommandOf<'request-fire'>;
    expect(scene.refuses(asking).code).toBe('SET_MISSING');
  });

  test('is what the order is for, whatever the totals of the record say, and what the shot closes with', () => {
    const { scene } = sentOnce();
    const shot = scene.fired(['us-ios'], { sets: set(scene, { devices: 104 }) });
    expect(scene.order(shot.orderId)).toMatchObject({
      devices: 104,
      shown: { sets: [{ segment: 'us-ios', attempt: 2, devices: 104 }] },
    });
    expect(scene.state.attempts['us-ios']?.[1]?.devices).toBe(104);
    const close = (devices: number) => ({
      kind: 'close-shot' as const,
      shotId: shot.id,
      cause: 'complete' as const,
      segments: [segmentTotals('us-ios', 2, devices)],
    });
    expect(scene.refuses(close(100)).code).toBe('TOTALS_WRONG');
    expect(scene.decide(close(104)).ok).toBe(true);
  });

  test('is not part of what a first attempt shows', () => {
    const scene = Scene.ready();
    expect(
      scene.asked(['us-ios'], { sets: [{ segment: 'us-ios', attempt: 1, devices: 3, hash: 'h', seq: 99 }] }),
    ).toMatchObject({ devices: 500 });
    expect(Object.values(scene.state.orders)[0]?.shown).not.toHaveProperty('sets');
  });
});

describe('a late account', () => {
  test('voids an open order of its segment, and no other', () => {
    const { scene, first } = sentOnce();
    const again = scene.asked(['us-ios']);
    const other = scene.asked(['br-ios']);
    correction(scene, first.id, 110, 20);
    expect(scene.order(again.id)).toMatchObject({
      state: 'void',
      voidedBy: 'a late account has changed who is left to send to',
    });
    expect(scene.order(other.id).state).toBe('open');
  });

  test('leaves behind what comes within reach of an attempt that has a successor, until the next one is approved', () => {
    const { scene, first } = sentOnce();
    correction(scene, first.id, 105, 25);
    expect([scene.state.leftBehind, remainingDevices(scene.state, 'us-ios')]).toEqual([{}, 105]);
    const second = scene.fired(['us-ios']);
    correction(scene, first.id, 115, 15, 'b2');
    expect(scene.state.leftBehind).toEqual({ 'us-ios': 10 });
    scene.closes(second);
    expect(remainingDevices(scene.state, 'us-ios')).toBe(10);
    const third = scene.fired(['us-ios']);
    expect([third.shown.sets?.[0]?.devices, scene.state.leftBehind]).toEqual([10, {}]);
  });
});
