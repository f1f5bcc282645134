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
import { clock, span } from './words.ts';

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
  const isOpen = state?.state === 'started' || state?.refused === true;
  return isOpen && scale?.state === 'reached' && scale.orderedAtMs >= state.atMs;
}

/** Steps whose work was refused and was done by nobody since. A person's "no" is an answer, not a refusal. */
export function redSteps(launch: Launch): { step: Step; say: string }[] {
  return plannedSteps(launch.runbook).flatMap((step) => {
    const state = own(launch.steps, step.id);
    return state?.refused === true && step.do.kind !== 'ask' && !isOvertaken(launch, step)
      ? [{ step, say: state.say }]
      : [];
  });
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

/** As with scale-ups (scale-late.ts): while so much of its time is left, something else can still be done. */
const LEFT_SHARE = 0.25;

/** Steps that may not be verified by their deadline, as far as can be said now, each with the reason. Those that have missed it are not among them. */
export function endangeredSteps(
  launch: Launch,
  nowMs: number,
  measured: readonly Measured[],
): { step: Step; deadlineAtMs: number; why: string }[] {
  if (launch.closed || launch.stoodDown !== null) return [];
  return plannedSteps(launch.runbook).flatMap((step) => {
    const atMs = deadlineAtMs(launch, step);
    const why = atMs === null ? null : endangeredWhy(launch, step, atMs, measured, nowMs);
    return atMs === null || why === null ? [] : [{ step, deadlineAtMs: atMs, why }];
  });
}

function endangeredWhy(
  launch: Launch,
  step: Step,
  atMs: number,
  measured: readonly Measured[],
  nowMs: number,
): string | null {
  const dueMs = stepDueAtMs(launch, step);
  if (nowMs < dueMs || nowMs >= atMs || own(launch.missed, step.id) !== undefined) return null;
  if (step.verify !== undefined && !isKnown(launch, step.verify, measured, nowMs)) return null;
  const state = own(launch.steps, step.id);
  const takes = state?.state === 'done' ? null : takesOf(launch, step);
  const endMs = (state?.state === 'started' ? state.atMs : nowMs) + (takes?.ms ?? 0);
  // How far a count has come is told by its own order.
  const isTold = step.do.kind === 'scale' && state?.state === 'started';
  if (endMs <= atMs && (isTold || atMs - nowMs > LEFT_SHARE * (atMs - dueMs))) return null;
  const how = unverified(launch, step, measured, nowMs);
  return how === null ? null : `${how}${takes === null ? '' : `, and it takes ${span(takes.ms)}${takes.why}`}`;
}

/** How long a step takes: by its key, else by the last time in this launch. Null: neither is there. */
function takesOf(launch: Launch, { takes, do: act }: Step): { ms: number; why: string } | null {
  if (takes !== undefined) return { ms: takes, why: ' as a rule' };
  const took = act.kind === 'scale' ? own(launch.scaleTook, act.target) : undefined;
  return took === undefined
    ? null
    : { ms: took.tookMs, why: `, as it did ${took.isRehearsal ? 'at the last rehearsal' : 'the last time'}` };
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
