import type { ScaleTarget } from '../../runbooks/playbook/schema.ts';

export interface ScaleObservation { desired: number; running: number; pending: number; /** What AWS says about trouble, if anything. */ say: string | null }

/** ECS services, EC2 Auto Scaling groups, DynamoDB write capacity behind one verb each. Idempotent. */
export interface Scaling {
  /**
   * ECS: suspends or pins Application Auto Scaling (min = max = desired) where a scalable target is registered, then UpdateService.
   * ASG: min = max = desired in one UpdateAutoScalingGroup. DynamoDB: provisioned write capacity.
   */
  desire(target: ScaleTarget, count: number): Promise<void>;
  observe(target: ScaleTarget): Promise<ScaleObservation>;
}
