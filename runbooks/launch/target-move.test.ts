import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { targetMove } from './target-move.ts';

const step = (id: string, at: string, more: Record<string, unknown> = {}) => ({
  id,
  title: id,
  at,
  do: { kind: 'remind', say: id },
  ...more,
});
const runbook = sampleRunbook({
  target: '2027-02-14 23:30 UTC',
  targets: { de: '2027-02-14 23:00 UTC' },
  phases: [
    {
      id: 'p',
      title: 'P',
      steps: [
        step('done', 'T-2h'),
        step('soon', 'T-30m'),
        step('strict', 'T-28m', { catch_up_within: '0s' }),
        step('late', 'T+1h'),
        step('midnight', '2027-02-15 00:00 UTC'),
        step('german', 'T-5m', { for: 'de' }),
      ],
    },
  ],
});
const MIN = 60_000;

test('a move says what moves with it, what stays at its own time, and what comes due at once', () => {
  const scene = Scene.ready(runbook);
  scene.does({ kind: 'run-step', by: 'ana', step: 'done' });
  const open = scene.asked(['br-ios']);
  const armed = scene.asked(['us-ios'], { momentMs: scene.nowMs + 30 * MIN });
  scene.does(scene.press(armed, 'mia', { measured: [] }));
  const ids = (targetAtMs: number) => {
    const move = targetMove({ ...scene.state, targetAtMs }, T0_MS, scene.nowMs);
    return {
      moving: move.moving.map((one) => one.step.id),
      staying: move.staying.map((one) => one.step.id),
      due: move.due.map((one) => `${one.step.id} ${one.verdict}`),
      armed: move.armed.map(({ id }) => id),
      short: move.short.map(({ id }) => id),
    };
  };
  expect(ids(T0_MS + 20 * MIN)).toEqual({
    moving: ['soon', 'strict', 'late'],
    staying: ['german', 'midnight'],
    due: [],
    armed: [armed.id],
    short: [open.id],
  });
  expect(ids(T0_MS - 35 * MIN)).toEqual({
    moving: ['late'],
    staying: ['german', 'midnight'],
    due: ['soon late-run', 'strict put'],
    armed: [armed.id],
    short: [open.id],
  });
});
