import type { Decision, Given } from './commands.ts';
import { payloadRefusal } from './content.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import type { Launch } from './launch.ts';
import { findPerson, nameOf } from './people.ts';
import { listed } from './words.ts';

/**
 * A copy to yourselves first. The result holds for the content that was sent, by its hash.
 *
 * A halt stops the copies that were asked for before it, like a shot. Those asked for during it go out, to the people who
 * are named and to nobody else: a resume wants a copy of the corrected text before it may ask for fire.
 */

export function requestTest(launch: Launch, command: CommandOf<'request-test'>, { nowMs }: Given): Decision {
  const to = [...new Set(command.to)];
  const strangers = to.filter((id) => findPerson(launch.people, id) === undefined);
  if (strangers.length > 0)
    return refuse(
      'NOT_ON_ROSTER',
      `${listed(strangers)} is not on the roster; test copies go to ${listed(
        launch.people.map(({ name }) => name),
        'or',
      )}.`,
    );
  const without = to.filter((id) => findPerson(launch.people, id)?.devices.length === 0);
  if (without.length > 0 || to.length === 0) {
    const who =
      to.length === 0
        ? 'Nobody was named'
        : `The roster has no device of ${listed(without.map((id) => nameOf(launch, id)))}`;
    const able = launch.people.filter(({ devices }) => devices.length > 0).map(({ name }) => name);
    return refuse(
      'NO_DEVICES',
      `${who}; devices are known of ${listed(able)}. Add devices in the runbook's people, or name others.`,
    );
  }
  const large = payloadRefusal(launch.campaign, launch.id);
  if (large !== null) return large;
  return accept(byPerson(command.by), nowMs, {
    kind: 'TestRequested',
    testId: `T${launch.seq + 1}`,
    to,
    contentHash: launch.contentHash,
  });
}

export function reportTest(launch: Launch, command: CommandOf<'report-test'>, { nowMs }: Given): Decision {
  const test = own(launch.tests, command.testId);
  if (test === undefined) return refuse('NO_SUCH_TEST', `There is no test send ${command.testId} in this launch.`);
  if (test.results !== null) return refuse('ALREADY_SO', `Test send ${command.testId} has its results already.`);
  return accept({ system: 'worker' }, nowMs, {
    kind: 'TestDone',
    testId: command.testId,
    contentHash: test.contentHash,
    results: command.results,
  });
}
