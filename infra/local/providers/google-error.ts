import { jsonReply } from './reply.ts';
import type { Reply } from './reply.ts';

/** Errors as Google's APIs answer them: google.rpc.Status with details. */

const fcmError = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
const badRequest = 'type.googleapis.com/google.rpc.BadRequest';
const errorInfo = 'type.googleapis.com/google.rpc.ErrorInfo';

export interface Violation {
  field: string;
  description: string;
}

interface GoogleError {
  status: number;
  /** google.rpc.Code by name. */
  code: string;
  message: string;
  /** FCM's own code, as firebase-admin reads it. */
  fcm?: string;
  violations?: readonly Violation[];
  info?: string;
  retryAfterSeconds?: number;
  atOnce?: boolean;
}

export function googleError({
  status,
  code,
  message,
  fcm,
  violations,
  info,
  retryAfterSeconds,
  atOnce = false,
}: GoogleError): Reply {
  const details: object[] = [];
  if (fcm !== undefined) details.push({ '@type': fcmError, errorCode: fcm });
  if (violations !== undefined) details.push({ '@type': badRequest, fieldViolations: violations });
  if (info !== undefined)
    details.push({
      '@type': errorInfo,
      reason: info,
      domain: 'googleapis.com',
      metadata: { service: 'fcm.googleapis.com' },
    });
  const headers: [string, string][] =
    retryAfterSeconds === undefined ? [] : [['retry-after', String(retryAfterSeconds)]];
  return jsonReply(
    `${status} ${fcm ?? info ?? code}`,
    status,
    { error: { code: status, message, status: code, details } },
    { headers, atOnce },
  );
}

export function invalidArgument(message: string, field: string): Reply {
  return googleError({
    status: 400,
    code: 'INVALID_ARGUMENT',
    message,
    fcm: 'INVALID_ARGUMENT',
    violations: [{ field, description: message }],
  });
}
