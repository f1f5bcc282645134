import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  paginateListServiceQuotas,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createClients } from '../../aws/clients.ts';
import type { Clients } from '../../aws/clients.ts';
import { usualAccount } from './account.ts';
import { localCloudForTests } from './for-tests.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let clients: Clients;
const here = () => ({
  region: 'us-east-1',
  endpoint: local.url,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});

beforeAll(async () => {
  local = await localCloudForTests();
  clients = createClients(local.config);
  await local.cloud.queues.ensurePool('p');
});
afterAll(async () => {
  clients.destroy();
  await local.stop();
});
afterEach(() => {
  Object.assign(local.localCloud.account, usualAccount());
});

test('quotas are listed page by page and read one by one, as granted or as AWS has them', async () => {
  const quotas = new ServiceQuotasClient(here());
  local.localCloud.account.quotas['L-AB614373'] = 100_000;
  const listed = [];
  for await (const page of paginateListServiceQuotas({ client: quotas, pageSize: 1 }, { ServiceCode: 'dynamodb' }))
    listed.push(...(page.Quotas ?? []));
  expect(listed.map(({ QuotaCode: code, Value: value }) => [code, value])).toEqual([
    ['L-CF0CBE56', 40_000],
    ['L-AB614373', 100_000],
    ['L-34F6A552', 80_000],
    ['L-34F8CCC8', 80_000],
  ]);
  const one = { ServiceCode: 'dynamodb', QuotaCode: 'L-AB614373' };
  expect((await quotas.send(new GetServiceQuotaCommand(one))).Quota).toMatchObject({
    QuotaName: 'Table-level write throughput limit',
    Value: 100_000,
    Adjustable: true,
  });
  expect((await quotas.send(new GetAWSDefaultServiceQuotaCommand(one))).Quota?.Value).toBe(40_000);
  await expect(
    quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'dynamodb', QuotaCode: 'L-0' })),
  ).rejects.toMatchObject({ name: 'NoSuchResourceException' });
});

test('an image is found by tag or digest, and otherwise refused by what is missing', async () => {
  const ecr = new ECRClient(here());
  local.localCloud.account.images['worker'] = [{ tags: ['1.2'], digest: 'sha256:aa', bytes: 250_000_000 }];
  const ask = (imageTag: string, repositoryName = 'worker') =>
    ecr.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }));
  expect((await ask('1.2')).imageDetails).toMatchObject([{ imageDigest: 'sha256:aa', imageSizeInBytes: 250_000_000 }]);
  await expect(ask('1.3')).rejects.toMatchObject({ name: 'ImageNotFoundException' });
  await expect(ask('1.2', 'other')).rejects.toMatchObject({ name: 'RepositoryNotFoundException' });
});

test('the simulator says what a role may do, and the account who asks', async () => {
  const role = 'arn:aws:iam::000000000000:role/worker';
  local.localCloud.account.roles[role] = ['dynamodb:Get*', 'sqs:SendMessage'];
  const simulated = await new IAMClient(here()).send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: role,
      ActionNames: ['dynamodb:GetItem', 'dynamodb:PutItem', 'sqs:SendMessage'],
      ResourceArns: ['arn:aws:dynamodb:us-east-1:000000000000:table/t'],
    }),
  );
  expect(simulated.EvaluationResults?.map((one) => `${one.EvalActionName} ${one.EvalDecision}`)).toEqual([
    'dynamodb:GetItem allowed',
    'dynamodb:PutItem implicitDeny',
    'sqs:SendMessage allowed',
  ]);
  await expect(
    new IAMClient(here()).send(
      new SimulatePrincipalPolicyCommand({ PolicySourceArn: 'arn:aws:iam::1:role/none', ActionNames: ['a:B'] }),
    ),
  ).rejects.toMatchObject({ name: expect.stringMatching(/^NoSuchEntity/) as string });
  expect((await new STSClient(here()).send(new GetCallerIdentityCommand({}))).Account).toBe('000000000000');
});

test('what is forbidden is refused in the words of each service, batches too', async () => {
  local.localCloud.account.denied.push('dynamodb:PutItem', 'sqs:Send*', 's3:GetObject');
  const refused = async (work: Promise<unknown>) => {
    const error = (await work.then(
      () => null,
      (thrown: unknown) => thrown,
    )) as { name: string; message: string } | null;
    return `${error?.name}: ${error?.message}`;
  };
  expect(
    await refused(
      clients.dynamo.send(new PutItemCommand({ TableName: 'gobutton-claims', Item: { k: { S: 'doctor' } } })),
    ),
  ).toMatch(/^AccessDeniedException: User: arn:.* is not authorized to perform: dynamodb:PutItem on resource/);
  expect(
    await refused(
      clients.sqs.send(
        new SendMessageBatchCommand({
          QueueUrl: `${local.url}/000000000000/p-batches-ios`,
          Entries: [{ Id: 'a', MessageBody: 'a' }],
        }),
      ),
    ),
  ).toMatch(/^AccessDenied: .*sqs:SendMessage /);
  expect(await refused(clients.s3.send(new GetObjectCommand({ Bucket: 'gobutton', Key: 'k' })))).toMatch(
    /^AccessDenied: .*s3:GetObject /,
  );
});
