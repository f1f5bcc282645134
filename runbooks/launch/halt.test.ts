import { expect, test } from 'vitest';
import { Scene, T0_MS } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import { isLikelyEpoch } from './halt.ts';

const press = (scene: Scene, epoch: number, more: Partial<Extract<Command, { kind: 'set-halt' }>> = {}): Command => ({
  kind: 'set-halt',
  by: 'ben',
  source: 'slack',
  epoch,
  reason: '',
  pressedAtMs: scene.nowMs,
  ...more,
});

test('anyone on the roster halts, an observer too, but nobody else; lifting it is for people on duty', () => {
  const scene = Scene.ready();
  expect(scene.refuses(press(scene, 1, { by: 'eve' })).code).toBe('NOT_ON_ROSTER');
  expect(scene.gives('HaltSet', press(scene, 1, { by: 'olu' })).by).toEqual({ person: 'olu' });
  expect(scene.refuses({ kind: 'request-lift', by: 'olu', reason: '' }).code).toBe('ROLE_MISSING');
});

test('the system halts from outside Slack', () => {
  const scene = Scene.ready();
  expect(scene.gives('HaltSet', press(scene, 1, { by: null, source: 'ssm' })).by).toEqual({ system: 'ssm' });
  expect(scene.state.halt).toMatchObject({ active: true, epoch: 1, by: null });
});

test('a halt that arrives with any epoch ends running shots for good, and epochs only go up', () => {
  const scene = Scene.ready();
  const shot = scene.fired(['us-ios']);
  scene.nowMs += 700;
  scene.does(press(scene, 5, { pressedAtMs: scene.nowMs - 30 }));
  expect(scene.shot(shot.id).haltedAtMs).toBe(scene.nowMs - 30);
  expect(scene.state.halt.epoch).toBe(5);
  // The same press again, and one whose entry was overtaken.
  expect(scene.refuses(press(scene, 5)).code).toBe('ALREADY_SO');
  expect(scene.refuses(press(scene, 4)).code).toBe('ALREADY_SO');
  // A second halt is recorded, and leaves the time at which the first one ended the shot.
  scene.nowMs += 100;
  scene.does(press(scene, 6));
  expect(scene.shot(shot.id).haltedAtMs).toBe(scene.nowMs - 130);
});

test('an epoch that nobody can have pressed halts under the next one of the record', () => {
  const scene = Scene.ready();
  for (const epoch of [1_000_000_000, 1_001, Number.NaN])
    expect(scene.decide(press(scene, epoch))).toMatchObject({ ok: true, entry: { epoch: 1 } });
  expect(scene.decide(press(scene, 1_000))).toMatchObject({ ok: true, entry: { epoch: 1_000 } });
});

test('two people lift the present halt; the requester cannot, and whoever halted may', () => {
  const scene = Scene.ready();
  expect(scene.refuses({ kind: 'request-lift', by: 'ana', reason: '' }).code).toBe('NOT_HALTED');
  scene.halt('ben');
  const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: 'link is right' });
  expect(scene.refuses({ kind: 'request-lift', by: 'mia', reason: '' })).toMatchObject({
    code: 'ALREADY_SO',
    say: expect.stringContaining('Ana Ortiz has asked'),
  });
  expect(scene.refuses({ kind: 'approve-lift', by: 'ana', liftId }).code).toBe('SAME_PERSON');
  expect(scene.refuses({ kind: 'approve-lift', by: 'mia', liftId: 'L99' }).code).toBe('NO_SUCH_REQUEST');
  scene.does({ kind: 'approve-lift', by: 'ben', liftId });
  expect(scene.state.halt).toMatchObject({ active: false, epoch: 1 });
  expect(scene.refuses({ kind: 'approve-lift', by: 'mia', liftId }).code).toBe('NOT_HALTED');
});

test('a lift that was asked for before a newer halt does not lift that one', () => {
  const scene = Scene.ready();
  scene.halt('ben');
  const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  scene.halt('mia', 2);
  expect(scene.refuses({ kind: 'approve-lift', by: 'mia', liftId }).code).toBe('HALTED');
  expect(scene.decide({ kind: 'request-lift', by: 'ana', reason: '' }).ok).toBe(true);
});

test('a late entry of a lifted halt is passed over, a fresh press with a low epoch halts', () => {
  const scene = Scene.ready();
  const pressedAtMs = scene.nowMs;
  scene.halt('ben', 3);
  const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  scene.nowMs += 5_000;
  scene.does({ kind: 'approve-lift', by: 'mia', liftId });
  expect(scene.refuses(press(scene, 2, { pressedAtMs })).say).toContain('lifted');
  const shot = scene.fired(['us-ios']);
  scene.nowMs += 5_000;
  // A switch item that was lost counts from 1 again: in doubt, halt.
  expect(scene.gives('HaltSet', press(scene, 1)).epoch).toBe(4);
  expect(scene.shot(shot.id).haltedAtMs).toBe(scene.nowMs);
});

test('the first halt of a launch counts whatever clock pressed it', () => {
  const scene = Scene.ready();
  expect(scene.gives('HaltSet', press(scene, 0, { pressedAtMs: T0_MS - 9e7 })).epoch).toBe(1);
});

test.each([
  [0, true],
  [1_002, true],
  [1_003, false],
  [-1, false],
  [0.5, false],
  [Number.NaN, false],
])('where the record is at epoch 2, a switch item at %d can be ours: %s', (epoch, can) => {
  const { halt } = Scene.ready().state;
  expect(isLikelyEpoch({ halt: { ...halt, epoch: 2 } }, epoch)).toBe(can);
});

test('a halt says who pressed it, why and when; a second one names the first', () => {
  const scene = Scene.ready();
  scene.nowMs += 1_000;
  const halt = press(scene, 1, { reason: 'wrong link', pressedAtMs: scene.nowMs - 40 });
  expect(scene.gives('HaltSet', halt)).toMatchObject({
    epoch: 1,
    reason: 'wrong link',
    pressedAtMs: scene.nowMs - 40,
    by: { person: 'ben' },
  });
  const again = 'Sending stands halted already, by Ben Okafor at 22:30:00 UTC. Two people lift it with /go resume.';
  expect(scene.refuses(press(scene, 1)).say).toBe(again);
  const other = Scene.ready();
  other.does(press(other, 1, { by: null, source: 'cli' }));
  expect(other.refuses(press(other, 1)).say).toContain('halted already, by the system at');
});

test('a lift names its halt and its reason, and says when it is no longer needed or holds', () => {
  const scene = Scene.ready();
  scene.halt('ben', 3);
  const asked = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: 'link is right' });
  expect(asked).toMatchObject({ liftId: `L${asked.seq}`, epoch: 3, reason: 'link is right', by: { person: 'ana' } });
  const approve = (by: string): Command => ({ kind: 'approve-lift', by, liftId: asked.liftId });
  expect(scene.refuses(approve('ana')).say).toMatch(/^Ana Ortiz asked for this lift/);
  // A roster change ends what waits; a newer halt than the lift names, too, were the lift still open.
  const open = scene.state;
  scene.launch = { ...open, lifts: { [asked.liftId]: { ...open.lifts[asked.liftId]!, open: false } } };
  expect(scene.refuses(approve('mia')).code).toBe('HALTED');
  scene.launch = { ...open, halt: { ...open.halt, epoch: 4 } };
  expect(scene.refuses(approve('mia')).code).toBe('HALTED');
  scene.launch = open;
  expect(scene.gives('HaltLifted', approve('mia'))).toMatchObject({ epoch: 3, by: { person: 'mia' } });
  expect(scene.refuses(approve('ben')).say).toBe('The halt was lifted at 22:30:00 UTC already. Nothing more to do.');
});

test('a press at the very moment of the lift is that of before it', () => {
  const scene = Scene.ready();
  scene.halt('ben', 3);
  const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  scene.does({ kind: 'approve-lift', by: 'mia', liftId });
  expect(scene.refuses(press(scene, 3)).say).toBe(
    'That halt was lifted at 22:30:00 UTC. To stop again, press halt again.',
  );
  expect(scene.gives('HaltSet', press(scene, 3, { pressedAtMs: scene.nowMs + 1 })).epoch).toBe(4);
});
