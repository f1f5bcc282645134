import { AlarmClock } from './alarm-clock.ts';
import { AwsError, invalid, notImplemented, refuseOtherFields } from './aws-error.ts';
import type { Dynamo } from './dynamo.ts';
import type { Ecs } from './ecs.ts';
import type { StateFile } from './state-file.ts';
import { tableUnits } from './table-units.ts';

interface Target {
  min: number;
  max: number;
  createdAtMs: number;
  suspended: Record<string, boolean>;
}
interface Scheduled {
  name: string;
  resource: string;
  dimension: string;
  schedule: string;
  atMs: number;
  min: number | null;
  max: number | null;
  createdAtMs: number;
}
export interface ApplicationScalingState {
  targets: Record<string, Target>;
  scheduled: Record<string, Scheduled>;
}

interface Input {
  ServiceNamespace?: string;
  ResourceId?: string;
  ScalableDimension?: string;
  MinCapacity?: number;
  MaxCapacity?: number;
  SuspendedState?: Record<string, boolean>;
  ResourceIds?: string[];
  ScheduledActionName?: string;
  ScheduledActionNames?: string[];
  NextToken?: string;
  Schedule?: string;
  ScalableTargetAction?: { MinCapacity?: number; MaxCapacity?: number };
}

const DIMENSION = 'ecs:service:DesiredCount';
/** Scheduled actions of one target (docs/facts.md#aws-scheduled-actions). */
const SCHEDULED_MOST = 200;
const BUSY_AGAIN_MS = 200;

/** Of a request: what a target is named by. ECS targets are kept under their resource alone. */
interface Name {
  resource: string;
  dimension: string;
  key: string;
}

/**
 * Application Auto Scaling of ECS services and of DynamoDB write capacity (tables and indexes): scalable targets, which keep
 * the count within their bounds whenever they are registered, and scheduled actions with `at(…)` in UTC, which change the bounds
 * unless scheduled scaling is suspended. Policies, cron and rate schedules, time zones, and other namespaces are refused.
 */
export function startApplicationAutoScaling(options: {
  ecs: Ecs;
  dynamo: Dynamo;
  state: StateFile<ApplicationScalingState>;
}): { call(operation: string, input: unknown): unknown; close(): void } {
  const { targets, scheduled } = options.state.state;
  const clock = new AlarmClock();
  for (const key of Object.keys(scheduled)) arm(key);

  const dynamoUnits = tableUnits(options.dynamo);

  function serviceOf(resource: string) {
    const [kind, cluster = '', service = ''] = resource.split('/');
    const found = kind === 'service' ? options.ecs.find(cluster, service) : null;
    if (found === null) throw invalid(`ECS service doesn't exist: ${resource}`);
    return found;
  }

  async function bound(
    { resource, dimension, key }: Name,
    min: number | null,
    max: number | null,
    suspended?: Record<string, boolean>,
  ): Promise<void> {
    const isService = dimension === DIMENSION;
    const current = isService ? serviceOf(resource).desired : await dynamoUnits.read(resource);
    const now = targets[key];
    const next = { min: min ?? now?.min, max: max ?? now?.max };
    if (next.min === undefined || next.max === undefined)
      throw invalid('Both MinCapacity and MaxCapacity are required to register a new scalable target.');
    if (next.min > next.max || next.min < 0) throw invalid('Maximum capacity cannot be less than minimum capacity');
    if (!isService && next.min < 1) throw invalid('Minimum capacity cannot be less than 1');
    targets[key] = {
      min: next.min,
      max: next.max,
      createdAtMs: now?.createdAtMs ?? Date.now(),
      suspended: { ...now?.suspended, ...suspended },
    };
    options.state.save();
    const within = Math.min(next.max, Math.max(next.min, current));
    if (within === current) return;
    if (isService) options.ecs.setDesired(serviceOf(resource), within);
    else await dynamoUnits.write(resource, within);
  }

  function arm(key: string): void {
    const action = scheduled[key];
    if (action === undefined) return;
    clock.set(key, action.atMs, () => {
      delete scheduled[key];
      options.state.save();
      const { resource, dimension } = action;
      const target = keyOf(resource, dimension);
      if (targets[target]?.suspended['ScheduledScalingSuspended'] === true) return;
      move({ resource, dimension, key: target }, action);
    });
  }

  /** Until a table that is being updated is there again. What can't be done when its time comes (its service is gone) is left, as AWS leaves it. */
  function move(name: Name, { min, max }: Pick<Scheduled, 'min' | 'max'>): void {
    void bound(name, min, max).catch((error: unknown) => {
      if (!(error instanceof AwsError)) throw error;
      if (error.code !== 'ConcurrentUpdateException') return;
      clock.set(`again|${name.key}`, Date.now() + BUSY_AGAIN_MS, () => move(name, { min, max }));
    });
  }

  function putScheduled({ resource, dimension, key }: Name, input: Input): unknown {
    const at = /^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$/.exec(input.Schedule ?? '')?.[1];
    if (at === undefined)
      throw notImplemented('application-autoscaling', `PutScheduledAction with the schedule ${input.Schedule}`);
    if (targets[key] === undefined) throw noTarget(resource);
    const name = input.ScheduledActionName ?? '';
    if (!/^[^:/|\p{Cc}]{1,256}$/u.test(name)) throw invalid(`Scheduled action name is not valid: ${name}`);
    const { MinCapacity: min = null, MaxCapacity: max = null } = input.ScalableTargetAction ?? {};
    if (min === null && max === null)
      throw invalid('At least one of minimum capacity and maximum capacity should be provided');
    if (min !== null && max !== null && min > max)
      throw invalid('Maximum capacity cannot be less than minimum capacity');
    const atMs = Date.parse(`${at}Z`);
    if (atMs <= Date.now()) throw invalid(`The schedule ${input.Schedule} is in the past`);
    const id = `${key}|${name}`;
    const others = Object.values(scheduled).filter((one) => keyOf(one.resource, one.dimension) === key);
    if (scheduled[id] === undefined && others.length >= SCHEDULED_MOST)
      throw new AwsError('LimitExceededException', `${resource} has ${SCHEDULED_MOST} scheduled actions already`);
    scheduled[id] = {
      name,
      resource,
      dimension,
      schedule: input.Schedule ?? '',
      atMs,
      createdAtMs: Date.now(),
      min,
      max,
    };
    options.state.save();
    arm(id);
    return {};
  }

  function drop(id: string): void {
    clock.clear(id);
    delete scheduled[id];
    options.state.save();
  }

  function describeScheduled(namespace: string, input: Input): unknown {
    const found = Object.values(scheduled).filter(
      ({ name, resource, dimension }) =>
        dimension.startsWith(`${namespace}:`) &&
        (input.ResourceId ?? resource) === resource &&
        (input.ScalableDimension ?? dimension) === dimension &&
        (input.ScheduledActionNames ?? [name]).includes(name),
    );
    const from = Number(input.NextToken ?? 0);
    const more = from + PAGE < found.length;
    return {
      ...(more ? { NextToken: String(from + PAGE) } : {}),
      ScheduledActions: found.slice(from, from + PAGE).map((action) => ({
        ScheduledActionName: action.name,
        ScheduledActionARN: `arn:aws:autoscaling:us-east-1:000000000000:scheduledAction:local:resource/${namespace}/${action.resource}:scheduledActionName/${action.name}`,
        ServiceNamespace: namespace,
        ResourceId: action.resource,
        ScalableDimension: action.dimension,
        Schedule: action.schedule,
        CreationTime: action.createdAtMs / 1_000,
        ScalableTargetAction: { MinCapacity: action.min ?? undefined, MaxCapacity: action.max ?? undefined },
      })),
    };
  }

  return {
    call(operation, raw) {
      const input = raw as Input;
      const namespace = input.ServiceNamespace ?? '';
      const dimensions = DIMENSIONS[namespace];
      if (dimensions === undefined)
        throw notImplemented('application-autoscaling', `${operation} of the namespace ${namespace}`);
      if (input.ScalableDimension !== undefined && !dimensions.includes(input.ScalableDimension))
        throw notImplemented('application-autoscaling', `${operation} of ${input.ScalableDimension}`);
      const fields = FIELDS[operation];
      if (fields === undefined) throw notImplemented('application-autoscaling', operation);
      refuseOtherFields('application-autoscaling', operation, input, [
        'ServiceNamespace',
        'ScalableDimension',
        ...fields,
      ]);
      const resource = input.ResourceId ?? '';
      const dimension = input.ScalableDimension ?? '';
      const name: Name = { resource, dimension, key: keyOf(resource, dimension) };
      switch (operation) {
        case 'RegisterScalableTarget':
          return bound(name, input.MinCapacity ?? null, input.MaxCapacity ?? null, input.SuspendedState).then(() => ({
            ScalableTargetARN: `arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/${resource}`,
          }));
        case 'DeregisterScalableTarget':
          if (targets[name.key] === undefined) throw noTarget(resource);
          delete targets[name.key];
          // Its scheduled actions go with it.
          for (const [id, one] of Object.entries(scheduled))
            if (keyOf(one.resource, one.dimension) === name.key) drop(id);
          options.state.save();
          return {};
        case 'DescribeScalableTargets':
          return {
            ScalableTargets: Object.entries(targets)
              .map(([key, target]) => ({ target, id: key.split('|')[0] ?? key, of: key.split('|')[1] ?? DIMENSION }))
              .filter(
                ({ id, of }) =>
                  dimensions.includes(of) &&
                  (input.ScalableDimension ?? of) === of &&
                  (input.ResourceIds === undefined || input.ResourceIds.includes(id)),
              )
              .map(({ id, of, target }) => ({
                ServiceNamespace: namespace,
                ResourceId: id,
                ScalableDimension: of,
                MinCapacity: target.min,
                MaxCapacity: target.max,
                RoleARN: 'arn:aws:iam::000000000000:role/local',
                CreationTime: target.createdAtMs / 1_000,
                SuspendedState: target.suspended,
              })),
          };
        case 'PutScheduledAction':
          return putScheduled(name, input);
        case 'DescribeScheduledActions':
          return describeScheduled(namespace, input);
        case 'DeleteScheduledAction': {
          const id = `${name.key}|${input.ScheduledActionName ?? ''}`;
          if (scheduled[id] === undefined)
            throw new AwsError('ObjectNotFoundException', `No scheduled action found for ${input.ScheduledActionName}`);
          drop(id);
          return {};
        }
        default:
          throw notImplemented('application-autoscaling', operation);
      }
    },
    close() {
      clock.close();
    },
  };
}

const FIELDS: Record<string, string[]> = {
  RegisterScalableTarget: ['ResourceId', 'MinCapacity', 'MaxCapacity', 'SuspendedState', 'RoleARN'],
  DeregisterScalableTarget: ['ResourceId'],
  DescribeScalableTargets: ['ResourceIds'],
  PutScheduledAction: ['ResourceId', 'ScheduledActionName', 'Schedule', 'ScalableTargetAction'],
  DescribeScheduledActions: ['ScheduledActionNames', 'ResourceId', 'NextToken'],
  DeleteScheduledAction: ['ResourceId', 'ScheduledActionName'],
};

const DIMENSIONS: Record<string, string[]> = {
  ecs: [DIMENSION],
  dynamodb: ['dynamodb:table:WriteCapacityUnits', 'dynamodb:index:WriteCapacityUnits'],
};

const PAGE = 50;

const keyOf = (resource: string, dimension: string): string =>
  dimension === DIMENSION ? resource : `${resource}|${dimension}`;

const noTarget = (resource: string) =>
  new AwsError(
    'ObjectNotFoundException',
    `No scalable target registered for service namespace: ecs, resource ID: ${resource}, scalable dimension: ${DIMENSION}`,
  );
