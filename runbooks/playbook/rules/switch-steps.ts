import { doingsOf, mustBeAmong } from './rule.ts';
import type { Rule } from './rule.ts';

const BUILT_IN = ['halt', 'pace.ios', 'pace.android', 'zombie'];

/** A step sets by itself only what one person may set, and never the halt. */
export const switchSteps: Rule = (runbook) => {
  const known = [...BUILT_IN, ...runbook.switches.map(({ id }) => id)];
  return doingsOf(runbook).flatMap(({ step, path }) => {
    if (step.do.kind !== 'switch') return [];
    const here = [...path, 'do', 'switch'];
    const { switch: name } = step.do;
    const { value } = step.do;
    const { two_people: two = false, values = [value] } = runbook.switches.find(({ id }) => id === name) ?? {};
    return [
      ...mustBeAmong(here, name, known, 'a switch'),
      ...(name === 'halt'
        ? [{ path: here, found: '"halt"', expected: 'any other switch: halt is set and lifted by people' }]
        : []),
      ...(two
        ? [
            {
              path: here,
              found: `"${name}", which needs two people`,
              expected: 'a switch that a step may set by itself',
            },
          ]
        : []),
      ...(values.includes(value)
        ? []
        : [
            {
              path: [...path, 'do', 'value'],
              found: JSON.stringify(value),
              expected: `one of its \`values\`: ${values.join(', ')}`,
            },
          ]),
    ];
  });
};
