import { appendFileSync } from 'node:fs';

/**
 * A reporter for Stryker, whose own ones write at the end alone: each mutant stands in the file MUTANT_RESULTS, a line of JSON, as soon
 * as it was tested, so that a run which is cut off keeps what it has measured.
 */
const file = process.env['MUTANT_RESULTS'];

const write = (line: object): void => {
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
};

export const strykerPlugins = [
  {
    kind: 'Reporter',
    name: 'results',
    value: {
      onMutationTestingPlanReady: ({ mutantPlans }: { mutantPlans: readonly unknown[] }) =>
        write({ planned: mutantPlans.length }),
      onMutantTested: (mutant: object) => write(mutant),
    },
  },
];
