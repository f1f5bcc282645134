import type { ApnsReason } from '../../contract/apns-answers.ts';
import type { FcmReason } from '../../contract/fcm-answers.ts';
import type { HeaderField } from '../../h2/hpack-decoder.ts';
import type { Trouble } from './connect-findings.ts';
import type { FindingCode } from './findings.ts';

export interface Answer {
  status: number;
  reason: string;
  fields: readonly HeaderField[];
  body: string;
}

/**
 * What an answer says of the provider and of us. `met`: it took our credential and looked at the device. The second
 * word counts when the device was made up: not to know it is then the right answer.
 */
type Verdict = FindingCode | readonly [device: FindingCode, madeUp: 'met'];

const APNS = {
  BadDeviceToken: ['DEVICE_OF_OTHER_ENVIRONMENT', 'met'],
  DeviceTokenNotForTopic: ['DEVICE_OF_OTHER_APP', 'met'],
  Unregistered: ['DEVICE_GONE', 'met'],
  ExpiredToken: ['DEVICE_GONE', 'met'],
  TooManyRequests: 'DEVICE_FULL',
  BadTopic: 'TOPIC_REFUSED',
  MissingTopic: 'TOPIC_REFUSED',
  TopicDisallowed: 'TOPIC_REFUSED',
  BadCollapseId: 'MESSAGE_REFUSED',
  BadExpirationDate: 'MESSAGE_REFUSED',
  BadMessageId: 'MESSAGE_REFUSED',
  BadPriority: 'MESSAGE_REFUSED',
  DuplicateHeaders: 'MESSAGE_REFUSED',
  InvalidPushType: 'MESSAGE_REFUSED',
  MissingDeviceToken: 'MESSAGE_REFUSED',
  PayloadEmpty: 'MESSAGE_REFUSED',
  PayloadTooLarge: 'MESSAGE_REFUSED',
  MethodNotAllowed: 'MESSAGE_REFUSED',
  BadPath: 'NOT_THERE',
  BadCertificate: 'KEY_REFUSED',
  BadCertificateEnvironment: 'KEY_OF_OTHER_ENVIRONMENT',
  InvalidProviderToken: 'KEY_REFUSED',
  MissingProviderToken: 'KEY_REFUSED',
  Forbidden: 'KEY_REFUSED',
  UnrelatedKeyIdInToken: 'KEY_OF_OTHER_TEAM',
  BadEnvironmentKeyIdInToken: 'KEY_OF_OTHER_ENVIRONMENT',
  ExpiredProviderToken: 'CREDENTIAL_EXPIRED',
  TooManyProviderTokenUpdates: 'CREDENTIAL_TOO_OFTEN',
  IdleTimeout: 'UNWELL',
  InternalServerError: 'UNWELL',
  ServiceUnavailable: 'UNWELL',
  Shutdown: 'UNWELL',
} as const satisfies Record<ApnsReason, Verdict>;

const FCM = {
  UNREGISTERED: ['DEVICE_GONE', 'met'],
  INVALID_TOKEN: ['DEVICE_UNKNOWN', 'met'],
  // FCM's one word for a bad token and a bad message; the probe's message is always the same, so it is the token.
  INVALID_ARGUMENT: ['DEVICE_UNKNOWN', 'met'],
  SENDER_ID_MISMATCH: ['DEVICE_OF_OTHER_PROJECT', 'met'],
  THIRD_PARTY_AUTH_ERROR: ['DEVICE_UNKNOWN', 'met'],
  NOT_FOUND: 'NOT_THERE',
  UNAUTHENTICATED: 'ACCOUNT_REFUSED',
  PERMISSION_DENIED: 'PROJECT_REFUSED',
  QUOTA_EXCEEDED: 'UNWELL',
  RESOURCE_EXHAUSTED: 'UNWELL',
  UNAVAILABLE: 'UNWELL',
  INTERNAL: 'UNWELL',
  DEADLINE_EXCEEDED: 'UNWELL',
  UNSPECIFIED_ERROR: 'UNWELL',
} as const satisfies Record<FcmReason, Verdict>;

/** Null: the provider was met. */
export function judgeAnswer(
  provider: 'apns' | 'fcm',
  { status, reason, fields, body }: Answer,
  isMadeUp: boolean,
): Trouble | null {
  const detail = detailOf({ status, reason, fields, body });
  // No provider answers a page, and whoever stands between us may give everything a 200.
  if (status >= 200 && status < 300) return isHtml(fields, body) ? { code: 'FRONT_END', detail } : null;
  if (status >= 300 && status < 400) return { code: 'REDIRECTS', detail };
  const known = verdictOf(provider, reason);
  if (known !== null) {
    if (reason === 'PERMISSION_DENIED' && /SERVICE_DISABLED/.test(body)) return { code: 'API_DISABLED', detail };
    if (typeof known === 'string') return { code: known, detail };
    return isMadeUp ? null : { code: known[0], detail };
  }
  // Nothing that the provider itself says has no reason.
  if (status === 404 || status === 405 || status === 410) return { code: 'NOT_THERE', detail };
  if (isHtml(fields, body) || status === 502 || status === 504) return { code: 'FRONT_END', detail };
  return { code: status === 429 || status >= 500 ? 'UNWELL' : 'UNKNOWN_ANSWER', detail };
}

function verdictOf(provider: 'apns' | 'fcm', reason: string): Verdict | null {
  const rows: Readonly<Record<string, Verdict>> = provider === 'apns' ? APNS : FCM;
  return Object.hasOwn(rows, reason) ? (rows[reason] ?? null) : null;
}

export function fieldOf(fields: readonly HeaderField[], name: string): string | null {
  return fields.find(([field]) => field === name)?.[1] ?? null;
}

function isHtml(fields: readonly HeaderField[], body: string): boolean {
  return /html/i.test(fieldOf(fields, 'content-type') ?? '') || /^\s*<(?:!doctype|html|\?xml)/i.test(body);
}

/** `404 from "nginx/1.22", an HTML page “404 Not Found”`: the status, the reason or what stands there instead, whose answer it is. */
function detailOf({ status, reason, fields, body }: Answer): string {
  const location = fieldOf(fields, 'location');
  const title = /<title[^>]*>([^<]{1,80})/i.exec(body)?.[1]?.trim();
  const said = /"message"\s*:\s*"((?:[^"\\]|\\.){1,120})/.exec(body)?.[1];
  const words = said === undefined ? [] : [`“${said}”`];
  const server = fieldOf(fields, 'server');
  const after = fieldOf(fields, 'retry-after');
  return [
    reason === '' || /^Http\d+$/.test(reason) ? String(status) : `${status} ${reason}`,
    ...(location === null ? [] : [`to ${location}`]),
    ...(isHtml(fields, body) ? [`an HTML page${title === undefined ? '' : ` “${title}”`}`] : words),
    ...(server === null ? [] : [`server ${server}`]),
    ...(after === null ? [] : [`retry after ${after}`]),
  ].join(', ');
}
