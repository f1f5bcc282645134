import { randomBytes, randomUUID } from 'node:crypto';
import { AwsError, notImplemented } from './aws-error.ts';
import { count, invalidGroup, list, NAMED, refuseOthers, SIZES, sizesOf } from './group-parameters.ts';
import { groupSchedule } from './group-schedule.ts';
import type { ScheduledSizes, Sizes } from './group-schedule.ts';
import type { StateFile } from './state-file.ts';
import { members, xml } from './xml.ts';

interface Kept {
  min: number;
  max: number;
  desired: number;
  suspended: string[];
  /** Absent in what an earlier version wrote. */
  scheduled?: Record<string, ScheduledSizes>;
}
export type GroupState = Record<string, Kept>;

/** Instances are in service `startDelayMs` after they were asked for. Sizes are those of a group that nobody has changed yet: 0, 0 and 10,000 if absent. */
export interface GroupDefinition {
  name: string;
  startDelayMs: number;
  min?: number;
  desired?: number;
  max?: number;
  /** Units of each instance in the group's sizes, as a mixed instances policy gives them. Absent: no weights, each counts 1. */
  weight?: number;
  /** Of its instances. Absent: it does not say, as AWS always does. */
  instanceType?: string;
  /** After a change of its sizes another one is refused for so long: ScalingActivityInProgress. Absent: 0. */
  busyMs?: number;
}

interface Instance {
  id: string;
  state: 'Pending' | 'InService';
  timer: NodeJS.Timeout | null;
}
interface Activity {
  id: string;
  atMs: number;
  description: string;
  status: 'InProgress' | 'Successful' | 'Failed';
  /** Of one that failed. */
  say?: string;
}
interface Group {
  name: string;
  startDelayMs: number;
  weight: number | null;
  instanceType: string | null;
  busyMs: number;
  busyUntilMs: number;
  kept: Kept;
  instances: Instance[];
  activities: Activity[];
}

const NAMESPACE = 'http://autoscaling.amazonaws.com/doc/2011-01-01/';
const PROCESSES = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
];
const MOST = 10_000;

export interface AutoScaling {
  call(operation: string, parameters: URLSearchParams): string;
  close(): void;
}

/** EC2 Auto Scaling. Instances are only counted: they are Pending, and in service after the group's start delay. */
export function startAutoScaling(options: { groups: GroupDefinition[]; state: StateFile<GroupState> }): AutoScaling {
  const { state } = options.state;
  const groups = options.groups.map(
    ({
      name,
      startDelayMs,
      min = 0,
      desired = 0,
      max = MOST,
      weight = null,
      instanceType = null,
      busyMs = 0,
    }): Group => {
      const kept = state[name] ?? { min, max, desired, suspended: [] };
      state[name] = kept;
      return { name, startDelayMs, weight, instanceType, busyMs, busyUntilMs: 0, kept, instances: [], activities: [] };
    },
  );
  for (const group of groups) reconcile(group);
  const schedule = groupSchedule({ groups, save: () => options.state.save(), resize, fail });

  function groupOf(parameters: URLSearchParams): Group {
    const name = parameters.get('AutoScalingGroupName');
    const found = groups.find((group) => group.name === name);
    if (found === undefined)
      throw invalidGroup(`AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);
    return found;
  }

  function change(group: Group, next: Kept): void {
    if (next.min > next.max)
      throw invalidGroup(`Max bound, ${next.max}, must be greater than or equal to min bound, ${next.min}`);
    if (next.desired < next.min || next.desired > next.max) {
      throw invalidGroup(
        `Desired capacity:${next.desired} must be between the specified min size:${next.min} and max size:${next.max}`,
      );
    }
    const isResized = next.min !== group.kept.min || next.max !== group.kept.max || next.desired !== group.kept.desired;
    if (isResized && Date.now() < group.busyUntilMs)
      throw new AwsError(
        'ScalingActivityInProgress',
        `Scaling activity ${group.activities[0]?.id ?? ''} is in progress and blocks this action`,
      );
    if (isResized) group.busyUntilMs = Date.now() + group.busyMs;
    Object.assign(group.kept, next);
    options.state.save();
    reconcile(group);
  }

  function update(parameters: URLSearchParams): void {
    const group = groupOf(parameters);
    refuseOthers('UpdateAutoScalingGroup', parameters, ['AutoScalingGroupName', ...SIZES]);
    resize(group, sizesOf(parameters));
  }

  /** What is not named stays, and the count within the bounds. */
  function resize(group: Group, { min, max, desired }: Sizes): void {
    const { kept } = group;
    const next = { min: min ?? kept.min, max: max ?? kept.max };
    change(group, { ...kept, ...next, desired: desired ?? Math.min(next.max, Math.max(next.min, kept.desired)) });
  }

  function fail(group: Group, description: string, say: string): void {
    group.activities.unshift({ id: randomUUID(), atMs: Date.now(), description, status: 'Failed', say });
  }

  function suspend(parameters: URLSearchParams, isSuspended: boolean): void {
    const group = groupOf(parameters);
    const named = list(parameters, 'ScalingProcesses');
    const unknown = named.find((name) => !PROCESSES.includes(name));
    if (unknown !== undefined) throw invalidGroup(`${unknown} is not a valid process type`);
    const processes = named.length === 0 ? PROCESSES : named;
    const rest = group.kept.suspended.filter((name) => !processes.includes(name));
    change(group, { ...group.kept, suspended: isSuspended ? [...rest, ...processes] : rest });
  }

  return {
    call(operation, parameters) {
      switch (operation) {
        case 'DescribeAutoScalingGroups': {
          refuseOthers(operation, parameters, ['AutoScalingGroupNames']);
          const names = list(parameters, 'AutoScalingGroupNames');
          return result(operation, {
            AutoScalingGroups: members(
              groups.filter((group) => names.length === 0 || names.includes(group.name)).map(shown),
            ),
          });
        }
        case 'DescribeScalingActivities': {
          const activities = groupOf(parameters).activities.slice(0, count(parameters, 'MaxRecords') ?? 100);
          return result(operation, {
            Activities: members(
              activities.map((one) => ({
                ActivityId: one.id,
                AutoScalingGroupName: parameters.get('AutoScalingGroupName'),
                Description: one.description,
                Cause: 'a change of the desired capacity',
                StartTime: new Date(one.atMs).toISOString(),
                StatusCode: one.status,
                StatusMessage: one.say,
                Progress: one.status === 'Successful' ? 100 : 50,
              })),
            ),
          });
        }
        case 'UpdateAutoScalingGroup':
          update(parameters);
          return result(operation, null);
        case 'SetDesiredCapacity': {
          refuseOthers(operation, parameters, ['AutoScalingGroupName', 'DesiredCapacity', 'HonorCooldown']);
          const group = groupOf(parameters);
          change(group, { ...group.kept, desired: count(parameters, 'DesiredCapacity') ?? 0 });
          return result(operation, null);
        }
        case 'SuspendProcesses':
        case 'ResumeProcesses':
          suspend(parameters, operation === 'SuspendProcesses');
          return result(operation, null);
        case 'PutScheduledUpdateGroupAction':
          refuseOthers(operation, parameters, [...NAMED, 'StartTime', ...SIZES]);
          schedule.put(groupOf(parameters), parameters, sizesOf(parameters));
          return result(operation, null);
        case 'DeleteScheduledAction':
          refuseOthers(operation, parameters, NAMED);
          schedule.remove(groupOf(parameters), parameters);
          return result(operation, null);
        case 'DescribeScheduledActions':
          refuseOthers(operation, parameters, ['AutoScalingGroupName', 'ScheduledActionNames', 'NextToken']);
          return result(
            operation,
            schedule.page(groupOf(parameters), parameters, list(parameters, 'ScheduledActionNames')),
          );
        default:
          throw notImplemented('autoscaling', operation);
      }
    },
    close() {
      schedule.close();
      for (const group of groups)
        for (const instance of group.instances) if (instance.timer !== null) clearTimeout(instance.timer);
    },
  };
}

function reconcile(group: Group): void {
  const { desired, suspended } = group.kept;
  // As many as bring the count; with weights the last one may bring more than was missing.
  const wanted = Math.ceil(desired / (group.weight ?? 1));
  const missing = wanted - group.instances.length;
  if (missing > 0 && !suspended.includes('Launch')) {
    for (let at = 0; at < missing; at++) launch(group);
  } else if (missing < 0 && !suspended.includes('Terminate')) {
    for (const instance of group.instances.splice(missing)) {
      if (instance.timer !== null) clearTimeout(instance.timer);
      group.activities.unshift({
        id: randomUUID(),
        atMs: Date.now(),
        description: `Terminating EC2 instance: ${instance.id}`,
        status: 'Successful',
      });
    }
  }
  group.activities.splice(100);
}

function launch(group: Group): void {
  const instance: Instance = { id: `i-${randomBytes(8).toString('hex')}1`, state: 'Pending', timer: null };
  const activity: Activity = {
    id: randomUUID(),
    atMs: Date.now(),
    description: `Launching a new EC2 instance: ${instance.id}`,
    status: 'InProgress',
  };
  instance.timer = setTimeout(() => {
    instance.state = 'InService';
    instance.timer = null;
    activity.status = 'Successful';
  }, group.startDelayMs);
  group.instances.push(instance);
  group.activities.unshift(activity);
}

function shown(group: Group) {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: `arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:local:autoScalingGroupName/${group.name}`,
    MinSize: group.kept.min,
    MaxSize: group.kept.max,
    DesiredCapacity: group.kept.desired,
    DefaultCooldown: 300,
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: 0,
    AvailabilityZones: members(['us-east-1a']),
    CreatedTime: '2026-01-01T00:00:00Z',
    Instances: members(
      group.instances.map((one) => ({
        InstanceId: one.id,
        AvailabilityZone: 'us-east-1a',
        ...(group.instanceType === null ? {} : { InstanceType: group.instanceType }),
        LifecycleState: one.state,
        HealthStatus: 'Healthy',
        ProtectedFromScaleIn: false,
        ...(group.weight === null ? {} : { WeightedCapacity: String(group.weight) }),
      })),
    ),
    SuspendedProcesses: members(
      group.kept.suspended.map((name) => ({ ProcessName: name, SuspensionReason: 'User suspended' })),
    ),
  };
}

function result(operation: string, body: Parameters<typeof xml>[1] | null): string {
  return xml(
    `${operation}Response`,
    { ...(body === null ? {} : { [`${operation}Result`]: body }), ResponseMetadata: { RequestId: randomUUID() } },
    NAMESPACE,
  );
}
