import type { ISecurityGroup, IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';

/** Where tasks are put, and whether they must be given an address to reach Slack, Apple and Google. */
export interface Place {
  vpc: IVpc;
  tasks: { subnets: SubnetType; hasPublicAddress: boolean };
}

export const placement = ({ tasks }: Place, group: ISecurityGroup) => ({
  vpcSubnets: { subnetType: tasks.subnets },
  assignPublicIp: tasks.hasPublicAddress,
  securityGroups: [group],
});
