import { mustBeAmong, stepsOf } from './rule.ts';
import type { Rule } from './rule.ts';

/** Owners are people of the runbook. */
export const knownOwners: Rule = (runbook) => {
  const people = runbook.people.map(({ id }) => id);
  return [
    ...runbook.gates.flatMap(({ owner }, index) => mustBeAmong(['gates', index, 'owner'], owner, people, 'a person')),
    ...stepsOf(runbook).flatMap(({ step, path }) => mustBeAmong([...path, 'owner'], step.owner, people, 'a person')),
  ];
};

/** What is scaled, and what is measured of it, are scale targets. */
export const knownTargets: Rule = (runbook) => {
  const targets = runbook.scale_targets.map(({ id }) => id);
  const must = (path: (string | number)[], name: string) => mustBeAmong(path, name, targets, 'a scale target');
  return [
    ...must(['pool', 'scale_target'], runbook.pool.scale_target),
    ...runbook.gates.flatMap(({ probe }, index) =>
      probe?.kind === 'scaled' ? must(['gates', index, 'probe', 'target'], probe.target) : [],
    ),
    ...stepsOf(runbook).flatMap(({ step, path }) =>
      step.do.kind === 'scale' ? must([...path, 'do', 'target'], step.do.target) : [],
    ),
  ];
};
