import { describe, expect, test } from 'vitest';
import { measuredAt, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { dueSteps } from './schedule.ts';
import { waitsOf, waitsText } from './waits.ts';

const remind = (id: string, at: string, more: object = {}) => ({
  id,
  title: id.toUpperCase(),
  at,
  do: { kind: 'remind', say: 'x' },
  ...more,
});
const withSteps = (...steps: object[]): Scene =>
  Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));
const MIN = 60_000;

/** What is to be done with each step now; `red`: of the measured gates. */
const verdicts = (scene: Scene, red: Parameters<typeof measuredAt>[1] = {}) =>
  dueSteps(scene.state, scene.nowMs, measuredAt(scene.nowMs, red)).map(({ step, verdict }) => `${step.id} ${verdict}`);

describe('a step that waits for another', () => {
  const due = () => {
    const scene = withSteps(remind('a', 'T-30m'), remind('b', 'T-20m', { after: ['a'] }));
    scene.nowMs = T0_MS - 20 * MIN;
    return scene;
  };

  test('is held when it is due, once, with what it waits for, and starts when that is done', () => {
    const scene = due();
    expect(verdicts(scene)).toEqual(['a late-run', 'b hold']);
    expect(scene.refuses({ kind: 'start-step', step: 'b' }).say).toBe('“B” does not start yet: “A” has not started.');
    expect(scene.gives('StepHeld', { kind: 'hold-step', step: 'b', measured: [] })).toMatchObject({
      after: ['a'],
      why: '“A” has not started',
      dueAtMs: T0_MS - 20 * MIN,
    });
    expect(scene.refuses({ kind: 'hold-step', step: 'b', measured: [] }).code).toBe('STEP_NOT_OPEN');
    expect(verdicts(scene)).toEqual(['a late-run']);
    scene.does({ kind: 'start-step', step: 'a' });
    expect(scene.refuses({ kind: 'start-step', step: 'b' }).say).toContain('“A” is not done yet');
    scene.does({ kind: 'finish-step', step: 'a', say: '' });
    expect(verdicts(scene)).toEqual(['b run']);
    expect(scene.gives('StepStarted', { kind: 'start-step', step: 'b' })).toMatchObject({ late: false });
  });

  test('is late by the end of its wait, not by its time', () => {
    const scene = due();
    scene.does({ kind: 'hold-step', step: 'b', measured: [] });
    scene.does({ kind: 'start-step', step: 'a' });
    scene.nowMs += 3 * 60 * MIN;
    scene.does({ kind: 'finish-step', step: 'a', say: '' });
    scene.nowMs += 31_000;
    expect(verdicts(scene)).toEqual(['b late-run']);
    scene.nowMs += 10 * MIN;
    expect(verdicts(scene)).toEqual(['b put']);
    expect(scene.refuses({ kind: 'start-step', step: 'b' }).say).toContain('is 11 min late');
    scene.does({ kind: 'put-step', step: 'b', why: 'late' });
    scene.does({ kind: 'run-step', by: 'ana', step: 'b' });
  });

  test('starts when a person skips the other, and waits on when that was refused', () => {
    const skipped = due();
    skipped.does({ kind: 'skip-step', by: 'ana', step: 'a', reason: '' });
    expect(verdicts(skipped)).toEqual(['b run']);
    const refused = due();
    refused.does({ kind: 'start-step', step: 'a' });
    refused.does({ kind: 'finish-step', step: 'a', say: 'no', refused: true });
    expect(verdicts(refused)).toEqual(['b hold']);
    expect(refused.refuses({ kind: 'start-step', step: 'b' }).say).toContain('“A” was refused');
  });

  test('may be run or skipped by on-call all the same, and is ahead of its time again when the target moves', () => {
    const scene = due();
    scene.does({ kind: 'hold-step', step: 'b', measured: [] });
    expect(scene.decide({ kind: 'skip-step', by: 'ana', step: 'b', reason: '' }).ok).toBe(true);
    scene.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 5 * MIN, reason: '' });
    expect(scene.state.steps['b']).toBeUndefined();
    scene.nowMs += 5 * MIN;
    scene.does({ kind: 'hold-step', step: 'b', measured: [] });
    scene.does({ kind: 'run-step', by: 'ana', step: 'b' });
    expect(scene.state.steps['b']?.state).toBe('started');
  });
});

test('nothing is held before its time, or that waits for nothing', () => {
  const scene = withSteps(remind('a', 'T-30m'), remind('b', 'T-20m', { after: ['a'] }));
  scene.nowMs = T0_MS - 20 * MIN - 1;
  expect(scene.refuses({ kind: 'hold-step', step: 'b', measured: [] }).code).toBe('STEP_NOT_OPEN');
  expect(scene.refuses({ kind: 'hold-step', step: 'a', measured: [] }).code).toBe('STEP_NOT_OPEN');
  expect(scene.refuses({ kind: 'hold-step', step: 'nope', measured: [] }).code).toBe('STEP_UNKNOWN');
});

test('a step that waits for a measured gate starts while that is green, by fresh figures alone', () => {
  const scene = withSteps(remind('b', 'T-20m', { after: ['workers'] }));
  scene.nowMs = T0_MS - 20 * MIN;
  expect(verdicts(scene, { workers: { status: 'red', say: '1 of 2' } })).toEqual(['b hold']);
  expect(dueSteps(scene.state, scene.nowMs)).toMatchObject([{ verdict: 'hold' }]);
  const red = measuredAt(scene.nowMs, { workers: { status: 'red', say: '1 of 2' } });
  expect(scene.gives('StepHeld', { kind: 'hold-step', step: 'b', measured: red }).why).toBe(
    '“Workers are ready” is red: 1 of 2',
  );
  expect(scene.refuses({ kind: 'start-step', step: 'b' }).say).toContain(
    '“Workers are ready” is not green: not measured yet',
  );
  scene.nowMs += 3 * 60 * MIN;
  // Nobody has recorded since when, so it has just become green.
  expect(verdicts(scene)).toEqual(['b run']);
  const [green] = measuredAt(scene.nowMs - 11 * MIN).filter(({ gate }) => gate === 'workers');
  if (green === undefined) throw new Error('unexpected');
  scene.does({ kind: 'report-gate', measured: green });
  expect(verdicts(scene)).toEqual(['b put']);
  expect(scene.decide({ kind: 'start-step', step: 'b', measured: measuredAt(scene.nowMs) }).ok).toBe(false);
});

test('a step that waits for a gate that is waived starts then: since when it was green before says nothing', () => {
  const scene = withSteps(remind('b', 'T-20m', { after: ['workers'] }));
  const red = { workers: { status: 'red', value: 1, say: '1 of 2' } } as const;
  const [green] = measuredAt(scene.nowMs).filter(({ gate }) => gate === 'workers');
  if (green === undefined) throw new Error('unexpected');
  scene.does({ kind: 'report-gate', measured: green });
  scene.nowMs = T0_MS - 9 * MIN;
  expect(verdicts(scene, red)).toEqual(['b hold']);
  const { waiverId } = scene.gives('WaiverRequested', {
    kind: 'request-waiver',
    by: 'ana',
    gate: 'workers',
    segments: 'all',
    worst: 1,
    reason: 'one is enough',
    endsAtMs: T0_MS,
  });
  scene.does({ kind: 'grant-waiver', by: 'mia', waiverId });
  expect(verdicts(scene, red)).toEqual(['b run']);
});

test('of several waits those are told that are not over; a name that is no gate any more is never over', () => {
  const scene = withSteps(remind('a', 'T-30m'), remind('b', 'T-20m', { after: ['a', 'shot'] }));
  scene.does({ kind: 'skip-step', by: 'ana', step: 'a', reason: '' });
  scene.nowMs = T0_MS - 20 * MIN;
  expect(scene.refuses({ kind: 'start-step', step: 'b' }).say).toBe(
    '“B” does not start yet: nothing has been sent yet.',
  );
  const waits = waitsOf(scene.state, { after: ['a', 'gone'] }, [], scene.nowMs);
  expect(waitsText(waits)).toEqual(['the gate gone is not there']);
});

test('a step that waits for a gate that people tick goes by the tick', () => {
  const scene = withSteps(remind('b', 'T-20m', { after: ['copy-read'] }));
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: false, note: '' });
  scene.nowMs = T0_MS - 20 * MIN;
  expect(verdicts(scene)).toEqual(['b hold']);
  scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  expect(verdicts(scene)).toEqual(['b run']);
  scene.nowMs += 11 * MIN;
  expect(verdicts(scene)).toEqual(['b put']);
});

test('a step that waits for a shot is held as long as nothing was sent, and is due from the first press on', () => {
  const scene = withSteps(remind('thanks', 'T-20m', { after: ['shot'] }));
  scene.nowMs = T0_MS - 20 * MIN;
  expect(scene.gives('StepHeld', { kind: 'hold-step', step: 'thanks', measured: [] }).why).toBe(
    'nothing has been sent yet',
  );
  scene.fired(['us-ios']);
  expect(verdicts(scene)).toEqual(['thanks run']);
  scene.nowMs += 6 * MIN;
  scene.fired(['us-android']);
  expect(verdicts(scene)).toEqual(['thanks late-run']);
  scene.nowMs += 5 * MIN;
  expect(verdicts(scene)).toEqual(['thanks put']);
});
