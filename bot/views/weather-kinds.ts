import type { Platform } from '../../runbooks/launch/entries.ts';

/**
 * What kind of weather an answer is a sign of: what is therefore known of whoever got it, and what somebody can do. What the
 * single reasons mean stands in workers/lanes/answers.ts.
 */
export type WeatherKind = 'throttled' | 'ill' | 'credential' | 'between' | 'silent' | 'other';

const THROTTLED = new Set(['TooManyRequests', 'QUOTA_EXCEEDED', 'RESOURCE_EXHAUSTED', 'Http429']);
const ILL = new Set(['InternalServerError', 'ServiceUnavailable', 'Shutdown', 'IdleTimeout', 'UNAVAILABLE', 'INTERNAL', 'DEADLINE_EXCEEDED', 'UNSPECIFIED_ERROR']);
const CREDENTIAL = new Set([
  'BadCertificate', 'BadCertificateEnvironment', 'InvalidProviderToken', 'MissingProviderToken', 'UnrelatedKeyIdInToken', 'BadEnvironmentKeyIdInToken', 'ExpiredProviderToken', 'TooManyProviderTokenUpdates',
  'UNAUTHENTICATED', 'PERMISSION_DENIED',
]);

export function kindOfWeather(_platform: Platform, reason: string): WeatherKind {
  if (THROTTLED.has(reason)) return 'throttled';
  if (ILL.has(reason)) return 'ill';
  if (CREDENTIAL.has(reason)) return 'credential';
  if (/^Http\d{3}$/.test(reason)) return 'between';
  return reason === 'NoAnswer' ? 'silent' : 'other';
}

const AGAIN = 'Whoever was refused so is unsent as before, and goes out then.';
const FAILED = 'Whoever was refused so counts as failed, and stays within reach of a further order.';
const UNCERTAIN = 'Whoever got no better answer may have got the push: uncertain, and not sent again by itself.';

/** Apple's and Google's own pages. */
const STATUS_PAGE = { ios: "Apple's system status (https://developer.apple.com/system-status/, APNs)", android: "Firebase's status (https://status.firebase.google.com, Cloud Messaging)" } as const;
const WAY_OUT = { ios: 'GOBUTTON_APNS_URL', android: 'GOBUTTON_FCM_URL' } as const;
const NAME = { ios: 'APNs', android: 'FCM' } as const;

export const WEATHER_KIND: Record<WeatherKind, { fate: (platform: Platform) => string; todo: (platform: Platform) => string }> = {
  throttled: {
    fate: () => AGAIN,
    todo: (platform) => (platform === 'ios'
      ? 'Nothing must be done. If it goes on, lower the pace: `/go pace ios N` (a second); and look whether something else sends with the same key just now.'
      : "Look at the project's quota (Google Cloud console, Firebase Cloud Messaging API, Quotas: 600,000 a minute unless more was granted; it counts whatever else sends in the project), and lower the pace to what is left of it: `/go pace android N` (a second)."),
  },
  ill: {
    fate: (platform) => (platform === 'ios' ? FAILED : UNCERTAIN),
    todo: (platform) => `Look at ${STATUS_PAGE[platform]}. HALT (\`/go halt\`) keeps what is not sent for later; else leave it, workers ask seldom meanwhile.`,
  },
  credential: {
    fate: () => AGAIN,
    todo: (platform) => (platform === 'ios'
      ? 'It is the key, not the devices: check APNS_KEY_ID, APNS_TEAM_ID and the key (not revoked, right environment, right topic `apns.topic`), and the workers\' clocks; start workers anew with the right ones. Devices stay as they are.'
      : "It is the service account, not the devices: check GOOGLE_APPLICATION_CREDENTIALS (this Firebase project, key not deleted, role that may send), and the workers' clocks; start workers anew with the right one. Devices stay as they are."),
  },
  between: {
    fate: () => 'Whoever was surely turned away by it is unsent as before; whoever may have come through is uncertain.',
    todo: (platform) => `This is no answer of ${NAME[platform]}: a proxy, a firewall or a wrong address stands in between, or its front end is out of order. Look at the workers' way out (HTTPS_PROXY, NAT, ${WAY_OUT[platform]}) and at ${STATUS_PAGE[platform]}.`,
  },
  silent: {
    fate: () => UNCERTAIN,
    todo: (platform) => `Look at ${STATUS_PAGE[platform]} and at the workers' way out (NAT, firewall, port 443).`,
  },
  other: {
    fate: () => 'What was surely not taken is unsent as before.',
    todo: (platform) => `Look at ${STATUS_PAGE[platform]} and at the workers' log lines with this reason.`,
  },
};
