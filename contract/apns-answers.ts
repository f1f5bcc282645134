import { httpReason } from './http-reason.ts';

/** The reasons of APNs' answers (docs/facts.md#apns-reasons). What follows from each: answers.ts. */
export type ApnsReason =
  | 'BadCollapseId'
  | 'BadDeviceToken'
  | 'BadExpirationDate'
  | 'BadMessageId'
  | 'BadPriority'
  | 'BadTopic'
  | 'DeviceTokenNotForTopic'
  | 'DuplicateHeaders'
  | 'IdleTimeout'
  | 'InvalidPushType'
  | 'MissingDeviceToken'
  | 'MissingTopic'
  | 'PayloadEmpty'
  | 'TopicDisallowed'
  | 'BadCertificate'
  | 'BadCertificateEnvironment'
  | 'ExpiredProviderToken'
  | 'Forbidden'
  | 'InvalidProviderToken'
  | 'MissingProviderToken'
  | 'UnrelatedKeyIdInToken'
  | 'BadEnvironmentKeyIdInToken'
  | 'BadPath'
  | 'MethodNotAllowed'
  | 'ExpiredToken'
  | 'Unregistered'
  | 'PayloadTooLarge'
  | 'TooManyProviderTokenUpdates'
  | 'TooManyRequests'
  | 'InternalServerError'
  | 'ServiceUnavailable'
  | 'Shutdown';

/**
 * `timestamp` of a 410's body: when APNs confirmed that the token was no longer valid for the topic, epoch ms
 * (docs/facts.md#apns-unregistered). Null: the answer says none, or what can be none. These thirteen digits are the years
 * 2001 to 2096; in seconds it would have ten.
 */
export function apnsGoneAtMs(status: number, body: string): number | null {
  const digits = status === 410 ? /"timestamp"\s*:\s*([1-3]\d{12})\s*[,}]/.exec(body)?.[1] : undefined;
  return digits === undefined ? null : Number(digits);
}

/** `reason` of the body `{"reason","timestamp"}`, or `Http503` and the like when there is none. */
export function apnsReason(status: number, body: string): string {
  return /"reason"\s*:\s*"([A-Za-z]{1,60})"/.exec(body)?.[1] ?? httpReason(status);
}
