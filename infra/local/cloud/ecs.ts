import { roleOf } from './access.ts';
import { AwsError, notImplemented, refuseOtherFields } from './aws-error.ts';
import type { ServiceDefinition } from './service-definition.ts';
import { Service } from './service.ts';
import type { StateFile } from './state-file.ts';
import type { Task } from './task.ts';

/** `cluster/service` → desired count. */
export type EcsState = Record<string, number>;

interface Input {
  cluster?: string;
  service?: string;
  services?: string[];
  serviceName?: string;
  desiredCount?: number;
  task?: string;
  tasks?: string[];
  reason?: string;
  desiredStatus?: string;
  clusters?: string[];
  taskDefinition?: string;
  maxResults?: number;
  nextToken?: string;
}

export interface Ecs {
  call(operation: string, input: unknown): unknown;
  find(cluster: string, service: string): Service | null;
  setDesired(service: Service, count: number): void;
  services: readonly Service[];
  close(graceMs: number): Promise<void>;
}

/** ECS of the services it is started with. Their desired counts are kept; at a start they begin at what was kept, else 0. */
export function startEcs(options: {
  definitions: ServiceDefinition[];
  desired: StateFile<EcsState>;
  logFileOf(definition: ServiceDefinition): string | null;
}): Ecs {
  const services = options.definitions.map((definition) => new Service(definition, options.logFileOf(definition)));
  const keyOf = (service: Service) => `${service.definition.cluster}/${service.name}`;
  for (const service of services) service.setDesired(options.desired.state[keyOf(service)] ?? 0);

  const find = (cluster: string, name: string) =>
    services.find((one) => one.definition.cluster === cluster && one.name === lastPart(name)) ?? null;

  function setDesired(service: Service, count: number): void {
    options.desired.state[keyOf(service)] = count;
    options.desired.save();
    service.setDesired(count);
  }

  function clusterOf(input: Input): string {
    const cluster = lastPart(input.cluster ?? 'default');
    if (!services.some((one) => one.definition.cluster === cluster))
      throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
    return cluster;
  }

  function serviceOf(cluster: string, name: string | undefined): Service {
    const found = find(cluster, name ?? '');
    if (found === null) throw new AwsError('ServiceNotFoundException', 'Service not found.');
    return found;
  }

  const tasksOf = (cluster: string) =>
    services
      .filter((one) => one.definition.cluster === cluster)
      .flatMap((service) => service.tasks.map((task) => ({ task, service })));

  function updateService(input: Input): unknown {
    const cluster = clusterOf(input);
    const service = serviceOf(cluster, input.service);
    const count = input.desiredCount;
    if (count !== undefined) {
      if (!Number.isInteger(count) || count < 0)
        throw new AwsError('InvalidParameterException', 'Invalid desired count.');
      setDesired(service, count);
    }
    return { service: shownService(service) };
  }

  function listTasks(input: Input): unknown {
    const cluster = clusterOf(input);
    if (input.serviceName !== undefined) serviceOf(cluster, input.serviceName);
    const wanted = input.desiredStatus ?? 'RUNNING';
    const arns = tasksOf(cluster)
      .filter(
        ({ task, service }) =>
          task.desiredStatus === wanted &&
          (input.serviceName === undefined || service.name === lastPart(input.serviceName)),
      )
      .map(({ task }) => task.arn);
    const from = Number(input.nextToken ?? 0);
    const size = Math.min(100, input.maxResults ?? 100);
    return {
      taskArns: arns.slice(from, from + size),
      ...(from + size < arns.length ? { nextToken: String(from + size) } : {}),
    };
  }

  return {
    find,
    setDesired,
    services,
    call(operation, raw) {
      const input = raw as Input;
      const fields = FIELDS[operation];
      if (fields === undefined) throw notImplemented('ecs', operation);
      refuseOtherFields('ecs', operation, input, fields);
      switch (operation) {
        case 'UpdateService':
          return updateService(input);
        case 'ListTasks':
          return listTasks(input);
        case 'DescribeServices': {
          const cluster = clusterOf(input);
          const asked = (input.services ?? []).map((name) => ({ name, service: find(cluster, name) }));
          return {
            services: asked.flatMap(({ service }) => (service === null ? [] : [shownService(service)])),
            failures: asked
              .filter(({ service }) => service === null)
              .map(({ name }) => ({ arn: name, reason: 'MISSING' })),
          };
        }
        case 'DescribeTasks': {
          const cluster = clusterOf(input);
          const asked = (input.tasks ?? []).map((name) => ({
            name,
            found: tasksOf(cluster).find(({ task }) => task.id === lastPart(name)),
          }));
          return {
            tasks: asked.flatMap(({ found }) => (found === undefined ? [] : [shownTask(found.task, found.service)])),
            failures: asked
              .filter(({ found }) => found === undefined)
              .map(({ name }) => ({ arn: name, reason: 'MISSING' })),
          };
        }
        case 'StopTask': {
          const found = tasksOf(clusterOf(input)).find(({ task }) => task.id === lastPart(input.task ?? ''));
          if (found === undefined)
            throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
          found.task.stop('UserInitiated', input.reason ?? 'Task stopped by user');
          // The scheduler replaces it, as on AWS.
          found.service.setDesired(found.service.desired);
          return { task: shownTask(found.task, found.service) };
        }
        case 'DescribeClusters': {
          const names = (input.clusters ?? ['default']).map(lastPart);
          const known = names.filter((name) => services.some((one) => one.definition.cluster === name));
          return {
            clusters: known.map((name) => shownCluster(name, services)),
            failures: names.filter((name) => !known.includes(name)).map((name) => ({ arn: name, reason: 'MISSING' })),
          };
        }
        case 'ListClusters':
          return { clusterArns: [...new Set(services.map((one) => clusterArn(one.definition.cluster)))] };
        case 'ListServices': {
          const cluster = clusterOf(input);
          return { serviceArns: services.filter((one) => one.definition.cluster === cluster).map((one) => one.arn) };
        }
        case 'DescribeTaskDefinition': {
          const family = lastPart(input.taskDefinition ?? '').split(':')[0];
          const service = services.find((one) => one.name === family);
          if (service === undefined) throw new AwsError('ClientException', 'Unable to describe task definition.');
          const { command, principal, taskDefinition: more } = service.definition;
          const taskRoleArn = more?.taskRoleArn ?? (principal === undefined ? undefined : roleOf(principal));
          return {
            taskDefinition: {
              taskDefinitionArn: taskDefinitionArn(service),
              family,
              revision: 1,
              status: 'ACTIVE',
              networkMode: 'awsvpc',
              requiresCompatibilities: ['FARGATE'],
              // Fargate wants both.
              cpu: more?.cpu ?? '1024',
              memory: more?.memory ?? '2048',
              runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
              ...(taskRoleArn === undefined ? {} : { taskRoleArn }),
              containerDefinitions: [
                {
                  name: service.name,
                  image: more?.image ?? command[0],
                  // A program of this machine stands for the image.
                  entryPoint: command.slice(0, 1),
                  command: command.slice(1),
                  essential: true,
                  ...(more === undefined ? {} : { stopTimeout: more.stopTimeout }),
                },
              ],
            },
          };
        }
        default:
          throw notImplemented('ecs', operation);
      }
    },
    close: async (graceMs) => {
      await Promise.all(services.map((service) => service.close(graceMs)));
    },
  };
}

const FIELDS: Record<string, string[]> = {
  UpdateService: ['cluster', 'service', 'desiredCount'],
  DescribeServices: ['cluster', 'services'],
  ListServices: ['cluster'],
  ListTasks: ['cluster', 'serviceName', 'desiredStatus', 'maxResults', 'nextToken'],
  DescribeTasks: ['cluster', 'tasks'],
  StopTask: ['cluster', 'task', 'reason'],
  DescribeClusters: ['clusters'],
  ListClusters: [],
  DescribeTaskDefinition: ['taskDefinition'],
};

const lastPart = (nameOrArn: string) => nameOrArn.split('/').at(-1) ?? nameOrArn;
const clusterArn = (cluster: string) => `arn:aws:ecs:us-east-1:000000000000:cluster/${cluster}`;
const taskDefinitionArn = (service: Service) => `arn:aws:ecs:us-east-1:000000000000:task-definition/${service.name}:1`;

function shownService(service: Service): unknown {
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
    taskDefinition: taskDefinitionArn(service),
    events: service.events,
    createdAt: service.createdAtMs / 1_000,
    deployments: [
      {
        id: `ecs-svc/${service.name}`,
        status: 'PRIMARY',
        taskDefinition: taskDefinitionArn(service),
        desiredCount: service.desired,
        runningCount: running,
        pendingCount: pending,
        rolloutState: running === service.desired ? 'COMPLETED' : 'IN_PROGRESS',
        createdAt: service.createdAtMs / 1_000,
      },
    ],
  };
}

function shownTask(task: Task, service: Service): unknown {
  const seconds = (atMs: number | null) => (atMs === null ? undefined : atMs / 1_000);
  return {
    taskArn: task.arn,
    clusterArn: clusterArn(service.definition.cluster),
    group: `service:${service.name}`,
    taskDefinitionArn: taskDefinitionArn(service),
    lastStatus: task.state,
    desiredStatus: task.desiredStatus,
    launchType: 'FARGATE',
    createdAt: seconds(task.createdAtMs),
    startedAt: seconds(task.startedAtMs),
    stoppedAt: seconds(task.stoppedAtMs),
    stopCode: task.stopCode ?? undefined,
    stoppedReason: task.stoppedReason ?? undefined,
    containers: [
      {
        name: service.name,
        lastStatus: task.state,
        exitCode: task.exitCode ?? undefined,
        runtimeId: task.pid === null ? undefined : String(task.pid),
      },
    ],
  };
}

function shownCluster(cluster: string, services: readonly Service[]): unknown {
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
