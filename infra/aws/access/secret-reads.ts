import type { Permission, ProcessName } from './permissions.ts';

/**
 * Besides, for secrets that a process reads anew while it runs (infra/aws/access/secret-reads.test.ts holds them to what is called).
 * What it is given at its start is read by its execution role.
 */
export const SECRET_READS: Record<ProcessName, readonly Permission[]> = {
  bot: [
    {
      action: 'secretsmanager:GetSecretValue',
      on: ['slack-secrets'],
      why: "hears of new tokens of Slack's, and of a new signing secret",
      file: 'infra/aws/secret-reader.ts',
    },
  ],
  worker: [
    {
      action: 'secretsmanager:GetSecretValue',
      on: ['provider-secrets'],
      why: 'hears of a new key of APNs, and of a new service account',
      file: 'infra/aws/secret-reader.ts',
    },
  ],
  audience: [],
  'command-line': [],
};
