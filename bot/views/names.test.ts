import { expect, test } from 'vitest';
import { people, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { nameOf, namesOfWho } from './names.ts';

test('a name that runs from right to left keeps to itself, so that a time behind it stays in its order', () => {
  const runbook = sampleRunbook({
    people: people.map((person) => (person.id === 'mia' ? { ...person, name: 'محمد علي' } : person)),
  });
  const { state } = Scene.ready(runbook);
  expect(nameOf(state, 'mia')).toBe('\u2068محمد علي\u2069');
  expect(namesOfWho(state, 'approve-fire')).toContain('\u2068محمد علي\u2069');
  expect(nameOf(state, 'ana')).toBe(people.find(({ id }) => id === 'ana')?.name);
});
