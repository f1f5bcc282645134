import { describe, expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import type { ScaleFound, Totals } from './entries.ts';
import { keepsFleet } from './pool-down.ts';
import { scaleGoal } from './scale-goal.ts';
import { dueSteps } from './schedule.ts';

const found = (more: Partial<ScaleFound> = {}): ScaleFound => ({
  desired: 60,
  min: 8,
  max: 120,
  targets: [],
  indexes: {},
  ...more,
});
const order = (desired: number, more: object = {}): Command => ({
  kind: 'order-scale',
  by: 'ana',
  target: 'workers',
  desired,
  step: null,
  reason: '',
  ...more,
});

/** The state after an order, what was found and the orders after it. */
function goals(desired: number[], before: ScaleFound, more: object = {}) {
  const scene = Scene.created();
  return desired.map((count, at) => {
    scene.does(order(count, more));
    if (at === 0) scene.does({ kind: 'report-scale-found', target: 'workers', found: before });
    return scaleGoal(scene.state, 'workers');
  });
}

test('a first order raises and never lowers; a later, lower one lowers, and puts back once it needs nothing of ours', () => {
  expect(goals([40, 8], found())).toEqual([
    { count: 40, lowers: false, holds: true },
    { count: 8, lowers: true, holds: false },
  ]);
  // Still above what ran before: held there.
  expect(goals([200, 100, 60], found()).slice(1)).toEqual([
    { count: 100, lowers: true, holds: true },
    { count: 60, lowers: true, holds: false },
  ]);
  // A person who has seen from what to what.
  expect(goals([40], found(), { lower: true })).toEqual([{ count: 40, lowers: true, holds: false }]);
});

test("what is put back keeps within the bounds that were found: a group's own, or a scalable target's", () => {
  const target = {
    resource: 'service/c/w',
    dimension: 'ecs:service:DesiredCount',
    min: 2,
    max: 10,
    suspended: { in: false, out: false, scheduled: false },
  };
  expect(goals([20, 0], found({ desired: 4, min: null, max: null, targets: [target] }))[1]).toEqual({
    count: 2,
    lowers: true,
    holds: false,
  });
  expect(goals([20, 0], found({ desired: 0, min: null, max: null }))[1]).toEqual({
    count: 0,
    lowers: true,
    holds: false,
  });
  expect(goals([20, 4], found({ desired: 8, min: 5, max: 8 }))[1]).toMatchObject({ count: 5 });
});

test('what was found is recorded once, forgotten when it is back, and a changed count is set again three times', () => {
  const scene = Scene.created();
  const reached = (desired: number): Command => ({
    kind: 'report-scale',
    target: 'workers',
    desired,
    stands: desired,
    tookMs: 1,
  });
  const changed: Command = { kind: 'report-scale-changed', target: 'workers', desired: 40, found: 3 };
  scene.does(order(40));
  scene.does({ kind: 'report-scale-found', target: 'workers', found: found({ desired: 4 }) });
  expect(scene.refuses({ kind: 'report-scale-found', target: 'workers', found: found({ desired: 40 }) }).code).toBe(
    'ALREADY_SO',
  );
  expect(scene.refuses(changed).code).toBe('ALREADY_SO');
  for (let times = 0; times < 3; times += 1) {
    scene.does(reached(40));
    expect(scene.gives('ScaleChanged', changed)).toMatchObject({ again: true });
    expect(scene.state.scale['workers']).toMatchObject({ state: 'moving', seq: scene.state.seq });
  }
  scene.does(reached(40));
  expect(scene.gives('ScaleChanged', changed)).toMatchObject({ again: false });
  expect(scene.refuses(changed).code).toBe('ALREADY_SO');
  expect(scene.gives('ScaleChanged', { ...changed, found: 2 })).toMatchObject({ again: false });
  expect(scene.state.scale['workers']?.state).toBe('reached');
  scene.does(order(4));
  scene.does(reached(4));
  expect(scene.state.scaleFound).toEqual({});
});

test('with nothing sent, or while a shot runs, no step takes the workers down by itself, however it is written', () => {
  const steps = [
    {
      id: 'down',
      title: 'Send workers down',
      at: 'T+20m',
      do: { kind: 'scale', target: 'workers', to: 0 },
      catch_up_within: '10m',
    },
  ];
  const scene = Scene.created(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));
  const [step] = scene.state.runbook.phases[0]?.steps ?? [];
  if (step === undefined) throw new Error('unexpected');
  scene.nowMs = T0_MS + 20 * 60_000;
  // Nothing is up, so nothing is taken down.
  expect(keepsFleet(scene.state, step)).toBeNull();
  scene.does(order(2));
  expect(keepsFleet(scene.state, step)).toBe('nothing has been sent yet');
  expect(dueSteps(scene.state, scene.nowMs).map(({ verdict }) => verdict)).toEqual(['put']);
  expect(scene.refuses({ kind: 'start-step', step: 'down' })).toMatchObject({
    code: 'STEP_NOT_OPEN',
    say: expect.stringContaining('nothing has been sent yet') as string,
  });
});

test('after a shot the step may run again', () => {
  const scene = Scene.ready();
  scene.does(order(2));
  const step = { do: { kind: 'scale' as const, target: 'workers', to: 0, late_after: 1, backup: '' } };
  const shot = scene.fired(['us-ios']);
  expect(keepsFleet(scene.state, step)).toBe('a shot is running');
  expect(
    keepsFleet(
      {
        ...scene.state,
        shots: { [shot.id]: { ...shot, closed: { cause: 'complete', atMs: 1 } } },
      } as unknown as typeof scene.state,
      step,
    ),
  ).toBeNull();
});

test('with a platform missed that can still be sent to, the step waits for a person; what a halt cut off, or what nobody can be sent to, holds nothing', () => {
  const step = { do: { kind: 'scale' as const, target: 'workers', to: 0, late_after: 1, backup: '' } };
  const after = (rest: Record<string, Partial<Totals>>, halted = false): string | null => {
    const scene = Scene.ready();
    scene.does(order(2));
    const shot = scene.fired();
    if (halted) scene.halt();
    scene.closes(scene.shot(shot.id), rest);
    return keepsFleet(scene.state, step);
  };
  expect(
    after({
      'us-ios': { late: 500 },
      'br-ios': { failed: 200, reachable: 180, reasons: { TooManyRequests: 180, Unregistered: 20 } },
    }),
  ).toBe('next to nobody of us-ios, br-ios was reached, and 680 devices can still be sent to');
  expect(after({ 'us-ios': { late: 400 } })).toBeNull();
  expect(after({ 'us-ios': { halted: 500 } }, true)).toBeNull();
  expect(after({ 'us-android': { failed: 300, reasons: { UNREGISTERED: 300 } } })).toBeNull();
});

describe('an order of capacity', () => {
  const targets = [
    { id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers' },
    { id: 'api', kind: 'ecs-service', cluster: 'c', service: 'api', if_changed: 'tell' },
    { id: 'table', kind: 'dynamodb-table', table: 't' },
  ];
  const scene = () => Scene.created(sampleRunbook({ scale_targets: targets }));

  test.each([
    ['workers', 0, true],
    ['workers', 10_000, true],
    ['workers', 10_001, false],
    ['workers', -1, false],
    ['workers', 1.5, false],
    ['table', 40_000, true],
    ['table', Number.NaN, false],
  ])('of %s to %d: %s', (target, desired, fits) => {
    const decision = scene().decide(order(desired, { target }));
    expect(decision.ok ? 'taken' : decision.code).toBe(fits ? 'taken' : 'VALUE_INVALID');
  });

  test('of a target that the runbook does not have is refused, and so is every report of one', () => {
    const nowhere: Command[] = [
      order(1, { target: 'nope' }),
      { kind: 'report-scale', target: 'nope', desired: 1, stands: 1, tookMs: 1 },
      { kind: 'report-scale-found', target: 'nope', found: found() },
      { kind: 'report-scale-changed', target: 'nope', desired: 1, found: 0 },
      { kind: 'report-scale-late', target: 'nope', desired: 1, running: 0, ready: 0, backup: '' },
    ];
    for (const command of nowhere)
      expect(scene().refuses(command)).toEqual({
        code: 'TARGET_UNKNOWN',
        say: 'There is no scale target nope; this runbook has workers, api and table.',
      });
  });

  test('by a step is given once; by a person, by another step or to another count it is another one', () => {
    const byStep = (desired: number, step: string | null = 'scale-up') => order(desired, { by: null, step });
    const ordered = () => {
      const one = scene();
      one.does(byStep(2));
      return one;
    };
    expect(ordered().refuses(byStep(2))).toMatchObject({
      code: 'ALREADY_SO',
      say: 'Step scale-up has ordered workers to 2 already.',
    });
    for (const other of [order(2, { step: 'scale-up' }), byStep(3), byStep(2, 'remind'), byStep(2, null)])
      expect(ordered().decide(other).ok).toBe(true);
    const free = scene();
    free.does(byStep(2, null));
    expect(free.decide(byStep(2, null)).ok).toBe(true);
  });

  test('is by who gave it, and lowers only what this launch has ordered before, or what a person has confirmed', () => {
    const one = scene();
    expect(one.gives('ScaleOrdered', order(4, { by: null, step: 's' })).by).toEqual({ system: 'conductor' });
    expect(one.gives('ScaleOrdered', order(4)).by).toEqual({ person: 'ana' });
    expect(one.gives('ScaleOrdered', order(5))).not.toHaveProperty('lowers');
    expect(one.gives('ScaleOrdered', order(5))).not.toHaveProperty('lowers');
    expect(one.gives('ScaleOrdered', order(4)).lowers).toBe(true);
    expect(one.gives('ScaleOrdered', order(6, { lower: true })).lowers).toBe(true);
  });
});

describe('what is reported of capacity', () => {
  const reached = (desired: number, stands = desired): Command => ({
    kind: 'report-scale',
    target: 'workers',
    desired,
    stands,
    tookMs: 9,
  });
  const late: Command = { kind: 'report-scale-late', target: 'workers', desired: 2, running: 1, ready: 0, backup: 'b' };
  const changed = (count: number, desired = 2): Command => ({
    kind: 'report-scale-changed',
    target: 'workers',
    desired,
    found: count,
  });

  test('is for the count that was ordered last', () => {
    const scene = Scene.created();
    expect(scene.refuses(reached(2)).say).toBe('workers was reported at 2, but nothing was ordered of it.');
    scene.does(order(2));
    expect(scene.refuses(reached(3)).say).toBe('workers was reported at 3, but 2 was ordered since.');
  });

  test('names where it stands if that is elsewhere, and is late once, before it is reached', () => {
    const scene = Scene.created();
    scene.does(order(2));
    expect(scene.gives('ScaleLate', late)).toMatchObject({ running: 1, ready: 0, backup: 'b', desired: 2 });
    expect(scene.refuses(late).say).toBe('workers is recorded as late at 2 already.');
    expect(scene.gives('ScaleReached', reached(2, 3))).toMatchObject({ stands: 3, tookMs: 9 });
    expect(scene.refuses(late).say).toBe('workers is recorded as reached at 2 already.');
    scene.does(order(2));
    expect(scene.gives('ScaleReached', reached(2))).not.toHaveProperty('stands');
  });

  test('where the runbook only tells of a change it is not set again, once told', () => {
    const tell = { id: 'workers', kind: 'ecs-service', cluster: 'c', service: 's', if_changed: 'tell' };
    const other = { id: 'api', kind: 'ecs-service', cluster: 'c', service: 'api' };
    const again = (targets: object[]) => {
      const scene = Scene.created(sampleRunbook({ scale_targets: targets }));
      scene.does(order(2));
      scene.does(reached(2));
      return { scene, again: scene.gives('ScaleChanged', changed(1)).again };
    };
    const told = again([other, tell]);
    expect(told.again).toBe(false);
    expect(told.scene.refuses(changed(1)).say).toBe('People know that workers stands at 1.');
    expect(told.scene.decide(changed(0)).ok).toBe(true);
    expect(
      again([
        { ...other, if_changed: 'tell' },
        { ...tell, if_changed: undefined },
      ]).again,
    ).toBe(true);
  });

  test('of what was given back to its own scaling is no longer ours', () => {
    const scene = Scene.created();
    scene.does(order(9));
    scene.does({ kind: 'report-scale-found', target: 'workers', found: found({ desired: 4, min: 1, max: 20 }) });
    scene.does(order(3));
    scene.launch = { ...scene.state, scale: { workers: { ...scene.state.scale['workers']!, state: 'reached' } } };
    expect(scene.refuses(changed(1, 3)).say).toContain('was given back to its own scaling');
  });
});
