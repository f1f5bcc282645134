import type { Command } from '../../../runbooks/launch/commands.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { infrastructureReport } from '../../../runbooks/launch/rehearsal-report.ts';
import { openRehearsal, rehearsalMoves } from '../../../runbooks/launch/rehearsals.ts';
import type { RehearsalMove } from '../../../runbooks/launch/rehearsals.ts';
import type { Context } from '../context.ts';
import { keptMeasurements } from '../gates/gate-watch.ts';

/**
 * Leads a rehearsal of the infrastructure from the record alone, so that any leader goes on with it: fleets up, until all is ready
 * or the time is over, and back. The rules decide what is next (`rehearsalMoves`); of two that try, one appends.
 */
export async function rehearsalWatch(context: Context, launch: Launch): Promise<void> {
  if (openRehearsal(launch) === undefined) return;
  const measured = await keptMeasurements(context, launch);
  for (const move of rehearsalMoves(launch, measured, context.nowMs())) {
    const acted = await context.execute(launch.id, await commandFor(context, launch, move));
    if (!acted.ok)
      context.log.info(
        { launchId: launch.id, rehearsal: move.rehearsalId, move: move.kind, code: acted.code },
        'a rehearsal was left alone',
      );
  }
}

async function commandFor(context: Context, launch: Launch, move: RehearsalMove): Promise<Command> {
  const { rehearsalId } = move;
  switch (move.kind) {
    case 'scale':
      return {
        kind: 'order-scale',
        by: null,
        target: move.target,
        desired: move.to,
        step: null,
        reason: move.isBack ? `rehearsal ${rehearsalId} is over` : `rehearsal ${rehearsalId}`,
        rehearsal: rehearsalId,
        ...(move.isBack ? { lower: true as const } : {}),
      };
    case 'turn':
      return { kind: 'turn-rehearsal', by: null, rehearsalId, outcome: move.outcome, why: move.why };
    case 'report': {
      const report = infrastructureReport(launch, move.rehearsal, await context.journal.entries(launch.id));
      return { kind: 'end-rehearsal', rehearsalId, report };
    }
  }
}
