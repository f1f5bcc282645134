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
  resource: string;
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
  Schedule?: string;
  ScalableTargetAction?: { MinCapacity?: number; MaxCapacity?: number };
}

const DIMENSION = 'ecs:service:DesiredCount';
/** The longest that a timer can wait. */
const TIMER_MOST_MS = 2_147_483_647;

/** Of a request: what a target is named by. ECS targets are kept under their resource alone. */
interface Name {
  resource: string;
  dimension: string;
  key: string;
}

/**
 * Application Auto Scaling of ECS services and of DynamoDB write capacity (tables and indexes): scalable targets, which keep
 * the count within their bounds whenever they are registered, and scheduled actions with `at(…)` for services, which change
 * the bounds unless scheduled scaling is suspended. Policies, cron and rate schedules, and other namespaces are refused.
 */
export function startApplicationAutoScaling(options: {
  ecs: Ecs;
  dynamo: Dynamo;
  state: StateFile<ApplicationScalingState>;
}): { call(operation: string, input: unknown): unknown; close(): void } {
  const { targets, scheduled } = options.state.state;
  const timers = new Map<string, NodeJS.Timeout>();
  for (const name of Object.keys(scheduled)) arm(name);

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

  function arm(name: string): void {
    const action = scheduled[name];
    if (action === undefined) return;
    clearTimeout(timers.get(name));
    const waitMs = action.atMs - Date.now();
    timers.set(
      name,
      setTimeout(
        () => {
          if (waitMs > TIMER_MOST_MS) return arm(name);
          delete scheduled[name];
          options.state.save();
          if (targets[action.resource]?.suspended['ScheduledScalingSuspended'] === true) return;
          // A service that is gone ends the process, as any fault of the stand-in does.
          void bound({ resource: action.resource, dimension: DIMENSION, key: action.resource }, action.min, action.max);
        },
        Math.max(0, Math.min(waitMs, TIMER_MOST_MS)),
      ),
    );
  }

  function putScheduled(input: Input): unknown {
    const at = /^at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)$/.exec(input.Schedule ?? '')?.[1];
    if (at === undefined)
      throw notImplemented('application-autoscaling', `PutScheduledAction with the schedule ${input.Schedule}`);
    const resource = input.ResourceId ?? '';
    if (targets[resource] === undefined) throw noTarget(resource);
    const name = input.ScheduledActionName ?? '';
    scheduled[name] = {
      resource,
      schedule: input.Schedule ?? '',
      atMs: Date.parse(`${at}Z`),
      createdAtMs: Date.now(),
      min: input.ScalableTargetAction?.MinCapacity ?? null,
      max: input.ScalableTargetAction?.MaxCapacity ?? null,
    };
    options.state.save();
    arm(name);
    return {};
  }

  return {
    call(operation, raw) {
      const input = raw as Input;
      const namespace = input.ServiceNamespace ?? '';
      const dimensions = DIMENSIONS[namespace];
      const isTargets = operation.endsWith('ScalableTarget') || operation === 'DescribeScalableTargets';
      if (dimensions === undefined || (namespace !== 'ecs' && !isTargets))
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
          return putScheduled(input);
        case 'DescribeScheduledActions':
          return {
            ScheduledActions: Object.entries(scheduled)
              .filter(([name]) => input.ScheduledActionNames === undefined || input.ScheduledActionNames.includes(name))
              .map(([name, action]) => ({
                ScheduledActionName: name,
                ScheduledActionARN: `arn:aws:autoscaling:us-east-1:000000000000:scheduledAction:local:resource/ecs/${action.resource}:scheduledActionName/${name}`,
                ServiceNamespace: 'ecs',
                ResourceId: action.resource,
                ScalableDimension: DIMENSION,
                Schedule: action.schedule,
                CreationTime: action.createdAtMs / 1_000,
                ScalableTargetAction: { MinCapacity: action.min ?? undefined, MaxCapacity: action.max ?? undefined },
              })),
          };
        case 'DeleteScheduledAction': {
          const name = input.ScheduledActionName ?? '';
          if (scheduled[name] === undefined)
            throw new AwsError('ObjectNotFoundException', `No scheduled action found for ${name}`);
          clearTimeout(timers.get(name));
          delete scheduled[name];
          options.state.save();
          return {};
        }
        default:
          throw notImplemented('application-autoscaling', operation);
      }
    },
    close() {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

const FIELDS: Record<string, string[]> = {
  RegisterScalableTarget: ['ResourceId', 'MinCapacity', 'MaxCapacity', 'SuspendedState', 'RoleARN'],
  DeregisterScalableTarget: ['ResourceId'],
  DescribeScalableTargets: ['ResourceIds'],
  PutScheduledAction: ['ResourceId', 'ScheduledActionName', 'Schedule', 'ScalableTargetAction'],
  DescribeScheduledActions: ['ScheduledActionNames'],
  DeleteScheduledAction: ['ResourceId', 'ScheduledActionName'],
};

const DIMENSIONS: Record<string, string[]> = {
  ecs: [DIMENSION],
  dynamodb: ['dynamodb:table:WriteCapacityUnits', 'dynamodb:index:WriteCapacityUnits'],
};

const keyOf = (resource: string, dimension: string): string =>
  dimension === DIMENSION ? resource : `${resource}|${dimension}`;

const noTarget = (resource: string) =>
  new AwsError(
    'ObjectNotFoundException',
    `No scalable target registered for service namespace: ecs, resource ID: ${resource}, scalable dimension: ${DIMENSION}`,
  );
