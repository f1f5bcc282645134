import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { SQSServiceException } from '@aws-sdk/client-sqs';
import { ServiceException } from '@smithy/core/client';
import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import { NoAnswerError } from './post.ts';
import type { Answer } from './post.ts';

export type Service = 'dynamodb' | 'sqs';

const EXCEPTIONS = { dynamodb: DynamoDBServiceException, sqs: SQSServiceException, logs: ServiceException };

/** An answer other than 200 as the SDK would throw it: its base class, the service's name for what is wrong, and the status. */
export function refusalFrom(
  service: keyof typeof EXCEPTIONS,
  { status, headers, body }: Answer,
): Error & { $metadata: { httpStatusCode?: number; clockSkewCorrected?: true } } {
  const said = parsed(body);
  const Exception = EXCEPTIONS[service];
  const requestId = headerText(headers['x-amzn-requestid']);
  return new Exception({
    name: nameIn(headerText(headers['x-amzn-errortype']) ?? text(said['__type']) ?? text(said['code']) ?? 'Unknown'),
    message: text(said['message']) ?? text(said['Message']) ?? 'UnknownError',
    $fault: status < 500 ? 'client' : 'server',
    $metadata: {
      httpStatusCode: status,
      ...(requestId === undefined ? {} : { requestId }),
      attempts: 1,
      totalRetryDelay: 0,
    },
  });
}

/** Whether a further try may help, as the SDK judges it. */
export function errorTypeOf(error: Error): 'THROTTLING' | 'TRANSIENT' | 'CLIENT_ERROR' {
  const judged = error as Parameters<typeof isTransientError>[0];
  if (isThrottlingError(judged)) return 'THROTTLING';
  return error instanceof NoAnswerError || isTransientError(judged) ? 'TRANSIENT' : 'CLIENT_ERROR';
}

/** `com.amazonaws.dynamodb.v20120810#ThrottlingException:http://…` is a ThrottlingException. */
function nameIn(type: string): string {
  return type.split(':')[0]?.split('#').at(-1) ?? type;
}

/** A front end refuses in HTML. */
function parsed(body: Buffer): Record<string, unknown> {
  try {
    const value = JSON.parse(body.toString()) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;
