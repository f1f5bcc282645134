import { stepDueAtMs } from '../../launch/plan-times.ts';
import { harmless } from '../harmless.ts';
import { mustBeAmong, stepsOf } from './rule.ts';
import type { Rule, RuleProblem } from './rule.ts';

/** A step that is due only after its own deadline could never keep it. */
export const dueBeforeDeadline: Rule = (runbook) => {
  const clock = { targetAtMs: runbook.target?.atMs ?? 0, compress: 1, runbook };
  return stepsOf(runbook).flatMap(({ step, path }): RuleProblem[] => {
    const { at, deadline, for: market } = step;
    // Without a target the two can't be compared, and that is told of the one that has a time of its own.
    if (deadline === undefined || (runbook.target === undefined && typeof at !== typeof deadline)) return [];
    return stepDueAtMs(clock, step) < stepDueAtMs(clock, { at: deadline, for: market })
      ? []
      : [
          {
            path: [...path, 'deadline'],
            found: 'a deadline that is not after `at`',
            expected: 'a later one: the step could not keep it',
          },
        ];
  });
};

/** What shows success is a gate, and both that and a backup have a moment at which they count. */
export const deadlineForBackup: Rule = (runbook) => {
  const gates = runbook.gates.map(({ id }) => id);
  return stepsOf(runbook).flatMap(({ step, path }) => [
    ...mustBeAmong([...path, 'verify'], step.verify, gates, 'a gate'),
    ...(['verify', 'backup'] as const).flatMap((key) =>
      step[key] !== undefined && step.deadline === undefined
        ? [
            {
              path: [...path, key],
              found: `\`${key}\` without \`deadline\``,
              expected: 'a `deadline`, too: from when on it counts',
            },
          ]
        : [],
    ),
  ]);
};

/** A backup says or does something, and by itself only what does no harm. */
export const harmlessByItself: Rule = (runbook) =>
  stepsOf(runbook).flatMap(({ step: { backup }, path }) => {
    if (backup === undefined) return [];
    const here = [...path, 'backup'];
    if (backup.say === undefined && backup.steps.length === 0)
      return [{ path: here, found: 'a backup of nothing', expected: '`say`, `steps` or both' }];
    return backup.steps.flatMap(({ do: act }, index) =>
      backup.by_itself && !harmless(act)
        ? [
            {
              path: [...here, 'steps', index, 'do'],
              found: `\`${act.kind}\` in a backup that runs by itself`,
              expected:
                'only what does no harm (`remind`, `checklist`, `ask`, `page`), or `by_itself: false`: then a person presses',
            },
          ]
        : [],
    );
  });
