import type { ScaleTarget } from '../../../runbooks/playbook/schema.ts';
import { CloudError, errorName } from '../cloud-error.ts';

/** What AWS says while something else is under way, or too often: the same call is right a little later. */
const BUSY: ReadonlySet<string> = new Set([
  'ScalingActivityInProgress',
  'ScalingActivityInProgressFault',
  'ResourceContention',
  'ResourceContentionFault',
  'ResourceInUseException',
  'ConcurrentUpdateException',
  'LimitExceededException',
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'ServerException',
  'InternalServiceException',
]);

/** Names what a person can do something about. Others (a time-out, no credentials) stay as they are. */
export function asScaleError(target: ScaleTarget, error: unknown): unknown {
  if (error instanceof CloudError || !(error instanceof Error)) return error;
  const missing = missingThing(target, error);
  if (missing !== null) return targetMissing(missing, error);
  if (BUSY.has(error.name)) return new CloudError('SCALE_BUSY', `${error.name}: ${error.message}`, { cause: error });
  return '$fault' in error && error.$fault === 'client'
    ? new CloudError('SCALE_REFUSED', `${error.name}: ${error.message}`, { cause: error })
    : error;
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
