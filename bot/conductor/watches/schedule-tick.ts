import { overChanges } from '../../../runbooks/launch/change-waits.ts';
import type { Command } from '../../../runbooks/launch/commands.ts';
import { endangeredSteps, missedSteps } from '../../../runbooks/launch/deadlines.ts';
import type { Measured } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { keepsFleet } from '../../../runbooks/launch/pool-down.ts';
import { isExpired } from '../../../runbooks/launch/remaining.ts';
import { dueSteps } from '../../../runbooks/launch/schedule.ts';
import type { DueStep } from '../../../runbooks/launch/schedule.ts';
import { isPutBack } from '../../../runbooks/launch/stand-down.ts';
import { backedUp, plannedSteps } from '../../../runbooks/launch/steps.ts';
import { ownerName } from '../../views/names.ts';
import { clockOf, span, utc } from '../../views/words.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import { keptMeasurements } from '../gates/gate-watch.ts';

/**
 * What the clock brings: steps that are due, deadlines that have passed, orders that are over, and the close of a launch that was called off. The record decides, not the tick: of two
 * instances that try, one appends, and the other is refused.
 */
export async function scheduleTick(context: Context, launch: Launch): Promise<void> {
  const nowMs = context.nowMs();
  const measured = await measuredFor(context, launch);
  for (const due of dueSteps(launch, nowMs, measured)) {
    const acted = await context.execute(launch.id, commandFor(launch, due, measured, nowMs));
    if (!acted.ok)
      context.log.info({ launchId: launch.id, step: due.step.id, code: acted.code }, 'a due step was left alone');
  }
  for (const endangered of endangeredSteps(launch, nowMs, measured)) await warnOf(context, launch, endangered);
  for (const { id } of missedSteps(launch, nowMs, measured)) {
    const acted = await context.execute(launch.id, { kind: 'miss-step', step: id, measured });
    if (!acted.ok) context.log.info({ launchId: launch.id, step: id, code: acted.code }, 'a deadline was left alone');
  }
  for (const order of Object.values(launch.orders)) {
    if (order.state === 'open' && isExpired(order, nowMs))
      await context.execute(launch.id, { kind: 'expire-order', orderId: order.id });
  }
  for (const { id } of overChanges(launch, nowMs))
    await context.execute(launch.id, { kind: 'expire-change', changeId: id });
  if (isPutBack(launch)) await context.execute(launch.id, { kind: 'close-launch', by: null, reason: '' });
}

/** Once a deadline: a target that moves gives it another one. */
async function warnOf(
  context: Context,
  launch: Launch,
  { step, deadlineAtMs, why }: ReturnType<typeof endangeredSteps>[number],
): Promise<void> {
  const told = FACT.endangered(step.id, deadlineAtMs);
  if ((await fact(context, launch.id, told)) !== null) return;
  const head = `“${step.title}” may not be verified by ${clockOf(deadlineAtMs)} UTC, in ${span(deadlineAtMs - context.nowMs())}`;
  const owner = step.owner === undefined ? '' : ` It is ${ownerName(launch, step.owner)}'s.`;
  const text = `: ${why}.${owner}${step.backup?.say === undefined ? '' : ` If it is not: ${step.backup.say}`}`;
  const acted = await context.execute(launch.id, { kind: 'note', by: null, text: `${head}${text}` });
  if (acted.ok) await keepFact(context, launch.id, told, String(context.nowMs()));
}

/** Nobody asks the store for a plan in which nothing goes by a gate. */
async function measuredFor(context: Context, launch: Launch): Promise<Measured[]> {
  const gates = new Set(launch.runbook.gates.flatMap(({ id, probe }) => (probe === undefined ? [] : id)));
  const asks = plannedSteps(launch.runbook).some(({ after = [], verify = '' }) =>
    [...after, verify].some((id) => gates.has(id)),
  );
  return asks ? keptMeasurements(context, launch) : [];
}

function commandFor(
  launch: Launch,
  { step, dueAtMs, readyAtMs, verdict }: DueStep,
  measured: Measured[],
  nowMs: number,
): Command {
  if (verdict === 'hold') return { kind: 'hold-step', step: step.id, measured };
  if (verdict !== 'put') return { kind: 'start-step', step: step.id, measured };
  const missed = backedUp(launch.runbook, step.id);
  if (missed !== undefined)
    return {
      kind: 'put-step',
      step: step.id,
      why: `it is the backup of “${missed.title}”, which is not verified: ${launch.missed[missed.id]?.why ?? ''}`,
    };
  const late =
    step.catch_up_within === 0
      ? 'it never starts by itself'
      : `it ${readyAtMs === dueAtMs ? 'was due' : 'could have started'} ${utc(readyAtMs)}, ${span(nowMs - readyAtMs)} ago, and more than ${span(step.catch_up_within)} late it does not start by itself`;
  return { kind: 'put-step', step: step.id, why: keepsFleet(launch, step) ?? late };
}
