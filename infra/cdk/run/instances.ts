import { Validations } from 'aws-cdk-lib';
import { AutoScalingGroup, BlockDeviceVolume, EbsDeviceVolumeType } from 'aws-cdk-lib/aws-autoscaling';
import { InstanceType, LaunchTemplate, SecurityGroup, UserData } from 'aws-cdk-lib/aws-ec2';
import {
  AmiHardwareType,
  AsgCapacityProvider,
  Ec2Service,
  EcsOptimizedImage,
  PlacementConstraint,
} from 'aws-cdk-lib/aws-ecs';
import type { Cluster, Ec2ServiceProps } from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { DISK_GIB } from '../../../runbooks/cost/event-cost.ts';
import type { Deployment } from '../read-config.ts';
import type { Place } from './place.ts';

/** Instances of EC2 that stand while workers are wanted, one worker to each. */
export class Instances extends Construct {
  readonly #provider: AsgCapacityProvider;

  constructor(scope: Construct, id: string, { config }: Deployment, place: Place, cluster: Cluster) {
    super(scope, id);
    const { instance_type: type = '', architecture, spot, count } = config.workers;
    const role = new Role(this, 'role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    });
    const template = new LaunchTemplate(this, 'template', {
      instanceType: new InstanceType(type),
      machineImage: EcsOptimizedImage.amazonLinux2023(
        architecture === 'arm64' ? AmiHardwareType.ARM : AmiHardwareType.STANDARD,
      ),
      role,
      userData: UserData.forLinux(),
      requireImdsv2: true,
      associatePublicIpAddress: place.tasks.hasPublicAddress,
      securityGroup: new SecurityGroup(this, 'group', {
        vpc: place.vpc,
        description: 'Workers: out to Apple, Google and AWS',
      }),
      ...(spot ? { spotOptions: {} } : {}),
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(DISK_GIB, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    const group = new AutoScalingGroup(this, 'instances', {
      vpc: place.vpc,
      vpcSubnets: { subnetType: place.tasks.subnets },
      launchTemplate: template,
      minCapacity: 0,
      // A deployment has the old workers beside the new ones.
      maxCapacity: 2 * count,
      newInstancesProtectedFromScaleIn: true,
    });
    this.#provider = new AsgCapacityProvider(this, 'provider', {
      autoScalingGroup: group,
      enableManagedTerminationProtection: true,
      // One instance for one worker: none stands by.
      targetCapacityPercent: 100,
    });
    cluster.addAsgCapacityProvider(this.#provider);
    Validations.of(this).acknowledge(
      { id: 'AwsSolutions::AwsSolutions-AS3', reason: 'Who waits for instances is told by gates and alarms.' },
      { id: 'AwsSolutions::AwsSolutions-EC26', reason: 'The disk is encrypted: the launch template says so.' },
      ...['Action::ecs:Submit*', 'Resource::*'].map((finding) => ({
        id: `AwsSolutions::AwsSolutions-IAM5[${finding}]`,
        reason: "What an instance's agent needs is the library's own list; it enters the cluster and a registry by it.",
      })),
    );
  }

  service(id: string, props: Ec2ServiceProps): Ec2Service {
    return new Ec2Service(this, id, {
      ...props,
      placementConstraints: [PlacementConstraint.distinctInstances()],
      capacityProviderStrategies: [{ capacityProvider: this.#provider.capacityProviderName, weight: 1 }],
    });
  }
}
