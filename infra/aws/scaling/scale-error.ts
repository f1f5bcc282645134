import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { awsRefusal } from '../aws-refusal.ts';
import { CloudError, errorName } from '../cloud-error.ts';

/** Names what a person can do something about. Others (a time-out, no credentials) stay as they are. */
export function asScaleError(target: ScaleTarget, error: unknown): unknown {
  if (error instanceof CloudError || !(error instanceof Error)) return error;
  const missing = missingThing(target, error);
  if (missing !== null) return targetMissing(missing, error);
  const refusal = awsRefusal(error);
  return refusal === null
    ? error
    : new CloudError(refusal.again ? 'SCALE_BUSY' : 'SCALE_REFUSED', refusal.say, { cause: error });
}

export function targetMissing(what: string, cause?: unknown): CloudError {
  return new CloudError(
    'SCALE_TARGET_MISSING',
    `there is no ${what} in this account and Region. Create it, or correct the runbook and create the launch anew; it is tried again by itself`,
    { cause },
  );
}

function missingThing(target: ScaleTarget, error: Error): string | null {
  const name = errorName(error);
  switch (target.kind) {
    case 'ecs-service':
      if (name === 'ClusterNotFoundException') return `ECS cluster ${target.cluster}`;
      return name === 'ServiceNotFoundException' || name === 'ServiceNotActiveException'
        ? `ECS service ${target.service} in cluster ${target.cluster}`
        : null;
    case 'auto-scaling-group':
      return name === 'ValidationError' && /name not found/i.test(error.message)
        ? `Auto Scaling group ${target.group}`
        : null;
    case 'dynamodb-table':
      return name === 'ResourceNotFoundException' ? `DynamoDB table ${target.table}` : null;
  }
}
