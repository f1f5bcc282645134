import { httpReason } from './http-reason.ts';

/** The reasons of FCM v1 answers (docs/facts.md#fcm-errors). What follows from each: answers.ts. */
export type FcmReason =
  | 'UNREGISTERED'
  | 'INVALID_ARGUMENT'
  | 'SENDER_ID_MISMATCH'
  | 'QUOTA_EXCEEDED'
  | 'UNAVAILABLE'
  | 'INTERNAL'
  | 'THIRD_PARTY_AUTH_ERROR'
  | 'UNSPECIFIED_ERROR'
  /** Our word for INVALID_ARGUMENT whose text is about the token: FCM has no code of its own for it (firebase-admin-java#1064). */
  | 'INVALID_TOKEN'
  /** Statuses of google.rpc without an FcmError beside them. */
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'RESOURCE_EXHAUSTED'
  | 'DEADLINE_EXCEEDED';

const ABOUT_TOKEN = /not a valid FCM registration token|"field"\s*:\s*"message\.token"/;

/** `errorCode` of the FcmError detail, else the google.rpc `status`, else `Http503` and the like. */
export function fcmReason(status: number, body: string): string {
  const code =
    /"errorCode"\s*:\s*"([A-Z_]{1,60})"/.exec(body)?.[1] ?? /"status"\s*:\s*"([A-Z_]{1,60})"/.exec(body)?.[1];
  return code === 'INVALID_ARGUMENT' && ABOUT_TOKEN.test(body) ? 'INVALID_TOKEN' : (code ?? httpReason(status));
}
