import type { Step } from '../playbook/schema.ts';
import type { Decision, Given } from './commands.ts';
import { accept, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf } from './decision.ts';
import type { Measured } from './entries.ts';
import { isKnown } from './gates.ts';
import type { Launch } from './launch.ts';
import { stepDueAtMs } from './plan-times.ts';
import { plannedSteps } from './steps.ts';
import { gateWait, stepHow } from './waits.ts';
import { clock } from './words.ts';

/** By when a step must be shown to have worked, and what becomes of one that was not. */

/** Null: it has none. */
export function deadlineAtMs(launch: Launch, { deadline, for: market }: Pick<Step, 'deadline' | 'for'>): number | null {
  return deadline === undefined ? null : stepDueAtMs(launch, { at: deadline, for: market });
}

/** How a step stands that is not verified; null: it is. By its gate, else by its own end; a person who skips it wants no proof. */
function unverified(launch: Launch, step: Step, measured: readonly Measured[], nowMs: number): string | null {
  const state = own(launch.steps, step.id);
  if (state?.state === 'skipped') return null;
  if (step.verify !== undefined) return gateWait(launch, step.verify, measured, nowMs).why;
  if ((state?.state === 'done' && state.refused !== true) || isOvertaken(launch, step)) return null;
  return `it ${stepHow(state)}`;
}

/** Somebody has ordered another count since, and that has come: people have taken over. */
function isOvertaken(launch: Launch, { id, do: act }: Step): boolean {
  const state = own(launch.steps, id);
  const scale = act.kind === 'scale' ? own(launch.scale, act.target) : undefined;
  return state?.state === 'started' && scale?.state === 'reached' && scale.orderedAtMs >= state.atMs;
}

/** Steps whose deadline has passed, that are not verified, and of which nobody has been told. */
export function missedSteps(launch: Launch, nowMs: number, measured: readonly Measured[]): Step[] {
  return launch.closed || launch.stoodDown !== null
    ? []
    : plannedSteps(launch.runbook).filter((step) => missedWhy(launch, step, measured, nowMs) !== null);
}

function missedWhy(launch: Launch, step: Step, measured: readonly Measured[], nowMs: number): string | null {
  const atMs = deadlineAtMs(launch, step);
  // Who creates a launch late has not missed what was to be done before.
  if (atMs === null || nowMs < atMs || atMs <= launch.createdAtMs || own(launch.missed, step.id) !== undefined)
    return null;
  // A bot that has just started has measured nothing yet, and says nothing of what it doesn't know.
  const isUnknown = step.verify !== undefined && !isKnown(launch, step.verify, measured, nowMs);
  if (isUnknown || hasTurnedSince(launch, step, atMs)) return null;
  return unverified(launch, step, measured, nowMs);
}

/** Longer than a gate's change takes to be recorded. */
const TURN_MS = 5_000;

/** Its gate was green at the deadline: that it no longer is, is for the gate to say. */
function hasTurnedSince(launch: Launch, { verify = '' }: Step, deadline: number): boolean {
  const change = own(launch.gateChanges, verify) ?? own(launch.ticks, verify);
  return change !== undefined && change.atMs > deadline + TURN_MS;
}

export function missStep(launch: Launch, command: CommandOf<'miss-step'>, { nowMs }: Given): Decision {
  const step = plannedSteps(launch.runbook).find(({ id }) => id === command.step);
  const atMs = step === undefined ? null : deadlineAtMs(launch, step);
  if (step === undefined || atMs === null)
    return refuse('STEP_UNKNOWN', `There is no step ${command.step} with a deadline in this runbook.`);
  const why = missedWhy(launch, step, command.measured, nowMs);
  if (why === null)
    return refuse(
      own(launch.missed, step.id) === undefined ? 'STEP_NOT_OPEN' : 'ALREADY_SO',
      `“${step.title}” has not missed its deadline (${clock(atMs)}), or people know.`,
    );
  return accept(CONDUCTOR, nowMs, { kind: 'StepMissed', step: step.id, deadlineAtMs: atMs, why });
}
