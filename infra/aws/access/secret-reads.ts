import type { Permission, ProcessName } from './permissions.ts';

/**
 * Besides, for secrets that a process reads anew while it runs (infra/aws/access/secret-reads.test.ts holds them to what is called).
 * What it is given at its start is read by its execution role.
 */
export const SECRET_READS: Record<ProcessName, readonly Permission[]> = {
  bot: [],
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
