import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { createClients } from '../aws/clients.ts';
import { errorName } from '../aws/cloud-error.ts';
import { namesOf } from './names.ts';
import type { Deployment } from './read-config.ts';

/**
 * Tables and buckets that stand without their stack: somebody ended the stack alone, or an end was cut off. CloudFormation
 * would make half of the stacks and fail at the first of these.
 */
export async function leftovers(deployment: Deployment, endpoint: string | null): Promise<string[]> {
  const names = namesOf(deployment);
  const { region } = deployment.config;
  // Only the home region makes it; the other one has it from there.
  const homes = deployment.runbook.regions?.home === region ? [names.homes] : [];
  const clients = createClients({ endpoint, region, tablePrefix: names.tablePrefix, bucket: names.bucket });
  const there = async (name: string, missing: readonly string[], look: Promise<unknown>): Promise<string[]> => {
    try {
      await look;
      return [name];
    } catch (error) {
      if (missing.includes(errorName(error))) return [];
      throw error;
    }
  };
  try {
    const found = await Promise.all([
      ...[...Object.values(names.tables), ...homes].map((table) =>
        there(
          table,
          ['ResourceNotFoundException'],
          clients.dynamo.send(new DescribeTableCommand({ TableName: table })),
        ),
      ),
      ...[names.bucket, names.accessLogBucket].map((bucket) =>
        there(bucket, ['NotFound', 'NoSuchBucket'], clients.s3.send(new HeadBucketCommand({ Bucket: bucket }))),
      ),
    ]);
    return found.flat();
  } finally {
    clients.destroy();
  }
}
