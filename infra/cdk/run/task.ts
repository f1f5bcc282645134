import { Aws, Duration, RemovalPolicy, Size, Validations } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { AwsLogDriverMode, Capability, ContainerImage, LinuxParameters, LogDrivers } from 'aws-cdk-lib/aws-ecs';
import type { ContainerDefinition, HealthCheck, Secret, TaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ProcessName } from '../../aws/access/permissions.ts';
import { policyOf } from '../../aws/access/policy.ts';
import type { Statement } from '../../aws/access/policy.ts';
import type { AccountNames } from '../../aws/access/resources.ts';
import { NODE } from '../../images/contents.ts';
import { namesOf } from '../names.ts';
import type { Deployment } from '../read-config.ts';
import { accountNames } from './account-names.ts';

/** As long as ECS waits between SIGTERM and SIGKILL at most (docs/facts.md#ecs-stop): a worker accounts for what it has sent. */
const STOP_TIMEOUT = Duration.seconds(120);
/** Standard output that waits for CloudWatch Logs; more of it is lost before a process would stand still for it. */
const LOG_BUFFER = Size.mebibytes(25);

const IAM5 = 'AwsSolutions::AwsSolutions-IAM5';

type AudienceTaskNames = NonNullable<AccountNames['audienceTask']>;

export interface Process {
  process: ProcessName;
  image: string;
  /** In exec form: the process gets SIGTERM itself, with no shell and no npm before it. */
  entryPoint: string[];
  environment: Record<string, string>;
  secrets: Record<string, Secret>;
  /** Of its `/live`; null: it answers nobody. */
  port: number | null;
  /** What it may start. Absent: nothing. */
  audienceTask?: AudienceTaskNames;
}

/** The one container of a task, and the rights of its role: what the table of permissions says, and nothing else. */
export function addProcess(task: TaskDefinition, deployment: Deployment, of: Process): ContainerDefinition {
  const { config } = deployment;
  for (const statement of policyOf(of.process, accountNames(deployment, of.audienceTask ?? null)))
    allow(task, statement);
  Validations.of(task).acknowledge(
    {
      id: `${IAM5}[Resource::*]`,
      reason:
        'Of the process these are reads, and traces, that AWS has no narrower resource of (infra/aws/access/permissions.ts); of who starts it, the token that a registry is entered with.',
    },
    {
      id: 'AwsSolutions::AwsSolutions-ECS2',
      reason: 'These variables are names and addresses; secrets come from Secrets Manager.',
    },
  );
  return task.addContainer(of.process, {
    image: imageOf(task, of.image),
    entryPoint: of.entryPoint,
    user: '1000:1000',
    readonlyRootFilesystem: true,
    linuxParameters: dropped(task),
    stopTimeout: STOP_TIMEOUT,
    environment: {
      AWS_REGION: config.region,
      GOBUTTON_TABLE_PREFIX: namesOf(deployment).tablePrefix,
      GOBUTTON_BUCKET: namesOf(deployment).bucket,
      ...tracing(task, deployment, of.process),
      ...of.environment,
    },
    secrets: of.secrets,
    logging: LogDrivers.awsLogs({
      streamPrefix: of.process,
      mode: AwsLogDriverMode.NON_BLOCKING,
      maxBufferSize: LOG_BUFFER,
      logGroup: new LogGroup(task, 'log', {
        // `worker`, or `worker-canary`.
        logGroupName: `/gobutton/${config.name}/${task.family.slice(config.name.length + 1)}`,
        retention: RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    }),
    ...(of.port === null ? {} : { healthCheck: live(of.port), portMappings: [{ containerPort: of.port }] }),
  });
}

/** X-Ray has a right of its own, and no narrower resource; any other collector is an address. */
function tracing(task: TaskDefinition, { config }: Deployment, process: ProcessName): Record<string, string> {
  if (config.traces === 'none' || process === 'audience') return {};
  if (config.traces !== 'xray') return { OTEL_EXPORTER_OTLP_ENDPOINT: config.traces };
  allow(task, { Action: ['xray:PutSpans', 'xray:PutSpansForIndexing'], Resource: ['*'] });
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `https://xray.${config.region}.${Aws.URL_SUFFIX}` };
}

/** Asked by Node itself: the image has no other program. Every half minute, so that it costs a shot next to nothing. */
const live = (port: number): HealthCheck => ({
  command: [
    'CMD',
    NODE,
    '-e',
    `fetch('http://127.0.0.1:${port}/live').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`,
  ],
  interval: Duration.seconds(30),
  timeout: Duration.seconds(10),
  retries: 3,
  startPeriod: Duration.seconds(60),
});

function dropped(task: TaskDefinition): LinuxParameters {
  const parameters = new LinuxParameters(task, 'linux');
  parameters.dropCapabilities(Capability.ALL);
  return parameters;
}

/** A repository of this account or another one, which the execution role may then pull from; or an image of anywhere else. */
function imageOf(task: TaskDefinition, image: string): ContainerImage {
  const [, account, region, repository, version] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)[:@](.+)$/.exec(image) ?? [];
  if (repository === undefined || version === undefined) return ContainerImage.fromRegistry(image);
  const found = Repository.fromRepositoryAttributes(task, 'repository', {
    repositoryName: repository,
    repositoryArn: `arn:${Aws.PARTITION}:ecr:${region}:${account}:repository/${repository}`,
  });
  return ContainerImage.fromEcrRepository(found, version);
}

/** A right of the task's role, and why a `*` in its resource is right. */
function allow(task: TaskDefinition, statement: Pick<Statement, 'Action' | 'Resource' | 'Condition'>): void {
  task.addToTaskRolePolicy(PolicyStatement.fromJson({ Effect: 'Allow', ...statement }));
  for (const arn of statement.Resource)
    if (arn !== '*' && arn.includes('*'))
      Validations.of(task).acknowledge({
        id: `${IAM5}[Resource::${arn.replaceAll(Aws.PARTITION, '<AWS::Partition>')}]`,
        reason: 'What it stands for is made later: an id of a launch, a hash of content, or a number of AWS.',
      });
}

/** Tasks ask their agent to be kept from arming to close (docs/facts.md#ecs-task-protection), which it does in their role's name. */
export function mayProtectItself(task: TaskDefinition, { config }: Deployment, cluster: string): void {
  allow(task, {
    Action: ['ecs:GetTaskProtection', 'ecs:UpdateTaskProtection'],
    Resource: [`arn:${Aws.PARTITION}:ecs:${config.region}:${config.account}:task/${cluster}/*`],
  });
}
