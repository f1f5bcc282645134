import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetBucketReplicationCommand, GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import type { Asked } from '../judge/line.ts';
import type { FoundCopies, FoundHomes } from '../judge/second-region.ts';
import type { DoctorClients } from './aws-clients.ts';
import { orNull } from './or-null.ts';

export function findHomes({ homes, ask }: DoctorClients, name: string): Promise<Asked<FoundHomes | null>> {
  return ask('dynamodb:DescribeTable', async (abortSignal) => {
    const described = await orNull(
      homes.send(new DescribeTableCommand({ TableName: name }), { abortSignal }),
      /^ResourceNotFound/,
    );
    const table = described?.Table;
    if (table === undefined) return null;
    return {
      status: table.TableStatus ?? '',
      isStrong: table.MultiRegionConsistency === 'STRONG',
      replicas: (table.Replicas ?? []).map(({ RegionName: region = '', ReplicaStatus: status = '' }) => ({
        region,
        status,
      })),
      witness: table.GlobalTableWitnesses?.[0]?.RegionName ?? null,
    };
  });
}

const BUCKET_ARN = 'arn:aws:s3:::'.length;

/** Only a home's bucket copies anything. */
export function findCopies(
  { s3, ask }: DoctorClients,
  bucket: string,
  isHome: boolean,
): Promise<Asked<FoundCopies | null>> {
  return ask(isHome ? 's3:GetReplicationConfiguration' : 's3:GetBucketVersioning', async (abortSignal) => {
    const versions = await orNull(
      s3.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal }),
      /^NoSuchBucket/,
    );
    if (versions === null) return null;
    const copied = isHome
      ? await orNull(
          s3.send(new GetBucketReplicationCommand({ Bucket: bucket }), { abortSignal }),
          /^ReplicationConfigurationNotFound/,
        )
      : null;
    const rules = copied?.ReplicationConfiguration?.Rules?.map((rule) => ({
      prefix: rule.Filter?.Prefix ?? '',
      isOn: rule.Status === 'Enabled',
      to: (rule.Destination?.Bucket ?? '').slice(BUCKET_ARN),
    }));
    return { isVersioned: versions.Status === 'Enabled', rules: rules ?? null };
  });
}
