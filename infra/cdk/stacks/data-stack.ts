import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { TableV2 as Made } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { TABLE_IDS, TABLES } from '../../aws/tables.ts';
import type { Table } from '../../aws/tables.ts';
import { envOutput } from '../env-file.ts';
import { namesOf } from '../names.ts';
import type { Deployment } from '../read-config.ts';

/** Who read device tokens can be asked for so long. */
const ACCESS_LOG_DAYS = 90;

/** What outlives the fleet: the four tables and the bucket of audiences. */
export class DataStack extends Stack {
  readonly tables: Readonly<Record<Table, Made>>;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, deployment: Deployment, props: StackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const names = namesOf(deployment);
    const made = TABLE_IDS.map((table): [Table, Made] => [table, this.#table(table, names.tables[table])]);
    this.tables = Object.fromEntries(made) as Record<Table, Made>;
    const accessLog = new Bucket(this, 'access-log', {
      bucketName: names.accessLogBucket,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(ACCESS_LOG_DAYS) }],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.bucket = new Bucket(this, 'bucket', {
      // The library's own types don't hold under exactOptionalPropertyTypes.
      serverAccessLogsBucket: accessLog as IBucket,
      bucketName: names.bucket,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    envOutput(this, 'AWS_REGION', deployment.config.region);
    envOutput(this, 'GOBUTTON_TABLE_PREFIX', names.tablePrefix);
    envOutput(this, 'GOBUTTON_BUCKET', names.bucket);
  }

  #table(table: Table, tableName: string): Made {
    const { partition, sort, ttl } = TABLES[table];
    const attribute = ({ name, type }: { name: string; type: 'S' | 'N' }) => ({
      name,
      type: type === 'S' ? AttributeType.STRING : AttributeType.NUMBER,
    });
    return new TableV2(this, table, {
      tableName,
      partitionKey: attribute(partition),
      ...(sort === null ? {} : { sortKey: attribute(sort) }),
      ...(ttl === null ? {} : { timeToLiveAttribute: ttl }),
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
