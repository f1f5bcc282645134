import type { Decision, Given } from './commands.ts';
import { accept, byPerson, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { Launch } from './launch.ts';
import { mayScale } from './rehearsals.ts';
import { scaleGoal } from './scale-goal.ts';
import { listed } from './words.ts';

/** What was ordered of the cloud and whether it came. A reached count is AWS's word, not readiness: that is a gate. */

/** Tasks or instances. More is a slip of the finger: the largest event so far took some thousands. */
const SCALE_MOST = 10_000;

export function orderScale(launch: Launch, command: CommandOf<'order-scale'>, { nowMs }: Given): Decision {
  const { target, desired, step, reason } = command;
  const unknown = targetProblem(launch, target);
  if (unknown !== null) return unknown;
  if (!Number.isSafeInteger(desired) || desired < 0)
    return refuse('VALUE_INVALID', `${target} can't be scaled to ${desired}; expected a whole number from 0 up.`);
  const isTable = launch.runbook.scale_targets.some(({ id, kind }) => id === target && kind === 'dynamodb-table');
  if (!isTable && desired > SCALE_MOST)
    return refuse(
      'VALUE_INVALID',
      `${target} can't be scaled to ${desired.toLocaleString('en-US')}; expected at most ${SCALE_MOST.toLocaleString('en-US')}.`,
    );
  const state = own(launch.scale, target);
  // A step's order is given once, also when the conductor crashed before it had noted the step as done.
  if (command.by === null && step !== null && state?.step === step && state.desired === desired) {
    return refuse('ALREADY_SO', `Step ${step} has ordered ${target} to ${desired} already.`);
  }
  // So is a rehearsal's, on the way up and on the way back.
  if (
    command.rehearsal !== undefined &&
    state?.rehearsal === command.rehearsal &&
    state.desired === desired &&
    state.lowers === (command.lower === true)
  )
    return refuse('ALREADY_SO', `Rehearsal ${command.rehearsal} has ordered ${target} to ${desired} already.`);
  if (command.rehearsal !== undefined && !mayScale(launch, command.rehearsal, command.lower === true))
    return refuse('NO_SUCH_REHEARSAL', `Rehearsal ${command.rehearsal} has gone on meanwhile, and ${target} with it.`);
  // An order lowers what this launch has ordered before. What others run is lowered only by a person who has seen from what to what.
  const lowers = command.lower === true || (state !== undefined && desired < state.desired);
  return accept(command.by === null ? CONDUCTOR : byPerson(command.by), nowMs, {
    kind: 'ScaleOrdered',
    target,
    desired,
    step,
    reason,
    ...(lowers ? { lowers } : {}),
    ...(command.rehearsal === undefined ? {} : { rehearsal: command.rehearsal }),
  });
}

export function reportScale(launch: Launch, command: CommandOf<'report-scale'>, { nowMs }: Given): Decision {
  const { target, desired, tookMs, stands, aws = [] } = command;
  const problem = reportProblem(launch, target, desired, ['moving', 'late']);
  return (
    problem ??
    accept(CONDUCTOR, nowMs, {
      kind: 'ScaleReached',
      target,
      desired,
      tookMs,
      ...(stands === desired ? {} : { stands }),
      ...(aws.length === 0 ? {} : { aws }),
    })
  );
}

export function reportScaleFound(launch: Launch, command: CommandOf<'report-scale-found'>, { nowMs }: Given): Decision {
  const { target, found } = command;
  const unknown = targetProblem(launch, target);
  if (unknown !== null) return unknown;
  // Later looks would take our own order for what was there before.
  if (own(launch.scaleFound, target) !== undefined)
    return refuse('ALREADY_SO', `What stood at ${target} before is recorded already.`);
  return accept(CONDUCTOR, nowMs, { kind: 'ScaleFound', target, found });
}

/** Whoever keeps lowering it means it, or another system does: people settle that, not we. */
const SET_AGAIN_MOST = 3;

export function reportScaleChanged(
  launch: Launch,
  command: CommandOf<'report-scale-changed'>,
  { nowMs }: Given,
): Decision {
  const { target, desired, found } = command;
  const problem = reportProblem(launch, target, desired, ['reached']);
  if (problem !== null) return problem;
  const state = own(launch.scale, target);
  if (!scaleGoal(launch, target).holds)
    return refuse('VALUE_INVALID', `${target} was given back to its own scaling; its count is no longer ours.`);
  const isSetAgain = launch.runbook.scale_targets.find(({ id }) => id === target)?.if_changed !== 'tell';
  const again = isSetAgain && (state?.setAgain ?? 0) < SET_AGAIN_MOST;
  if (!again && state?.told === found) return refuse('ALREADY_SO', `People know that ${target} stands at ${found}.`);
  return accept(CONDUCTOR, nowMs, { kind: 'ScaleChanged', target, desired, found, again });
}

export function reportScaleLate(launch: Launch, command: CommandOf<'report-scale-late'>, { nowMs }: Given): Decision {
  const { target, desired, running, ready, backup } = command;
  const problem = reportProblem(launch, target, desired, ['moving']);
  return problem ?? accept(CONDUCTOR, nowMs, { kind: 'ScaleLate', target, desired, running, ready, backup });
}

function reportProblem(launch: Launch, target: string, desired: number, from: readonly string[]): Refusal | null {
  const unknown = targetProblem(launch, target);
  if (unknown !== null) return unknown;
  const state = own(launch.scale, target);
  if (state === undefined || state.desired !== desired) {
    return refuse(
      'VALUE_INVALID',
      `${target} was reported at ${desired}, but ${state === undefined ? 'nothing was ordered of it' : `${state.desired} was ordered since`}.`,
    );
  }
  return from.includes(state.state)
    ? null
    : refuse('ALREADY_SO', `${target} is recorded as ${state.state} at ${desired} already.`);
}

function targetProblem(launch: Launch, target: string): Refusal | null {
  const known = launch.runbook.scale_targets.map(({ id }) => id);
  return known.includes(target)
    ? null
    : refuse('TARGET_UNKNOWN', `There is no scale target ${target}; this runbook has ${listed(known)}.`);
}
