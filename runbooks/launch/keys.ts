import { keySpelling } from '../playbook/operator-key.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import type { Launch } from './launch.ts';
import { nameOf } from './people.ts';
import { keysProblem } from './signers.ts';
import { isReason } from './words.ts';

/** Whose keys may sign the record: changed by two people, like the roster. */

export function requestKeyChange(
  launch: Launch,
  command: CommandOf<'request-key-change'>,
  { nowMs, rules }: Given,
): Decision {
  if (launch.keys.length === 0)
    return refuse(
      'RECORD_UNSIGNED',
      'This record was begun without keys and can be given none. Create a new launch with /go create.',
    );
  if (!isReason(command.reason, rules))
    return refuse('REASON_MISSING', 'A change of keys needs a reason: say in a few words why, and ask again.');
  const problem =
    keysProblem(command.keys) ??
    personsKey(
      launch,
      command.keys.map(({ key }) => key),
    );
  if (problem !== null) return problem;
  return accept(byPerson(command.by), nowMs, {
    kind: 'KeyChangeRequested',
    changeId: `K${launch.seq + 1}`,
    keys: command.keys,
    reason: command.reason,
  });
}

export function approveKeyChange(launch: Launch, command: CommandOf<'approve-key-change'>, { nowMs }: Given): Decision {
  const change = own(launch.keyChanges, command.changeId);
  if (change === undefined || !change.open)
    return refuse('NO_SUCH_REQUEST', `There is no change of keys ${command.changeId} that waits. Ask for one anew.`);
  if (change.by === command.by)
    return refuse(
      'SAME_PERSON',
      `${nameOf(launch, command.by)} asked for this change of keys, so a second person must approve it.`,
    );
  return accept(byPerson(command.by), nowMs, { kind: 'KeysChanged', changeId: change.id });
}

/** A key with two holders would let one person speak for a deployment. */
function personsKey(launch: Launch, keys: readonly string[]) {
  const owner = launch.people.find(({ operator_keys: own }) =>
    own.some((key) => keys.map(keySpelling).includes(keySpelling(key))),
  );
  return owner === undefined
    ? null
    : refuse('KEYS_INVALID', `One of these keys is ${owner.name}'s own; a bot or worker needs a key of its own.`);
}
