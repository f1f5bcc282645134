import { expect, test } from 'vitest';
import { planOf } from '../../runbooks/launch/plan-changes.ts';
import { Scene } from '../../test/properties/scene.ts';
import { changesBlocks, foreseenText } from './runbook-change.ts';

const change = (after: string, where = 'summary') => ({ where, before: null, after, line: 'superbowl.yaml:4' });
const said = (...changes: ReturnType<typeof change>[]) => JSON.stringify(changesBlocks(changes));
const WHOLE = "the runbook's file has all of it, and once the change is asked for so has the file of `/go timeline`";

test('what is too long for a message is cut, and it says where all of it stands', () => {
  expect(said(change('x'.repeat(300)))).not.toContain(WHOLE);
  for (const cut of [change('x'.repeat(301)), change('x', `switches.${'y'.repeat(160)}`)]) {
    expect(said(cut)).toContain('…');
    expect(said(cut)).toContain(`What ends in … is longer than fits here: ${WHOLE}.`);
  }
});

test('so is what are too many changes', () => {
  const many = Array.from({ length: 40 }, () => change('x'.repeat(290)));
  expect(said(...many)).toContain(`More is changed than fits here: ${WHOLE}.`);
});

test('of a step that has begun it says that it is not done again', () => {
  const scene = Scene.ready();
  const plan = planOf(scene.state.runbook);
  const later = (step: string) => ({
    ...plan,
    phases: plan.phases.map((phase) => ({
      ...phase,
      steps: phase.steps.map((one) => (one.id === step ? { ...one, at: -1_000 } : one)),
    })),
  });
  scene.does({ kind: 'run-step', by: 'ana', step: 'ask' });
  expect(foreseenText(scene.state, later('ask'), scene.nowMs)).toBe(
    'Nothing is void. Already begun, and not done again by this: ask.',
  );
  expect(foreseenText(scene.state, later('remind'), scene.nowMs)).not.toContain('Already begun');
});
