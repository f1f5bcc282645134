import type { IncomingMessage } from 'node:http';
import { ACCOUNT_ID, matches } from './account.ts';
import { AwsError } from './aws-error.ts';

/** What IAM calls a request: `dynamodb:PutItem`. A batch of SQS is the action of one. */

/** By the service part of `x-amz-target`. */
const PREFIX: Record<string, string> = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  AmazonSSM: 'ssm',
  AmazonEC2ContainerServiceV20141113: 'ecs',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
  AnyScaleFrontendService: 'application-autoscaling',
  GraniteServiceVersion20100801: 'cloudwatch',
  ServiceQuotasV20190624: 'servicequotas',
};

export function jsonAction(prefix: string, operation: string): string {
  const service = PREFIX[prefix] ?? prefix;
  return `${service}:${service === 'sqs' ? operation.replace(/Batch$/, '') : operation}`;
}

export function s3Action({ method, url }: Pick<IncomingMessage, 'method' | 'url'>): string {
  const { pathname } = new URL(url ?? '/', 'http://s3');
  const [, bucket = '', ...key] = pathname.split('/');
  if (bucket === '') return 's3:ListAllMyBuckets';
  if (key.join('/') === '') return method === 'PUT' ? 's3:CreateBucket' : 's3:ListBucket';
  return `s3:${{ PUT: 'PutObject', POST: 'PutObject', DELETE: 'DeleteObject' }[method ?? ''] ?? 'GetObject'}`;
}

/** Throws as the service does when a policy is missing. STS tells everybody who they are. */
export function checkAllowed(action: string, callerArn: string, denied: readonly string[]): void {
  if (action === 'sts:GetCallerIdentity' || !matches(action, denied)) return;
  const [service = ''] = action.split(':');
  const say = `User: ${callerArn} is not authorized to perform: ${action} on resource: arn:aws:${service}:us-east-1:${ACCOUNT_ID}:* because no identity-based policy allows the ${action} action`;
  // In the names that each protocol has for it; only JSON services answer 400.
  if (service === 's3' || service === 'autoscaling' || service === 'iam') throw new AwsError('AccessDenied', say, 403);
  throw service === 'sqs'
    ? new AwsError('com.amazonaws.sqs#AccessDenied', say, 403)
    : new AwsError('AccessDeniedException', say, 400);
}
