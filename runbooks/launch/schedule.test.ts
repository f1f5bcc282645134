import { expect, test } from 'vitest';
import { Scene, T0_MS } from '../../test/properties/scene.ts';
import { dueSteps, nextSteps, stepDueAtMs } from './schedule.ts';

const verdicts = (scene: Scene) =>
  dueSteps(scene.state, scene.nowMs).map(({ step, verdict }) => `${step.id} ${verdict}`);

test('steps come due at their T-minus times, each put, run late or run by its lateness', () => {
  const scene = Scene.created();
  scene.nowMs = T0_MS - 4 * 3_600_000 - 1;
  expect(verdicts(scene)).toEqual([]);
  scene.nowMs += 1;
  expect(verdicts(scene)).toEqual(['scale-up run']);
  scene.nowMs += 30_001;
  expect(verdicts(scene)).toEqual(['scale-up late-run']);
  scene.nowMs += 600_000;
  expect(verdicts(scene)).toEqual(['scale-up put']);
  scene.nowMs = T0_MS - 30 * 60_000;
  // `catch_up_within: 0s` always asks.
  expect(verdicts(scene)).toEqual(['scale-up put', 'remind put', 'ask put']);
  expect(nextSteps(scene.state, scene.nowMs).map(({ step, phase }) => `${phase.title}: ${step.id}`)).toEqual([
    'Go: window',
  ]);
});

test('compress divides T-minus times and nothing else, and the target moves what has not started', () => {
  const scene = Scene.created();
  const step = scene.state.runbook.phases[0]?.steps[0];
  if (step === undefined) throw new Error('unexpected');
  expect(stepDueAtMs(scene.state, step)).toBe(T0_MS - 14_400_000);
  expect(stepDueAtMs({ ...scene.state, compress: 480 }, step)).toBe(T0_MS - 30_000);
  for (const targetAtMs of [Number.NaN, 1e18, -1e18])
    expect(scene.refuses({ kind: 'move-target', by: 'ana', targetAtMs, reason: '' }).code).toBe('TIME_INVALID');
  scene.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 60_000, reason: 'overtime' });
  expect(stepDueAtMs(scene.state, step)).toBe(T0_MS - 14_340_000);
});

test('a target long past is a slip and refused; moving it ahead takes back what was put to a person', () => {
  const scene = Scene.created();
  scene.nowMs = T0_MS;
  expect(
    scene.refuses({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS - 25 * 3_600_000, reason: '' }),
  ).toMatchObject({ code: 'TIME_INVALID', say: expect.stringContaining('is 25 h ago') as string });
  scene.does({ kind: 'put-step', step: 'scale-up', why: '4 h late' });
  scene.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 3_600_000, reason: '' });
  expect(scene.state.steps['scale-up']?.state).toBe('put');
  scene.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 5 * 3_600_000, reason: '' });
  expect(scene.state.steps['scale-up']).toBeUndefined();
  scene.nowMs += 3_600_000;
  expect(verdicts(scene)).toEqual(['scale-up run']);
});

test('nobody orders three million workers by a slip of the finger', () => {
  const scene = Scene.created();
  const order = (desired: number) =>
    ({ kind: 'order-scale', by: 'ana', target: 'workers', desired, step: null, reason: '' }) as const;
  expect(scene.refuses(order(10_001)).say).toContain('at most 10,000');
  scene.does(order(10_000));
});

test('a step starts once, is done once, and only when it is due', () => {
  const scene = Scene.created();
  scene.nowMs = T0_MS - 4 * 3_600_000 - 1;
  expect(scene.refuses({ kind: 'start-step', step: 'scale-up' }).code).toBe('STEP_NOT_OPEN');
  expect(scene.refuses({ kind: 'start-step', step: 'nope' }).code).toBe('STEP_UNKNOWN');
  expect(scene.refuses({ kind: 'start-step', step: 'constructor' }).code).toBe('STEP_UNKNOWN');
  scene.nowMs += 1;
  expect(scene.refuses({ kind: 'finish-step', step: 'scale-up', say: '' }).code).toBe('STEP_NOT_OPEN');
  expect(scene.gives('StepStarted', { kind: 'start-step', step: 'scale-up' })).toMatchObject({ late: false });
  expect(scene.refuses({ kind: 'start-step', step: 'scale-up' }).code).toBe('STEP_NOT_OPEN');
  expect(scene.refuses({ kind: 'run-step', by: 'ana', step: 'scale-up' }).code).toBe('STEP_NOT_OPEN');
  expect(verdicts(scene)).toEqual([]);
  scene.does({ kind: 'finish-step', step: 'scale-up', say: '2 of 2' });
  expect(scene.refuses({ kind: 'finish-step', step: 'scale-up', say: '' }).code).toBe('ALREADY_SO');
  expect(scene.state.steps['scale-up']).toMatchObject({ state: 'done', say: '2 of 2' });
});

test('a step that was missed is put to a person, who runs it or skips it', () => {
  const scene = Scene.created();
  scene.nowMs = T0_MS;
  expect(scene.refuses({ kind: 'start-step', step: 'scale-up' }).say).toContain('late and does not start by itself');
  scene.does({ kind: 'put-step', step: 'scale-up', why: '4 h late' });
  expect(scene.refuses({ kind: 'put-step', step: 'scale-up', why: '' }).code).toBe('STEP_NOT_OPEN');
  expect(scene.refuses({ kind: 'run-step', by: 'mia', step: 'scale-up' }).code).toBe('ROLE_MISSING');
  expect(scene.gives('StepStarted', { kind: 'run-step', by: 'ana', step: 'scale-up' })).toMatchObject({
    late: true,
    by: { person: 'ana' },
  });
  scene.does({ kind: 'skip-step', by: 'ana', step: 'remind', reason: 'said aloud' });
  expect(scene.refuses({ kind: 'start-step', step: 'remind' }).say).toContain('is skipped already');
  scene.does({ kind: 'close-launch', by: 'ana', reason: '' });
  expect(verdicts(scene)).toEqual([]);
});

test('on-call may run a step ahead of its time', () => {
  const scene = Scene.created();
  expect(scene.gives('StepStarted', { kind: 'run-step', by: 'ana', step: 'window' })).toMatchObject({
    late: false,
    dueAtMs: T0_MS,
  });
});
