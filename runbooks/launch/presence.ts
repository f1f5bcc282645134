import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import type { Launch } from './launch.ts';

/** Said twice within this it is said once: a record is no list of taps. */
const AGAIN_MS = 60_000;

/** Somebody says that they are there. */
export function beHere(launch: Launch, command: CommandOf<'be-here'>, { nowMs }: Given): Decision {
  if (nowMs - (own(launch.present, command.by) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS)
    return refuse('ALREADY_SO', 'You have said so within the last minute.');
  return accept(byPerson(command.by), nowMs, { kind: 'PersonPresent' });
}
