import { Aws, Validations } from 'aws-cdk-lib';
import { SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CpuArchitecture, FargateTaskDefinition, OperatingSystemFamily } from 'aws-cdk-lib/aws-ecs';
import type { ICluster, TaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { IMAGES, NODE } from '../../images/contents.ts';
import type { Deployment } from '../read-config.ts';
import type { Place } from './place.ts';
import { addProcess } from './task.ts';

/** A compile of six million devices sorts on disk: it is done in minutes with as much as this. */
const SIZE = { cpu: 4_096, memoryLimitMiB: 16_384, ephemeralStorageGiB: 60 };
const FOLDER = '/tmp';

/** Compiles an audience and ends: a task that is started for it, not a service. */
export class AudienceTask extends Construct {
  readonly #task: FargateTaskDefinition;
  readonly #cluster: ICluster;
  readonly #deployment: Deployment;

  constructor(scope: Construct, id: string, deployment: Deployment, place: Place, cluster: ICluster) {
    super(scope, id);
    const { config } = deployment;
    this.#cluster = cluster;
    this.#deployment = deployment;
    this.#task = new FargateTaskDefinition(this, 'task', {
      ...SIZE,
      family: `${config.name}-audience`,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.X86_64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
      // The one folder that it writes into.
      volumes: [{ name: 'temporary' }],
    });
    addProcess(this.#task, deployment, {
      process: 'audience',
      // The others have no DuckDB.
      image: config.images.audience,
      entryPoint: [NODE, ...IMAGES.audience.command],
      port: null,
      environment: { TMPDIR: FOLDER },
      secrets: {},
    }).addMountPoints({ sourceVolume: 'temporary', containerPath: FOLDER, readOnly: false });
    new SecurityGroup(this, 'group', { vpc: place.vpc, description: 'Audience task: out to AWS' });
  }

  /** This task in this cluster, with its own two roles, and no other. */
  grantRun(by: TaskDefinition): void {
    const { region, account } = this.#deployment.config;
    const resource = `arn:${Aws.PARTITION}:ecs:${region}:${account}:task-definition/${this.#task.family}:*`;
    by.addToTaskRolePolicy(
      new PolicyStatement({
        actions: ['ecs:RunTask'],
        resources: [resource],
        conditions: { ArnEquals: { 'ecs:cluster': this.#cluster.clusterArn } },
      }),
    );
    by.addToTaskRolePolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [this.#task.taskRole.roleArn, this.#task.obtainExecutionRole().roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      }),
    );
    Validations.of(by).acknowledge({
      id: `AwsSolutions::AwsSolutions-IAM5[Resource::${resource.replaceAll(Aws.PARTITION, '<AWS::Partition>')}]`,
      reason: 'Any revision of the one task: a deployment makes a new one.',
    });
  }
}
