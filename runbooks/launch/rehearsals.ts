import type { Decision, Given } from './commands.ts';
import { accept, byPerson, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { Measured } from './entries.ts';
import { gateLines, gateNamed } from './gates.ts';
import type { GateLine, Launch, Rehearsal } from './launch.ts';
import { stepDueAtMs } from './plan-times.ts';
import { plannedFleets, rehearsalTargets } from './rehearsal-report.ts';
import { runningShots } from './remaining.ts';
import { silentTooSoon } from './silent-limits.ts';
import { plannedSteps } from './steps.ts';
import { isPending } from './voiding.ts';
import { clock, listed, span } from './words.ts';

/**
 * A rehearsal of the infrastructure takes place in the launch itself, and sends nothing: it makes no order. begun (fleets rise, workers load and
 * prime) → turned (ready, late or stopped: fleets go back) → ended, with a report. One that sends is a launch of its own
 * (docs/decisions/rehearsals-that-send.md); its report comes here at its end.
 */

export const openRehearsal = (launch: Launch): Rehearsal | undefined =>
  Object.values(launch.rehearsals).find(({ report, sentIn }) => report === null && sentIn === null);

/** A push has gone out since: what was raised serves that, and people and the plan take it down. */
export const isFiredSince = (launch: Launch, { begunAtMs }: Pick<Rehearsal, 'begunAtMs'>): boolean =>
  Object.values(launch.shots).some(({ pressedAtMs }) => pressedAtMs >= begunAtMs);

export function beginRehearsal(launch: Launch, command: CommandOf<'begin-rehearsal'>, { nowMs }: Given): Decision {
  const fleets = plannedFleets(launch.runbook);
  const { sentIn, what = 'limited', unsent = [], by, step } = command;
  const actor = by === null ? CONDUCTOR : byPerson(by);
  if (step !== undefined && Object.values(launch.rehearsals).some((one) => one.step === step))
    return refuse('ALREADY_SO', `Step ${step} has begun its rehearsal already.`);
  const problem = notNow(launch, nowMs) ?? raisedAlready(launch, fleets);
  if (problem !== null) return problem;
  if (sentIn !== undefined) {
    const { readyWithinMs } = rehearsalTargets(launch.runbook);
    if (own(launch.rehearsals, sentIn) !== undefined)
      return refuse('ALREADY_SO', `Rehearsal ${sentIn} is noted here already.`);
    const soon = what === 'silent' ? silentTooSoon(launch, unsent, nowMs) : null;
    if (soon !== null) return soon;
    return accept(actor, nowMs, {
      kind: 'RehearsalBegun',
      rehearsalId: sentIn,
      what,
      fleets,
      readyWithinMs,
      sentIn,
    });
  }
  if (fleets.length === 0)
    return refuse('REHEARSAL_NOT_NOW', 'The plan raises no fleet, so there is nothing to rehearse without sending.');
  const { readyWithinMs } = rehearsalTargets(launch.runbook);
  const next = nextScale(launch);
  if (next !== null && next.dueAtMs - nowMs < readyWithinMs)
    return refuse(
      'REHEARSAL_NOT_NOW',
      `“${next.title}” is due at ${clock(next.dueAtMs)}, and a rehearsal may take ${span(readyWithinMs)}: it would take down what the plan raises. Rehearse earlier, or move the target.`,
    );
  return accept(actor, nowMs, {
    kind: 'RehearsalBegun',
    rehearsalId: `R${launch.seq + 1}`,
    what: 'infrastructure',
    fleets,
    readyWithinMs,
    ...(step === undefined ? {} : { step }),
  });
}

/** Of a pool it would also take the workers, and no scale-up of the plan that is still to come takes them back. */
function raisedAlready(launch: Launch, fleets: readonly { target: string }[]): Refusal | null {
  const raised = fleets.flatMap(({ target }) => {
    const found = own(launch.scaleFound, target);
    return found === undefined ? [] : [{ target, count: found.desired }];
  });
  if (raised.length === 0) return null;
  const back = raised.map(({ target, count }) => `\`/go scale ${target} ${count}\``);
  return refuse(
    'REHEARSAL_NOT_NOW',
    `This launch has raised ${listed(raised.map(({ target }) => target))} already, and a rehearsal would take down what it raised. Put it back first, by ${listed(back)}, then rehearse.`,
  );
}

function notNow(launch: Launch, nowMs: number): Refusal | null {
  const open = openRehearsal(launch);
  if (open !== undefined)
    return refuse(
      'REHEARSAL_NOT_NOW',
      `Rehearsal ${open.id} runs since ${clock(open.begunAtMs)}. /go rehearse stop ends it.`,
    );
  if (launch.audience === null)
    return refuse(
      'NO_AUDIENCE',
      'This launch has no audience yet, so no worker could load one. Compile one with `npm run audience -- compile`, then rehearse.',
    );
  if (runningShots(launch).length > 0)
    return refuse(
      'SHOT_RUNNING',
      'A shot is running; a rehearsal would scale what it needs. Rehearse before it, or after.',
    );
  const order = Object.values(launch.orders).find((one) => isPending(one) && one.expiresAtMs > nowMs);
  return order === undefined
    ? null
    : refuse(
        'REHEARSAL_NOT_NOW',
        `Order ${order.id} ${order.state === 'armed' ? 'is armed and goes by itself' : 'waits to be fired'}; nobody rehearses beside that. Decline it first, or rehearse later.`,
      );
}

/** Of steps that have not begun, also one that is about to. */
function nextScale(launch: Launch): { title: string; dueAtMs: number } | null {
  const due = plannedSteps(launch.runbook)
    .filter((step) => step.do.kind === 'scale' && own(launch.steps, step.id) === undefined)
    .map((step) => ({ title: step.title, dueAtMs: stepDueAtMs(launch, step) }))
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs);
  return due[0] ?? null;
}

/** By a person it is stopped; by the conductor it is ready, or was not in time. */
export function turnRehearsal(launch: Launch, command: CommandOf<'turn-rehearsal'>, { nowMs }: Given): Decision {
  const { rehearsalId, outcome, why } = command;
  const rehearsal = own(launch.rehearsals, rehearsalId) ?? null;
  if (rehearsal === null || rehearsal.sentIn !== null || rehearsal.report !== null)
    return refuse('NO_SUCH_REHEARSAL', `No rehearsal ${rehearsalId} runs here; /go rehearse shows what was rehearsed.`);
  if (rehearsal.turned !== null)
    return refuse(
      'ALREADY_SO',
      `Rehearsal ${rehearsalId} has ended at ${clock(rehearsal.turned.atMs)}, and its fleets are going back.`,
    );
  return accept(command.by === null ? CONDUCTOR : byPerson(command.by), nowMs, {
    kind: 'RehearsalTurned',
    rehearsalId,
    outcome: command.by === null ? outcome : 'stopped',
    why,
  });
}

/** Of one that took place here, once its fleets are back; or of a launch of its own. */
export function endRehearsal(launch: Launch, command: CommandOf<'end-rehearsal'>, { nowMs }: Given): Decision {
  const { rehearsalId, report } = command;
  const rehearsal = own(launch.rehearsals, rehearsalId);
  if (rehearsal === undefined || (rehearsal.sentIn === null && rehearsal.turned === null))
    return refuse('NO_SUCH_REHEARSAL', `No rehearsal ${rehearsalId} is about to end here.`);
  if (rehearsal.report !== null) return refuse('ALREADY_SO', `Rehearsal ${rehearsalId} has its report already.`);
  return accept(CONDUCTOR, nowMs, { kind: 'RehearsalEnded', rehearsalId, report });
}

/** Whether this is what its fleets wait for: a bot that is behind must not raise what goes back, nor lower what a push needs. */
export function mayScale(launch: Launch, rehearsalId: string, isBack: boolean): boolean {
  const open = openRehearsal(launch);
  if (open === undefined || open.id !== rehearsalId || (open.turned !== null) !== isBack) return false;
  return !isBack || !isFiredSince(launch, open);
}

/** What readiness hangs on when nothing is sent. */
const READY_BY: ReadonlySet<string> = new Set([
  'workers-ready',
  'primed-share',
  'credentials',
  'scaled',
  'switch-reach',
  'clocks',
  'providers',
  'versions',
]);

function rehearsedGates(launch: Launch, measured: readonly Measured[], nowMs: number): GateLine[] {
  return gateLines(launch, measured, nowMs, 'all').filter(({ id }) =>
    READY_BY.has(gateNamed(launch, id)?.probe?.kind ?? ''),
  );
}

/** What the conductor does next for the rehearsal that is open. */
export type RehearsalMove =
  | { kind: 'scale'; rehearsalId: string; target: string; to: number; isBack: boolean }
  | { kind: 'turn'; rehearsalId: string; outcome: 'ready' | 'late' | 'stopped'; why: string }
  | { kind: 'report'; rehearsalId: string; rehearsal: Rehearsal };

export function rehearsalMoves(launch: Launch, measured: readonly Measured[], nowMs: number): RehearsalMove[] {
  const rehearsal = openRehearsal(launch);
  if (rehearsal === undefined) return [];
  return rehearsal.turned === null ? rises(launch, rehearsal, measured, nowMs) : goesBack(launch, rehearsal);
}

function rises(launch: Launch, rehearsal: Rehearsal, measured: readonly Measured[], nowMs: number): RehearsalMove[] {
  const { id: rehearsalId, fleets, begunAtMs } = rehearsal;
  const over = overBy(launch, rehearsal);
  if (over !== null) return [{ kind: 'turn', rehearsalId, outcome: 'stopped', why: over }];
  const missing = fleets.filter(({ target }) => (own(launch.scale, target)?.orderedAtMs ?? 0) < begunAtMs);
  if (missing.length > 0)
    return missing.map(({ target, to }) => ({ kind: 'scale', rehearsalId, target, to, isBack: false }));
  const coming = fleets.filter(({ target }) => own(launch.scale, target)?.state !== 'reached');
  const open = rehearsedGates(launch, measured, nowMs).filter(({ status }) => status !== 'green');
  if (coming.length === 0 && open.length === 0) return [{ kind: 'turn', rehearsalId, outcome: 'ready', why: '' }];
  if (nowMs - begunAtMs < rehearsal.readyWithinMs) return [];
  const why = [
    ...coming.map(({ target, to }) => `${target} has not come to ${to.toLocaleString('en-US')}`),
    ...open.map(({ title, say }) => `“${title}”: ${say}`),
  ];
  return [{ kind: 'turn', rehearsalId, outcome: 'late', why: listed(why) }];
}

function overBy(launch: Launch, rehearsal: Rehearsal): string | null {
  if (launch.closed) return 'the launch was closed';
  if (launch.stoodDown !== null) return 'the launch was stood down';
  return isFiredSince(launch, rehearsal) ? 'a push was fired' : null;
}

/** Only what it has raised itself, and nobody has ordered since: the plan, and people, go before a rehearsal. */
function goesBack(launch: Launch, rehearsal: Rehearsal): RehearsalMove[] {
  const { id: rehearsalId, fleets } = rehearsal;
  const ours = isFiredSince(launch, rehearsal)
    ? []
    : fleets.filter(({ target }) => own(launch.scale, target)?.rehearsal === rehearsalId);
  const moves = ours.flatMap(({ target }): RehearsalMove[] => {
    const found = own(launch.scaleFound, target);
    const state = own(launch.scale, target);
    // What stood there before is known once the order was performed.
    return found === undefined || state?.lowers === true
      ? []
      : [{ kind: 'scale', rehearsalId, target, to: found.desired, isBack: true }];
  });
  if (moves.length > 0) return moves;
  const isBack = ours.every(
    ({ target }) => own(launch.scale, target)?.lowers === true && own(launch.scale, target)?.state === 'reached',
  );
  return isBack ? [{ kind: 'report', rehearsalId, rehearsal }] : [];
}
