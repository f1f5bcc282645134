import { firersOf, namesOf, twoFirers } from '../../launch/fire-policy.ts';
import type { Rule, RuleProblem } from './rule.ts';

/** Roles that a policy may name: observers look on. */
const ROLES = ['on-call', 'marketer'];

/** Whom the fire policy names there must be, each on duty, and two different people must be able to fire by it. */
export const firePolicy: Rule = (runbook) => {
  const { fire, people, groups = [] } = runbook;
  if (fire === undefined) return [];
  const known = [...ROLES, ...groups.map(({ id }) => id), ...people.map(({ id }) => id)];
  const named = (['may_ask', 'may_approve'] as const).flatMap((key) =>
    (fire[key] ?? []).flatMap((name, index): RuleProblem[] => {
      const path = ['fire', key, index];
      const means = known.filter((one) => one === name).length;
      if (means === 0)
        return [{ path, found: JSON.stringify(name), expected: `a role, a group or a person: ${known.join(', ')}` }];
      if (means > 1)
        return [{ path, found: `${JSON.stringify(name)}, a role and an id`, expected: 'an id that is no role' }];
      const alone = { people, runbook: { groups, fire: { [key]: [name] } } };
      return firersOf(alone, key === 'may_ask' ? 'ask' : 'approve').length > 0
        ? []
        : [
            {
              path,
              found: `${JSON.stringify(name)}, which is nobody on-call or marketer`,
              expected: 'somebody with one of these roles',
            },
          ];
    }),
  );
  if (named.length > 0 || twoFirers({ people, runbook }) !== null) return named;
  const [ask, approve] = (['ask', 'approve'] as const).map((act) => namesOf(firersOf({ people, runbook }, act)));
  return [
    {
      path: ['fire'],
      found: `that ${ask} may ask and ${approve} may approve`,
      expected: 'two different people: one asks, another presses GO',
    },
  ];
};
