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
import { GetObjectCommand } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
} from '@aws-sdk/client-sqs';
import { DescribeParametersCommand, GetParameterCommand, GetParametersByPathCommand } from '@aws-sdk/client-ssm';
import { errorName } from '../../aws/cloud-error.ts';
import type { Action, Place } from '../actions.ts';
import type { Asked, Failure } from '../judge/line.ts';
import type { FoundRight, FoundRights } from '../judge/rights.ts';
import type { Keys } from '../judge/tables.ts';
import type { DoctorClients } from './aws-clients.ts';

/** Where things are, for ARNs and for trying. */
export interface Whereabouts {
  account: string;
  region: string;
  tables: Readonly<Record<'record' | 'claims' | 'switches' | 'live', { name: string; keys: Keys }>>;
  queues: readonly string[];
  bucket: string;
  service: { cluster: string; service: string } | null;
}

/** What a role may do by its policies; nothing is tried. Organisations' own policies count where IAM can see them. */
export async function simulateRights(
  { iam, ask }: DoctorClients,
  roleArn: string,
  actions: readonly Action[],
  where: Whereabouts,
): Promise<Asked<FoundRights>> {
  const rights: FoundRight[] = [];
  const byPlace = [...Map.groupBy(actions, ({ on }) => on)];
  const answers = await Promise.all(
    byPlace.map(([place, group]) =>
      ask('iam:SimulatePrincipalPolicy', async (abortSignal) => {
        const { EvaluationResults: results = [] } = await iam.send(
          new SimulatePrincipalPolicyCommand({
            PolicySourceArn: roleArn,
            ActionNames: group.map(({ action }) => action),
            ResourceArns: arnsOf(place, where),
          }),
          { abortSignal },
        );
        for (const { action } of group) {
          const decided = results.filter(({ EvalActionName: name }) => name === action);
          const isAllowed = decided.length > 0 && decided.every(({ EvalDecision: decision }) => decision === 'allowed');
          rights.push({ action: named(action, place), is: isAllowed ? 'allowed' : 'denied' });
        }
      }),
    ),
  );
  const failed = answers.find((one) => !one.ok);
  return failed !== undefined && !failed.ok
    ? failed
    : { ok: true, value: { who: roleArn, how: 'simulated', rights, notSimulated: null } };
}

const named = (action: string, place: Place): string => (place === 'any' ? action : `${action} (${place})`);

function arnsOf(place: Place, { account, region, tables, queues, bucket, service }: Whereabouts): string[] {
  switch (place) {
    case 'record':
    case 'claims':
    case 'switches':
    case 'live':
      return [`arn:aws:dynamodb:${region}:${account}:table/${tables[place].name}`];
    case 'queues':
      return queues.map((name) => `arn:aws:sqs:${region}:${account}:${name}`);
    case 'objects':
      return [`arn:aws:s3:::${bucket}/audiences/x`];
    case 'bucket':
      return [`arn:aws:s3:::${bucket}`];
    case 'parameters':
      return [`arn:aws:ssm:${region}:${account}:parameter/gobutton/x/y`];
    case 'service':
      return service === null
        ? ['*']
        : [`arn:aws:ecs:${region}:${account}:service/${service.cluster}/${service.service}`];
    case 'any':
      return ['*'];
    default:
      return place satisfies never;
  }
}

/** A name that nothing has: what is read is not there, and what would be written fails its condition. */
const NOBODY = 'gobutton-doctor';

/**
 * Tries what can be tried without an effect, as whoever runs this: reads of what is not there, and writes whose condition
 * can't hold. AWS looks at the right before it looks at the item, so the refusal of a condition proves the right.
 */
export async function tryRights(
  clients: DoctorClients,
  { who, notSimulated }: { who: string; notSimulated: Failure | null },
  actions: readonly Action[],
  where: Whereabouts,
): Promise<FoundRights> {
  const rights = await Promise.all(
    actions.map(async ({ action, on: place }): Promise<FoundRight> => {
      const work = dryCall(clients, action, place, where);
      if (work === null) return { action: named(action, place), is: 'untried' };
      const asked = await clients.ask(action, async (signal) => {
        try {
          await work(signal);
        } catch (error) {
          if (!PROVES.test(errorName(error))) throw error;
        }
      });
      if (asked.ok) return { action: named(action, place), is: 'allowed' };
      return { action: named(action, place), is: asked.failure.kind === 'denied' ? 'denied' : asked.failure };
    }),
  );
  return { who, how: 'tried', rights, notSimulated };
}

/** What is said to whom may: there is no such thing, or the condition does not hold. A missing table or queue is another line's matter. */
const PROVES =
  /^(ConditionalCheckFailed|ResourceNotFound|NoSuchKey|NotFound|NoSuchBucket|ParameterNotFound|ClusterNotFound|ReceiptHandleIsInvalid|QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue|InvalidParameterValue|(AWS\.SimpleQueueService\.)?MessageNotInflight)/;

function dryCall(
  clients: DoctorClients,
  action: string,
  place: Place,
  { tables, queues, bucket, service }: Whereabouts,
): ((abortSignal: AbortSignal) => Promise<unknown>) | null {
  const [prefix, operation = ''] = action.split(':');
  if (prefix === 'dynamodb' && (place === 'record' || place === 'claims' || place === 'switches' || place === 'live'))
    return dryItem(clients, operation, tables[place]);
  const { sqs, s3, ssm, ecs } = clients;
  switch (action) {
    case 'sqs:GetQueueUrl':
      return (abortSignal) => sqs.send(new GetQueueUrlCommand({ QueueName: queues[0] }), { abortSignal });
    case 'sqs:GetQueueAttributes':
      return withUrl((QueueUrl, abortSignal) =>
        sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }), { abortSignal }),
      );
    case 'sqs:DeleteMessage':
      return withUrl((QueueUrl, abortSignal) =>
        sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: NOBODY }), { abortSignal }),
      );
    case 'sqs:ChangeMessageVisibility':
      return withUrl((QueueUrl, abortSignal) =>
        sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: NOBODY, VisibilityTimeout: 0 }), {
          abortSignal,
        }),
      );
    case 's3:GetObject':
      return (abortSignal) => s3.send(new GetObjectCommand({ Bucket: bucket, Key: NOBODY }), { abortSignal });
    case 'ssm:GetParameter':
      return (abortSignal) => ssm.send(new GetParameterCommand({ Name: `/gobutton/${NOBODY}/x` }), { abortSignal });
    case 'ssm:GetParametersByPath':
      return (abortSignal) =>
        ssm.send(new GetParametersByPathCommand({ Path: `/gobutton/${NOBODY}` }), { abortSignal });
    case 'ssm:DescribeParameters':
      return (abortSignal) => ssm.send(new DescribeParametersCommand({ MaxResults: 1 }), { abortSignal });
    case 'ecs:DescribeServices':
      return service === null
        ? null
        : (abortSignal) =>
            ecs.send(new DescribeServicesCommand({ cluster: service.cluster, services: [service.service] }), {
              abortSignal,
            });
    default:
      return null;
  }

  function withUrl(work: (url: string, signal: AbortSignal) => Promise<unknown>) {
    return async (abortSignal: AbortSignal) => {
      const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: queues[0] }), { abortSignal });
      return work(QueueUrl, abortSignal);
    };
  }
}

function dryItem(
  { dynamo }: DoctorClients,
  operation: string,
  { name: TableName, keys }: { name: string; keys: Keys },
): ((abortSignal: AbortSignal) => Promise<unknown>) | null {
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
