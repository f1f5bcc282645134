import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Deployment } from '../read-config.ts';

/** Where bot and workers run, and how they reach Slack, Apple and Google. */
export class NetworkStack extends Stack {
  readonly vpc: Vpc;
  readonly #zones: string[];

  constructor(scope: Construct, id: string, deployment: Deployment, props: StackProps) {
    super(scope, id, props);
    const { network } = deployment.config;
    this.#zones = network.zones;
    const rejected = new LogGroup(this, 'rejected', {
      logGroupName: `/gobutton/${deployment.config.name}/rejected-traffic`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.vpc = new Vpc(this, 'vpc', {
      ipAddresses: IpAddresses.cidr(network.cidr),
      availabilityZones: network.zones,
      natGateways: 0,
      subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 24 }],
      restrictDefaultSecurityGroup: false,
      // What was let through is a shot's millions of packets; what was not is what somebody looks for.
      flowLogs: {
        rejected: {
          destination: FlowLogDestination.toCloudWatchLogs(rejected),
          trafficType: FlowLogTrafficType.REJECT,
        },
      },
      gatewayEndpoints: {
        s3: { service: GatewayVpcEndpointAwsService.S3 },
        dynamodb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
    });
  }

  // With an account and a region the CLI would ask AWS for them.
  override get availabilityZones(): string[] {
    return this.#zones;
  }
}
