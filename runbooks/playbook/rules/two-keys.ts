import { peopleFaults } from '../people-rules.ts';
import type { Rule } from './rule.ts';

/** Two people must be two humans, and enough of them hold a key. */
export const distinctPeople: Rule = ({ people }) =>
  peopleFaults(people).map(({ path, found, expected }) => ({ path: ['people', ...path], found, expected }));

export const twoKeys: Rule = ({ people }) => {
  const holders = people.filter(({ roles }) => roles.some((name) => name !== 'observer')).length;
  if (holders >= 2) return [];
  return [
    {
      path: ['people'],
      found: `${holders} person with the role on-call or marketer`,
      expected: 'at least two: one asks, another presses GO',
    },
  ];
};

export const someoneOnCall: Rule = ({ people }) =>
  people.some(({ roles }) => roles.includes('on-call'))
    ? []
    : [{ path: ['people'], found: 'nobody with the role on-call', expected: 'at least one' }];
