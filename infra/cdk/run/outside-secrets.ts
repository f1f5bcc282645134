import { everyStep } from '../../../runbooks/launch/steps.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';

/** The secrets that a bot needs besides its own, because its plan pages or calls webhooks. */
export function outsideSecrets(runbook: Pick<Runbook, 'phases'>): ('pagerduty-routing-key' | 'webhooks')[] {
  const kinds = everyStep(runbook).map(({ do: { kind } }) => kind);
  return [
    ...(kinds.includes('page') ? (['pagerduty-routing-key'] as const) : []),
    ...(kinds.includes('webhook') ? (['webhooks'] as const) : []),
  ];
}
