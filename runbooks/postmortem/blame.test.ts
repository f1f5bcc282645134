import { expect, test } from 'vitest';
import { blameIn } from './blame.ts';

const NAMES = ['Ana Ortiz', 'Mia Chen', 'José Núñez de la Mora'];

test.each([
  ['Ana forgot the edge fleet', ['Ana forgot']],
  ['The edge was late because of a mistake that Mia made', ['Mia mistake']],
  ['It was Ana’s fault.', ['Ana fault']],
  ['ana should have looked. Mia should not have pressed', ['Ana should', 'Mia should']],
  ['Ana broke it. Later Ana forgot to say so', ['Ana broke']],
  ['Mia and Ana missed the call', ['Ana missed', 'Mia missed']],
  ['Ortiz forgot, as @chen did', ['Ortiz forgot', 'Chen forgot']],
  ['Ana hat die Flotte vergessen', ['Ana vergessen']],
  ['Das hätte Mia sehen müssen', ['Mia hätte']],
  ['José falló', ['José falló']],
  ['Jose\u0301 se olvido\u0301 del botón', ['José olvidó']],
  ['Núñez debió haber esperado', ['Núñez debió']],
  ['Ana a oublié la flotte', ['Ana oublié']],
  ['Mia aurait dû attendre', ['Mia aurait']],
  ['Ana ha dimenticato il pulsante', ['Ana dimenticato']],
  ['Ana avrebbe dovuto aspettare', ['Ana avrebbe']],
  ['A Mia esqueceu o botão', ['Mia esqueceu']],
  ['Ana deveria ter parado', ['Ana deveria']],
])('%s: pointed out', (text, found) => {
  expect(blameIn(text, NAMES).map(({ name, word }) => `${name} ${word}`)).toEqual(found);
});

test.each([
  'Ana pressed HALT within four seconds.',
  'The plan did not say who calls the edge team, so nobody did',
  'The build failed. Ana halted.',
  'Ana saw it first, and after a long talk in the other room about what to do next the link broke',
  'Banana forgot',
  'Ana should rest as soon as they have time',
  'Ana hätte das gern früher gewusst',
  'La flota llegó tarde y Ana avisó',
  '',
])('%s: nothing to point out', (text) => {
  expect(blameIn(text, NAMES)).toEqual([]);
});

test('a single letter is nobody, although it stands in a name', () => {
  expect(blameIn('Plan a failed', ['A Ortiz'])).toEqual([]);
  expect(blameIn('Ortiz failed', ['A Ortiz'])).toEqual([{ name: 'Ortiz', word: 'failed' }]);
});
