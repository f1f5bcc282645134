import { everyStep } from '../../../runbooks/launch/steps.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';
import type { AccountNames } from './resources.ts';

/** The parameter by which a document is told whom to work as (docs/facts.md#ssm-automation). */
const ROLE = 'AutomationAssumeRole';

/** What a runbook's steps run of Systems Manager, each once: the bot may start these and no others. */
export function automationsOf(runbook: Pick<Runbook, 'phases'>): AccountNames['automations'] {
  const acts = everyStep(runbook).flatMap(({ do: act }) => (act.kind === 'automation' ? [act] : []));
  const roles = acts.flatMap(({ parameters }) => parameters?.[ROLE] ?? []).map(String);
  return { documents: [...new Set(acts.map(({ document }) => document))], roles: [...new Set(roles)] };
}
