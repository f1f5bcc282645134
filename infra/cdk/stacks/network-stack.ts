import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  IpProtocol,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Deployment } from '../read-config.ts';

/**
 * Where bot and workers run, and how they reach Slack, Apple and Google: every zone has a subnet, tables and bucket are reached
 * without leaving the network, and nothing from outside reaches in (whoever runs a task gives it a security group of its own).
 *
 * `public`: each task has an IPv4 address of its own. `ipv6`: an IPv6 address too, which whatever has one is reached by; Slack
 * and some of AWS have none, so that tasks keep the other. `nat`: none of its own, and a gateway in each zone (`nat.ts`).
 */
export class NetworkStack extends Stack {
  readonly vpc: Vpc;
  /** Where tasks are put, and whether they must be given an address. */
  readonly tasks: { subnets: SubnetType; hasPublicAddress: boolean };
  readonly #zones: string[];

  constructor(scope: Construct, id: string, deployment: Deployment, props: StackProps) {
    super(scope, id, props);
    const { name, network } = deployment.config;
    this.#zones = network.zones;
    const isBehindNat = network.egress === 'nat';
    this.tasks = isBehindNat
      ? { subnets: SubnetType.PRIVATE_WITH_EGRESS, hasPublicAddress: false }
      : { subnets: SubnetType.PUBLIC, hasPublicAddress: true };
    const rejected = new LogGroup(this, 'rejected', {
      logGroupName: `/gobutton/${name}/rejected-traffic`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.vpc = new Vpc(this, 'vpc', {
      ipAddresses: IpAddresses.cidr(network.cidr),
      ipProtocol: network.egress === 'ipv6' ? IpProtocol.DUAL_STACK : IpProtocol.IPV4_ONLY,
      availabilityZones: network.zones,
      natGateways: isBehindNat ? network.zones.length : 0,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC },
        ...(isBehindNat ? [{ name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS }] : []),
      ],
      // To empty it takes a function in the account, which then is one more thing that runs. Nothing is put into it.
      restrictDefaultSecurityGroup: false,
      // What was let through is a shot's millions of packets; what was not is what somebody looks for.
      flowLogs: {
        rejected: {
          destination: FlowLogDestination.toCloudWatchLogs(rejected),
          trafficType: FlowLogTrafficType.REJECT,
        },
      },
      // Free of charge, and their bytes pass no gateway.
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
