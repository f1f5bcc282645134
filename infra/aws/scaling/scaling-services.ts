import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { ServiceEvent } from '@aws-sdk/client-ecs';
import type { ScaleFound } from '../../../runbooks/launch/entries.ts';
import type { ScaleGoal } from '../../../runbooks/launch/scale-goal.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { ScalableTargets } from './scalable-targets.ts';
import { targetMissing } from './scale-error.ts';
import type { ScaleObservation, ScalingClients } from './scaling-kind.ts';
import type { ScheduledCount } from './scheduled-counts.ts';

type Service = Extract<ScaleTarget, { kind: 'ecs-service' }>;

/**
 * ECS services: Application Auto Scaling changes counts that were set by hand (docs/facts.md#ecs-auto-scaling), so it
 * is told first.
 */
export function serviceScaling({
  ecs,
  applicationAutoScaling,
}: Pick<ScalingClients, 'ecs' | 'applicationAutoScaling'>) {
  const targets = new ScalableTargets(applicationAutoScaling, 'ecs');
  const standing = ({ cluster, service }: Service) =>
    targets.standing([{ resource: `service/${cluster}/${service}`, dimension: 'ecs:service:DesiredCount' }]);

  async function describe({ cluster, service }: Service) {
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
    const found = services?.[0];
    if (found === undefined || found.status === 'INACTIVE')
      throw targetMissing(`ECS service ${service} in cluster ${cluster}`);
    return found;
  }

  return {
    async schedule(target: Service, owner: string, wanted: readonly ScheduledCount[]): Promise<string | null> {
      const registered = await standing(target);
      return registered.length > 0
        ? targets.schedule(registered, owner, wanted)
        : `the service ${target.service} is not registered with Application Auto Scaling`;
    },

    async find(target: Service): Promise<ScaleFound> {
      const { desiredCount: desired = 0 } = await describe(target);
      return { desired, min: null, max: null, targets: await standing(target), indexes: {} };
    },

    async desire(target: Service, { count, lowers, holds }: ScaleGoal, found: ScaleFound): Promise<void> {
      await describe(target);
      if (holds) await targets.hold(await standing(target), found.targets, count);
      else await targets.putBack(await standing(target), found.targets);
      // Read again: the new bounds may have moved the count.
      const { desiredCount: now = 0 } = await describe(target);
      if (now < count || (lowers && now > count))
        await ecs.send(
          new UpdateServiceCommand({ cluster: target.cluster, service: target.service, desiredCount: count }),
        );
    },

    async observe(target: Service): Promise<ScaleObservation> {
      const found = await describe(target);
      const running = found.runningCount ?? 0;
      const desired = found.desiredCount ?? 0;
      // The newest event is trouble only while tasks are missing: it says "has reached a steady state" otherwise.
      const newest = found.events?.[0]?.message ?? null;
      const trouble =
        running < desired && newest !== null && /unable|fail|unhealthy|stopped|throttl|insufficient/i.test(newest);
      const refused = running < desired ? refusalIn(found.events ?? []) : null;
      const definition = found.taskDefinition?.split('/').at(-1);
      return {
        desired,
        running,
        pending: found.pendingCount ?? 0,
        say: refused?.say ?? (trouble ? newest : null),
        ...(refused === null ? {} : { refused }),
        ...(definition === undefined ? {} : { definition }),
      };
    },
  };
}

/**
 * A quota, no capacity, tasks that don't stay up (docs/facts.md#ecs-placement). Not that no instance had room: where instances are on
 * their way that passes.
 */
const REFUSED = /limit on the number of|capacity is unavailable|unable to consistently start/i;
const STEADY = /has reached a steady state/;

/** Newest first, as ECS gives them. Null: nothing, or nothing since it was steady. */
function refusalIn(events: readonly ServiceEvent[]): { say: string; atMs: number } | null {
  const { message = '', createdAt } =
    events.find((one) => REFUSED.test(one.message ?? '') || STEADY.test(one.message ?? '')) ?? {};
  return STEADY.test(message) || createdAt === undefined ? null : { say: message, atMs: createdAt.getTime() };
}
