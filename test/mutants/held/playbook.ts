import type { Held } from './held-file.ts';

/** How a runbook is read. */
export const PLAYBOOK: Held[] = [
  { file: 'runbooks/playbook/include.ts' },
  { file: 'runbooks/playbook/rules/waits.ts' },
  { file: 'runbooks/playbook/rules/deadlines.ts' },
];
