import { endOf, isWaiting, overProblem } from './change-waits.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import type { Actor } from './entries.ts';
import type { Launch } from './launch.ts';
import { nameOf } from './people.ts';
import { clock } from './words.ts';

/** Halt: set by one tap, lifted by two people. Every halt has its own epoch, and epochs only go up. */

/**
 * The switch item is written before this entry, so a halt may arrive late and in any order. A halt above the present
 * epoch counts as it is; one at or below it is either known already, or was lifted since, or, when it was pressed after
 * that lift (a switch item that was lost begins at 1 again), a halt of its own with the next epoch: in doubt, halt. One far
 * beyond is no epoch of ours: it halts too, under the next one, so that a forged figure can't put lifts out of reach.
 */
/** Nobody presses halt a thousand times between two looks at the record: what leaps further was written by hand. */
const EPOCH_LEAP_MOST = 1_000;

/** Whether a switch item's epoch can have come from presses that the record has not heard of yet. */
export function isLikelyEpoch(launch: Pick<Launch, 'halt'>, epoch: number): boolean {
  return Number.isSafeInteger(epoch) && epoch >= 0 && epoch <= launch.halt.epoch + EPOCH_LEAP_MOST;
}

export function setHalt(launch: Launch, command: CommandOf<'set-halt'>, { nowMs }: Given): Decision {
  const { halt } = launch;
  const by: Actor = command.by === null ? { system: command.source } : byPerson(command.by);
  const { reason, pressedAtMs } = command;
  const body = { kind: 'HaltSet' as const, reason, pressedAtMs };
  if (isLikelyEpoch(launch, command.epoch) && command.epoch > halt.epoch)
    return accept(by, nowMs, { ...body, epoch: command.epoch });
  const who = halt.by === null ? 'the system' : nameOf(launch, halt.by);
  if (halt.active)
    return refuse(
      'ALREADY_SO',
      `Sending stands halted already, by ${who} at ${clock(halt.atMs)}. Two people lift it with /go resume.`,
    );
  if (halt.epoch > 0 && pressedAtMs <= halt.atMs)
    return refuse('ALREADY_SO', `That halt was lifted at ${clock(halt.atMs)}. To stop again, press halt again.`);
  return accept(by, nowMs, { ...body, epoch: halt.epoch + 1 });
}

export function requestLift(launch: Launch, command: CommandOf<'request-lift'>, given: Given): Decision {
  const { nowMs } = given;
  if (!launch.halt.active) return refuse('NOT_HALTED', 'Nothing is halted, so there is nothing to lift.');
  const waiting = Object.values(launch.lifts).find((lift) => isWaiting(lift, nowMs));
  if (waiting !== undefined) {
    return refuse(
      'ALREADY_SO',
      `${nameOf(launch, waiting.by)} has asked to lift this halt already; any other person on duty can approve it with its button.`,
    );
  }
  return accept(byPerson(command.by), nowMs, {
    kind: 'LiftRequested',
    liftId: `L${launch.seq + 1}`,
    epoch: launch.halt.epoch,
    reason: command.reason,
    ...endOf('lift', launch, given),
  });
}

export function approveLift(launch: Launch, command: CommandOf<'approve-lift'>, { nowMs }: Given): Decision {
  const lift = own(launch.lifts, command.liftId);
  if (lift === undefined)
    return refuse('NO_SUCH_REQUEST', `There is no lift ${command.liftId}. Ask for one with /go resume.`);
  if (!launch.halt.active)
    return refuse('NOT_HALTED', `The halt was lifted at ${clock(launch.halt.atMs)} already. Nothing more to do.`);
  const over = overProblem(launch, lift.id, nowMs, '/go resume');
  if (over !== null) return over;
  if (!lift.open || lift.epoch !== launch.halt.epoch)
    return refuse(
      'HALTED',
      'This lift no longer holds: halt was pressed again, or the roster changed, after it was asked for. Ask again with /go resume.',
    );
  if (lift.by === command.by)
    return refuse(
      'SAME_PERSON',
      `${nameOf(launch, command.by)} asked for this lift, so a second person must approve it.`,
    );
  return accept(byPerson(command.by), nowMs, { kind: 'HaltLifted', liftId: lift.id, epoch: lift.epoch });
}
