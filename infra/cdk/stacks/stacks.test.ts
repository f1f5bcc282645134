import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { attributesOf, poolQueues } from '../../aws/queue-attributes.ts';
import { keysOf, TABLE_IDS, TABLES } from '../../aws/tables.ts';
import { createApp } from '../app.ts';
import { deploymentForTests, templatesForTests } from '../for-tests.ts';

/** What tables, bucket, queues and network must be, in the templates themselves. */

/** 30 million devices in five seconds: 12,000 claims and accounts a second, and a quarter to spare. */
const large = () =>
  deploymentForTests(({ config }) => {
    config.size.devices = 30_000_000;
  });
const { data, queues, network, ...rest } = templatesForTests(large());
if (data === undefined || queues === undefined || network === undefined) throw new Error('not all stacks were made');

type Properties = Record<string, unknown>;
const all = (template: typeof data, type: string): Properties[] =>
  Object.values(template.findResources(type)).map(({ Properties: found }) => found as Properties);
/** In the place of references to a partition, which is `aws` here. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value).replaceAll(
      /\{"Fn::Join":\["",\["arn:",\{"Ref":"AWS::Partition"\},"([^"]+)"\]\]\}/g,
      '"arn:aws$1"',
    ),
  );

test.each(TABLE_IDS)(
  'the table %s has the keys that processes use, is on demand, can be restored, and stays when its stack goes',
  (table) => {
    const { ttl } = TABLES[table];
    data.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        TableName: `superbowl-${table}`,
        ...keysOf(TABLES[table]),
        BillingMode: 'PAY_PER_REQUEST',
        Replicas: [Match.objectLike({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } })],
        TimeToLiveSpecification: ttl === null ? Match.absent() : { AttributeName: ttl, Enabled: true },
        WarmThroughput:
          table === 'claims' ? { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 15_000 } : Match.absent(),
      },
    });
  },
);

test('of the four tables reports alone go by themselves', () => {
  expect(TABLE_IDS.filter((table) => TABLES[table].ttl !== null)).toEqual(['live']);
});

test('no bucket can be read from outside, without TLS, or by a list of its own; all are encrypted, and forget in time', () => {
  const buckets = all(data, 'AWS::S3::Bucket');
  expect(new Set(buckets.map(({ BucketName: name }) => name))).toEqual(
    new Set(['superbowl-123456789012-us-east-1', 'superbowl-123456789012-us-east-1-log']),
  );
  data.allResourcesProperties('AWS::S3::Bucket', {
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: 90, Status: 'Enabled' })] },
  });
  data.allResources('AWS::S3::Bucket', { DeletionPolicy: 'RetainExceptOnCreate' });
  data.allResourcesProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    },
  });
  expect(all(data, 'AWS::S3::BucketPolicy')).toHaveLength(buckets.length);
});

test('who read the audience is logged, and parts of an upload that was cut off are not kept', () => {
  data.hasResourceProperties('AWS::S3::Bucket', {
    BucketName: 'superbowl-123456789012-us-east-1',
    LoggingConfiguration: { DestinationBucketName: Match.anyValue() },
    LifecycleConfiguration: {
      Rules: [Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } })],
    },
  });
});

test('what was deployed stands in a parameter, beside the switches and not among them', () => {
  const [parameter] = all(data, 'AWS::SSM::Parameter');
  expect(parameter).toMatchObject({ Name: '/gobutton-deployments/superbowl', Type: 'String' });
  expect(JSON.parse(String(parameter?.['Value']))).toMatchObject({
    runbook: 'superbowl',
    kickoff: '2027-02-14T23:30:00.000Z',
    frozenFrom: '2027-02-13T23:30:00.000Z',
  });
});

/** As CloudFormation names and types what SQS takes as text. */
function asSqsTakesIt(properties: Properties): Record<string, string> {
  const { QueueName: _, Tags: __, SqsManagedSseEnabled: ___, ...attributes } = properties;
  return Object.fromEntries(
    Object.entries(plain(attributes) as Properties).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

test("every queue of the pool has the attributes that a process's own have, and is encrypted", () => {
  const pool = poolQueues('gobutton-workers');
  const arnOf = (name: string) => `arn:aws:sqs:us-east-1:123456789012:${name}`;
  const ids = Object.fromEntries(
    Object.entries(queues.findResources('AWS::SQS::Queue')).map(([id, { Properties: found }]) => [
      id,
      String((found as Properties)['QueueName']),
    ]),
  );
  // A source names its dead letters by reference.
  const named = (value: string) =>
    value.replaceAll(/\{"Fn::GetAtt":\["([^"]+)","Arn"\]\}/g, (_, id: string) => JSON.stringify(arnOf(ids[id] ?? id)));
  const found = Object.fromEntries(
    all(queues, 'AWS::SQS::Queue').map((properties) => [
      properties['QueueName'],
      Object.fromEntries(Object.entries(asSqsTakesIt(properties)).map(([name, value]) => [name, named(value)])),
    ]),
  );
  expect(found).toEqual(Object.fromEntries(pool.map((queue) => [queue.name, attributesOf(queue, pool, arnOf)])));
  queues.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
});

test('segments have high throughput; dead letters keep messages longer than any other queue, and for their own pool alone', () => {
  queues.hasResourceProperties('AWS::SQS::Queue', {
    QueueName: 'gobutton-workers-segments.fifo',
    FifoQueue: true,
    DeduplicationScope: 'messageGroup',
    FifoThroughputLimit: 'perMessageGroupId',
  });
  const retention = (isDead: boolean) =>
    all(queues, 'AWS::SQS::Queue')
      .filter(({ RedrivePolicy: policy }) => (policy === undefined) === isDead)
      .map(({ MessageRetentionPeriod: seconds }) => Number(seconds));
  expect(retention(true)).toHaveLength(2);
  expect(Math.min(...retention(true))).toBeGreaterThan(Math.max(...retention(false)));
});

test('nothing is moved back from dead letters, by anybody, and no queue is used without TLS', () => {
  const policies = all(queues, 'AWS::SQS::QueuePolicy').map(({ PolicyDocument: document }) =>
    JSON.stringify((document as { Statement: unknown }).Statement),
  );
  expect(policies).toHaveLength(5);
  for (const policy of policies) expect(policy).toContain('"aws:SecureTransport":"false"');
  const closed = policies.filter((policy) => policy.includes('sqs:StartMessageMoveTask'));
  expect(closed).toHaveLength(2);
  for (const policy of closed)
    expect(policy).toMatch(/"Action":"sqs:StartMessageMoveTask","Effect":"Deny","Principal":\{"AWS":"\*"\}/);
});

test('a subnet in each zone, tables and bucket within reach of all, no gateway that is paid by the byte', () => {
  expect(all(network, 'AWS::EC2::Subnet').map(({ AvailabilityZone: zone }) => zone)).toEqual([
    'us-east-1a',
    'us-east-1b',
    'us-east-1c',
  ]);
  const services = all(network, 'AWS::EC2::VPCEndpoint').map(
    ({ ServiceName: name, RouteTableIds: tables, VpcEndpointType: type }) => [
      JSON.stringify(name).includes('.s3') ? 's3' : 'dynamodb',
      type,
      (tables as unknown[]).length,
    ],
  );
  expect(new Set(services)).toEqual(
    new Set([
      ['s3', 'Gateway', 3],
      ['dynamodb', 'Gateway', 3],
    ]),
  );
  network.resourceCountIs('AWS::EC2::NatGateway', 0);
  network.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'REJECT' });
});

test('IPv6 comes beside IPv4; behind NAT each zone has its own gateway, and tasks have no address', () => {
  const behind = templatesForTests(
    deploymentForTests(({ config }) => {
      config.network.egress = 'nat';
    }),
  )['network'];
  behind?.resourceCountIs('AWS::EC2::NatGateway', 3);
  behind?.resourceCountIs('AWS::EC2::Subnet', 6);
  const both = templatesForTests(
    deploymentForTests(({ config }) => {
      config.network.egress = 'ipv6';
    }),
  )['network'];
  both?.resourceCountIs('AWS::EC2::VPCCidrBlock', 1);
  both?.allResourcesProperties('AWS::EC2::Subnet', { AssignIpv6AddressOnCreation: true });
  both?.hasResourceProperties('AWS::EC2::Route', { DestinationIpv6CidrBlock: '::/0' });
});

/** As the CDK sends them: YAML, in the call (docs/facts.md#cloudformation-template). */
test('the same configuration gives the same templates, each small enough to go with its call', () => {
  const texts = (templates: Record<string, { toJSON(): unknown }>) =>
    Object.fromEntries(Object.entries(templates).map(([name, template]) => [name, stringify(template.toJSON())]));
  const first = texts({ data, queues, network, ...rest });
  expect(texts(templatesForTests(large()))).toEqual(first);
  for (const [name, text] of Object.entries(first)) expect(Buffer.byteLength(text), name).toBeLessThan(51_200);
});

test('what the rules of AWS call insecure is not synthesised', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'gobutton-cdk-'));
  const app = createApp(deploymentForTests(), outdir);
  new Bucket(new Stack(app, 'another'), 'open');
  expect(() => app.synth()).toThrow(/does not require requests to use SSL/);
  rmSync(outdir, { recursive: true });
});
