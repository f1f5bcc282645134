import type { KeptSecret } from '../../doctor/judge/secrets.ts';
import type { Deployment } from '../read-config.ts';
import { SECRETS, SLACK_SECRET, WHOLE } from '../secret-names.ts';
import type { SecretId } from '../secret-names.ts';
import { outsideSecrets } from './outside-secrets.ts';

/** What a task of each is given at its start. */
export const botSecrets = ({ config, runbook }: Deployment): SecretId[] => [
  SLACK_SECRET[config.bot.receive],
  'bot-keys',
  ...outsideSecrets(runbook),
];
export const WORKER_SECRETS = ['worker-keys', 'apns', 'google'] as const satisfies SecretId[];

/** All that a deployment reads, and who does. */
export function keptSecrets(deployment: Deployment): KeptSecret[] {
  const { config } = deployment;
  const byId = new Map<SecretId | 'slack-webhook', string[]>();
  const read = (reader: string, ids: readonly (SecretId | 'slack-webhook')[]) => {
    for (const id of ids) byId.set(id, [...(byId.get(id) ?? []), reader]);
  };
  read('bot', botSecrets(deployment));
  read('worker', WORKER_SECRETS);
  if (config.alarms.pagerduty) read('EventBridge', ['pagerduty-routing-key']);
  if (config.slack.warnings) read('CloudFormation', ['slack-webhook']);
  return [...byId].map(([id, readers]) => ({
    name: `${config.name}/${id}`,
    fields: id === 'slack-webhook' || WHOLE.has(id) ? [] : SECRETS[id],
    readers,
  }));
}
