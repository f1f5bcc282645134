import { expect, test } from 'vitest';
import { sampleRunbook, Scene, T0_MS } from '../../test/properties/scene.ts';
import { scaleAhead } from './scale-ahead.ts';

const HOUR_MS = 3_600_000;
const up = (id: string, at: string, to: number, more: object = {}) => ({
  id,
  title: id,
  at,
  do: { kind: 'scale', target: 'workers', to },
  ...more,
});

/** The steps that AWS is told of, an hour before the first of them. */
function told(...steps: object[]) {
  const scene = Scene.ready(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps }] }));
  return { scene, ahead: () => scaleAhead(scene.state, scene.nowMs) };
}

test('steps up are told two minutes after their time, and steps down never', () => {
  const { ahead } = told(
    up('some', 'T-30m', 2),
    up('all', 'T-20m', 9),
    up('fewer', 'T-10m', 4),
    up('again', 'T+1h', 9),
  );
  expect(ahead()).toEqual([
    { step: 'some', target: 'workers', count: 2, atMs: T0_MS - 28 * 60_000 },
    { step: 'all', target: 'workers', count: 9, atMs: T0_MS - 18 * 60_000 },
    { step: 'again', target: 'workers', count: 9, atMs: T0_MS + HOUR_MS + 120_000 },
  ]);
});

test('a step that waits for something, is not to start two minutes late by itself or is no more than what was ordered is not told', () => {
  const three = told(
    up('waits', 'T-30m', 2, { after: ['shot'] }),
    up('asks', 'T-20m', 3, { catch_up_within: '0s' }),
    up('soon', 'T-15m', 3, { catch_up_within: '119s' }),
    up('plain', 'T-10m', 4, { catch_up_within: '2m' }),
  );
  expect(three.ahead().map(({ step }) => step)).toEqual(['plain']);
  const { scene, ahead } = told(up('plain', 'T-10m', 4));
  scene.does({ kind: 'order-scale', by: 'ana', target: 'workers', desired: 4, step: null, reason: '' });
  expect(ahead()).toEqual([]);
});

test('a step that has begun, was skipped or is over is told no more', () => {
  const { scene, ahead } = told(up('some', 'T-30m', 2), up('all', 'T-20m', 9));
  scene.does({ kind: 'skip-step', by: 'ana', step: 'some', reason: '' });
  expect(ahead().map(({ step }) => step)).toEqual(['all']);
  scene.nowMs = T0_MS - 18 * 60_000 - 5_000;
  expect(ahead()).toEqual([]);
});

test('times move with the target, and nothing is told of a launch that was called off', () => {
  const { scene, ahead } = told(up('some', 'T+1h', 2));
  scene.does({ kind: 'move-target', by: 'ana', targetAtMs: T0_MS + HOUR_MS, reason: 'overtime' });
  expect(ahead()).toMatchObject([{ atMs: T0_MS + 2 * HOUR_MS + 120_000 }]);
  scene.does({ kind: 'stand-down', by: 'ana', reason: 'no ad' });
  expect(ahead()).toEqual([]);
});
