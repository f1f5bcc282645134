import { expect, test } from 'vitest';
import { blameIn } from './blame.ts';

const NAMES = ['Ana Ortiz', 'Mia Chen'];

test.each([
  ['Ana forgot the edge fleet', ['Ana forgot']],
  ['The edge was late because of a mistake that Mia made', ['Mia mistake']],
  ['It was Ana’s fault.', ['Ana fault']],
  ['ana should have looked. Mia should not have pressed', ['Ana should', 'Mia should']],
  ['Ana broke it. Later Ana forgot to say so', ['Ana broke']],
  ['Mia and Ana missed the call', ['Ana missed', 'Mia missed']],
])('%s: pointed out', (text, found) => {
  expect(blameIn(text, NAMES).map(({ name, word }) => `${name} ${word}`)).toEqual(found);
});

test.each([
  'Ana pressed HALT within four seconds.',
  'The plan did not say who calls the edge team, so nobody did',
  'The build failed. Ana halted.',
  'Ana saw it first, and after a long talk in the other room about what to do next the link broke',
  'Banana forgot',
  '',
])('%s: nothing to point out', (text) => {
  expect(blameIn(text, NAMES)).toEqual([]);
});
