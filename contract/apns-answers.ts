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

/** `reason` of the body `{"reason","timestamp"}`, or `Http503` and the like when there is none. */
export function apnsReason(status: number, body: string): string {
  return /"reason"\s*:\s*"([A-Za-z]{1,60})"/.exec(body)?.[1] ?? httpReason(status);
}
