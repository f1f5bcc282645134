import type { Step } from '../playbook/schema.ts';
import { isCleanUp } from './clean-up.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { Measured } from './entries.ts';
import type { Launch, StepState } from './launch.ts';
import { stepDueAtMs } from './plan-times.ts';
import { keepsFleet } from './pool-down.ts';
import { stoodDownProblem } from './stand-down.ts';
import { backupSteps } from './steps.ts';
import { readyAtMs, waitsOf, waitsText } from './waits.ts';
import { clock, listed, span } from './words.ts';

/**
 * When steps are due and what becomes of late ones. A step starts at most once: the record says so, not a timer. Compress
 * divides T-minus times and nothing else.
 */

/** Later than this after its time a step counts as late in the record. */
const ON_TIME_MS = 30_000;

export interface ScheduledStep {
  step: Step;
  phase: { id: string; title: string };
  dueAtMs: number;
}
/**
 * `run`: start it. `late-run`: start it and say so. `put`: too late to start by itself; a person decides. `hold`: what it waits
 * for is not over, and nobody knows yet that it waits.
 */
export interface DueStep extends ScheduledStep {
  verdict: 'run' | 'late-run' | 'put' | 'hold';
  /** Since when it could have started: its time, or the end of its last wait. */
  readyAtMs: number;
}

/** All steps with their times, earliest first; those of the same time in the runbook's order. Of backups those that have begun. */
export function scheduledSteps(launch: Launch): ScheduledStep[] {
  return launch.runbook.phases
    .flatMap(({ id, title, steps }) =>
      steps
        .flatMap((step) => [step, ...backupSteps(step).filter((one) => isBegun(launch, step, one))])
        .map((step) => ({ step, phase: { id, title }, dueAtMs: stepDueAtMs(launch, step) })),
    )
    .sort((a, b) => a.dueAtMs - b.dueAtMs);
}

/** The deadline was missed; or it was once, and the target has moved since. */
const isBegun = (launch: Launch, step: Step, backup: Step): boolean =>
  own(launch.missed, step.id) !== undefined || own(launch.steps, backup.id) !== undefined;

/**
 * Steps whose time has come and for which something is to be done now. Empty once the launch is closed or called off.
 * `measured`: as for `waitsOf`.
 */
export function dueSteps(launch: Launch, nowMs: number, measured: readonly Measured[] = []): DueStep[] {
  if (isOver(launch)) return [];
  return scheduledSteps(launch)
    .filter(({ step, dueAtMs }) => dueAtMs <= nowMs && isUntouched(own(launch.steps, step.id)))
    .map((due) => ({ ...due, ...verdictOf(launch, due, measured, nowMs) }))
    .filter(({ step, verdict }) => verdict !== 'hold' || own(launch.steps, step.id) === undefined);
}

/** It has not begun, and no person has been asked. */
const isUntouched = (state: StepState | undefined): boolean => state === undefined || state.state === 'held';

/** Steps that are still to come, earliest first. */
export function nextSteps(launch: Launch, nowMs: number): ScheduledStep[] {
  return isOver(launch)
    ? []
    : scheduledSteps(launch).filter(({ step, dueAtMs }) => dueAtMs > nowMs && own(launch.steps, step.id) === undefined);
}

/** The plan goes on no more. */
const isOver = ({ closed, stoodDown }: Launch): boolean => closed || stoodDown !== null;

function verdictOf(
  launch: Launch,
  { step, dueAtMs }: ScheduledStep,
  measured: readonly Measured[],
  nowMs: number,
): Pick<DueStep, 'verdict' | 'readyAtMs'> {
  const ready = readyAtMs(dueAtMs, waitsOf(launch, step, measured, nowMs), nowMs);
  if (ready === null) return { verdict: 'hold', readyAtMs: nowMs };
  const lateMs = nowMs - ready;
  // 0 means: always ask.
  const isPut = keepsFleet(launch, step) !== null || step.catch_up_within === 0 || lateMs > step.catch_up_within;
  return { verdict: isPut ? 'put' : lateMs > ON_TIME_MS ? 'late-run' : 'run', readyAtMs: ready };
}

export function startStep(launch: Launch, command: CommandOf<'start-step'>, { nowMs }: Given): Decision {
  const found = waiting(launch, command.step);
  if (!('step' in found)) return found;
  const { step, dueAtMs } = found;
  if (nowMs < dueAtMs)
    return refuse(
      'STEP_NOT_OPEN',
      `“${step.title}” is due at ${clock(dueAtMs)}, and it is ${clock(nowMs)}. On-call can run it ahead of its time.`,
    );
  const { verdict, readyAtMs: ready } = verdictOf(launch, found, command.measured ?? [], nowMs);
  if (verdict === 'hold')
    return refuse(
      'STEP_NOT_OPEN',
      `“${step.title}” does not start yet: ${listed(waitsText(waitsOf(launch, step, command.measured ?? [], nowMs)))}.`,
    );
  const stays = keepsFleet(launch, step);
  if (stays !== null)
    return refuse('STEP_NOT_OPEN', `“${step.title}” does not start by itself: ${stays}. Put it to on-call.`);
  if (verdict === 'put')
    return refuse(
      'STEP_NOT_OPEN',
      `“${step.title}” is ${span(nowMs - ready)} late and does not start by itself. Put it to on-call.`,
    );
  return accept(CONDUCTOR, nowMs, { kind: 'StepStarted', step: step.id, dueAtMs, late: verdict === 'late-run' });
}

export function putStep(launch: Launch, command: CommandOf<'put-step'>, { nowMs }: Given): Decision {
  const found = waiting(launch, command.step);
  if (!('step' in found)) return found;
  const { step, dueAtMs } = found;
  if (nowMs < dueAtMs)
    return refuse(
      'STEP_NOT_OPEN',
      `“${step.title}” is due at ${clock(dueAtMs)}, and it is ${clock(nowMs)}; there is nothing to decide yet.`,
    );
  return accept(CONDUCTOR, nowMs, { kind: 'StepPut', step: step.id, dueAtMs, why: command.why });
}

/** A step that is due and waits: the room hears what for. It starts by itself once that is over. */
export function holdStep(launch: Launch, command: CommandOf<'hold-step'>, { nowMs }: Given): Decision {
  const found = waiting(launch, command.step);
  if (!('step' in found)) return found;
  const { step, dueAtMs } = found;
  const waits = waitsOf(launch, step, command.measured, nowMs).filter(({ why }) => why !== null);
  if (nowMs < dueAtMs || waits.length === 0 || own(launch.steps, step.id) !== undefined)
    return refuse('STEP_NOT_OPEN', `“${step.title}” has nothing to wait for now, or is held already.`);
  return accept(CONDUCTOR, nowMs, {
    kind: 'StepHeld',
    step: step.id,
    dueAtMs,
    after: waits.map(({ id }) => id),
    why: listed(waitsText(waits)),
  });
}

/** A person starts a step: one that was put to them, one that waits, or one ahead of its time. */
export function runStep(launch: Launch, command: CommandOf<'run-step'>, { nowMs }: Given): Decision {
  const found = undecided(launch, command.step);
  if (!('step' in found)) return found;
  const calledOff = isCleanUp(launch, found.step) ? null : stoodDownProblem(launch);
  if (calledOff !== null) return calledOff;
  const { step, dueAtMs } = found;
  return accept(byPerson(command.by), nowMs, {
    kind: 'StepStarted',
    step: step.id,
    dueAtMs,
    late: nowMs - dueAtMs > ON_TIME_MS,
  });
}

export function skipStep(launch: Launch, command: CommandOf<'skip-step'>, { nowMs }: Given): Decision {
  const found = undecided(launch, command.step);
  if (!('step' in found)) return found;
  return accept(byPerson(command.by), nowMs, { kind: 'StepSkipped', step: found.step.id, reason: command.reason });
}

export function finishStep(launch: Launch, command: CommandOf<'finish-step'>, { nowMs }: Given): Decision {
  const found = findStep(launch, command.step);
  if (!('step' in found)) return found;
  const standing = own(launch.steps, found.step.id);
  const state = standing?.state ?? 'waiting';
  const { aws = [] } = command;
  // AWS refused the count, was asked again, and it has come: the step was red and is done.
  const came = found.step.do.kind === 'scale' && standing?.refused === true && command.refused !== true;
  if (state === 'done' && !came) return refuse('ALREADY_SO', `“${found.step.title}” is done already.`);
  if (state !== 'started' && !came)
    return refuse('STEP_NOT_OPEN', `“${found.step.title}” is ${state}; expected a step that was started.`);
  return accept(CONDUCTOR, nowMs, {
    kind: 'StepDone',
    step: found.step.id,
    say: command.say,
    ...(command.refused === true ? { refused: true } : {}),
    ...(aws.length === 0 ? {} : { aws }),
  });
}

/** The first answer is the one that the plan goes on with. */
export function answerStep(launch: Launch, command: CommandOf<'answer-step'>, { nowMs }: Given): Decision {
  const found = findStep(launch, command.step);
  if (!('step' in found)) return found;
  const { id, title, do: act } = found.step;
  const state = own(launch.steps, id);
  if (act.kind !== 'ask') return refuse('VALUE_INVALID', `“${title}” asks nobody; expected a step that does.`);
  if (state?.state === 'done')
    return refuse('ALREADY_SO', `“${title}” was answered already, at ${clock(state.atMs)}: ${state.say}`);
  if (state?.state !== 'started') return refuse('STEP_NOT_OPEN', `“${title}” has not been asked yet.`);
  const say = act.answers[command.answer];
  if (say === undefined)
    return refuse('VALUE_INVALID', `“${title}” has no such answer; expected ${listed(act.answers, 'or')}.`);
  return accept(byPerson(command.by), nowMs, {
    kind: 'StepDone',
    step: id,
    say,
    ...(command.answer === 0 ? {} : { refused: true }),
  });
}

function findStep(launch: Launch, id: string): ScheduledStep | Refusal {
  const steps = scheduledSteps(launch);
  return (
    steps.find(({ step }) => step.id === id) ??
    refuse('STEP_UNKNOWN', `There is no step ${id}; this runbook has ${listed(steps.map(({ step }) => step.id))}.`)
  );
}

function waiting(launch: Launch, id: string): ScheduledStep | Refusal {
  const found = findStep(launch, id);
  if (!('step' in found)) return found;
  const state = own(launch.steps, id);
  return state === undefined || isUntouched(state) ? found : taken(found, state.state, state.atMs);
}

function undecided(launch: Launch, id: string): ScheduledStep | Refusal {
  const found = findStep(launch, id);
  if (!('step' in found)) return found;
  const state = own(launch.steps, id);
  return state === undefined || isUntouched(state) || state.state === 'put'
    ? found
    : taken(found, state.state, state.atMs);
}

function taken({ step }: ScheduledStep, state: string, atMs: number): Refusal {
  const what = state === 'put' ? 'was put to on-call' : state === 'started' ? 'was started' : `is ${state}`;
  return refuse('STEP_NOT_OPEN', `“${step.title}” ${what} already, at ${clock(atMs)}. A step runs once.`);
}
