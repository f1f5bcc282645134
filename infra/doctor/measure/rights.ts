import {
  BatchGetItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeServicesCommand } from '@aws-sdk/client-ecs';
import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { ContextEntry } from '@aws-sdk/client-iam';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
} from '@aws-sdk/client-sqs';
import { DescribeParametersCommand, GetParameterCommand, GetParametersByPathCommand } from '@aws-sdk/client-ssm';
import { PERMISSIONS } from '../../aws/access/permissions.ts';
import type { ProcessName } from '../../aws/access/permissions.ts';
import { arnsOf, bucketArn, conditionOf } from '../../aws/access/resources.ts';
import type { AccountNames, ResourceKind } from '../../aws/access/resources.ts';
import { errorName } from '../../aws/cloud-error.ts';
import { parameterPath } from '../../aws/parameters.ts';
import { tableNames } from '../../aws/tables.ts';
import type { Table } from '../../aws/tables.ts';
import type { Asked, Failure } from '../judge/line.ts';
import type { FoundRight, FoundRights } from '../judge/rights.ts';
import type { Keys } from '../judge/tables.ts';
import { keysOf } from '../shapes.ts';
import type { DoctorClients } from './aws-clients.ts';

/** One action on one kind of resource. */
export interface Right {
  action: string;
  on: ResourceKind;
}

/** What a process calls, as its role on AWS is made of it. */
export const rightsOf = (process: ProcessName): Right[] =>
  PERMISSIONS[process].flatMap(({ action, on }) => on.map((kind) => ({ action, on: kind })));

const named = ({ action, on }: Right): string => (on === 'everything' ? action : `${action} (${on})`);

/** A name that nothing has: in place of what is not known beforehand, and what is asked for when rights are tried. */
const NOBODY = 'gobutton-doctor';
const certain = (arn: string): string => (arn === '*' ? arn : arn.replaceAll('*', NOBODY));

/** What a role may do by its policies; nothing is tried. */
export async function simulateRights(
  { iam, ask }: DoctorClients,
  roleArn: string,
  rights: readonly Right[],
  names: AccountNames,
): Promise<Asked<FoundRights>> {
  const found: FoundRight[] = [];
  // Lists are narrowed by the keys that they ask for, so each is a question of its own.
  const questions = [...Map.groupBy(rights, ({ action, on }) => (action === LIST ? `${LIST} ${on}` : on)).values()];
  const answers = await Promise.all(
    questions.map((group) =>
      ask('iam:SimulatePrincipalPolicy', async (abortSignal) => {
        const [first] = group;
        const arns = first === undefined ? [] : arnsOf(first.on, names).map(certain);
        // The account has nothing of that kind: nobody needs the right.
        if (first === undefined || arns.length === 0) return;
        const { EvaluationResults: results = [] } = await iam.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: roleArn,
            ActionNames: [...new Set(group.map(({ action }) => action))],
            ResourceArns: first.action === LIST ? [bucketArn(names)] : arns,
            ContextEntries: contextOf(first, arns, names),
          }),
          { abortSignal },
        );
        for (const right of group) {
          const decided = results.filter(({ EvalActionName: name }) => name === right.action);
          const isAllowed = decided.length > 0 && decided.every(({ EvalDecision: decision }) => decision === 'allowed');
          found.push({ action: named(right), is: isAllowed ? 'allowed' : 'denied' });
        }
      }),
    ),
  );
  const failed = answers.find((one) => !one.ok);
  return failed !== undefined && !failed.ok
    ? failed
    : { ok: true, value: { who: roleArn, how: 'simulated', rights: found, notSimulated: null } };
}

const LIST = 's3:ListBucket';

/** What a real request would say of the keys that conditions look at: what it leaves out is denied. */
function contextOf({ action, on }: Right, [arn = '']: readonly string[], names: AccountNames): ContextEntry[] {
  const says: Record<string, string[]> =
    action === LIST
      ? { 's3:prefix': [keyOf(arn, names)] }
      : Object.assign({}, ...Object.values(conditionOf(on, names) ?? {}));
  return Object.entries(says).map(([key, values]) => ({
    ContextKeyName: key,
    ContextKeyValues: values.slice(0, 1),
    ContextKeyType: 'string',
  }));
}

/**
 * Tries what can be tried without an effect, as whoever runs this: reads of what is not there, and writes whose condition
 * can't hold. AWS looks at the right before it looks at the item, so the refusal of a condition proves the right.
 */
export async function tryRights(
  clients: DoctorClients,
  { who, notSimulated }: { who: string; notSimulated: Failure | null },
  rights: readonly Right[],
  names: AccountNames,
): Promise<FoundRights> {
  const found = await Promise.all(
    rights
      .filter(({ on }) => arnsOf(on, names).length > 0)
      .map(async (right): Promise<FoundRight> => {
        const work = dryCall(clients, right, names);
        if (work === null) return { action: named(right), is: 'untried' };
        const asked = await clients.ask(right.action, async (signal) => {
          try {
            await work(signal);
          } catch (error) {
            // A key that is missing is denied like one that is forbidden (docs/facts.md#s3-missing-key): it proves nothing.
            if (right.action === 's3:GetObject' && errorName(error) === 'AccessDenied') return 'untried';
            if (!PROVES.test(errorName(error))) throw error;
          }
          return 'allowed';
        });
        if (asked.ok) return { action: named(right), is: asked.value };
        return { action: named(right), is: asked.failure.kind === 'denied' ? 'denied' : asked.failure };
      }),
  );
  return { who, how: 'tried', rights: found, notSimulated };
}

/** What is said to whom may: there is no such thing, or the condition does not hold. A missing table or queue is another line's matter. */
const PROVES =
  /^(ConditionalCheckFailed|ResourceNotFound|NoSuchKey|NotFound|NoSuchBucket|ParameterNotFound|ClusterNotFound|ReceiptHandleIsInvalid|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue|InvalidParameterValue|(AWS\.SimpleQueueService\.)?MessageNotInflight)/;

const TABLE_OF: Partial<Record<ResourceKind, Table>> = {
  'record-table': 'record',
  'claims-table': 'claims',
  'switches-table': 'switches',
  'live-table': 'live',
};

type Call = (abortSignal: AbortSignal) => Promise<unknown>;

/** Null: it can't be tried without doing it. */
function dryCall(clients: DoctorClients, { action, on }: Right, names: AccountNames): Call | null {
  const [service, operation = ''] = action.split(':');
  const table = TABLE_OF[on];
  if (service === 'dynamodb' && table !== undefined)
    return dryItem(clients, operation, { name: tableNames(names.tablePrefix)[table], keys: keysOf(table) });
  const { s3, ssm, ecs } = clients;
  const [arn = ''] = arnsOf(on, names).map(certain);
  const [scaled] = names.scaled.services;
  switch (action) {
    case 's3:GetObject':
      return (abortSignal) =>
        s3.send(new GetObjectCommand({ Bucket: names.bucket, Key: keyOf(arn, names) }), { abortSignal });
    case LIST:
      return (abortSignal) =>
        s3.send(new ListObjectsV2Command({ Bucket: names.bucket, Prefix: keyOf(arn, names), MaxKeys: 1 }), {
          abortSignal,
        });
    case 'ssm:GetParameter':
      return (abortSignal) =>
        ssm.send(new GetParameterCommand({ Name: `${parameterPath(names.tablePrefix)}${NOBODY}/x` }), { abortSignal });
    case 'ssm:GetParametersByPath':
      return (abortSignal) =>
        ssm.send(new GetParametersByPathCommand({ Path: `${parameterPath(names.tablePrefix)}${NOBODY}` }), {
          abortSignal,
        });
    case 'ssm:DescribeParameters':
      return (abortSignal) => ssm.send(new DescribeParametersCommand({ MaxResults: 1 }), { abortSignal });
    case 'ecs:DescribeServices':
      return scaled === undefined
        ? null
        : (abortSignal) =>
            ecs.send(new DescribeServicesCommand({ cluster: scaled.cluster, services: [scaled.service] }), {
              abortSignal,
            });
    default:
      return service === 'sqs' ? dryMessage(clients, operation, arn.split(':').at(-1) ?? '') : null;
  }
}

const keyOf = (arn: string, names: AccountNames): string => arn.slice(bucketArn(names).length + 1);

function dryMessage({ sqs }: DoctorClients, operation: string, queue: string): Call | null {
  const withUrl =
    (work: (url: string, signal: AbortSignal) => Promise<unknown>): Call =>
    async (abortSignal) => {
      const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }), { abortSignal });
      return work(QueueUrl, abortSignal);
    };
  switch (operation) {
    case 'GetQueueUrl':
      return (abortSignal) => sqs.send(new GetQueueUrlCommand({ QueueName: queue }), { abortSignal });
    case 'GetQueueAttributes':
      return withUrl((QueueUrl, abortSignal) =>
        sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }), { abortSignal }),
      );
    case 'DeleteMessage':
      return withUrl((QueueUrl, abortSignal) =>
        sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: NOBODY }), { abortSignal }),
      );
    case 'ChangeMessageVisibility':
      return withUrl((QueueUrl, abortSignal) =>
        sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: NOBODY, VisibilityTimeout: 0 }), {
          abortSignal,
        }),
      );
    default:
      return null;
  }
}

function dryItem(
  { dynamo }: DoctorClients,
  operation: string,
  { name: TableName, keys }: { name: string; keys: Keys },
): Call | null {
  const Key = Object.fromEntries(keys.map(([key, type]) => [key, type === 'N' ? { N: '0' } : { S: NOBODY }]));
  const [partition = ''] = keys[0] ?? [];
  // Of an item that is not there the first half is false, and of one that is the second.
  const never = {
    ConditionExpression: 'attribute_exists(#k) AND attribute_not_exists(#k)',
    ExpressionAttributeNames: { '#k': partition },
  };
  switch (operation) {
    case 'GetItem':
      return (abortSignal) => dynamo.send(new GetItemCommand({ TableName, Key }), { abortSignal });
    case 'BatchGetItem':
      return (abortSignal) =>
        dynamo.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [Key] } } }), { abortSignal });
    case 'Query':
      return (abortSignal) =>
        dynamo.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: '#k = :k',
            ExpressionAttributeNames: { '#k': partition },
            ExpressionAttributeValues: { ':k': { S: NOBODY } },
            Limit: 1,
          }),
          { abortSignal },
        );
    case 'PutItem':
      return (abortSignal) => dynamo.send(new PutItemCommand({ TableName, Item: Key, ...never }), { abortSignal });
    case 'DeleteItem':
      return (abortSignal) => dynamo.send(new DeleteItemCommand({ TableName, Key, ...never }), { abortSignal });
    case 'UpdateItem':
      return (abortSignal) =>
        dynamo.send(
          new UpdateItemCommand({
            TableName,
            Key,
            ...never,
            UpdateExpression: 'SET #d = :d',
            ExpressionAttributeNames: { '#k': partition, '#d': 'doctor' },
            ExpressionAttributeValues: { ':d': { BOOL: true } },
          }),
          { abortSignal },
        );
    default:
      return null;
  }
}
