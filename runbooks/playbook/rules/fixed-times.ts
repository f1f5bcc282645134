import { mustBeAmong, stepsOf } from './rule.ts';
import type { Rule } from './rule.ts';

/** What a step is for has a T of its own. */
export const knownTimes: Rule = (runbook) =>
  stepsOf(runbook).flatMap(({ step, path }) =>
    mustBeAmong([...path, 'for'], step.for, Object.keys(runbook.targets ?? {}), 'one of targets'),
  );

/** Without a target nobody could say how far from T a time of its own is. */
export const targetForFixedTimes: Rule = (runbook) => {
  if (runbook.target !== undefined) return [];
  const [fixed] = stepsOf(runbook).flatMap(({ step, path: here }) =>
    (['at', 'deadline'] as const).flatMap((key) => (typeof step[key] === 'object' ? [[...here, key]] : [])),
  );
  const path = fixed ?? (runbook.targets !== undefined ? ['targets'] : null);
  return path === null
    ? []
    : [{ path, found: 'a time of its own in a runbook without `target`', expected: '`target` at the top, too' }];
};
