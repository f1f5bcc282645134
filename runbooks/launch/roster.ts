import { keySpelling } from '../playbook/operator-key.ts';
import { peopleFaults, withKeySpelling } from '../playbook/people-rules.ts';
import type { Person } from '../playbook/schema.ts';
import { mayFire } from './authority.ts';
import { endOf, overProblem } from './change-waits.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import type { RecordKey } from './entries.ts';
import { firersOf, namesOf, twoFirers } from './fire-policy.ts';
import type { Firing } from './fire-policy.ts';
import type { Launch } from './launch.ts';
import { findPerson, nameOf } from './people.ts';
import { isReason, listed } from './words.ts';

/** Who is on the roster: changed by two people, and at once when Slack removes somebody. */

/** Null when a roster can run a launch; else what is wrong with it, as a sentence. `deployment`: keys that bots and workers sign with. */
export function rosterProblem(
  people: readonly Person[],
  deployment: readonly RecordKey[],
  runbook: Firing['runbook'],
): string | null {
  const [fault] = peopleFaults(people);
  if (fault !== undefined) return fault.say;
  const machine = deployment.find(({ key }) =>
    people.some(({ operator_keys: keys }) => keys.map(keySpelling).includes(key)),
  );
  const holder = people.find(
    ({ operator_keys: keys }) => machine !== undefined && keys.map(keySpelling).includes(machine.key),
  );
  if (machine !== undefined && holder !== undefined)
    return `The operator key of ${holder.name} is the ${machine.role}'s own, so that a machine could speak for a person.`;
  if (!people.some(({ roles }) => roles.includes('on-call'))) return 'Nobody is on-call; expected at least one.';
  const firing = people.filter(mayFire);
  if (firing.length < 2)
    return `Only ${listed(firing.map(({ name }) => name))} could fire; expected at least two people who are on-call or marketer, since a fire needs two.`;
  if (twoFirers({ people, runbook }) === null)
    return `By \`fire\` of the runbook ${namesOf(firersOf({ people, runbook }, 'ask'))} could ask and ${namesOf(firersOf({ people, runbook }, 'approve'))} approve; expected two different people, since a fire needs two.`;
  return null;
}

export function requestRosterChange(
  launch: Launch,
  command: CommandOf<'request-roster-change'>,
  given: Given,
): Decision {
  if (!isReason(command.reason, given.rules))
    return refuse('REASON_MISSING', 'A roster change needs a reason: say in a few words why, and ask again.');
  const problem = rosterProblem(command.people, launch.keys, launch.runbook);
  if (problem !== null) return refuse('ROSTER_INVALID', `${problem} Correct the roster and ask again.`);
  return accept(byPerson(command.by), given.nowMs, {
    kind: 'RosterChangeRequested',
    changeId: `P${launch.seq + 1}`,
    people: withKeySpelling(command.people),
    reason: command.reason,
    ...endOf('roster', launch, given),
  });
}

export function approveRosterChange(
  launch: Launch,
  command: CommandOf<'approve-roster-change'>,
  given: Given,
): Decision {
  const change = own(launch.rosterChanges, command.changeId);
  if (change === undefined)
    return refuse('NO_SUCH_REQUEST', `There is no roster change ${command.changeId}. See /go status for what waits.`);
  const over = overProblem(launch, command.changeId, given.nowMs, '/go people');
  if (over !== null) return over;
  if (!change.open)
    return refuse(
      'NO_SUCH_REQUEST',
      `Roster change ${change.id} is done or was overtaken by another change. Ask for a new one if it is still wanted.`,
    );
  if (change.by === command.by)
    return refuse(
      'SAME_PERSON',
      `${nameOf(launch, command.by)} asked for this roster change, so a second person must approve it.`,
    );
  return accept(byPerson(command.by), given.nowMs, { kind: 'RosterChanged', changeId: change.id });
}

/** A removal in Slack counts at once, whatever it leaves: an account that is gone must not be able to press. */
export function removePerson(launch: Launch, command: CommandOf<'remove-person'>, given: Given): Decision {
  if (findPerson(launch.people, command.person) === undefined)
    return refuse('ALREADY_SO', `${nameOf(launch, command.person)} is not on the roster; nothing to remove.`);
  return accept({ system: 'slack' }, given.nowMs, {
    kind: 'PersonRemoved',
    person: command.person,
    reason: command.reason,
  });
}
