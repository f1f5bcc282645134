import { firersOf, namesOf } from '../../../runbooks/launch/fire-policy.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';

/** Who asks and who presses, for the person that has just started a day of their own: one sentence, or two where the runbook tells them apart. */
export function whoMay(runbook: Runbook): string {
  const firing = { people: runbook.people, runbook };
  const [asks, presses] = [firersOf(firing, 'ask'), firersOf(firing, 'approve')].map((people) => namesOf(people));
  return asks === presses
    ? `Who may ask and press GO: ${asks}.`
    : `By the runbook ${asks} may ask, and ${presses} may press GO.`;
}
