import { DescribeScalingPoliciesCommand } from '@aws-sdk/client-application-auto-scaling';
import { CreateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTableCommand, PutItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { CreateClusterCommand } from '@aws-sdk/client-ecs';
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  GetQueueUrlCommand,
  PurgeQueueCommand,
  SetQueueAttributesCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { PutParameterCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClients } from '../../aws/clients.ts';
import type { Clients } from '../../aws/clients.ts';
import { localCloudForTests, signedHeaders, signedNow } from './for-tests.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let clients: Clients;
beforeAll(async () => {
  local = await localCloudForTests();
  clients = createClients(local.config);
  await local.cloud.queues.ensurePool('p');
});
afterAll(async () => {
  clients.destroy();
  await local.stop();
});

test('every service refuses what it does not do, by its name', async () => {
  const key = { launchId: { S: 'x' }, seq: { N: '1' } };
  await expect(
    clients.dynamo.send(
      new TransactWriteItemsCommand({ TransactItems: [{ Delete: { TableName: 'gobutton-record', Key: key } }] }),
    ),
  ).rejects.toThrow('dynamodb:TransactWriteItems');
  await expect(clients.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: 'arn' }))).rejects.toThrow(
    'StartMessageMoveTask',
  );
  await expect(clients.ssm.send(new SendCommandCommand({ DocumentName: 'd' }))).rejects.toThrow('ssm:SendCommand');
  await expect(clients.ecs.send(new CreateClusterCommand({}))).rejects.toThrow('ecs:CreateCluster');
  await expect(
    clients.autoScaling.send(new CreateAutoScalingGroupCommand({ AutoScalingGroupName: 'g', MinSize: 0, MaxSize: 1 })),
  ).rejects.toThrow('autoscaling:CreateAutoScalingGroup');
  await expect(
    clients.applicationAutoScaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs' })),
  ).rejects.toThrow('application-autoscaling:DescribeScalingPolicies');
  await expect(
    clients.cloudWatch.send(new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'OK', StateReason: 'because' })),
  ).rejects.toThrow('cloudwatch:SetAlarmState');
  await expect(
    clients.s3.send(new CreateMultipartUploadCommand({ Bucket: 'gobutton', Key: 'k' })),
  ).rejects.toMatchObject({ name: 'NotImplemented' });
  await expect(
    clients.s3.send(new DeleteObjectsCommand({ Bucket: 'gobutton', Delete: { Objects: [{ Key: 'k' }] } })),
  ).rejects.toMatchObject({ name: 'NotImplemented' });
});

test('fields that would be answered wrongly are refused, not dropped', async () => {
  await expect(
    clients.dynamo.send(
      new PutItemCommand({
        TableName: 'gobutton-claims',
        Item: { k: { S: 'x' } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  ).rejects.toThrow('ReturnValuesOnConditionCheckFailure');
  await expect(
    clients.dynamo.send(
      new CreateTableCommand({
        TableName: 'streamed',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      }),
    ),
  ).rejects.toThrow('StreamSpecification');
  await expect(
    clients.ssm.send(new PutParameterCommand({ Name: '/x', Value: 'v', Type: 'String', Tier: 'Advanced' })),
  ).rejects.toThrow('Tier Advanced');
  await expect(
    clients.ssm.send(new PutParameterCommand({ Name: '/x', Value: 'v', Type: 'String', AllowedPattern: 'x' })),
  ).rejects.toThrow('PutParameter with AllowedPattern');
  await expect(
    clients.s3.send(new PutObjectCommand({ Bucket: 'gobutton', Key: 'm', Body: 'x', Metadata: { a: 'b' } })),
  ).rejects.toThrow('x-amz-meta-a');
  await expect(
    clients.s3.send(new CopyObjectCommand({ Bucket: 'gobutton', Key: 'm', CopySource: 'gobutton/lock' })),
  ).rejects.toThrow('x-amz-copy-source');
});

test('S3 is no lock: conditional puts are refused and change nothing', async () => {
  await local.cloud.objects.put('lock', Buffer.from('first'));
  for (const condition of [{ IfNoneMatch: '*' }, { IfMatch: '"x"' }]) {
    await expect(
      clients.s3.send(new PutObjectCommand({ Bucket: 'gobutton', Key: 'lock', Body: 'second', ...condition })),
    ).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } });
  }
  expect(Buffer.from((await local.cloud.objects.get('lock')) ?? []).toString()).toBe('first');
});

test('a queue is purged once in sixty seconds', async () => {
  const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'p-batches-ios' }));
  await local.cloud.queues.send('p-batches-ios', ['a', 'b']);
  await clients.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  expect((await local.cloud.queues.depth('p-batches-ios')).visible).toBe(0);
  await expect(clients.sqs.send(new PurgeQueueCommand({ QueueUrl }))).rejects.toMatchObject({
    name: 'PurgeQueueInProgress',
  });
});

test('high throughput without dedup per group is refused', async () => {
  const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'p-segments.fifo' }));
  await expect(
    clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { DeduplicationScope: 'queue' } })),
  ).rejects.toThrow('DeduplicationScope');
});

test('who brings no signature, half a signature or another key is refused in the words of the protocol', async () => {
  const call = (headers: Record<string, string>, body = '{}', path = '/') =>
    fetch(`${local.url}${path}`, { method: 'POST', headers, body });
  const json = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.ListTables' };
  const signature = (key: string) =>
    `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=abc`;
  const date = { 'x-amz-date': signedNow() };

  const unsigned = await call(json);
  expect([unsigned.status, await unsigned.json()]).toEqual([
    403,
    { __type: 'MissingAuthenticationTokenException', message: 'Request is missing Authentication Token' },
  ]);
  expect(await (await call({ ...json, ...date, authorization: signature('AKIAREAL') })).json()).toMatchObject({
    __type: 'UnrecognizedClientException',
  });
  expect(
    await (await call({ ...json, ...date, authorization: signature('local').replace(', Signature=abc', '') })).json(),
  ).toMatchObject({ __type: 'IncompleteSignatureException' });
  expect(await (await call({ ...json, authorization: signature('local') })).json()).toMatchObject({
    __type: 'IncompleteSignatureException',
  });
  const refused = {
    __type: 'InvalidSignatureException',
    message: expect.stringMatching(/^The request signature we calculated does not match/) as string,
  };
  expect(
    await (
      await call({
        ...json,
        ...date,
        authorization: signature('local').replace('=host,', '=host;x-amz-date;x-amz-target,'),
      })
    ).json(),
  ).toEqual(refused);
  const target = json['x-amz-target'];
  expect(await (await call(signedHeaders(local.url, target, '{}', 'another secret'))).json()).toEqual(refused);
  expect(await (await call(signedHeaders(local.url, target, '{}'), '[]')).json()).toEqual(refused);
  expect(
    await (
      await call({ ...signedHeaders(local.url, target, '{}'), 'x-amz-target': 'DynamoDB_20120810.DescribeTable' })
    ).json(),
  ).toEqual(refused);
  expect(
    await (await call({ ...signedHeaders(local.url, target, '{}'), 'x-amz-security-token': 'added' })).json(),
  ).toMatchObject({ message: "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization." });
  expect((await call(signedHeaders(local.url, target, '{}'))).status).toBe(200);

  const object = await fetch(`${local.url}/gobutton/lock`);
  expect([object.status, await object.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
  const query = await call(
    { 'content-type': 'application/x-www-form-urlencoded' },
    'Action=DescribeAutoScalingGroups&Version=2011-01-01',
  );
  expect([query.status, await query.text()]).toEqual([
    403,
    expect.stringContaining('<Code>MissingAuthenticationToken</Code>'),
  ]);
});

test('a service that is not there at all is refused by its name, and bad JSON is no crash', async () => {
  const headers = {
    authorization:
      'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=abc',
    'x-amz-date': signedNow(),
  };
  const lambda = await fetch(`${local.url}/2015-03-31/functions/`, { headers });
  expect([lambda.status, await lambda.text()]).toEqual([400, expect.stringContaining('lambda:GET')]);
  const other = await fetch(local.url, {
    method: 'POST',
    body: '{}',
    headers: { ...headers, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.PutLogEvents' },
  });
  expect(await other.json()).toMatchObject({
    __type: 'UnsupportedOperation',
    message: expect.stringContaining('logs:PutLogEvents'),
  });
  const broken = await fetch(local.url, {
    method: 'POST',
    body: '{',
    headers: { ...headers, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' },
  });
  expect(await broken.json()).toMatchObject({ __type: 'SerializationException' });
});
