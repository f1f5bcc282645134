import { fresh } from '../../../contract/liveness.ts';
import { followedEnd, followedSteps } from '../../../runbooks/launch/followed-steps.ts';
import type { FollowedStep } from '../../../runbooks/launch/followed-steps.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { unmeasured } from '../gates/probes.ts';
import { primedShare, workersReady } from '../gates/workers-probe.ts';
import { workerReports } from '../worker-reports.ts';

/** Ends the steps that wait for workers, copies or a rehearsal. From the record and what workers say, so that any leader goes on; of two that end one, one appends. */
export async function followSteps(context: Context, launch: Launch): Promise<void> {
  for (const step of followedSteps(launch)) {
    const end = followedEnd(launch, step, await found(context, launch, step), context.nowMs());
    if (end !== null) await context.execute(launch.id, { kind: 'finish-step', step: step.id, ...end });
  }
}

/** By the measurement of the gates that ask for the same; what can't be measured is unknown. Null: it waits for nothing that workers say. */
async function found(context: Context, launch: Launch, { do: act }: FollowedStep) {
  if (act.kind !== 'load' && act.kind !== 'prime') return null;
  const measure = act.kind === 'load' ? workersReady : primedShare;
  try {
    const nowMs = context.nowMs();
    return measure(launch, fresh(await workerReports(context, launch), nowMs), act.at_least, nowMs);
  } catch (error) {
    return unmeasured(error);
  }
}
