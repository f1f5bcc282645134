import { CreateTableCommand, DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Template } from 'aws-cdk-lib/assertions';
import { placeOf } from '../aws/clients.ts';
import type { CloudConfig } from '../aws/cloud-config.ts';

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}
type Resources = Record<string, Resource>;

/**
 * Makes in a local cloud what the templates define of tables, queues, buckets and parameters, and nothing else: whatever a launch
 * needs besides is missing in the account too. Says what the worker's container is told.
 */
export async function standUp(
  templates: Readonly<Record<string, Template>>,
  endpoint: string,
): Promise<Record<string, string>> {
  const resources: Resources = Object.assign(
    {},
    ...['data', 'queues', 'workers'].map(
      (name) => ((templates[name]?.toJSON() ?? { Resources: {} }) as { Resources: Resources }).Resources,
    ),
  );
  const of = (type: string) =>
    Object.values(resources)
      .filter((one) => one.Type === type)
      .map((one) => resolved(one.Properties, resources));
  const environment = containerEnvironment(of('AWS::ECS::TaskDefinition'));
  const common = placeOf({ endpoint, region: environment['AWS_REGION'] ?? '' } as CloudConfig);
  const [dynamo, sqs, s3, ssm] = [
    new DynamoDBClient(common),
    new SQSClient({ ...common, useQueueUrlAsEndpoint: false }),
    new S3Client({ ...common, forcePathStyle: true }),
    new SSMClient(common),
  ];
  try {
    await Promise.all([
      ...of('AWS::DynamoDB::GlobalTable').map((table) => createTable(dynamo, table)),
      ...of('AWS::S3::Bucket').map(({ BucketName }) =>
        s3.send(new CreateBucketCommand({ Bucket: String(BucketName) })),
      ),
      ...of('AWS::SSM::Parameter').map(({ Name, Value }) =>
        ssm.send(new PutParameterCommand({ Name: String(Name), Value: String(Value), Type: 'String' })),
      ),
    ]);
    // Dead letters first: the others name them.
    const queues = of('AWS::SQS::Queue').toSorted(
      (a, b) => Number('RedrivePolicy' in a) - Number('RedrivePolicy' in b),
    );
    for (const { QueueName: name, Tags: _, ...attributes } of queues)
      await sqs.send(new CreateQueueCommand({ QueueName: String(name), Attributes: texts(attributes) }));
  } finally {
    for (const client of [dynamo, sqs, s3, ssm]) client.destroy();
  }
  return environment;
}

async function createTable(dynamo: DynamoDBClient, table: Record<string, unknown>): Promise<void> {
  const { TableName, AttributeDefinitions, KeySchema, BillingMode, TimeToLiveSpecification: ttl } = table;
  await dynamo.send(
    new CreateTableCommand({ TableName, AttributeDefinitions, KeySchema, BillingMode } as CreateTableCommandInput),
  );
  if (ttl !== undefined)
    await dynamo.send(
      new UpdateTimeToLiveCommand({
        TableName: String(TableName),
        TimeToLiveSpecification: ttl as { AttributeName: string; Enabled: boolean },
      }),
    );
}

/** As SQS is told: text, and JSON for what has parts. False is the absence of a FIFO's attribute. */
const texts = (attributes: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => {
      if (name === 'ContentBasedDeduplication' && value === false) return [];
      return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
    }),
  );

function containerEnvironment(tasks: Record<string, unknown>[]): Record<string, string> {
  const [container] = (tasks[0]?.['ContainerDefinitions'] ?? []) as {
    Environment: { Name: string; Value: string }[];
  }[];
  return Object.fromEntries((container?.Environment ?? []).map(({ Name, Value }) => [Name, Value]));
}

/** The few functions that these resources have. */
function resolved(value: Record<string, unknown>, resources: Resources): Record<string, unknown> {
  const look = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(look);
    if (typeof part !== 'object' || part === null) return part;
    const entries = Object.entries(part);
    const [name, of] = entries[0] ?? [];
    if (name === 'Fn::Join') {
      const [separator, parts] = of as [string, unknown[]];
      return parts.map(look).join(separator);
    }
    if (name === 'Ref' && of === 'AWS::Partition') return 'aws';
    if (name === 'Fn::GetAtt' && (of as string[])[1] === 'Arn')
      return `arn:aws:sqs:us-east-1:000000000000:${String(resources[(of as string[])[0] ?? '']?.Properties['QueueName'])}`;
    return Object.fromEntries(entries.map(([key, inner]) => [key, look(inner)]));
  };
  return look(value) as Record<string, unknown>;
}
