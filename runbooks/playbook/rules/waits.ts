import { mustBeAmong, stepsOf } from './rule.ts';
import type { Rule, RuleProblem } from './rule.ts';

/** What a step may wait for beside steps and gates: something was sent. */
export const SHOT = 'shot';

/** What a step waits for is there, and means one thing. */
export const knownWaits: Rule = (runbook) => {
  const steps = stepsOf(runbook).map(({ step }) => step.id);
  const gates = runbook.gates.map(({ id }) => id);
  return stepsOf(runbook).flatMap(({ step, path }) =>
    (step.after ?? []).flatMap((name, index) => {
      const here = [...path, 'after', index];
      const meant = [steps.includes(name), gates.includes(name), name === SHOT].filter(Boolean).length;
      return meant > 1
        ? [
            {
              path: here,
              found: `${JSON.stringify(name)}, which names two things`,
              expected: 'a name that only one has',
            },
          ]
        : mustBeAmong(here, name, [SHOT, ...steps, ...gates], 'a step, a gate or `shot`');
    }),
  );
};

/** Steps that wait for each other would all wait for ever. Each circle is told once, at the first of its steps. */
export const noCircles: Rule = (runbook) => {
  const steps = stepsOf(runbook);
  const after = new Map(steps.map(({ step }) => [step.id, step.after ?? []]));
  const told = new Set<string>();
  return steps.flatMap(({ step: { id }, path }): RuleProblem[] => {
    const circle = told.has(id) ? null : circleFrom(id, after);
    if (circle === null) return [];
    for (const one of circle) told.add(one);
    return [
      {
        path: [...path, 'after'],
        found: `steps that wait for each other: ${[...circle, id].join(' waits for ')}`,
        expected: 'no circle: none of them would ever start',
      },
    ];
  });
};

/** The shortest way back to a step by what it waits for; null: there is none. */
function circleFrom(start: string, after: ReadonlyMap<string, readonly string[]>): string[] | null {
  const seen = new Set<string>();
  let ways = [[start]];
  while (ways.length > 0) {
    const next: string[][] = [];
    for (const way of ways) {
      for (const name of after.get(way.at(-1) ?? '') ?? []) {
        if (name === start) return way;
        if (seen.has(name)) continue;
        seen.add(name);
        next.push([...way, name]);
      }
    }
    ways = next;
  }
  return null;
}
