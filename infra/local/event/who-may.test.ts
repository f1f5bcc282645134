import { expect, test } from 'vitest';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { whoMay } from './who-may.ts';

test('those who may ask and press GO are named as the rule has them, and apart where the runbook tells them apart', () => {
  const named = (fire?: object) => whoMay(sampleRunbook(fire === undefined ? {} : { fire }));
  expect(named()).toBe('Who may ask and press GO: Ana Ortiz, Mia Chen or Ben Okafor.');
  expect(named({ may_ask: ['marketer'], may_approve: ['ana'] })).toBe(
    'By the runbook Mia Chen or Ben Okafor may ask, and Ana Ortiz may press GO.',
  );
});
