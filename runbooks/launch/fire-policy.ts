import type { Person, Runbook } from '../playbook/schema.ts';
import { may } from './authority.ts';
import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { PersonId } from './entries.ts';
import { listed } from './words.ts';

/** Who may be which of the two behind a fire: their roles first (authority.ts), and of those whom the runbook's `fire` names. That they are two different people is fire.ts's alone. */

export type FireAct = 'ask' | 'approve';

/** A launch has it as it stands; a runbook as it is written. */
export interface Firing {
  people: readonly Person[];
  runbook: Pick<Runbook, 'fire' | 'groups'>;
}

const ACTS = {
  ask: { command: 'request-fire', key: 'may_ask', words: 'ask for fire' },
  approve: { command: 'approve-fire', key: 'may_approve', words: 'press GO' },
} as const;

/** Everybody whose ask, or press, counts. */
export function firersOf({ people, runbook: { fire, groups = [] } }: Firing, act: FireAct): Person[] {
  const { command, key } = ACTS[act];
  const names = fire?.[key];
  const members = groups.filter(({ id }) => names?.includes(id)).flatMap((group) => group.people);
  const isNamed = ({ id, roles }: Person) =>
    names === undefined || [id, ...roles].some((name) => names.includes(name)) || members.includes(id);
  return people.filter((person) => may(person, command) && isNamed(person));
}

/** Two different people, one of whom may ask and the other approve; null: there are none. `prefer`: people in the order in which they are taken. */
export function twoFirers(firing: Firing, prefer: readonly Person[] = firing.people): [Person, Person] | null {
  const [askers, approvers] = (['ask', 'approve'] as const).map((act) => {
    const ids = new Set(firersOf(firing, act).map(({ id }) => id));
    return prefer.filter(({ id }) => ids.has(id));
  });
  for (const asker of askers ?? []) {
    const another = approvers?.find(({ id }) => id !== asker.id);
    if (another !== undefined) return [asker, another];
  }
  return null;
}

/** Why this person is not one whom the runbook lets do it, or null. */
export function policyProblem(launch: Firing, by: PersonId, act: FireAct): Refusal | null {
  const firers = firersOf(launch, act);
  if (firers.some(({ id }) => id === by)) return null;
  const { key, words } = ACTS[act];
  const whom = firers.length === 1 ? 'them' : 'one of them';
  return refuse(
    'FIRE_POLICY',
    `In this launch ${namesOf(firers)} may ${words}: its runbook says who (\`fire.${key}\`). Ask ${whom}, or have two people change the runbook with /go runbook.`,
  );
}

/** `Ana Ortiz or Mia Chen`; who asked can't be the second person. */
export function namesOf(people: readonly Person[], except?: PersonId): string {
  const names = people.filter(({ id }) => id !== except).map(({ name }) => name);
  return names.length === 0 ? 'nobody on the roster' : listed(names, 'or');
}
