import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Access } from './access.ts';
import type { AccessSeen, Principal } from './access.ts';
import { usualAccount } from './account.ts';
import type { Account } from './account.ts';
import { startApplicationAutoScaling } from './application-auto-scaling.ts';
import type { ApplicationScalingState } from './application-auto-scaling.ts';
import { ACCESS_KEY_ID } from './auth.ts';
import { startAutoScaling } from './auto-scaling.ts';
import type { GroupDefinition, GroupState } from './auto-scaling.ts';
import { AwsError } from './aws-error.ts';
import { startCloudFormation } from './cloudformation.ts';
import type { CloudFormation } from './cloudformation.ts';
import { startCloudWatch } from './cloudwatch.ts';
import { startDynamo } from './dynamo.ts';
import type { WarmThroughput } from './dynamo.ts';
import { startEcr } from './ecr.ts';
import { startEcs } from './ecs.ts';
import type { EcsState } from './ecs.ts';
import { startIam, startSts } from './identity.ts';
import { Lag } from './lag.ts';
import { startLogs } from './logs.ts';
import { createRouter } from './router.ts';
import type { TaskFamily } from './run-task.ts';
import { startS3 } from './s3.ts';
import { startSecretsManager } from './secrets-manager.ts';
import type { DeletedSecrets, SecretState } from './secrets-manager.ts';
import type { ServiceDefinition } from './service-definition.ts';
import { startServiceQuotas } from './service-quotas.ts';
import { startSqs } from './sqs.ts';
import type { QueueDefinitions, SqsManners } from './sqs.ts';
import { Automation } from './ssm-automation.ts';
import type { AutomationDocument, AutomationState } from './ssm-automation.ts';
import { startSsm } from './ssm.ts';
import type { ParameterState } from './ssm.ts';
import { openState } from './state-file.ts';
import type { TableSettings } from './table-settings.ts';
import type { Task, TaskState } from './task.ts';
import { Throughput } from './throughput.ts';
import { CloudWeather } from './weather.ts';

export interface LocalCloudOptions {
  /** Folder that everything but queue messages is kept in; null: memory. */
  dataDir: string | null;
  /** DynamoDB tables in memory whatever the folder: a third less CPU time, and gone with the process. */
  tablesInMemory?: boolean;
  /** Loopback port; absent or 0: a free one. */
  port?: number;
  /** The access key of who may do everything; part of the url. Absent: `local`. */
  accessKeyId?: string;
  /** Who else may call, each with a policy. Absent: nobody. */
  principals?: readonly Principal[];
  services: ServiceDefinition[];
  /** What RunTask may start. Absent: nothing. */
  families?: readonly TaskFamily[];
  /** EC2 Auto Scaling groups. */
  groups: GroupDefinition[];
  /** Of Systems Manager. Absent: none. */
  automations?: readonly AutomationDocument[];
  /** What its clock says. Default: the machine's. */
  nowMs?: () => number;
  /** What lateness is measured by in odd weather. Default: a clock that nobody sets. */
  lagNowMs?: () => number;
  /** What tables let through. Default: as much as DynamoDB does. Null: everything. */
  throughput?: Throughput | null;
  /** Default: none. */
  sqs?: SqsManners;
  /** Folder of the task logs `<service>.log`; absent: `logs` in the data folder, or none in memory. */
  logsDir?: string;
}

/** `lines` are its last lines of output. */
interface SeenTask {
  taskArn: string;
  pid: number | null;
  state: TaskState;
  stoppedReason: string | null;
  lines: readonly string[];
}

export interface LocalCloud {
  /** With the access key before the host, if it has one of its own. */
  url: string;
  port: number;
  /** The same for one of the principals. */
  urlFor(principal: string): string;
  /** What the principals needed of their policies, and what these lack. */
  access(): AccessSeen;
  /** Quotas, images, roles and what is forbidden; changes count at once. */
  account: Account;
  /** Stacks as they stand. */
  formation: CloudFormation;
  /** How its documents end. */
  automation: Automation;
  /** Fair until somebody sets it; changes count at once. */
  weather: CloudWeather;
  /** All tasks of services, the ones that stopped lately included. */
  tasks(): ({ service: string } & SeenTask)[];
  /** Those that were started one by one. */
  standalone(): ({ family: string } & SeenTask)[];
  /** Replaces the environment of tasks that start from now on. */
  setServiceEnv(cluster: string, service: string, env: Record<string, string>): void;
  /** Stops all tasks (SIGTERM, SIGKILL after `graceMs`, 8 s), then the servers. Counts and data stay for the next start. */
  stop(graceMs?: number): Promise<void>;
}

const STOP_GRACE_MS = 8_000;
/** Far more than on AWS, so that each launch of some thousand devices sees it. */
const TWICE_EACH = 7;

/** Starts the stand-in of AWS on loopback: one address for SQS, DynamoDB, S3, SSM, ECS, both Auto Scalings, CloudWatch, and what there is to read of quotas, images and rights. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { dataDir, tablesInMemory = false } = options;
  const account = usualAccount();
  const weather = new CloudWeather();
  const lag = new Lag(weather, options.lagNowMs);
  const warm = openState<WarmThroughput>(dataDir, 'warm-throughput', {});
  const dynamo = startDynamo({
    path: dataDir === null || tablesInMemory ? null : join(dataDir, 'dynamodb'),
    warm: warm.state,
    saveWarm: () => warm.save(),
    settings: openState<TableSettings>(tablesInMemory ? null : dataDir, 'table-settings', {}),
    throughput: options.throughput === undefined ? new Throughput() : options.throughput,
    account,
    lag,
  });
  // The database opens with the first call: one that another process holds shows here, not in somebody's request.
  await dynamo.call('DescribeTable', { TableName: 'any' }).catch((error: unknown) => {
    if (error instanceof AwsError && error.code.endsWith('ResourceNotFoundException')) return;
    throw new Error(
      `CLOUD_DATA_UNUSABLE ${dataDir ?? 'memory'}: the tables can't be opened; is another local cloud running on this folder?`,
      { cause: error },
    );
  });
  const oddSqs: SqsManners = {
    newQueueMs: 1_000,
    abortedReceives: 'hidden',
    onHidden: () => weather.felt(),
    twiceEach: TWICE_EACH,
    onTwice: () => weather.felt(),
  };
  const sqs = await startSqs({
    queues: openState<QueueDefinitions>(dataDir, 'queues', {}),
    lag,
    manners: () => (weather.now === 'odd' ? oddSqs : (options.sqs ?? {})),
  });

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  try {
    await listen(server, options.port ?? 0);
  } catch (error) {
    await Promise.all([sqs.close(), dynamo.close()]);
    throw error;
  }
  // From here to the router nothing waits: a client that connects at once finds it.
  const { port } = server.address() as AddressInfo;
  const accessKeyId = options.accessKeyId ?? ACCESS_KEY_ID;
  const url = `http://${options.accessKeyId === undefined ? '' : `${accessKeyId}@`}127.0.0.1:${port}`;

  const urlFor = (name: string): string => {
    const principal = options.principals?.find((one) => one.name === name);
    if (principal === undefined) throw new Error(`NO_SUCH_PRINCIPAL ${name}`);
    return `http://${principal.accessKeyId}@127.0.0.1:${port}`;
  };
  const withEndpoint = (env: Record<string, string>, principal: string | undefined) => ({
    AWS_ENDPOINT_URL: principal === undefined ? url : urlFor(principal),
    ...env,
  });
  const logsDir = options.logsDir ?? (dataDir === null ? null : join(dataDir, 'logs'));
  const nowMs = options.nowMs ?? Date.now;
  const ecs = startEcs({
    account,
    lag,
    nowMs,
    families: (options.families ?? []).map((one) => ({ ...one, env: withEndpoint(one.env, one.principal) })),
    definitions: options.services.map((definition) => ({
      ...definition,
      env: withEndpoint(definition.env, definition.principal),
    })),
    isFull: () => weather.now === 'full',
    desired: openState<EcsState>(dataDir, 'ecs', {}),
    logFileOf: ({ service, logFile }) => logFile ?? (logsDir === null ? null : join(logsDir, `${service}.log`)),
  });
  const scaling = startApplicationAutoScaling({
    ecs,
    dynamo,
    state: openState<ApplicationScalingState>(dataDir, 'application-auto-scaling', { targets: {}, scheduled: {} }),
  });
  const groups = startAutoScaling({
    groups: options.groups,
    state: openState<GroupState>(dataDir, 'auto-scaling', {}),
  });

  const automation = new Automation(
    openState<AutomationState>(dataDir, 'automations', { executions: {}, tokens: {} }),
    options.automations ?? [],
    nowMs,
  );
  const formation = startCloudFormation(nowMs);
  const access = new Access(accessKeyId, options.principals ?? [], account);
  server.on(
    'request',
    createRouter(
      {
        dynamo,
        sqs,
        s3: startS3({ dir: dataDir === null ? null : join(dataDir, 's3'), account }),
        json: {
          AmazonSSM: startSsm(openState<ParameterState>(dataDir, 'parameters', {}), automation, lag),
          AmazonEC2ContainerServiceV20141113: (operation, input) => ecs.call(operation, input),
          AnyScaleFrontendService: (operation, input) => scaling.call(operation, input),
          GraniteServiceVersion20100801: startCloudWatch({ nowMs, queues: () => sqs.figures(nowMs()) }),
          ServiceQuotasV20190624: startServiceQuotas(account),
          secretsmanager: startSecretsManager(
            openState<SecretState>(dataDir, 'secrets', {}),
            openState<DeletedSecrets>(dataDir, 'deleted-secrets', {}),
            nowMs,
          ),
          AmazonEC2ContainerRegistry_V20150921: startEcr(account),
          Logs_20140328: startLogs(account),
        },
        query: {
          cloudformation: (operation, parameters) => formation.call(operation, parameters),
          autoscaling: (operation, parameters) => groups.call(operation, parameters),
          sts: startSts(),
          iam: startIam(account, (role) => access.statementsOf(role)),
        },
        access,
        weather,
        handedOn: (operation, input) => ecs.handedOn(operation, input),
      },
      port,
      nowMs,
    ),
  );

  return {
    url,
    port,
    urlFor,
    access: () => access.seen(),
    account,
    formation,
    automation,
    weather,
    tasks: () => ecs.services.flatMap(({ name, tasks }) => tasks.map((task) => ({ service: name, ...seen(task) }))),
    standalone: () => ecs.standalone.tasks.map(({ task, family }) => ({ family: family.family, ...seen(task) })),
    setServiceEnv(cluster, service, env) {
      const found = ecs.find(cluster, service);
      if (found === null) throw new Error(`NO_SUCH_SERVICE ${cluster}/${service}`);
      found.setEnv(withEndpoint(env, found.definition.principal));
    },
    async stop(graceMs = STOP_GRACE_MS) {
      scaling.close();
      groups.close();
      // The tasks first: they account for what they have sent, and need the cloud for that.
      await ecs.close(graceMs);
      await sqs.close();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await dynamo.close();
    },
  };
}

/** Longer than any client keeps an idle socket, so that none is closed under a request. */
const KEEP_ALIVE_MS = 120_000;

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

const seen = ({ arn, pid, state, stoppedReason, tail }: Task): SeenTask => ({
  taskArn: arn,
  pid,
  state,
  stoppedReason,
  lines: tail,
});
