import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeImagesCommand } from '@aws-sdk/client-ecr';
import { DescribeServicesCommand, DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { ListServiceQuotasCommand } from '@aws-sdk/client-service-quotas';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { errorName } from '../../aws/cloud-error.ts';
import type { FoundTask } from '../judge/audience-task.ts';
import type { parseImage } from '../judge/image-name.ts';
import type { Asked } from '../judge/line.ts';
import type { FoundQueue } from '../judge/queues.ts';
import type { FoundQuota } from '../judge/quotas.ts';
import type { FoundImage, FoundService } from '../judge/service.ts';
import type { FoundTable } from '../judge/tables.ts';
import type { DoctorClients } from './aws-clients.ts';
import { orNull } from './or-null.ts';
import { startOf } from './start.ts';

/** What stands in the account. Every call reads, and has a limit of its own. */

export function findIdentity({ sts, ask }: DoctorClients): Promise<Asked<{ account: string; arn: string }>> {
  return ask('sts:GetCallerIdentity', async (abortSignal) => {
    const { Account: account = '', Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}), { abortSignal });
    return { account, arn };
  });
}

export function findTable({ dynamo, ask }: DoctorClients, name: string): Promise<Asked<FoundTable | null>> {
  return ask('dynamodb:DescribeTable', async (abortSignal) => {
    const described = await orNull(
      dynamo.send(new DescribeTableCommand({ TableName: name }), { abortSignal }),
      /^ResourceNotFound/,
    );
    const table = described?.Table;
    if (table === undefined) return null;
    const typeOf = (key: string | undefined) =>
      table.AttributeDefinitions?.find(({ AttributeName: named }) => named === key)?.AttributeType === 'N' ? 'N' : 'S';
    const onDemand = table.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
    const { WarmThroughput: warm, ProvisionedThroughput: provisioned } = table;
    return {
      status: table.TableStatus ?? '',
      keys: (table.KeySchema ?? [])
        .toSorted((one) => (one.KeyType === 'HASH' ? -1 : 1))
        .map(({ AttributeName: key = '' }) => [key, typeOf(key)] as const),
      onDemand,
      writes: (onDemand ? warm?.WriteUnitsPerSecond : provisioned?.WriteCapacityUnits) ?? 0,
      reads: (onDemand ? warm?.ReadUnitsPerSecond : provisioned?.ReadCapacityUnits) ?? 0,
      warming: warm?.Status === 'UPDATING',
    };
  });
}

const NO_QUEUE = /^(QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)/;

/** `standardToo`: one without `.fifo` lies where a FIFO queue should. */
export async function findQueue(
  { sqs, ask }: DoctorClients,
  name: string,
): Promise<{ queue: Asked<FoundQueue | null>; standardToo: boolean }> {
  const urlOf = (queue: string) =>
    ask('sqs:GetQueueUrl', async (abortSignal) =>
      orNull(sqs.send(new GetQueueUrlCommand({ QueueName: queue }), { abortSignal }), NO_QUEUE),
    );
  const found = await urlOf(name);
  if (!found.ok) return { queue: found, standardToo: false };
  const url = found.value?.QueueUrl;
  if (url === undefined) {
    const other = name.endsWith('.fifo') ? await urlOf(name.replace(/\.fifo$/, '')) : null;
    return { queue: { ok: true, value: null }, standardToo: other?.ok === true && other.value !== null };
  }
  const queue = await ask('sqs:GetQueueAttributes', async (abortSignal) => {
    const { Attributes: attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
      { abortSignal },
    );
    return { url, attributes: attributes as Record<string, string> };
  });
  return { queue, standardToo: false };
}

export async function findService(
  { ecs, ask }: DoctorClients,
  { cluster, service }: { cluster: string; service: string },
): Promise<Asked<FoundService | null>> {
  const described = await ask('ecs:DescribeServices', async (abortSignal) =>
    orNull(
      ecs.send(new DescribeServicesCommand({ cluster, services: [service] }), { abortSignal }),
      /^ClusterNotFound/,
    ),
  );
  if (!described.ok) return described;
  const found = described.value?.services?.find(({ status }) => status === 'ACTIVE');
  if (found === undefined) return { ok: true, value: null };
  return ask('ecs:DescribeTaskDefinition', async (abortSignal) => {
    const { taskDefinition } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: found.taskDefinition }),
      { abortSignal },
    );
    const container = taskDefinition?.containerDefinitions?.find(({ essential }) => essential !== false);
    return {
      image: container?.image ?? '',
      command: [...(container?.entryPoint ?? []), ...(container?.command ?? [])],
      vcpus: taskDefinition?.cpu === undefined ? null : Number(taskDefinition.cpu) / 1_024,
      taskRoleArn: taskDefinition?.taskRoleArn ?? null,
      stopTimeoutS: container?.stopTimeout ?? null,
      isSpot: (found.capacityProviderStrategy ?? []).some(({ capacityProvider: name }) => name === 'FARGATE_SPOT'),
      start: startOf(taskDefinition),
    };
  });
}

/** The newest revision of what the bot starts. */
export function findTask({ ecs, ask }: DoctorClients, family: string): Promise<Asked<FoundTask | null>> {
  return ask('ecs:DescribeTaskDefinition', async (abortSignal) => {
    const described = await orNull(
      ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }), { abortSignal }),
      // ECS has no word of its own for one that it does not know.
      /^ClientException/,
    );
    const found = described?.taskDefinition;
    if (found === undefined) return null;
    return {
      image: found.containerDefinitions?.[0]?.image ?? '',
      roles: [found.taskRoleArn, found.executionRoleArn].filter((role) => role !== undefined),
      start: startOf(found),
    };
  });
}

export function findImage(
  { ecr, ask }: DoctorClients,
  { registry, repository, tag, digest }: NonNullable<ReturnType<typeof parseImage>>,
): Promise<Asked<FoundImage | null>> {
  return ask('ecr:DescribeImages', async (abortSignal) => {
    const answer = await orNull(
      ecr.send(
        new DescribeImagesCommand({
          registryId: registry,
          repositoryName: repository,
          imageIds: [digest === null ? { imageTag: tag ?? 'latest' } : { imageDigest: digest }],
        }),
        { abortSignal },
      ),
      /^(RepositoryNotFound|ImageNotFound)/,
    );
    const [image] = answer?.imageDetails ?? [];
    return image === undefined ? null : { digest: image.imageDigest ?? '', bytes: image.imageSizeInBytes ?? 0 };
  });
}

/** A list, since a role that may list nothing but some keys is told nothing by a HEAD. */
const LISTED = 'audiences/gobutton-doctor/manifest.json';

export function findBucket(
  { s3, ask }: DoctorClients,
  bucket: string,
): Promise<Asked<'there' | 'missing' | 'elsewhere'>> {
  return ask('s3:ListBucket', async (abortSignal) => {
    try {
      await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: LISTED, MaxKeys: 1 }), { abortSignal });
      return 'there';
    } catch (error) {
      if (errorName(error) === 'NoSuchBucket') return 'missing';
      if (/^(PermanentRedirect|AuthorizationHeaderMalformed)/.test(errorName(error))) return 'elsewhere';
      throw error;
    }
  });
}

export function findQuotas({ quotas, ask }: DoctorClients, service: string): Promise<Asked<FoundQuota[]>> {
  return ask('servicequotas:ListServiceQuotas', async (abortSignal) => {
    const found: FoundQuota[] = [];
    for (let next: string | undefined; ;) {
      const page = await quotas.send(
        new ListServiceQuotasCommand({
          ServiceCode: service,
          MaxResults: 100,
          ...(next === undefined ? {} : { NextToken: next }),
        }),
        { abortSignal },
      );
      for (const { QuotaCode: code = '', QuotaName: name = '', Value: value, Adjustable: adjustable } of page.Quotas ??
        [])
        if (value !== undefined) found.push({ code, name, value, adjustable: adjustable === true });
      next = page.NextToken;
      if (next === undefined) return found;
    }
  });
}
