import { DescribeScalableTargetsCommand, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { DescribeAutoScalingGroupsCommand, DescribeScalingActivitiesCommand, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeTableCommand, type TableDescription, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { ScaleTarget } from '../../runbooks/playbook/schema.ts';
import type { Clients } from './clients.ts';
import { CloudError, errorName } from './cloud-error.ts';

export interface ScaleObservation { desired: number; running: number; pending: number; /** What AWS says about trouble, if anything. */ say: string | null }

/** ECS services, EC2 Auto Scaling groups, DynamoDB write capacity behind one verb each. Idempotent. */
export interface Scaling {
  /**
   * ECS: suspends or pins Application Auto Scaling (min = max = desired) where a scalable target is registered, then UpdateService.
   * ASG: min = max = desired in one UpdateAutoScalingGroup. DynamoDB: provisioned write capacity.
   */
  desire(target: ScaleTarget, count: number): Promise<void>;
  observe(target: ScaleTarget): Promise<ScaleObservation>;
}

type Table = Extract<ScaleTarget, { kind: 'dynamodb-table' }>;
type Service = Extract<ScaleTarget, { kind: 'ecs-service' }>;
type Group = Extract<ScaleTarget, { kind: 'auto-scaling-group' }>;
type ScalingClients = Pick<Clients, 'ecs' | 'autoScaling' | 'applicationAutoScaling' | 'dynamo'>;

/** Rejects with CloudError SCALE_TARGET_MISSING when the service, group or table is not there, else with what AWS said. */
export function createScaling(clients: ScalingClients): Scaling {
  const service = ecsScaling(clients);
  const group = groupScaling(clients);
  const table = tableScaling(clients);
  return {
    async desire(target, count) {
      switch (target.kind) {
        case 'ecs-service': return service.desire(target, count);
        case 'auto-scaling-group': return group.desire(target, count);
        case 'dynamodb-table': return table.desire(target, count);
        default: throw unknownKind(target);
      }
    },
    async observe(target) {
      switch (target.kind) {
        case 'ecs-service': return service.observe(target);
        case 'auto-scaling-group': return group.observe(target);
        case 'dynamodb-table': return table.observe(target);
        default: throw unknownKind(target);
      }
    },
  };
}

function ecsScaling({ ecs, applicationAutoScaling }: ScalingClients) {
  return {
    async desire({ cluster, service }: Service, count: number): Promise<void> {
      const resource = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount', ResourceId: `service/${cluster}/${service}` } as const;
      const { ScalableTargets: targets } = await applicationAutoScaling.send(
        new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ScalableDimension: resource.ScalableDimension, ResourceIds: [resource.ResourceId] }),
      );
      // Service Auto Scaling changes counts that were set by hand (FACTS 5), so it is pinned to ours first.
      if ((targets ?? []).length > 0) await applicationAutoScaling.send(new RegisterScalableTargetCommand({ ...resource, MinCapacity: count, MaxCapacity: count }));
      await ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount: count }));
    },

    async observe({ cluster, service }: Service): Promise<ScaleObservation> {
      const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
      const found = services?.[0];
      if (found === undefined || found.status === 'INACTIVE') throw new CloudError('SCALE_TARGET_MISSING', `there is no ECS service ${service} in cluster ${cluster}`);
      const running = found.runningCount ?? 0;
      const desired = found.desiredCount ?? 0;
      // The newest event is trouble only while tasks are missing: it says "has reached a steady state" otherwise.
      const newest = found.events?.[0]?.message ?? null;
      const trouble = running < desired && newest !== null && /unable|fail|unhealthy|stopped|throttl|insufficient/i.test(newest);
      return { desired, running, pending: found.pendingCount ?? 0, say: trouble ? newest : null };
    },
  };
}

function groupScaling({ autoScaling }: ScalingClients) {
  return {
    async desire({ group }: Group, count: number): Promise<void> {
      await autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: group, MinSize: count, MaxSize: count, DesiredCapacity: count }));
    },

    async observe({ group }: Group): Promise<ScaleObservation> {
      const { AutoScalingGroups: groups } = await autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }));
      const found = groups?.[0];
      if (found === undefined) throw new CloudError('SCALE_TARGET_MISSING', `there is no Auto Scaling group ${group}`);
      const states = (found.Instances ?? []).map((instance) => instance.LifecycleState ?? '');
      const running = states.filter((state) => state === 'InService').length;
      const desired = found.DesiredCapacity ?? 0;
      const suspended = (found.SuspendedProcesses ?? []).map((process) => process.ProcessName).filter((name) => name === 'Launch');
      const say = running < desired && suspended.length > 0 ? 'the Launch process of the group is suspended' : await failedActivity(group, running < desired);
      return { desired, running, pending: states.filter((state) => state.startsWith('Pending')).length, say };
    },
  };

  async function failedActivity(group: string, look: boolean): Promise<string | null> {
    if (!look) return null;
    const { Activities: activities } = await autoScaling.send(new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: 1 }));
    const newest = activities?.[0];
    return newest?.StatusCode === 'Failed' || newest?.StatusCode === 'Cancelled' ? (newest.StatusMessage ?? newest.StatusCode) : null;
  }
}

/**
 * Write capacity: provisioned units of a provisioned table; warm throughput of an on-demand one, which can only be raised
 * (FACTS 7: irreversible and charged), so that a lower count leaves it as it is.
 */
function tableScaling({ dynamo }: ScalingClients) {
  async function describe(name: string): Promise<TableDescription> {
    const { Table: found } = await dynamo.send(new DescribeTableCommand({ TableName: name })).catch((error: unknown) => {
      if (errorName(error) !== 'ResourceNotFoundException') throw error;
      throw new CloudError('SCALE_TARGET_MISSING', `there is no DynamoDB table ${name}`, { cause: error });
    });
    return found ?? {};
  }
  const isOnDemand = (found: TableDescription) => found.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
  /** What was asked for last: while a table is UPDATING, AWS shows the old figure. */
  const asked = new Map<string, number>();

  return {
    async desire({ table }: Table, count: number): Promise<void> {
      const found = await describe(table);
      if (isOnDemand(found)) {
        asked.set(table, Math.max(count, found.WarmThroughput?.WriteUnitsPerSecond ?? 0));
        if (count <= (found.WarmThroughput?.WriteUnitsPerSecond ?? 0)) return;
        await dynamo.send(new UpdateTableCommand({ TableName: table, WarmThroughput: { WriteUnitsPerSecond: count } }));
        return;
      }
      asked.set(table, count);
      const now = found.ProvisionedThroughput;
      // An update that changes nothing is an error to AWS.
      if (now?.WriteCapacityUnits === count) return;
      await dynamo.send(new UpdateTableCommand({ TableName: table, ProvisionedThroughput: { ReadCapacityUnits: now?.ReadCapacityUnits ?? 1, WriteCapacityUnits: count } }));
    },

    async observe({ table }: Table): Promise<ScaleObservation> {
      const found = await describe(table);
      const onDemand = isOnDemand(found);
      const running = (onDemand ? found.WarmThroughput?.WriteUnitsPerSecond : found.ProvisionedThroughput?.WriteCapacityUnits) ?? 0;
      const status = onDemand ? (found.WarmThroughput?.Status ?? found.TableStatus) : found.TableStatus;
      const updating = status === 'UPDATING';
      const desired = updating ? (asked.get(table) ?? running) : running;
      return { desired, running, pending: Math.max(0, desired - running), say: status === 'ACTIVE' || updating ? null : `the table is ${status}` };
    },
  };
}

function unknownKind(target: never): CloudError {
  return new CloudError('SCALE_REFUSED', `unknown scale target ${JSON.stringify(target)}`);
}
