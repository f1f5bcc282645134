/** What AWS has answered instead of doing it. One rule for whoever starts or changes something there. */
export interface AwsRefusal {
  /** Nobody's mistake: the same call may go through in a while. */
  again: boolean;
  /** With what is missing, if AWS names it: the right, the quota. */
  say: string;
}

/** Something else is under way, or too much is asked at a time (docs/facts.md#aws-throttles). */
const PASSES: ReadonlySet<string> = new Set([
  'AutomationExecutionLimitExceededException',
  'ConcurrentUpdateException',
  'ConcurrentUpdateExceptionFault',
  'InternalServerError',
  'InternalServiceException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ResourceContention',
  'ResourceContentionFault',
  'ResourceInUseException',
  'ScalingActivityInProgress',
  'ScalingActivityInProgressFault',
  'ServerException',
  'ServiceUnavailable',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** Null: it is no answer of AWS. What has none may have been done. */
export function awsRefusal(error: unknown): AwsRefusal | null {
  if (!(error instanceof Error) || !('$fault' in error)) return null;
  const { name, message } = error;
  const said = `${name}: ${message}`;
  if (isQuota(error))
    return {
      again: false,
      say: `a quota of the account is used up. Raise it in Service Quotas, or wait. AWS: ${said}`,
    };
  return {
    again: PASSES.has(name) || isOfTooManyAtATime(error) || error.$fault === 'server',
    say: rightMissing(error) ?? said,
  };
}

const isQuota = (error: Error): boolean => error.name.startsWith('LimitExceeded') && !isOfTooManyAtATime(error);

/** DynamoDB has one name for quotas and for what is over in a moment (docs/facts.md#dynamodb-limit-exceeded). */
const isOfTooManyAtATime = ({ name, message }: Error): boolean =>
  name.startsWith('LimitExceeded') && /simultaneously/.test(message);

/** In the words of IAM, and of a service that asked IAM for its caller (docs/facts.md#unknown-aws). Null: it is something else. */
function rightMissing({ name, message }: Error): string | null {
  const [, action, resource] = /not authorized to perform: (\S+) on resource: (\S+)/.exec(message) ?? [];
  const several = /missing the following permissions: \[?([^\]]+?)\]?$/.exec(message)?.[1];
  const right = action === undefined ? several : `${action} on ${resource ?? ''}`;
  if (right !== undefined) return `the bot lacks the right ${right}. Deploy its policy with this runbook, or add it`;
  return name.startsWith('AccessDenied') ? `AWS does not let the bot: ${message}` : null;
}
