import { everyStep } from '../../runbooks/launch/steps.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import type { OutsideConfig } from './outside-config.ts';

/** Whom steps of a plan would call and this bot can't, each as a sentence: else it would be found on the day, by a red step. */
export function unreachable({ pagerDuty, webhooks }: OutsideConfig, runbook: Pick<Runbook, 'phases'>): string[] {
  const acts = everyStep(runbook).map(({ do: act }) => act);
  const unnamed = new Set(
    acts.flatMap((act) => (act.kind === 'webhook' && !Object.hasOwn(webhooks, act.to) ? [act.to] : [])),
  );
  return [
    ...(pagerDuty === null && acts.some(({ kind }) => kind === 'page')
      ? ['Its plan pages, and nobody can be paged: GOBUTTON_PAGERDUTY_KEY is not set.']
      : []),
    ...[...unnamed].map((to) => `Its plan calls the webhook ${to}, which GOBUTTON_WEBHOOKS does not have.`),
  ];
}
