import type { Held } from './held-file.ts';

/** How a runbook is read. */
export const PLAYBOOK: Held[] = [
  { file: 'runbooks/playbook/include.ts' },
  {
    file: 'runbooks/playbook/rules/waits.ts',
    accepted: [
      'const after = new Map(steps.map(({ step }) => [step.id, step.after ?? []]));',
      `for (const name of after.get(way.at(-1) ?? '') ?? []) {`,
    ].map((line) => ({
      line,
      change: '[] → ["Stryker was here"]',
      why: 'A text is the id of no step, and leads nowhere.',
    })),
  },
  { file: 'runbooks/playbook/rules/deadlines.ts' },
];
