import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { backupOf, lateAfterMs } from './scale-late.ts';

const MIN = 60_000;

/** After how many minutes the order that stands is late; `byStep`: the plan's own, given `atMs`. */
function late(more: object, { byStep, atMs }: { byStep: boolean; atMs: number }): number {
  const { late_after = '2h', ...rest } = more as { late_after?: string };
  const up = {
    id: 'up',
    title: 'Up',
    at: 'T-60m',
    do: { kind: 'scale', target: 'workers', to: 2, late_after },
    ...rest,
  };
  const scene = Scene.created(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [up] }] }));
  scene.nowMs = atMs;
  scene.does({
    kind: 'order-scale',
    by: byStep ? null : 'ana',
    target: 'workers',
    desired: 2,
    step: byStep ? 'up' : null,
    reason: '',
  });
  const state = scene.state.scale['workers'];
  if (state === undefined) throw new Error('unexpected');
  return lateAfterMs(scene.state, 'workers', state) / MIN;
}

test.each([
  ['as long as the runbook says', {}, true, -60, 120],
  ['three quarters of the time to its deadline, if that is sooner', { deadline: 'T-20m' }, true, -60, 30],
  ['as long as the runbook says, if that is sooner', { deadline: 'T-20m', late_after: '10m' }, true, -60, 10],
  ['as long as the runbook says, once its deadline has passed', { deadline: 'T-20m' }, true, -20, 120],
  ['as long as the runbook says, if a person has given it', { deadline: 'T-20m' }, false, -60, 120],
])('an order is late after %s', (_name, more, byStep, minutes, expected) => {
  expect(late(more, { byStep, atMs: T0_MS + minutes * MIN })).toBe(expected);
});

test('what people do then is the backup of its step, else what its order says, else a word for all', () => {
  const backup = (...steps: object[]) =>
    backupOf(Scene.created(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] })).state, 'workers');
  const up = { id: 'up', title: 'Up', at: 'T-1h', do: { kind: 'scale', target: 'workers', to: 2, backup: 'by hand' } };
  expect(backup(up)).toBe('by hand');
  expect(backup({ ...up, deadline: 'T', backup: { say: 'Call them.' } })).toBe('Call them.');
  expect(backup({ id: 'x', title: 'X', at: 'T', do: { kind: 'checklist' } })).toBe(
    'ask on-call to scale by hand in the console',
  );
});
