import type { Standalone, TaskFamily } from './run-task.ts';
import type { Service } from './service.ts';
import type { Task } from './task.ts';

/** Services, tasks and clusters as ECS describes them. */

const arn = (rest: string) => `arn:aws:ecs:us-east-1:000000000000:${rest}`;
export const clusterArn = (cluster: string) => arn(`cluster/${cluster}`);
export const taskDefinitionArn = (family: string, revision = 1) => arn(`task-definition/${family}:${revision}`);

export function shownService(service: Service): unknown {
  const { running, pending } = service.counts;
  return {
    serviceArn: service.arn,
    serviceName: service.name,
    clusterArn: clusterArn(service.definition.cluster),
    status: 'ACTIVE',
    // With a strategy the launch type is absent.
    ...(service.definition.taskDefinition?.spot === true
      ? { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1, base: 0 }] }
      : { launchType: 'FARGATE' }),
    schedulingStrategy: 'REPLICA',
    desiredCount: service.desired,
    runningCount: running,
    pendingCount: pending,
    taskDefinition: taskDefinitionArn(service.name, service.revision),
    events: service.events,
    createdAt: service.createdAtMs / 1_000,
    deployments: [
      {
        id: `ecs-svc/${service.name}`,
        status: 'PRIMARY',
        taskDefinition: taskDefinitionArn(service.name, service.revision),
        desiredCount: service.desired,
        runningCount: running,
        pendingCount: pending,
        rolloutState: running === service.desired ? 'COMPLETED' : 'IN_PROGRESS',
        createdAt: service.createdAtMs / 1_000,
      },
    ],
  };
}

/** What a task belongs to: a service, or the call that started it. */
interface Owner {
  cluster: string;
  group: string;
  family: string;
  container: string;
  startedBy?: string | undefined;
  overrides?: object;
}

export function shownServiceTask(task: Task, { name, definition }: Service): unknown {
  return shownTask(task, { cluster: definition.cluster, group: `service:${name}`, family: name, container: name });
}

export function shownStandalone({ task, family, startedBy, overrides }: Standalone): unknown {
  return shownTask(task, { ...family, group: `family:${family.family}`, startedBy, overrides });
}

function shownTask(task: Task, { cluster, group, family, container, startedBy, overrides }: Owner): unknown {
  const seconds = (atMs: number | null) => (atMs === null ? undefined : atMs / 1_000);
  return {
    taskArn: task.arn,
    clusterArn: clusterArn(cluster),
    group,
    taskDefinitionArn: taskDefinitionArn(family),
    lastStatus: task.state,
    desiredStatus: task.desiredStatus,
    launchType: 'FARGATE',
    startedBy,
    overrides,
    createdAt: seconds(task.createdAtMs),
    startedAt: seconds(task.startedAtMs),
    stoppedAt: seconds(task.stoppedAtMs),
    stopCode: task.stopCode ?? undefined,
    stoppedReason: task.stoppedReason ?? undefined,
    containers: [
      {
        name: container,
        lastStatus: task.state,
        exitCode: task.exitCode ?? undefined,
        runtimeId: task.pid === null ? undefined : String(task.pid),
      },
    ],
  };
}

/** Where ECS writes what a container says. */
export const shownLogs = (group: string | undefined): object =>
  group === undefined
    ? {}
    : {
        logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': group, 'awslogs-region': 'us-east-1' } },
      };

/** Of what RunTask starts. A program of this machine stands for the image. */
export function shownDefinition({
  family,
  container,
  entryPoint,
  roles: [task, execution],
  logGroup,
}: TaskFamily): unknown {
  return {
    taskDefinitionArn: taskDefinitionArn(family),
    family,
    revision: 1,
    status: 'ACTIVE',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '4096',
    memory: '16384',
    taskRoleArn: task,
    executionRoleArn: execution,
    containerDefinitions: [
      { name: container, image: entryPoint[0], entryPoint, essential: true, ...shownLogs(logGroup) },
    ],
  };
}

export function shownCluster(cluster: string, services: readonly Service[]): unknown {
  const own = services.filter((one) => one.definition.cluster === cluster);
  return {
    clusterArn: clusterArn(cluster),
    clusterName: cluster,
    status: 'ACTIVE',
    activeServicesCount: own.length,
    runningTasksCount: own.reduce((sum, one) => sum + one.counts.running, 0),
    pendingTasksCount: own.reduce((sum, one) => sum + one.counts.pending, 0),
  };
}
