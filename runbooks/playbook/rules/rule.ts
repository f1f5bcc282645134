import type { Runbook } from '../schema.ts';

/** What is wrong, and where: `path` leads from the top of the runbook. */
export interface RuleProblem {
  path: (string | number)[];
  found: string;
  expected: string;
}

/** What one key alone can't say, because it lies between keys. */
export type Rule = (runbook: Runbook) => RuleProblem[];

/** A name that must be among others; absent is right. */
export function mustBeAmong(
  path: (string | number)[],
  name: string | undefined,
  among: readonly string[],
  what: string,
): RuleProblem[] {
  if (name === undefined || among.includes(name)) return [];
  return [{ path, found: JSON.stringify(name), expected: `${what}: ${among.join(', ') || '(none is defined)'}` }];
}

/** What a step of the plan and one of a backup both have. */
export type Doing = Pick<Runbook['phases'][number]['steps'][number], 'id' | 'title' | 'owner' | 'do'>;

/** Every step with the path to it, those of backups too. */
export function doingsOf(runbook: Runbook): { step: Doing; path: (string | number)[] }[] {
  return stepsOf(runbook).flatMap(({ step, path }) => [
    { step, path },
    ...(step.backup?.steps ?? []).map((one, index) => ({ step: one, path: [...path, 'backup', 'steps', index] })),
  ]);
}

/** Every step of the plan with the path to it. */
export function stepsOf(
  runbook: Runbook,
): { step: Runbook['phases'][number]['steps'][number]; path: (string | number)[] }[] {
  return runbook.phases.flatMap(({ steps }, phase) =>
    steps.map((step, index) => ({ step, path: ['phases', phase, 'steps', index] })),
  );
}
