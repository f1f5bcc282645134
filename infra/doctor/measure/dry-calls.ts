import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeServicesCommand } from '@aws-sdk/client-ecs';
import {
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
} from '@aws-sdk/client-sqs';
import { DescribeParametersCommand, GetParameterCommand, GetParametersByPathCommand } from '@aws-sdk/client-ssm';
import { arnsOf, bucketArn, conditionOf, LEADING_KEYS } from '../../aws/access/resources.ts';
import type { AccountNames, ResourceKind } from '../../aws/access/resources.ts';
import { parameterPath } from '../../aws/parameters.ts';
import { HOMES, homesTable, tableNames } from '../../aws/tables.ts';
import type { Table } from '../../aws/tables.ts';
import type { Keys } from '../judge/tables.ts';
import { keysOf, shapeKeys } from '../shapes.ts';
import type { DoctorClients } from './aws-clients.ts';
import { orNull } from './or-null.ts';

/** One action on one kind of resource. */
export interface Right {
  action: string;
  on: ResourceKind;
}

/** A name that nothing has: in place of what is not known beforehand, and what is asked for when rights are tried. */
const NOBODY = 'gobutton-doctor';
export const certain = (arn: string): string => (arn === '*' ? arn : arn.replaceAll('*', NOBODY).replaceAll('?', 'x'));

export const LIST = 's3:ListBucket';

const TABLE_OF: Partial<Record<ResourceKind, Table>> = {
  'record-table': 'record',
  'claims-table': 'claims',
  'switches-table': 'switches',
  'live-table': 'live',
  'worker-items': 'live',
};

type Call = (abortSignal: AbortSignal) => Promise<unknown>;

/** Asks for what an action is asked for, without its effect. Null: it can't be tried without doing it. */
export function dryCall(clients: DoctorClients, { action, on }: Right, names: AccountNames): Call | null {
  const [service, operation = ''] = action.split(':');
  const table = TABLE_OF[on];
  if (service === 'dynamodb' && on === 'homes-table')
    return dryItem(clients.homes, operation, { name: homesTable(names.tablePrefix), keys: shapeKeys(HOMES) });
  if (service === 'dynamodb' && table !== undefined)
    return dryItem(clients.dynamo, operation, {
      name: tableNames(names.tablePrefix)[table],
      keys: keysOf(table),
      partition: leadingKey(on, names),
    });
  const { s3, ssm, ecs, secrets } = clients;
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
    case 's3:GetReplicationConfiguration':
      return (abortSignal) => s3.send(new GetBucketReplicationCommand({ Bucket: names.bucket }), { abortSignal });
    case 's3:GetBucketVersioning':
      return (abortSignal) => s3.send(new GetBucketVersioningCommand({ Bucket: names.bucket }), { abortSignal });
    case 'secretsmanager:GetSecretValue':
      // A stage that none has: who may read it is told that there is no such value, and no value leaves AWS.
      return async (abortSignal) => {
        for (const secret of arnsOf(on, names)) {
          const asked = { SecretId: secret.slice(0, -SUFFIX.length), VersionStage: NOBODY };
          await orNull(secrets.send(new GetSecretValueCommand(asked), { abortSignal }), /^ResourceNotFound/);
        }
      };
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

/** What AWS adds to a secret's name: it finds one without it (docs/facts.md#secret-partial-arn). */
const SUFFIX = '-??????';

export const keyOf = (arn: string, names: AccountNames): string => arn.slice(bucketArn(names).length + 1);

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

/** Where only items of some partitions may be touched: one of those. */
function leadingKey(on: ResourceKind, names: AccountNames): string {
  const [pattern] = conditionOf(on, names)?.['ForAllValues:StringLike']?.[LEADING_KEYS] ?? [];
  return pattern === undefined ? NOBODY : certain(pattern);
}

function dryItem(
  dynamo: DynamoDBClient,
  operation: string,
  { name: TableName, keys, partition: nobody = NOBODY }: { name: string; keys: Keys; partition?: string },
): Call | null {
  const Key = Object.fromEntries(
    keys.map(([key, type], at) => [key, type === 'N' ? { N: '0' } : { S: at === 0 ? nobody : NOBODY }]),
  );
  const [partition = ''] = keys[0] ?? [];
  // Of an item that is not there the first half is false, and of one that is the second.
  const never = {
    ConditionExpression: 'attribute_exists(#k) AND attribute_not_exists(#k)',
    ExpressionAttributeNames: { '#k': partition },
  };
  switch (operation) {
    case 'DescribeTable':
      return (abortSignal) => dynamo.send(new DescribeTableCommand({ TableName }), { abortSignal });
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
