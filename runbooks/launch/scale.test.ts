import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import type { ScaleFound, Totals } from './entries.ts';
import { keepsWorkers } from './pool-down.ts';
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
  expect(keepsWorkers(scene.state, step)).toBeNull();
  scene.does(order(2));
  expect(keepsWorkers(scene.state, step)).toBe('nothing has been sent yet');
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
  expect(keepsWorkers(scene.state, step)).toBe('a shot is running');
  expect(
    keepsWorkers(
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
    return keepsWorkers(scene.state, step);
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
