import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { CfnElement, StackProps } from 'aws-cdk-lib';
import { AttributeType, Billing, MultiRegionConsistency, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { BucketProps, IBucket } from 'aws-cdk-lib/aws-s3';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { REPLICATED } from '../../aws/replicated.ts';
import { HOMES, TABLE_IDS, TABLES } from '../../aws/tables.ts';
import type { Table } from '../../aws/tables.ts';
import { isStandby } from '../config-rules.ts';
import { envOutput } from '../env-file.ts';
import { namesOf } from '../names.ts';
import { claimsWarmth } from '../needs.ts';
import type { Deployment } from '../read-config.ts';

/** Who read device tokens can be asked for so long. */
const ACCESS_LOG_DAYS = 90;
/** Parts of an upload that was cut off are paid for and seen by nobody. */
const PARTS_DAYS = 1;
/** S3 allows no less. */
const VERSIONS_DAYS = 1;

/**
 * What outlives the fleet: the four tables, the bucket of audiences, and what was deployed. Its stack is protected, and lets go
 * of tables and bucket instead of deleting them, except where making them failed: then nothing is in the way of another try.
 */
export class DataStack extends Stack {
  readonly tables: Readonly<Record<Table, TableV2>>;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, deployment: Deployment, props: StackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const { config, runbook } = deployment;
    const names = namesOf(deployment);
    const made = TABLE_IDS.map((table): [Table, TableV2] => [table, this.#table(table, deployment)]);
    this.tables = Object.fromEntries(made) as Record<Table, TableV2>;

    const accessLog = new Bucket(this, 'access-log', {
      ...PRIVATE,
      bucketName: names.accessLogBucket,
      lifecycleRules: [{ expiration: Duration.days(ACCESS_LOG_DAYS) }],
    });
    this.bucket = new Bucket(this, 'bucket', {
      ...PRIVATE,
      bucketName: names.bucket,
      // The library's own types don't hold under exactOptionalPropertyTypes.
      serverAccessLogsBucket: accessLog as IBucket,
      ...this.#replicated(deployment),
      lifecycleRules: [
        {
          expiration: Duration.days(config.data.keep_days),
          // Replication needs versions; what was deleted must not stay as an old one.
          ...(runbook.regions === undefined ? {} : { noncurrentVersionExpiration: Duration.days(VERSIONS_DAYS) }),
          abortIncompleteMultipartUploadAfter: Duration.days(PARTS_DAYS),
        },
      ],
    });
    if (runbook.regions !== undefined && !isStandby(config, runbook))
      for (const resource of [
        `<${this.getLogicalId(this.bucket.node.defaultChild as CfnElement)}.Arn>/*`,
        `arn:<AWS::Partition>:s3:::${names.bucketIn(runbook.regions.standby)}/*`,
      ])
        Validations.of(this.bucket).acknowledge({
          id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource}]`,
          reason: 'S3 itself replicates with this role, which no process has: objects are named by hashes of content.',
        });
    this.#homes(deployment);
    // Beside the switches and not among them (`/gobutton/<launch>/…`): what is deployed, for people and other systems.
    new StringParameter(this, 'deployment', {
      parameterName: names.deploymentParameter,
      description: 'What gobutton deployed here last',
      stringValue: JSON.stringify({
        runbook: runbook.id,
        pool: runbook.pool.name,
        purpose: config.purpose,
        kickoff: new Date(config.kickoff).toISOString(),
        frozenFrom: new Date(config.kickoff + config.freeze.from).toISOString(),
        frozenUntil: new Date(config.kickoff + config.freeze.until).toISOString(),
        images: config.images,
      }),
    });
    envOutput(this, 'AWS_REGION', config.region);
    envOutput(this, 'GOBUTTON_TABLE_PREFIX', names.tablePrefix);
    envOutput(this, 'GOBUTTON_BUCKET', names.bucket);
    envOutput(this, 'SLACK_MODE', config.bot.receive);
    envOutput(this, 'SLACK_CONNECTIONS', String(config.slack.connections));
  }

  /** What workers load lies in both regions, by S3 itself: nobody but workers may read it. The standby's bucket must be there first. */
  #replicated(deployment: Deployment): Pick<BucketProps, 'versioned' | 'replicationRules'> {
    const { config, runbook } = deployment;
    const { regions } = runbook;
    if (regions === undefined) return {};
    if (isStandby(config, runbook)) return { versioned: true };
    const other = Bucket.fromBucketName(this, 'standby-bucket', namesOf(deployment).bucketIn(regions.standby));
    return {
      versioned: true,
      replicationRules: REPLICATED.map((prefix, at) => ({
        destination: other,
        priority: at + 1,
        filter: { prefix },
        deleteMarkerReplication: true,
      })),
    };
  }

  /** The home region makes the one table of both, which needs two of the three regions (docs/facts.md#dynamodb-mrsc). */
  #homes(deployment: Deployment): void {
    const { config, runbook } = deployment;
    const { regions } = runbook;
    if (regions === undefined || config.second_region === undefined || isStandby(config, runbook)) return;
    new TableV2(this, 'homes', {
      tableName: namesOf(deployment).homes,
      partitionKey: attribute(HOMES.partition),
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      multiRegionConsistency: MultiRegionConsistency.STRONG,
      replicas: [{ region: regions.standby, deletionProtection: true }],
      witnessRegion: config.second_region.witness,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }

  #table(table: Table, deployment: Deployment): TableV2 {
    const { partition, sort, ttl } = TABLES[table];
    const warm = claimsWarmth(deployment);
    return new TableV2(this, table, {
      tableName: namesOf(deployment).tables[table],
      partitionKey: attribute(partition),
      ...(sort === null ? {} : { sortKey: attribute(sort) }),
      ...(ttl === null ? {} : { timeToLiveAttribute: ttl }),
      billing: Billing.onDemand(),
      // Only claims are written at the rate of a shot. It can be raised at any time, and never lowered
      // (docs/facts.md#dynamodb-warm-throughput).
      ...(table === 'claims'
        ? { warmThroughput: { readUnitsPerSecond: warm.reads, writeUnitsPerSecond: warm.writes } }
        : {}),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}

const PRIVATE: BucketProps = {
  encryption: BucketEncryption.S3_MANAGED,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
};

const attribute = ({ name, type }: { name: string; type: 'S' | 'N' }) => ({
  name,
  type: type === 'S' ? AttributeType.STRING : AttributeType.NUMBER,
});
