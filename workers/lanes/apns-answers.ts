import type { BadTokenReason } from '../../runbooks/launch/bad-tokens.ts';

/**
 * What follows from an APNs answer. FACTS 1 has the table; nothing but REFUSED_STREAM and streams above a
 * GOAWAY's last id is ever sent again inside the window (FACTS 0.6).
 */
export type ApnsReason =
  | 'BadCollapseId' | 'BadDeviceToken' | 'BadExpirationDate' | 'BadMessageId' | 'BadPriority' | 'BadTopic' | 'DeviceTokenNotForTopic'
  | 'DuplicateHeaders' | 'IdleTimeout' | 'InvalidPushType' | 'MissingDeviceToken' | 'MissingTopic' | 'PayloadEmpty' | 'TopicDisallowed'
  | 'BadCertificate' | 'BadCertificateEnvironment' | 'ExpiredProviderToken' | 'Forbidden' | 'InvalidProviderToken' | 'MissingProviderToken'
  | 'UnrelatedKeyIdInToken' | 'BadEnvironmentKeyIdInToken' | 'BadPath' | 'MethodNotAllowed' | 'ExpiredToken' | 'Unregistered'
  | 'PayloadTooLarge' | 'TooManyProviderTokenUpdates' | 'TooManyRequests' | 'InternalServerError' | 'ServiceUnavailable' | 'Shutdown';

/**
 * drop-token: belongs on the skip list. stop-campaign: every further push would fail the same way, so this worker
 * stops the shot on itself. no-retry: this device alone has failed, for the window.
 * bad-share: stops the campaign once most answers are of it (the provider has one word for a bad token and a bad payload).
 */
export type After = 'drop-token' | 'stop-campaign' | 'no-retry' | 'bad-share';

/** The launch core, which speaks of bad tokens too, names the same reasons, or this does not compile. */
export type Afters<Reason extends string> = { [R in Reason]: R extends BadTokenReason ? 'drop-token' : Exclude<After, 'drop-token'> };

const AFTER: Afters<ApnsReason> = {
  BadDeviceToken: 'drop-token',
  DeviceTokenNotForTopic: 'drop-token',
  Unregistered: 'drop-token',
  ExpiredToken: 'drop-token',

  BadCollapseId: 'stop-campaign',
  BadExpirationDate: 'stop-campaign',
  BadMessageId: 'stop-campaign',
  BadPriority: 'stop-campaign',
  BadTopic: 'stop-campaign',
  DuplicateHeaders: 'stop-campaign',
  InvalidPushType: 'stop-campaign',
  MissingDeviceToken: 'stop-campaign',
  MissingTopic: 'stop-campaign',
  PayloadEmpty: 'stop-campaign',
  PayloadTooLarge: 'stop-campaign',
  TopicDisallowed: 'stop-campaign',
  BadPath: 'stop-campaign',
  MethodNotAllowed: 'stop-campaign',
  BadCertificate: 'stop-campaign',
  BadCertificateEnvironment: 'stop-campaign',
  InvalidProviderToken: 'stop-campaign',
  MissingProviderToken: 'stop-campaign',
  UnrelatedKeyIdInToken: 'stop-campaign',
  BadEnvironmentKeyIdInToken: 'stop-campaign',
  // Frozen tokens are far younger than the hour that APNs allows: this is a clock or key fault, not an age.
  ExpiredProviderToken: 'stop-campaign',

  Forbidden: 'no-retry',
  IdleTimeout: 'no-retry',
  // The present token stays for 20 minutes anyway.
  TooManyProviderTokenUpdates: 'no-retry',
  TooManyRequests: 'no-retry',
  // Apple: retry after 15 minutes.
  InternalServerError: 'no-retry',
  ServiceUnavailable: 'no-retry',
  Shutdown: 'no-retry',
};

/** A reason that Apple adds later fails its device alone. */
export function afterApns(reason: string): After {
  return Object.hasOwn(AFTER, reason) ? AFTER[reason as ApnsReason] : 'no-retry';
}

/** `reason` of the body `{"reason","timestamp"}`, or `Http503` and the like when there is none. */
export function apnsReason(status: number, body: string): string {
  const reason = /"reason"\s*:\s*"([A-Za-z]{1,60})"/.exec(body)?.[1];
  return reason ?? `Http${status}`;
}
