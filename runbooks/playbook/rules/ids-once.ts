import { doingsOf } from './rule.ts';
import type { Rule, RuleProblem } from './rule.ts';

/** Each id once in its list; a step's once in the runbook, because the record calls it by that alone. */
export const idsOnce: Rule = (runbook) => [
  ...(['gates', 'scale_targets', 'switches', 'phases'] as const).flatMap((list) =>
    twice(
      runbook[list].map(({ id }, index) => ({ id, path: [list, index] })),
      'each id once',
    ),
  ),
  ...twice(
    doingsOf(runbook).map(({ step: { id }, path }) => ({ id, path })),
    'each step id once in the runbook',
  ),
];

function twice(named: { id: string; path: (string | number)[] }[], expected: string): RuleProblem[] {
  const seen = new Set<string>();
  return named.flatMap(({ id, path }) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [{ path: [...path, 'id'], found: `${JSON.stringify(id)} a second time`, expected }];
  });
}
