import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { DescribeServicesCommand, DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import type { FleetUnit } from '../../../runbooks/cost/fleets.ts';
import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import type { ScalingClients } from './scaling-kind.ts';

/** What one unit of a target is. A task definition never changes, so each is read once. Rejects as AWS does; a service that is missing is `instances`, of which nothing is known. */
export function fleetUnits({ ecs, autoScaling }: Pick<ScalingClients, 'ecs' | 'autoScaling'>) {
  const sizes = new Map<string, { vcpu: number; gib: number; cpu: 'x64' | 'arm64' } | null>();

  async function sizeOf(taskDefinition: string) {
    const known = sizes.get(taskDefinition);
    if (known !== undefined) return known;
    const { taskDefinition: found } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    // Of Fargate both are given for the task as a whole: CPU in units of 1/1,024 vCPU, memory in MiB.
    const size =
      found?.cpu === undefined || found.memory === undefined
        ? null
        : {
            vcpu: Number(found.cpu) / 1_024,
            gib: Number(found.memory) / 1_024,
            cpu: found.runtimePlatform?.cpuArchitecture === 'ARM64' ? ('arm64' as const) : ('x64' as const),
          };
    sizes.set(taskDefinition, size);
    return size;
  }

  return async (target: ScaleTarget): Promise<FleetUnit> => {
    if (target.kind === 'dynamodb-table') return { kind: 'write-units' };
    if (target.kind === 'auto-scaling-group') return groupUnit(autoScaling, target.group);
    const { services } = await ecs.send(
      new DescribeServicesCommand({ cluster: target.cluster, services: [target.service] }),
    );
    const service = services?.[0];
    // With a strategy the launch type is absent.
    const providers = service?.capacityProviderStrategy?.map(({ capacityProvider }) => capacityProvider) ?? [];
    const isFargate =
      service?.launchType === 'FARGATE' ||
      (providers.length > 0 && providers.every((name) => name?.startsWith('FARGATE')));
    if (!isFargate || service?.taskDefinition === undefined) return { kind: 'instances' };
    const size = await sizeOf(service.taskDefinition);
    // Spot only where nothing else is in it: a mixed one is priced as if none came.
    const spot = providers.length > 0 && providers.every((name) => name === 'FARGATE_SPOT');
    return size === null ? { kind: 'instances' } : { kind: 'fargate', ...size, spot };
  };
}

/** Of what runs in it. A mixed group has no one price, and an empty one says nothing of what it will be. */
async function groupUnit(autoScaling: AutoScalingClient, group: string): Promise<FleetUnit> {
  const { AutoScalingGroups: groups } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
  );
  const [first, ...others] = groups?.[0]?.Instances ?? [];
  const type = first?.InstanceType;
  if (type === undefined || others.some((one) => one.InstanceType !== type)) return { kind: 'instances' };
  const weight = Number(first?.WeightedCapacity ?? 1);
  return { kind: 'instances', type, ...(weight > 1 ? { weight } : {}) };
}
