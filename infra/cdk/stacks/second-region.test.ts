import { Match } from 'aws-cdk-lib/assertions';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { configProblems, runbookProblems } from '../config-rules.ts';
import { deploymentForTests, templatesForTests } from '../for-tests.ts';
import type { Deployment } from '../read-config.ts';

/** A launch with two regions, as it is deployed in each of them. */
const inRegion = (region: string): Deployment =>
  deploymentForTests(({ config, runbook }) => {
    runbook.regions = { home: 'us-east-1', standby: 'us-west-2' };
    config.region = region;
    config.network.zones = ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
    config.second_region = { witness: 'us-east-2' };
  });

describe('the home region', () => {
  const { data, bot, workers, watch } = templatesForTests(inRegion('us-east-1'));

  test('makes the table of homes, strongly consistent with the standby and a witness, and protects it', () => {
    data?.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        TableName: 'superbowl-homes',
        KeySchema: [{ AttributeName: 'launchId', KeyType: 'HASH' }],
        MultiRegionConsistency: 'STRONG',
        GlobalTableWitnesses: [{ Region: 'us-east-2' }],
        TimeToLiveSpecification: Match.absent(),
        Replicas: Match.arrayWith(
          ['us-west-2', 'us-east-1'].map((Region) => Match.objectLike({ Region, DeletionProtectionEnabled: true })),
        ),
      },
    });
  });

  test('has audiences, skip lists and staff devices replicated, and keeps no old versions of what was deleted', () => {
    data?.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: 'superbowl-123456789012-us-east-1',
      VersioningConfiguration: { Status: 'Enabled' },
      ReplicationConfiguration: {
        Rules: ['audiences/', 'skip-lists/', 'launches/'].map((Prefix) =>
          Match.objectLike({
            Status: 'Enabled',
            Filter: { Prefix },
            DeleteMarkerReplication: { Status: 'Enabled' },
            Destination: Match.objectLike({
              Bucket: {
                'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::superbowl-123456789012-us-west-2']],
              },
            }),
          }),
        ),
      },
      LifecycleConfiguration: { Rules: [Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } })] },
    });
  });

  test('runs as ever', () => {
    bot?.hasResourceProperties('AWS::ECS::Service', { DesiredCount: 2 });
    expect(alarmsOff(watch)).toEqual([]);
    workers?.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 1);
  });

  test('gives its roles the table of homes, and its bot the other region’s record and nothing else there', () => {
    const policy = JSON.stringify(bot?.findResources('AWS::IAM::Policy'));
    expect(policy).toContain(':dynamodb:us-west-2:123456789012:table/superbowl-record');
    expect(policy).toContain(':dynamodb:us-east-1:123456789012:table/superbowl-homes');
    expect(policy.match(/us-west-2/g)).toHaveLength(1);
    expect(JSON.stringify(workers?.findResources('AWS::IAM::Policy'))).toContain('table/superbowl-homes');
  });
});

describe('the standby', () => {
  const { data, bot, workers, watch } = templatesForTests(inRegion('us-west-2'));

  test('has everything and runs nothing: no bot, no worker, no schedule, and alarms that ring for all but silence', () => {
    bot?.hasResourceProperties('AWS::ECS::Service', { DesiredCount: 0 });
    workers?.allResourcesProperties('AWS::ECS::Service', { DesiredCount: 0 });
    workers?.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
    watch?.allResourcesProperties('AWS::CloudWatch::Alarm', { TreatMissingData: 'notBreaching' });
    expect(alarmsOff(watch)).toEqual([]);
  });

  test('takes what is replicated, and makes no table of homes of its own', () => {
    data?.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: 'superbowl-123456789012-us-west-2',
      VersioningConfiguration: { Status: 'Enabled' },
      ReplicationConfiguration: Match.absent(),
    });
    data?.resourceCountIs('AWS::DynamoDB::GlobalTable', 4);
  });
});

/** Alarms and rules that would tell nobody. */
const alarmsOff = (watch: Template | undefined): unknown[] => [
  ...Object.values(watch?.findResources('AWS::CloudWatch::Alarm', { Properties: { ActionsEnabled: false } }) ?? {}),
  ...Object.values(watch?.findResources('AWS::Events::Rule', { Properties: { State: 'DISABLED' } }) ?? {}),
];

describe('once the standby has taken the launch over, and both files say so', () => {
  const takenOver = (region: string): Deployment => {
    const deployment = inRegion(region);
    deployment.config.second_region = { witness: 'us-east-2', active: 'us-west-2' };
    return deployment;
  };

  test('it runs as the home did, and the silence of its bot rings; what both share is not its own', () => {
    const { data, bot, workers, watch } = templatesForTests(takenOver('us-west-2'));
    bot?.hasResourceProperties('AWS::ECS::Service', { DesiredCount: 2 });
    workers?.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 1);
    // The count that was ordered stays.
    workers?.allResourcesProperties('AWS::ECS::Service', { DesiredCount: Match.absent() });
    watch?.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'superbowl-page-bot-silent',
      TreatMissingData: 'breaching',
    });
    expect(alarmsOff(watch)).toEqual([]);
    data?.resourceCountIs('AWS::DynamoDB::GlobalTable', 4);
  });

  test('the home that comes back stands by, and keeps what both share', () => {
    const { data, bot, workers } = templatesForTests(takenOver('us-east-1'));
    bot?.hasResourceProperties('AWS::ECS::Service', { DesiredCount: 0 });
    workers?.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
    data?.hasResourceProperties('AWS::DynamoDB::GlobalTable', { TableName: 'superbowl-homes' });
  });
});

describe('a configuration of two regions', () => {
  const problemsOf = (change: (deployment: Deployment) => void): string[] => {
    const deployment = inRegion('us-east-1');
    change(deployment);
    return [...configProblems(deployment.config), ...runbookProblems(deployment.config, deployment.runbook)].map(
      ({ path, found, expected }) => `${path.join('.')}: found ${found}, expected ${expected}`,
    );
  };

  test('that is well has no problem', () => {
    expect(problemsOf(() => undefined)).toEqual([]);
  });

  test.each<[string, (deployment: Deployment) => void, string]>([
    [
      'in a third region',
      ({ config }) => (config.region = 'us-east-2'),
      'region: found us-east-2, expected us-east-1 or us-west-2',
    ],
    [
      'without a witness',
      ({ config }) => delete config.second_region,
      'expected second_region: { witness: us-east-2 }',
    ],
    [
      'with one of the two as the witness',
      ({ config }) => (config.second_region = { witness: 'us-west-2' }),
      'second_region.witness: found us-west-2',
    ],
    [
      'with the launch in a third region',
      ({ config }) => (config.second_region = { witness: 'us-east-2', active: 'us-east-2' }),
      'second_region.active: found us-east-2, expected us-east-1 or us-west-2: where the launch is',
    ],
    [
      'across groups',
      ({ runbook }) => (runbook.regions = { home: 'us-east-1', standby: 'eu-west-1' }),
      'expected two of one group',
    ],
    [
      'of a runbook with one',
      ({ runbook }) => delete runbook.regions,
      'second_region: found one, and none in the runbook',
    ],
  ])('%s is refused, with the way out', (_what, change, expected) => {
    expect(problemsOf(change).join('\n')).toContain(expected);
  });
});
