import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { placeOf } from '../../aws/clients.ts';
import type { CloudConfig } from '../../aws/cloud-config.ts';
import { asking } from './ask.ts';

/** Clients of their own: a doctor that waits must hold up nobody else's calls. Two tries, within the limit of one question. */
export function doctorClients(config: CloudConfig, limitMs: number) {
  const common = {
    ...placeOf(config),
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: Math.min(2_000, limitMs),
      requestTimeout: limitMs,
      throwOnRequestTimeout: true,
    },
  };
  const clients = {
    dynamo: new DynamoDBClient(common),
    homes: new DynamoDBClient(
      config.homes == null ? common : { ...common, ...placeOf({ ...config, endpoint: config.homes }) },
    ),
    sqs: new SQSClient({ ...common, useQueueUrlAsEndpoint: config.endpoint === null }),
    s3: new S3Client({ ...common, forcePathStyle: config.endpoint !== null }),
    ssm: new SSMClient(common),
    ecs: new ECSClient(common),
    ecr: new ECRClient(common),
    quotas: new ServiceQuotasClient(common),
    secrets: new SecretsManagerClient(common),
    iam: new IAMClient(common),
    sts: new STSClient(common),
  };
  return {
    ...clients,
    ask: asking(limitMs),
    destroy() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

export type DoctorClients = ReturnType<typeof doctorClients>;
