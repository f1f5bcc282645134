import { UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Statement } from '../../aws/access/policy.ts';
import { createClients } from '../../aws/clients.ts';
import type { Clients } from '../../aws/clients.ts';
import { createObjects } from '../../aws/objects.ts';
import type { Objects } from '../../aws/objects.ts';
import { localCloudForTests } from './for-tests.ts';

const ARN = 'us-east-1:000000000000';
const allow = (Sid: string, action: string, resource: string): Statement => ({
  Sid,
  Effect: 'Allow',
  Action: [action],
  Resource: [resource],
});
const statements: Statement[] = [
  allow('Claims', 'dynamodb:PutItem', `arn:aws:dynamodb:${ARN}:table/gobutton-claims`),
  allow('Objects', 's3:GetObject', 'arn:aws:s3:::gobutton/mine/*'),
  {
    ...allow('List', 's3:ListBucket', 'arn:aws:s3:::gobutton'),
    Condition: { StringLike: { 's3:prefix': ['mine/*', 'closed/*'] } },
  },
];

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let clients: Clients;
let objects: Objects;

beforeAll(async () => {
  local = await localCloudForTests({ principals: [{ accessKeyId: 'w0rker', name: 'worker', statements }] });
  clients = createClients({ ...local.config, endpoint: local.localCloud.urlFor('worker') });
  objects = createObjects({ s3: clients.s3, bucket: 'gobutton' });
  await local.cloud.objects.put('mine/a', Buffer.from('a'));
  await local.cloud.objects.put('theirs/a', Buffer.from('a'));
  await local.cloud.objects.put('closed/a', Buffer.from('a'));
});
afterAll(async () => {
  clients.destroy();
  await local.stop();
});

const put = (table: string) => clients.dynamo.send(new PutItemCommand({ TableName: table, Item: { k: { S: 'k' } } }));

/** Name, status and words of the refusal; null: it was let through. */
async function refusal(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return `${name} ${$metadata?.httpStatusCode} ${message}`;
  }
}

test('a principal may do what a statement allows, there and nowhere else', async () => {
  expect(await refusal(put('gobutton-claims'))).toBeNull();
  expect(await refusal(put('gobutton-switches'))).toBe(
    `AccessDeniedException 400 User: arn:aws:sts::000000000000:assumed-role/gobutton-worker/local is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:${ARN}:table/gobutton-switches because no identity-based policy allows the dynamodb:PutItem action`,
  );
  const seen = local.localCloud.access();
  expect(seen.used).toEqual({ worker: ['Claims dynamodb:PutItem'] });
  expect(seen.denied).toEqual([
    { principal: 'worker', action: 'dynamodb:PutItem', resource: `arn:aws:dynamodb:${ARN}:table/gobutton-switches` },
  ]);
});

test('the calls of every batch are denied by the same name, whichever way they are made', async () => {
  const denied = clients.dynamoCalls('PutItem', { TableName: 'gobutton-switches', Item: { k: { S: 'k' } } });
  expect(await refusal(denied)).toMatch(/^AccessDeniedException 400 User: /);
});

test('each service denies in its own words, with what was asked for', async () => {
  const QueueUrl = `${local.url}/000000000000/p-batches-ios`;
  const Entries = [{ Id: 'a', MessageBody: 'a' }];
  expect(await refusal(clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })))).toMatch(
    new RegExp(`^AccessDenied 403 .*sqs:SendMessage on resource: arn:aws:sqs:${ARN}:p-batches-ios `),
  );
  expect(await refusal(clients.ssm.send(new GetParameterCommand({ Name: '/gobutton/l/halt:3' })))).toMatch(
    new RegExp(`^AccessDeniedException 400 .* arn:aws:ssm:${ARN}:parameter/gobutton/l/halt because`),
  );
  const update = new UpdateServiceCommand({ cluster: 'c', service: 's', desiredCount: 3 });
  expect(await refusal(clients.ecs.send(update))).toMatch(
    new RegExp(`^AccessDeniedException 400 .* arn:aws:ecs:${ARN}:service/c/s because`),
  );
  const group = new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'g', MinSize: 1 });
  expect(await refusal(clients.autoScaling.send(group))).toMatch(
    /^AccessDenied 403 .* autoscaling:UpdateAutoScalingGroup on .*autoScalingGroupName\/g because/,
  );
  expect(await refusal(objects.get('theirs/a'))).toMatch(
    /^AccessDenied 403 .* arn:aws:s3:::gobutton\/theirs\/a because/,
  );
});

test('a missing object is denied like a forbidden one, and told from it by a list', async () => {
  const get = (Key: string) => clients.s3.send(new GetObjectCommand({ Bucket: 'gobutton', Key }));
  expect(await refusal(get('mine/none'))).toBe('AccessDenied 403 Access Denied');
  expect(await objects.get('mine/none')).toBeNull();
  // Seen in the list, and still not to be read.
  expect(await refusal(objects.get('closed/a'))).toMatch(/^AccessDenied 403 User: /);
  expect(Buffer.from((await objects.get('mine/a')) ?? []).toString()).toBe('a');
  // Longer than one that is there, and the beginning of one.
  expect(await objects.get('mine/aa')).toBeNull();
  expect(await objects.get('mine/')).toBeNull();
  // Who owns the cloud is told.
  expect(await local.cloud.objects.get('theirs/none')).toBeNull();
});

test('what may not be listed stays denied, missing or not', async () => {
  expect(await refusal(objects.get('theirs/none'))).toMatch(/^AccessDenied 403/);
  expect(await refusal(objects.list('theirs/'))).toMatch(/^AccessDenied 403 .*s3:ListBucket/);
  expect(await refusal(objects.list(''))).toMatch(/^AccessDenied 403/);
  expect((await objects.list('mine/')).map(({ key }) => key)).toEqual(['mine/a']);
});

test('STS says who a principal is, without a right to it; a key that nobody has is nobody', async () => {
  const sts = (accessKeyId: string) =>
    new STSClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${local.localCloud.port}`,
      credentials: { accessKeyId, secretAccessKey: 'local' },
      maxAttempts: 1,
    }).send(new GetCallerIdentityCommand({}));
  expect((await sts('w0rker')).Arn).toBe('arn:aws:sts::000000000000:assumed-role/gobutton-worker/local');
  expect((await sts('local')).Arn).toBe('arn:aws:iam::000000000000:user/local');
  await expect(sts('other')).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
});
