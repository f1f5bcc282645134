import {
  DeleteScheduledActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScheduledActionsCommand,
  PutScheduledUpdateGroupActionCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingGroup, Instance } from '@aws-sdk/client-auto-scaling';
import type { ScaleFound } from '../../../runbooks/launch/entries.ts';
import type { ScaleGoal } from '../../../runbooks/launch/scale-goal.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { targetMissing } from './scale-error.ts';
import type { ScaleObservation, ScalingClients } from './scaling-kind.ts';
import { reconcile } from './scheduled-counts.ts';
import type { ScheduledCount, Standing } from './scheduled-counts.ts';

type Group = Extract<ScaleTarget, { kind: 'auto-scaling-group' }>;

/** EC2 Auto Scaling groups. With instance weights all three sizes of a group, and so our counts, are in units of weight. */
export function groupScaling({ autoScaling }: Pick<ScalingClients, 'autoScaling'>) {
  async function describe({ group }: Group): Promise<AutoScalingGroup> {
    const { AutoScalingGroups: groups } = await autoScaling.send(
      new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
    );
    const found = groups?.[0];
    if (found === undefined) throw targetMissing(`Auto Scaling group ${group}`);
    return found;
  }

  async function scheduled(group: string, owner: string): Promise<Standing[]> {
    const found: Standing[] = [];
    let next: string | undefined;
    do {
      const page = await autoScaling.send(
        new DescribeScheduledActionsCommand({ AutoScalingGroupName: group, NextToken: next }),
      );
      for (const {
        ScheduledActionName: name = '',
        StartTime: at,
        MinSize: count,
      } of page.ScheduledUpdateGroupActions ?? [])
        if (name.startsWith(owner)) found.push({ name, atMs: at?.getTime() ?? null, count: count ?? null });
      next = page.NextToken;
    } while (next !== undefined && next !== '');
    return found;
  }

  return {
    async schedule(
      { group, ...rest }: Group,
      owner: string,
      wanted: readonly ScheduledCount[],
    ): Promise<string | null> {
      const { MaxSize: max = 0, SuspendedProcesses: off = [] } = await describe({ group, ...rest });
      const named = { AutoScalingGroupName: group };
      await reconcile(await scheduled(group, owner), wanted, {
        // The minimum alone, so that nothing is lowered that runs above it.
        put: ({ name, atMs, count }) =>
          autoScaling.send(
            new PutScheduledUpdateGroupActionCommand({
              ...named,
              ScheduledActionName: name,
              StartTime: new Date(atMs),
              MinSize: count,
              ...(count > max ? { MaxSize: count } : {}),
            }),
          ),
        remove: (name) => autoScaling.send(new DeleteScheduledActionCommand({ ...named, ScheduledActionName: name })),
      });
      return off.some(({ ProcessName: name }) => name === 'ScheduledActions')
        ? `the ScheduledActions process of the group ${group} is suspended`
        : null;
    },

    async find(target: Group): Promise<ScaleFound> {
      const { DesiredCapacity: desired = 0, MinSize: min = 0, MaxSize: max = 0 } = await describe(target);
      return { desired, min, max, targets: [], indexes: {} };
    },

    async desire(target: Group, { count, lowers, holds }: ScaleGoal, found: ScaleFound): Promise<void> {
      const { DesiredCapacity: desired = 0, MinSize: min = 0, MaxSize: max = 0 } = await describe(target);
      const foundMin = found.min ?? 0;
      const next = holds
        ? { MinSize: Math.max(foundMin, count), MaxSize: Math.max(found.max ?? 0, max, count) }
        : { MinSize: foundMin, MaxSize: found.max ?? max };
      const moves = desired < count || (lowers && desired > count);
      if (!moves && next.MinSize === min && next.MaxSize === max) return;
      // Where more runs than was asked for the count is left out: what its own policy has set meanwhile stays.
      await autoScaling.send(
        new UpdateAutoScalingGroupCommand({
          AutoScalingGroupName: target.group,
          ...next,
          ...(moves ? { DesiredCapacity: count } : {}),
        }),
      );
    },

    async observe(target: Group): Promise<ScaleObservation> {
      const found = await describe(target);
      const instances = found.Instances ?? [];
      const units = (isIn: (state: string) => boolean) =>
        instances.filter(({ LifecycleState: state }) => isIn(state ?? '')).reduce((sum, one) => sum + weightOf(one), 0);
      const running = units((state) => state === 'InService');
      const desired = found.DesiredCapacity ?? 0;
      const suspended = (found.SuspendedProcesses ?? []).some(({ ProcessName: name }) => name === 'Launch');
      const say =
        running < desired && suspended
          ? 'the Launch process of the group is suspended'
          : await failedActivity(target.group, running < desired);
      const largest = Math.max(1, ...instances.map(weightOf));
      return {
        desired,
        running,
        pending: units((state) => state.startsWith('Pending')),
        say,
        ...(largest > 1 ? { largest } : {}),
      };
    },
  };

  async function failedActivity(group: string, look: boolean): Promise<string | null> {
    if (!look) return null;
    const { Activities: activities } = await autoScaling.send(
      new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: 1 }),
    );
    const newest = activities?.[0];
    return newest?.StatusCode === 'Failed' || newest?.StatusCode === 'Cancelled'
      ? (newest.StatusMessage ?? newest.StatusCode)
      : null;
  }
}

/** AWS gives the weight as text, and none where the group has no weights. */
function weightOf({ WeightedCapacity: weight }: Instance): number {
  const units = Number(weight ?? 1);
  return Number.isFinite(units) && units > 0 ? units : 1;
}
