import { describe, expect, test } from 'vitest';
import { measuredAt, sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { endangeredSteps, missedSteps } from './deadlines.ts';
import { dueSteps, scheduledSteps } from './schedule.ts';

const MIN = 60_000;
const DEADLINE = T0_MS - 20 * MIN;

/** One step at T-40m with a deadline at T-20m. */
const withStep = (more: object = {}, runbook: Record<string, unknown> = {}): Scene =>
  Scene.ready(
    sampleRunbook({
      ...runbook,
      phases: [
        {
          id: 'p',
          title: 'P',
          steps: [
            {
              id: 'up',
              title: 'Workers up',
              at: 'T-40m',
              deadline: 'T-20m',
              do: { kind: 'scale', target: 'workers', to: 2 },
              ...more,
            },
          ],
        },
      ],
    }),
  );
const backup = {
  steps: [
    { id: 'more', title: 'More of them', do: { kind: 'scale', target: 'workers', to: 4 } },
    { id: 'tell', title: 'Tell all', do: { kind: 'remind', say: 'late' } },
  ],
};
const missed = (scene: Scene, red: Parameters<typeof measuredAt>[1] = {}) =>
  missedSteps(scene.state, scene.nowMs, measuredAt(scene.nowMs, red)).map(({ id }) => id);
const miss = { kind: 'miss-step', step: 'up', measured: [] } as const;
const at = (scene: Scene, ms: number): Scene => {
  scene.nowMs = ms;
  return scene;
};

test('a step that is not done by its deadline is missed then, once, and not before', () => {
  const scene = at(withStep(), DEADLINE - 1);
  expect(missed(scene)).toEqual([]);
  expect(scene.refuses(miss).code).toBe('STEP_NOT_OPEN');
  at(scene, DEADLINE);
  expect(missed(scene)).toEqual(['up']);
  expect(scene.gives('StepMissed', miss)).toMatchObject({ deadlineAtMs: DEADLINE, why: 'it has not started' });
  expect(missed(scene)).toEqual([]);
  expect(scene.refuses(miss).code).toBe('ALREADY_SO');
  expect(scene.refuses({ ...miss, step: 'nope' }).code).toBe('STEP_UNKNOWN');
});

test('what is done, or skipped by a person, is not missed; what was refused, or has only begun, is', () => {
  const begun = () => {
    const scene = at(withStep(), T0_MS - 40 * MIN);
    scene.does({ kind: 'start-step', step: 'up' });
    return scene;
  };
  const done = begun();
  done.does({ kind: 'finish-step', step: 'up', say: '' });
  expect(missed(at(done, DEADLINE))).toEqual([]);
  const refused = begun();
  refused.does({ kind: 'finish-step', step: 'up', say: 'no', refused: true });
  expect(at(refused, DEADLINE).gives('StepMissed', miss).why).toBe('it was refused');
  const skipped = begun();
  expect(at(skipped, DEADLINE).gives('StepMissed', miss).why).toBe('it is not done yet');
  const left = withStep();
  left.does({ kind: 'skip-step', by: 'ana', step: 'up', reason: '' });
  expect(missed(at(left, DEADLINE))).toEqual([]);
});

test('a fleet that somebody has ordered to another count is verified by the arrival of that', () => {
  const scene = at(withStep(), T0_MS - 40 * MIN);
  scene.does({ kind: 'start-step', step: 'up' });
  const order = { kind: 'order-scale', target: 'workers', reason: '' } as const;
  scene.does({ ...order, by: null, desired: 2, step: 'up' });
  scene.does({ ...order, by: 'ana', desired: 3, step: null });
  at(scene, DEADLINE);
  expect(missed(scene)).toEqual(['up']);
  scene.does({ kind: 'report-scale', target: 'workers', desired: 3, tookMs: 1, stands: 3 });
  expect(missed(scene)).toEqual([]);
});

test('a step that waits for a person is not done by what they order past it', () => {
  const scene = at(withStep(), T0_MS - 40 * MIN);
  scene.does({ kind: 'put-step', step: 'up', why: '' });
  scene.does({ kind: 'order-scale', target: 'workers', reason: '', by: 'ana', desired: 3, step: null });
  scene.does({ kind: 'report-scale', target: 'workers', desired: 3, tookMs: 1, stands: 3 });
  expect(at(scene, DEADLINE).gives('StepMissed', miss).why).toBe('it waits for a person');
});

test('a step without a deadline has none to miss', () => {
  const scene = at(withStep({ deadline: undefined }), T0_MS);
  expect(missed(scene)).toEqual([]);
  expect(scene.refuses(miss).code).toBe('STEP_UNKNOWN');
});

test('a count that had come before the step began verifies nothing of it', () => {
  const scene = withStep();
  scene.does({ kind: 'order-scale', target: 'workers', reason: '', by: 'ana', desired: 1, step: null });
  scene.does({ kind: 'report-scale', target: 'workers', desired: 1, tookMs: 1, stands: 1 });
  at(scene, T0_MS - 40 * MIN);
  scene.does({ kind: 'start-step', step: 'up' });
  expect(missed(at(scene, DEADLINE))).toEqual(['up']);
});

test('a launch that is created later than a deadline has not missed it, and one that is closed or called off misses nothing', () => {
  for (const deadline of ['T-2h', 'T-1h']) {
    const scene = withStep({ at: 'T-3h', deadline });
    expect(missed(at(scene, T0_MS))).toEqual([]);
  }
  const closed = withStep();
  closed.does({ kind: 'close-launch', by: 'ana', reason: '' });
  expect(missed(at(closed, DEADLINE))).toEqual([]);
  const calledOff = withStep();
  calledOff.does({ kind: 'stand-down', by: 'ana', reason: '' });
  expect(missed(at(calledOff, DEADLINE))).toEqual([]);
});

test('a rule that no probe measures verifies a step, too', () => {
  const probe = { kind: 'people-present', within: '30m' };
  const scene = withStep(
    { verify: 'there' },
    {
      gates: [
        { id: 'there', title: 'People are there', probe },
        { id: 'copy-read', title: 'Read' },
      ],
    },
  );
  expect(missed(at(scene, DEADLINE))).toEqual(['up']);
});

describe('a step that a gate verifies', () => {
  const done = () => {
    const scene = at(withStep({ verify: 'workers' }), T0_MS - 40 * MIN);
    scene.does({ kind: 'start-step', step: 'up' });
    scene.does({ kind: 'finish-step', step: 'up', say: '' });
    return at(scene, DEADLINE);
  };
  const red = { workers: { status: 'red', say: '1 of 2' } } as const;

  test('is missed while that is red, also when it is done itself', () => {
    const scene = done();
    expect(missed(scene)).toEqual([]);
    expect(missed(scene, red)).toEqual(['up']);
    expect(missed(scene, { workers: { status: 'unknown', say: 'no answer' } })).toEqual(['up']);
    const { why } = scene.gives('StepMissed', { ...miss, measured: measuredAt(scene.nowMs, red) });
    expect(why).toBe('“Workers are ready” is red: 1 of 2');
  });

  test('is not missed as long as nobody has measured that since the bot came back', () => {
    const scene = done();
    expect(missedSteps(scene.state, scene.nowMs, [])).toEqual([]);
    expect(missedSteps(scene.state, scene.nowMs, measuredAt(scene.nowMs - 16_000, red))).toEqual([]);
  });

  test('is not missed when that turns red after the deadline', () => {
    const turned = (ms: number): Scene => {
      const scene = at(done(), DEADLINE + ms);
      const measured = measuredAt(scene.nowMs, red).find(({ gate }) => gate === 'workers');
      if (measured === undefined) throw new Error('unexpected');
      scene.does({ kind: 'report-gate', measured });
      return at(scene, DEADLINE + 3_600_000);
    };
    expect(missed(turned(5_001), red)).toEqual([]);
    expect(missed(turned(5_000), red)).toEqual(['up']);
  });

  test('goes by the tick, if people tick it', () => {
    const scene = withStep({ verify: 'copy-read' });
    expect(missed(at(scene, DEADLINE))).toEqual([]);
    const never = Scene.created(scene.state.runbook);
    expect(missed(at(never, DEADLINE))).toEqual(['up']);
  });
});

describe('a backup', () => {
  const verdicts = (scene: Scene) =>
    dueSteps(scene.state, scene.nowMs).map(({ step, verdict }) => `${step.id} ${verdict}`);

  test('begins with the missed deadline: its steps are put to people, each', () => {
    const scene = at(withStep({ backup }), DEADLINE);
    scene.does({ kind: 'skip-step', by: 'ana', step: 'up', reason: '' });
    expect(scheduledSteps(scene.state).map(({ step }) => step.id)).toEqual(['up']);
    const late = at(withStep({ backup }), DEADLINE);
    late.does({ kind: 'put-step', step: 'up', why: '' });
    expect(late.refuses({ kind: 'run-step', by: 'ana', step: 'more' }).code).toBe('STEP_UNKNOWN');
    late.does(miss);
    expect(scheduledSteps(late.state).map(({ step, dueAtMs }) => `${step.id} ${dueAtMs - T0_MS}`)).toEqual([
      'up -2400000',
      'more -1200000',
      'tell -1200000',
    ]);
    expect(verdicts(late)).toEqual(['more put', 'tell put']);
    late.does({ kind: 'run-step', by: 'ana', step: 'more' });
    expect(late.refuses({ kind: 'run-step', by: 'ana', step: 'more' }).code).toBe('STEP_NOT_OPEN');
  });

  test('that does no harm runs by itself where the runbook says so, however late the deadline is noticed', () => {
    const scene = at(withStep({ backup: { by_itself: true, steps: [backup.steps[1]] } }), DEADLINE);
    scene.does({ kind: 'put-step', step: 'up', why: '' });
    scene.does(miss);
    expect(verdicts(scene)).toEqual(['tell run']);
    expect(verdicts(at(scene, DEADLINE + 6 * 3_600_000))).toEqual(['tell late-run']);
  });

  test('runs no step twice when the target moves and the deadline is missed again', () => {
    const scene = at(withStep({ backup }), DEADLINE);
    scene.does({ kind: 'put-step', step: 'up', why: '' });
    scene.does(miss);
    scene.does({ kind: 'run-step', by: 'ana', step: 'more' });
    scene.does({ kind: 'put-step', step: 'tell', why: '' });
    scene.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 20 * MIN, reason: '' });
    expect(scene.state.missed).toEqual({});
    expect(Object.keys(scene.state.steps)).toEqual(['up', 'more']);
    // What has begun can still end.
    expect(scheduledSteps(scene.state).map(({ step }) => step.id)).toEqual(['up', 'more']);
    scene.does({ kind: 'finish-step', step: 'more', say: '' });
    at(scene, DEADLINE + 20 * MIN);
    scene.does(miss);
    expect(verdicts(scene)).toEqual(['tell put']);
  });

  test('stays begun when the target moves by less than the deadline is past', () => {
    const scene = at(withStep({ backup }), DEADLINE + 10 * MIN);
    scene.does(miss);
    scene.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 10 * MIN, reason: '' });
    expect(Object.keys(scene.state.missed)).toEqual(['up']);
    scene.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + 10 * MIN + 1, reason: '' });
    expect(Object.keys(scene.state.missed)).toEqual([]);
  });
});

describe('before its deadline a step is in danger', () => {
  const checklist = { do: { kind: 'checklist' } };
  const danger = (scene: Scene, red: Parameters<typeof measuredAt>[1] = {}) =>
    endangeredSteps(scene.state, scene.nowMs, measuredAt(scene.nowMs, red)).map(({ why }) => why);

  test('when it is not verified with a quarter of its time left, and not before', () => {
    const scene = at(withStep(checklist), DEADLINE - 5 * MIN - 1);
    expect(danger(scene)).toEqual([]);
    expect(danger(at(scene, DEADLINE - 5 * MIN))).toEqual(['it has not started']);
    // From the deadline on it is missed.
    expect(danger(at(scene, DEADLINE))).toEqual([]);
    scene.nowMs = DEADLINE - MIN;
    scene.does({ kind: 'skip-step', by: 'ana', step: 'up', reason: '' });
    expect(danger(scene)).toEqual([]);
  });

  test('when it takes longer than what is left, by its key, from its start on', () => {
    const scene = at(withStep({ ...checklist, takes: '15m' }), T0_MS - 36 * MIN);
    expect(danger(scene)).toEqual([]);
    expect(danger(at(scene, T0_MS - 34 * MIN))).toEqual(['it has not started, and it takes 15 min as a rule']);
    const begun = at(withStep({ ...checklist, takes: '15m' }), T0_MS - 38 * MIN);
    begun.does({ kind: 'start-step', step: 'up' });
    expect(danger(begun)).toEqual([]);
    expect(danger(at(begun, DEADLINE - 6 * MIN))).toEqual([]);
    expect(danger(at(begun, DEADLINE - 5 * MIN))).toEqual(['it is not done yet, and it takes 15 min as a rule']);
  });

  test('when its fleet took longer the last time; how far a count has come is told by its own order', () => {
    const scene = at(withStep(), T0_MS - 3 * 60 * MIN);
    const order = { kind: 'order-scale', by: 'ana', target: 'workers', step: null, reason: '' } as const;
    scene.does({ ...order, desired: 3 });
    scene.does({ kind: 'report-scale', target: 'workers', desired: 3, tookMs: 25 * MIN, stands: 3 });
    // A count that stood there before says nothing of how long it takes, and neither does a way down.
    for (const [desired, tookMs] of [
      [3, 2_000],
      [1, 40 * MIN],
    ] as const) {
      scene.does({ ...order, desired });
      scene.does({ kind: 'report-scale', target: 'workers', desired, tookMs, stands: desired });
    }
    expect(scene.state.scaleTook['workers']).toEqual({ tookMs: 25 * MIN, to: 3, isRehearsal: false });
    expect(danger(at(scene, T0_MS - 40 * MIN))).toEqual([
      'it has not started, and it takes 25 min, as it did the last time',
    ]);
    const told = at(withStep(), T0_MS - 40 * MIN);
    told.does({ kind: 'start-step', step: 'up' });
    told.does({ ...order, by: null, desired: 2, step: 'up' });
    expect(danger(at(told, DEADLINE - MIN))).toEqual([]);
  });

  test('when its gate is red; nothing is said of what nobody has measured, or once the launch is called off', () => {
    const scene = at(withStep({ ...checklist, verify: 'workers' }), DEADLINE - 5 * MIN);
    expect(danger(scene)).toEqual([]);
    expect(danger(scene, { workers: { status: 'red', value: 3 } })).toEqual([
      expect.stringContaining('“Workers are ready” is red') as string,
    ]);
    expect(endangeredSteps(scene.state, scene.nowMs, [])).toEqual([]);
    scene.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
    expect(danger(scene, { workers: { status: 'red', value: 3 } })).toEqual([]);
  });
});
