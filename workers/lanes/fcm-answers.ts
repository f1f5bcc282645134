import type { After, Afters } from './apns-answers.ts';

/** What follows from an FCM v1 answer (FACTS 2). 429 is terminal for the window: Google asks for a minute before a retry. */
export type FcmReason =
  | 'UNREGISTERED' | 'INVALID_ARGUMENT' | 'SENDER_ID_MISMATCH' | 'QUOTA_EXCEEDED' | 'UNAVAILABLE' | 'INTERNAL'
  | 'THIRD_PARTY_AUTH_ERROR' | 'UNSPECIFIED_ERROR'
  /** Our word for INVALID_ARGUMENT whose text is about the token: FCM has no code of its own for it (firebase-admin-java#1064). */
  | 'INVALID_TOKEN'
  /** Statuses of google.rpc without an FcmError beside them. */
  | 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'NOT_FOUND' | 'RESOURCE_EXHAUSTED' | 'DEADLINE_EXCEEDED';

const AFTER: Afters<FcmReason> = {
  UNREGISTERED: 'drop-token',
  SENDER_ID_MISMATCH: 'drop-token',
  INVALID_TOKEN: 'drop-token',
  // A bad payload, or a token that its text doesn't name.
  INVALID_ARGUMENT: 'bad-share',
  QUOTA_EXCEEDED: 'no-retry',
  RESOURCE_EXHAUSTED: 'no-retry',
  UNAVAILABLE: 'no-retry',
  INTERNAL: 'no-retry',
  DEADLINE_EXCEEDED: 'no-retry',
  UNSPECIFIED_ERROR: 'no-retry',
  NOT_FOUND: 'no-retry',
  THIRD_PARTY_AUTH_ERROR: 'stop-campaign',
  UNAUTHENTICATED: 'stop-campaign',
  PERMISSION_DENIED: 'stop-campaign',
};

/** A reason that Google adds later fails its device alone. */
export function afterFcm(reason: string): After {
  return Object.hasOwn(AFTER, reason) ? AFTER[reason as FcmReason] : 'no-retry';
}

const ABOUT_TOKEN = /not a valid FCM registration token|"field"\s*:\s*"message\.token"/;

/** `errorCode` of the FcmError detail, else the google.rpc `status`, else `Http503` and the like. */
export function fcmReason(status: number, body: string): string {
  const code = /"errorCode"\s*:\s*"([A-Z_]{1,60})"/.exec(body)?.[1] ?? /"status"\s*:\s*"([A-Z_]{1,60})"/.exec(body)?.[1];
  return code === 'INVALID_ARGUMENT' && ABOUT_TOKEN.test(body) ? 'INVALID_TOKEN' : code ?? `Http${status}`;
}
