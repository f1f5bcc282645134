import { followedEnd, followedSteps } from '../../../runbooks/launch/followed-steps.ts';
import type { FollowedStep } from '../../../runbooks/launch/followed-steps.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Context } from '../context.ts';
import { measureProbe } from '../gates/probes.ts';

/** Ends the steps that wait for workers, copies or a rehearsal. From the record and what workers say, so that any leader goes on; of two that end one, one appends. */
export async function followSteps(context: Context, launch: Launch): Promise<void> {
  for (const step of followedSteps(launch)) {
    const end = followedEnd(launch, step, await found(context, launch, step), context.nowMs());
    if (end !== null) await context.execute(launch.id, { kind: 'finish-step', step: step.id, ...end });
  }
}

/** By the measurement of the gates that ask for the same. */
async function found({ cloud, nowMs }: Context, launch: Launch, { do: act }: FollowedStep) {
  if (act.kind === 'load')
    return measureProbe(cloud, launch, { kind: 'workers-ready', at_least: act.at_least }, nowMs());
  if (act.kind === 'prime')
    return measureProbe(cloud, launch, { kind: 'primed-share', at_least: act.at_least }, nowMs());
  return null;
}
