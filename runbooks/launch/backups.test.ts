import { expect, test } from 'vitest';
import { ANA, people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { gateLines } from './gates.ts';

const edge = (more: Record<string, unknown>) => ({
  id: 'edge-up',
  title: 'API servers up',
  at: 'T-4h',
  owner: 'mia',
  do: { kind: 'checklist' },
  ...more,
});
const launch = (probe: Record<string, unknown>, steps: Record<string, unknown>[], more: Record<string, unknown> = {}) =>
  Scene.ready(
    sampleRunbook({
      gates: [
        { id: 'backups', title: 'Nothing hangs on one person', probe: { kind: 'backups-assigned', ...probe } },
        { id: 'copy-read', title: 'The copy was read' },
      ],
      phases: [{ id: 'p', title: 'P', steps }],
      ...more,
    }),
  );
const lineOf = ({ state, nowMs }: Scene) => gateLines(state, [], nowMs, 'all').find(({ id }) => id === 'backups');

test('a step with a deadline needs a second person on the roster; when that one leaves, the gate says on whom it hangs', () => {
  const scene = launch({}, [edge({ deadline: 'T-1h', backup_owner: 'ben' })]);
  expect(lineOf(scene)).toMatchObject({ status: 'green', value: 0, say: 'each has a second person' });
  scene.does({ kind: 'remove-person', person: 'ben', reason: 'left' });
  expect(lineOf(scene)).toMatchObject({ status: 'red', value: 1, say: '“API servers up” hangs on Mia Chen alone' });
  expect(scene.refuses(scene.request()).code).toBe('GATES_RED');
});

test('a step without a deadline needs none, unless the gate names it', () => {
  expect(lineOf(launch({}, [edge({})]))?.status).toBe('green');
  expect(lineOf(launch({ steps: ['edge-up'] }, [edge({})]))?.status).toBe('red');
});

test('of a group that owns a step the others are its backup', () => {
  const groups = [{ id: 'edge-team', title: 'Edge team', people: ['mia', 'ben'] }];
  const scene = launch({ steps: ['edge-up'] }, [edge({ owner: 'edge-team' })], { groups });
  expect(lineOf(scene)?.status).toBe('green');
  scene.does({ kind: 'remove-person', person: 'mia', reason: 'left' });
  expect(lineOf(scene)?.say).toBe('“API servers up” hangs on Ben Okafor alone');
});

test('a step whose owner has left is seen to by on-call, as it is called', () => {
  const scene = launch({ steps: ['edge-up'] }, [edge({ backup_owner: 'ben' })]);
  scene.does({ kind: 'remove-person', person: 'mia', reason: 'left' });
  expect(lineOf(scene)?.status).toBe('green');
});

test('a role needs two people, whatever accounts they have', () => {
  const scene = launch({ roles: ['on-call', 'marketer'] }, [edge({})]);
  expect(people.find(({ id }) => id === 'ana')?.slack).toContain(ANA.secondSlack);
  expect(lineOf(scene)).toMatchObject({ value: 1, say: 'the role on-call hangs on Ana Ortiz alone' });
});
