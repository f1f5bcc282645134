import type { Decision, Given } from './commands.ts';
import { accept, byPerson, CONDUCTOR, own, refuse, type CommandOf, type Refusal } from './decision.ts';
import type { Launch } from './launch.ts';
import { listed } from './words.ts';

/** What was ordered of the cloud and whether it came. A reached count is AWS's word, not readiness: that is a gate. */

/** Tasks or instances. More is a slip of the finger: the largest event so far took some thousands. */
const SCALE_MOST = 10_000;

export function orderScale(launch: Launch, command: CommandOf<'order-scale'>, { nowMs }: Given): Decision {
  const { target, desired, step, reason } = command;
  const unknown = targetProblem(launch, target);
  if (unknown !== null) return unknown;
  if (!Number.isSafeInteger(desired) || desired < 0) return refuse('VALUE_INVALID', `${target} can't be scaled to ${desired}; expected a whole number from 0 up.`);
  const isTable = launch.runbook.scale_targets.some(({ id, kind }) => id === target && kind === 'dynamodb-table');
  if (!isTable && desired > SCALE_MOST) return refuse('VALUE_INVALID', `${target} can't be scaled to ${desired.toLocaleString('en-US')}; expected at most ${SCALE_MOST.toLocaleString('en-US')}.`);
  const state = own(launch.scale, target);
  // A step's order is given once, also when the conductor crashed before it had noted the step as done.
  if (command.by === null && step !== null && state?.step === step && state.desired === desired) {
    return refuse('ALREADY_SO', `Step ${step} has ordered ${target} to ${desired} already.`);
  }
  return accept(command.by === null ? CONDUCTOR : byPerson(command.by), nowMs, { kind: 'ScaleOrdered', target, desired, step, reason });
}

export function reportScale(launch: Launch, command: CommandOf<'report-scale'>, { nowMs }: Given): Decision {
  const { target, desired, tookMs } = command;
  const problem = reportProblem(launch, target, desired, ['moving', 'late']);
  return problem ?? accept(CONDUCTOR, nowMs, { kind: 'ScaleReached', target, desired, tookMs });
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
    return refuse('VALUE_INVALID', `${target} was reported at ${desired}, but ${state === undefined ? 'nothing was ordered of it' : `${state.desired} was ordered since`}.`);
  }
  return from.includes(state.state) ? null : refuse('ALREADY_SO', `${target} is recorded as ${state.state} at ${desired} already.`);
}

function targetProblem(launch: Launch, target: string): Refusal | null {
  const known = launch.runbook.scale_targets.map(({ id }) => id);
  return known.includes(target) ? null : refuse('TARGET_UNKNOWN', `There is no scale target ${target}; this runbook has ${listed(known)}.`);
}
