import type { IncomingMessage } from 'node:http';
import type { Asked } from '../../aws/access/policy.ts';
import { LEADING_KEYS } from '../../aws/access/resources.ts';
import { TABLES } from '../../aws/tables.ts';
import { ACCOUNT_ID, REGION } from './account.ts';
import { secretArn } from './secrets-manager.ts';

/** What IAM calls a request: `dynamodb:PutItem` on the ARN of a table. A batch of SQS is the action of one. */

/** By the service part of `x-amz-target`. */
const PREFIX: Record<string, string> = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  AmazonSSM: 'ssm',
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
  AnyScaleFrontendService: 'application-autoscaling',
  GraniteServiceVersion20100801: 'cloudwatch',
  ServiceQuotasV20190624: 'servicequotas',
  secretsmanager: 'secretsmanager',
  Logs_20140328: 'logs',
};

const arn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${rest}`;
const asked = (action: string, resources: readonly string[], about: Asked['about'] = {}): Asked[] =>
  // Actions that IAM knows no resource of are asked for on `*`.
  (resources.length === 0 ? ['*'] : resources).map((resource) => ({ action, resource, about }));
const last = (text: unknown): string => String(text).split('/').at(-1) ?? '';

interface Input {
  TableName?: string;
  Item?: Record<string, { S?: string }>;
  Key?: Record<string, { S?: string }>;
  RequestItems?: Record<string, unknown>;
  QueueUrl?: string;
  QueueName?: string;
  Name?: string;
  Names?: string[];
  Path?: string;
  cluster?: string;
  service?: string;
  services?: string[];
  ServiceNamespace?: string;
  ScalableDimension?: string;
  task?: string;
  tasks?: string[];
  taskDefinition?: string;
  SecretId?: string;
  DocumentName?: string;
}

/** What conditions of DynamoDB look at, of a request for one item of the live table, the only one with a condition. */
function aboutItem({ Item, Key }: Input): Asked['about'] {
  const partition = (Item ?? Key)?.[TABLES.live.partition.name]?.S;
  return partition === undefined ? {} : { [LEADING_KEYS]: partition };
}

export function jsonAsked(target: string, operation: string, input: Input): Asked[] {
  const service = PREFIX[target] ?? target;
  switch (service) {
    case 'dynamodb': {
      const tables = input.TableName === undefined ? Object.keys(input.RequestItems ?? {}) : [input.TableName];
      return asked(
        `dynamodb:${operation}`,
        tables.map((name) => arn('dynamodb', `table/${name}`)),
        aboutItem(input),
      );
    }
    case 'sqs':
      return asked(`sqs:${operation.replace(/Batch$/, '')}`, [arn('sqs', input.QueueName ?? last(input.QueueUrl))]);
    case 'ssm': {
      const automation = automationAsked(operation, input);
      if (automation !== null) return automation;
      const names = [input.Name, input.Path, ...(input.Names ?? [])].filter((name) => name !== undefined);
      // A version is no part of the name.
      const resource = (name: string) => arn('ssm', `parameter/${name.replace(/^\//, '').replace(/:\d+$/, '')}`);
      return asked(`ssm:${operation}`, names.map(resource));
    }
    case 'ecs': {
      const about = { 'ecs:cluster': arn('ecs', `cluster/${last(input.cluster ?? 'default')}`) };
      const tasks = [...(input.tasks ?? []), ...(input.task === undefined ? [] : [input.task])];
      if (tasks.length > 0)
        return asked(
          `ecs:${operation}`,
          tasks.map((name) => arn('ecs', `task/${last(input.cluster ?? 'default')}/${last(name)}`)),
          about,
        );
      if (operation === 'RunTask') {
        const family = last(input.taskDefinition);
        // Without a revision the newest is meant; of ours there is one.
        const definition = family.includes(':') ? family : `${family}:1`;
        return asked('ecs:RunTask', [arn('ecs', `task-definition/${definition}`)], about);
      }
      const services = [...(input.services ?? []), ...(input.service === undefined ? [] : [input.service])];
      return asked(
        `ecs:${operation}`,
        services.map((name) => arn('ecs', `service/${last(input.cluster ?? 'default')}/${last(name)}`)),
      );
    }
    case 'application-autoscaling':
      // No narrower one counts (docs/facts.md#scalable-target-rights).
      return ['RegisterScalableTarget', 'PutScheduledAction', 'DeleteScheduledAction'].includes(operation)
        ? asked(`${service}:${operation}`, [arn(service, 'scalable-target/*')], {
            'application-autoscaling:service-namespace': input.ServiceNamespace ?? '',
            'application-autoscaling:scalable-dimension': input.ScalableDimension ?? '',
          })
        : asked(`${service}:${operation}`, []);
    case 'secretsmanager':
      return asked(`${service}:${operation}`, [secretArn(input.SecretId ?? input.Name ?? '')]);
    default:
      return asked(`${service}:${operation}`, []);
  }
}

/** Both a document and an execution are asked for (docs/facts.md#ssm-automation-rights). */
function automationAsked(operation: string, { DocumentName: document = '' }: Input): Asked[] | null {
  if (operation !== 'StartAutomationExecution' && operation !== 'GetAutomationExecution') return null;
  const documents = operation === 'GetAutomationExecution' ? [] : [arn('ssm', `document/${document}`)];
  return asked(`ssm:${operation}`, [...documents, arn('ssm', 'automation-execution/*')]);
}

/** A role that a service is to work as is asked for in the name of who calls. */
export const passRoleAsked = (role: string, service = 'ecs-tasks.amazonaws.com'): Asked => ({
  action: 'iam:PassRole',
  resource: role,
  about: { 'iam:PassedToService': service },
});

export function queryAsked(service: string, operation: string, parameters: URLSearchParams): Asked[] {
  const group = parameters.get('AutoScalingGroupName');
  return asked(
    `${service}:${operation}`,
    group === null || operation.startsWith('Describe')
      ? []
      : [arn('autoscaling', `autoScalingGroup:0:autoScalingGroupName/${group}`)],
  );
}

const BUCKET_SETTINGS: Readonly<Record<string, string>> = {
  replication: 's3:GetReplicationConfiguration',
  versioning: 's3:GetBucketVersioning',
};

export function s3Asked({ method, url }: Pick<IncomingMessage, 'method' | 'url'>): Asked[] {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://s3');
  const [, bucket = '', ...rest] = pathname.split('/').map(decodeURIComponent);
  const key = rest.join('/');
  if (bucket === '') return asked('s3:ListAllMyBuckets', []);
  const resource = `arn:aws:s3:::${bucket}`;
  if (key === '') {
    const setting =
      BUCKET_SETTINGS[[...searchParams.keys()].find((name) => Object.hasOwn(BUCKET_SETTINGS, name)) ?? ''];
    if (setting !== undefined) return asked(setting, [resource]);
    const action = method === 'PUT' ? 's3:CreateBucket' : 's3:ListBucket';
    const prefix = searchParams.get('prefix');
    return asked(action, [resource], prefix === null ? {} : { 's3:prefix': prefix });
  }
  const verb = { PUT: 'PutObject', POST: 'PutObject', DELETE: 'DeleteObject' }[method ?? ''] ?? 'GetObject';
  return asked(`s3:${verb}`, [`${resource}/${key}`]);
}
