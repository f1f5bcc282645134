import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import { stepDueAtMs } from './plan-times.ts';
import { dueSteps, nextSteps, scheduledSteps } from './schedule.ts';

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

test('a question is answered once, by somebody on duty, and any answer but the first turns its step red', () => {
  const steps = [
    {
      id: 'feed',
      title: 'The feed',
      at: 'T-1h',
      do: { kind: 'ask', say: 'Is it up?', answers: ['It is', 'Not yet', 'No'] },
    },
    { id: 'tell', title: 'Tell', at: 'T-1h', do: { kind: 'checklist' } },
  ];
  const asked = () => {
    const scene = Scene.created(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));
    const answer = (step: string, which: number, by = 'mia') =>
      ({ kind: 'answer-step', by, step, answer: which }) as const;
    expect(scene.refuses(answer('feed', 0)).code).toBe('STEP_NOT_OPEN');
    scene.does({ kind: 'start-step', step: 'feed' });
    scene.does({ kind: 'start-step', step: 'tell' });
    return { scene, answer };
  };
  const yes = asked();
  expect(yes.scene.refuses(yes.answer('feed', 3)).say).toContain('expected It is, Not yet or No');
  expect(yes.scene.refuses(yes.answer('feed', 0, 'olu')).code).toBe('ROLE_MISSING');
  expect(yes.scene.refuses(yes.answer('tell', 0)).code).toBe('VALUE_INVALID');
  expect(yes.scene.refuses(yes.answer('nope', 0)).code).toBe('STEP_UNKNOWN');
  expect(yes.scene.gives('StepDone', yes.answer('feed', 0))).toMatchObject({ say: 'It is', by: { person: 'mia' } });
  expect(yes.scene.refuses(yes.answer('feed', 1)).code).toBe('ALREADY_SO');
  const no = asked();
  expect(no.scene.gives('StepDone', no.answer('feed', 2))).toMatchObject({ say: 'No', refused: true });
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

describe('the times of a plan', () => {
  const at = (step: string, when: string, more: object = {}) => ({
    id: step,
    title: step.toUpperCase(),
    at: when,
    do: { kind: 'remind', say: 'x' },
    ...more,
  });
  /** Two phases whose steps run through each other, as plans do. */
  const scene = () =>
    Scene.created(
      sampleRunbook({
        phases: [
          { id: 'a', title: 'A', steps: [at('last', 'T+5m'), at('first', 'T-10m', { catch_up_within: '1m' })] },
          { id: 'b', title: 'B', steps: [at('second', 'T-10m'), at('third', 'T-5m')] },
        ],
      }),
    );
  const ids = (steps: { step: { id: string } }[]) => steps.map(({ step }) => step.id);

  test('steps come earliest first, those of one time in the order of the runbook', () => {
    const { state } = scene();
    expect(ids(scheduledSteps(state))).toEqual(['first', 'second', 'third', 'last']);
    expect(ids(nextSteps(state, T0_MS - 600_001))).toEqual(['first', 'second', 'third', 'last']);
    expect(ids(nextSteps(state, T0_MS - 600_000))).toEqual(['third', 'last']);
  });

  test('what somebody has run ahead of its time is no longer to come, and after the close nothing is', () => {
    const ahead = scene();
    ahead.does({ kind: 'run-step', by: 'ana', step: 'third' });
    expect(ids(nextSteps(ahead.state, T0_MS - 600_000))).toEqual(['last']);
    ahead.does({ kind: 'close-launch', by: 'ana', reason: '' });
    expect([nextSteps(ahead.state, 0), dueSteps(ahead.state, T0_MS)]).toEqual([[], []]);
  });

  test.each([
    [30_000, 'run', false],
    [30_001, 'late-run', true],
    [60_000, 'late-run', true],
    [60_001, 'put', null],
  ])('%d ms after its time a step is for %s', (lateMs, verdict, late) => {
    const due = scene();
    due.nowMs = T0_MS - 600_000 + lateMs;
    expect(dueSteps(due.state, due.nowMs)[0]).toMatchObject({ step: { id: 'first' }, verdict });
    const start = { kind: 'start-step', step: 'first' } as const;
    if (late === null) expect(due.refuses(start).say).toContain('is 60 s late and does not start by itself');
    else expect(due.gives('StepStarted', start)).toMatchObject({ late });
  });

  test('a person who runs a step late is late by the same measure', () => {
    const run = (lateMs: number) => {
      const due = scene();
      due.nowMs = T0_MS - 600_000 + lateMs;
      return due.gives('StepStarted', { kind: 'run-step', by: 'ana', step: 'first' }).late;
    };
    expect([run(30_000), run(30_001)]).toEqual([false, true]);
  });

  test('a step is put to people from its time on', () => {
    const due = scene();
    const put = { kind: 'put-step', step: 'first', why: 'x' } as const;
    due.nowMs = T0_MS - 600_001;
    expect(due.refuses(put).say).toContain('there is nothing to decide yet');
    due.nowMs += 1;
    expect(due.gives('StepPut', put)).toMatchObject({ why: 'x', by: { system: 'conductor' } });
  });

  test('what was done with a step is said, and what does not exist is named', () => {
    const due = scene();
    due.nowMs = T0_MS;
    const start = (step: string) => due.refuses({ kind: 'start-step', step }).say;
    due.does({ kind: 'put-step', step: 'first', why: '' });
    due.does({ kind: 'run-step', by: 'ana', step: 'second' });
    expect([start('first'), start('second'), start('nope')]).toEqual([
      '“FIRST” was put to on-call already, at 23:30:00 UTC. A step runs once.',
      '“SECOND” was started already, at 23:30:00 UTC. A step runs once.',
      'There is no step nope; this runbook has first, second, third and last.',
    ]);
    const nowhere: Command[] = [
      { kind: 'run-step', by: 'ana', step: 'nope' },
      { kind: 'skip-step', by: 'ana', step: 'nope', reason: '' },
      { kind: 'finish-step', step: 'nope', say: '' },
      { kind: 'put-step', step: 'nope', why: '' },
    ];
    expect(nowhere.map((command) => due.refuses(command).code)).toEqual(nowhere.map(() => 'STEP_UNKNOWN'));
  });

  test('a step whose doing was refused is done, and says so', () => {
    const due = scene();
    due.nowMs = T0_MS;
    due.does({ kind: 'run-step', by: 'ana', step: 'first' });
    due.does({ kind: 'run-step', by: 'ana', step: 'second' });
    const finish = (step: string, more: object) =>
      due.gives('StepDone', { kind: 'finish-step', step, say: 'x', ...more });
    expect(finish('first', { refused: true })).toHaveProperty('refused', true);
    expect(finish('second', {})).not.toHaveProperty('refused');
  });

  test('a step that would take the workers down before anything was sent is put, and does not start', () => {
    const steps = [at('down', 'T', { do: { kind: 'scale', target: 'workers', to: 0 } })];
    const due = Scene.created(sampleRunbook({ phases: [{ id: 'a', title: 'A', steps }] }));
    due.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 2, step: null, reason: '' });
    due.nowMs = T0_MS;
    expect(dueSteps(due.state, due.nowMs)).toMatchObject([{ verdict: 'put' }]);
    expect(due.refuses({ kind: 'start-step', step: 'down' }).say).toContain(
      'does not start by itself: nothing has been sent yet',
    );
  });
});
