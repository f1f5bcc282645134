import { roleOf } from './access.ts';
import type { Account } from './account.ts';
import { AwsError, notImplemented, refuseOtherFields } from './aws-error.ts';
import type { Lag } from './lag.ts';
import { RUN_TASK_FIELDS, StandaloneTasks } from './run-task.ts';
import type { RunTaskInput, Standalone, TaskFamily } from './run-task.ts';
import type { ServiceDefinition } from './service-definition.ts';
import { Service } from './service.ts';
import {
  clusterArn,
  shownCluster,
  shownDefinition,
  shownLogs,
  shownService,
  shownServiceTask,
  shownStandalone,
  taskDefinitionArn,
} from './shown-ecs.ts';
import type { StateFile } from './state-file.ts';
import type { Task } from './task.ts';

/** `cluster/service` → desired count. */
export type EcsState = Record<string, number>;

interface Input extends RunTaskInput {
  service?: string;
  services?: string[];
  serviceName?: string;
  desiredCount?: number;
  task?: string;
  tasks?: string[];
  reason?: string;
  desiredStatus?: string;
  clusters?: string[];
  maxResults?: number;
  nextToken?: string;
}

export interface Ecs {
  call(operation: string, input: unknown): unknown;
  find(cluster: string, service: string): Service | null;
  setDesired(service: Service, count: number): void;
  services: readonly Service[];
  /** Started one by one. */
  standalone: StandaloneTasks;
  /** Roles that a call hands to what it starts: whoever calls must be allowed that too. */
  handedOn(operation: string, input: unknown): readonly string[];
  close(graceMs: number): Promise<void>;
}

/** ECS of the services it is started with. Their desired counts are kept; at a start they begin at what was kept, else 0. */
export function startEcs(options: {
  definitions: ServiceDefinition[];
  families: readonly TaskFamily[];
  account: Account;
  nowMs: () => number;
  desired: StateFile<EcsState>;
  logFileOf(definition: ServiceDefinition): string | null;
  /** There is no place for another task of a service. */
  isFull: () => boolean;
  /** What is described late (docs/facts.md#ecs-eventual). */
  lag: Lag;
}): Ecs {
  const services = options.definitions.map(
    (definition) => new Service(definition, options.logFileOf(definition), options.isFull),
  );
  const { lag } = options;
  const keyOf = (service: Service) => `${service.definition.cluster}/${service.name}`;
  const standalone = new StandaloneTasks(options);
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
    if (!services.some((one) => one.definition.cluster === cluster) && !standalone.clusters.includes(cluster))
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
  const aloneIn = (cluster: string) => standalone.tasks.filter(({ family }) => family.cluster === cluster);

  /** A task of a service or one alone, as it is described; null: nothing, or nothing any more. */
  function taskIn(cluster: string, name: string): FoundTask | null {
    const id = lastPart(name);
    const ofService = tasksOf(cluster).find(({ task }) => task.id === id);
    if (ofService !== undefined) return ofService;
    const alone = aloneIn(cluster).find(({ task }) => task.id === id);
    return alone === undefined ? null : { task: alone.task, alone };
  }

  function stopTask(input: Input): unknown {
    const found = taskIn(clusterOf(input), input.task ?? '');
    if (found === null) throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
    lag.wrote(found.task.arn, shownFound(found));
    const reason = input.reason ?? 'Task stopped by user';
    if ('alone' in found) found.task.stop('UserInitiated', reason, found.alone.family.stopTimeoutMs);
    else {
      found.task.stop('UserInitiated', reason);
      // The scheduler replaces it, as on AWS.
      found.service.setDesired(found.service.desired);
    }
    return { task: shownFound(found) };
  }

  function updateService(input: Input): unknown {
    const cluster = clusterOf(input);
    const service = serviceOf(cluster, input.service);
    const count = input.desiredCount;
    if (count !== undefined) {
      if (!Number.isInteger(count) || count < 0)
        throw new AwsError('InvalidParameterException', 'Invalid desired count.');
      const before = shownService(service);
      setDesired(service, count);
      lag.wrote(service.arn, before);
    }
    return { service: shownService(service) };
  }

  function listTasks(input: Input): unknown {
    const cluster = clusterOf(input);
    if (input.serviceName !== undefined) serviceOf(cluster, input.serviceName);
    const wanted = input.desiredStatus ?? 'RUNNING';
    const ofServices = tasksOf(cluster).filter(
      ({ service }) => input.serviceName === undefined || service.name === lastPart(input.serviceName),
    );
    const arns = [...ofServices, ...(input.serviceName === undefined ? aloneIn(cluster) : [])]
      .filter(({ task }) => task.desiredStatus === wanted)
      .map(({ task }) => task.arn);
    const from = Number(input.nextToken ?? 0);
    const size = Math.min(100, input.maxResults ?? 100);
    return {
      taskArns: arns.slice(from, from + size),
      ...(from + size < arns.length ? { nextToken: String(from + size) } : {}),
    };
  }

  /** As it is described; null: not yet. */
  function described(arn: string, now: unknown): unknown {
    const behind = lag.behind<unknown>(arn);
    return behind === null ? now : behind.value;
  }

  return {
    find,
    setDesired,
    services,
    standalone,
    handedOn: (operation, raw) =>
      operation === 'RunTask' ? standalone.rolesOf((raw as Input).taskDefinition ?? '') : [],
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
            services: asked.flatMap(({ service }) =>
              service === null ? [] : [described(service.arn, shownService(service))],
            ),
            failures: asked
              .filter(({ service }) => service === null)
              .map(({ name }) => ({ arn: name, reason: 'MISSING' })),
          };
        }
        case 'DescribeTasks': {
          const cluster = clusterOf(input);
          const asked = (input.tasks ?? []).map((name) => ({ name, found: taskIn(cluster, name) }));
          if (asked.length > TASKS_DESCRIBED)
            throw new AwsError('InvalidParameterException', `Tasks can not be more than ${TASKS_DESCRIBED}.`);
          const seen = asked.map(({ name, found }) => ({
            name,
            shown: found === null ? null : described(found.task.arn, shownFound(found)),
          }));
          return {
            tasks: seen.flatMap(({ shown }) => (shown === null ? [] : [shown])),
            failures: seen.filter(({ shown }) => shown === null).map(({ name }) => ({ arn: name, reason: 'MISSING' })),
          };
        }
        case 'RunTask': {
          const { started, failures } = standalone.run(clusterOf(input), input);
          for (const { task } of started) lag.wrote(task.arn, null);
          return { tasks: started.map(shownStandalone), failures };
        }
        case 'StopTask':
          return stopTask(input);
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
          const alone = standalone.definition(input.taskDefinition ?? '');
          if (alone !== undefined) return { taskDefinition: shownDefinition(alone) };
          const service = services.find((one) => one.name === family);
          if (service === undefined) throw new AwsError('ClientException', 'Unable to describe task definition.');
          const { command, principal, taskDefinition: more } = service.definition;
          const taskRoleArn = more?.taskRoleArn ?? (principal === undefined ? undefined : roleOf(principal));
          return {
            taskDefinition: {
              taskDefinitionArn: taskDefinitionArn(service.name, service.revision),
              family,
              revision: service.revision,
              status: 'ACTIVE',
              networkMode: 'awsvpc',
              requiresCompatibilities: ['FARGATE'],
              // Fargate wants both.
              cpu: more?.cpu ?? '1024',
              memory: more?.memory ?? '2048',
              runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
              ...(taskRoleArn === undefined ? {} : { taskRoleArn }),
              ...(more?.executionRoleArn === undefined ? {} : { executionRoleArn: more.executionRoleArn }),
              containerDefinitions: [
                {
                  name: service.name,
                  image: more?.image ?? command?.[0] ?? service.name,
                  // A program of this machine stands for the image.
                  ...(command === null ? {} : { entryPoint: command.slice(0, 1), command: command.slice(1) }),
                  essential: true,
                  ...(more === undefined ? {} : { stopTimeout: more.stopTimeout }),
                  ...(more?.secrets === undefined ? {} : { secrets: more.secrets }),
                  ...shownLogs(more?.logGroup),
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
      await Promise.all([...services.map((service) => service.close(graceMs)), standalone.close(graceMs)]);
    },
  };
}

type FoundTask = { task: Task; service: Service } | { task: Task; alone: Standalone };

const shownFound = (found: FoundTask): unknown =>
  'alone' in found ? shownStandalone(found.alone) : shownServiceTask(found.task, found.service);

const TASKS_DESCRIBED = 100;

const FIELDS: Record<string, string[]> = {
  UpdateService: ['cluster', 'service', 'desiredCount'],
  DescribeServices: ['cluster', 'services'],
  ListServices: ['cluster'],
  ListTasks: ['cluster', 'serviceName', 'desiredStatus', 'maxResults', 'nextToken'],
  DescribeTasks: ['cluster', 'tasks'],
  RunTask: RUN_TASK_FIELDS,
  StopTask: ['cluster', 'task', 'reason'],
  DescribeClusters: ['clusters'],
  ListClusters: [],
  DescribeTaskDefinition: ['taskDefinition'],
};

const lastPart = (nameOrArn: string) => nameOrArn.split('/').at(-1) ?? nameOrArn;
