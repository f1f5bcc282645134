import type { BadTokenReason } from '../runbooks/launch/bad-tokens.ts';
import type { ApnsReason } from './apns-answers.ts';
import type { FcmReason } from './fcm-answers.ts';
import { httpReason } from './http-reason.ts';

/**
 * What an answer other than a success is about, and so what follows from it. One table for both providers
 * (docs/facts.md#apns-reasons, docs/facts.md#fcm-errors):
 *
 * - token: this token will not do, whatever is sent to it. It belongs on the next launch's skip list.
 * - device: this device alone has failed, for the window.
 * - campaign: whoever gets this content gets this answer. After a share of the last answers the shot stops on this worker.
 * - credential: the provider does not take the credential on this connection. Nothing was processed.
 * - provider: it has nothing to do with the device. One alone is an accident, many on one connection are a sick connection,
 *   nearly all on most connections are weather.
 */
type Concern = 'token' | 'device' | 'campaign' | 'credential' | 'provider';

export interface Row {
  readonly concerns: Concern;
  /**
   * What is known of the device. `again`: the provider has not processed it, so that it is as unsent as before, and goes
   * out once more, alone three times at most. `failed`: it was not delivered,
   * and is not sent again in the window: Apple asks for 15 minutes after a 5xx (docs/facts.md#apns-retry). `uncertain`:
   * may have been delivered, as after an FCM 500 or 503: Google promises nothing of them (docs/facts.md#fcm-errors).
   */
  readonly fate: 'again' | 'failed' | 'uncertain';
  /** The connection does no good any more, whatever comes: another one takes its place. */
  readonly endsConnection?: true;
  /** A matter of how many requests there are, whichever way they come. */
  readonly isRate?: true;
  /** Weather of this kind waits for so long before the first try, ms, when the answer does not say (Retry-After). */
  readonly waitMs?: number;
  /** The provider has one word for a bad token and a bad message: only a large share is believed. */
  readonly isWeak?: true;
  /** What it means and what somebody can do. For the war room. */
  readonly means: string;
}

const token = (means: string): Row & { concerns: 'token' } => ({ concerns: 'token', fate: 'failed', means });
const campaign = (means: string, more: Pick<Row, 'isWeak'> = {}): OtherRow => ({
  concerns: 'campaign',
  fate: 'failed',
  means,
  ...more,
});
const credential = (means: string): OtherRow => ({
  concerns: 'credential',
  fate: 'again',
  endsConnection: true,
  waitMs: 2_000,
  means,
});
const device = (means: string): OtherRow => ({ concerns: 'device', fate: 'failed', means });
const provider = (
  fate: Row['fate'],
  waitMs: number,
  means: string,
  more: Pick<Row, 'endsConnection' | 'isRate'> = {},
): OtherRow => ({ concerns: 'provider', fate, waitMs, means, ...more });

interface OtherRow extends Row {
  concerns: Exclude<Concern, 'token'>;
}
/** The launch core, which speaks of bad tokens too, names the same reasons, or this does not compile; nor does a reason without a row. */
type Rows<Reason extends string> = {
  readonly [R in Reason]: R extends BadTokenReason ? Row & { concerns: 'token' } : OtherRow;
};

const OUR_HEADER = 'a header of our own requests is wrong: this is a fault of gobutton, report it';
const WRONG_KEY = 'check APNS_KEY_ID, APNS_TEAM_ID and the key file, and that the key was not revoked';

const APNS: Rows<ApnsReason> = {
  BadDeviceToken: token('not a token of this environment: sandbox and production tokens differ'),
  DeviceTokenNotForTopic: token('the token belongs to another app'),
  Unregistered: token('the app was removed from the device'),
  ExpiredToken: token('the token is not valid any more'),

  BadCollapseId: campaign('the collapse id has more than 64 bytes: change it in the runbook'),
  BadExpirationDate: campaign(OUR_HEADER),
  BadMessageId: campaign(OUR_HEADER),
  BadPriority: campaign(OUR_HEADER),
  BadTopic: campaign('APNs does not know the topic: check `apns.topic` in the runbook'),
  DuplicateHeaders: campaign(OUR_HEADER),
  InvalidPushType: campaign(OUR_HEADER),
  MissingDeviceToken: campaign('a request without a device token: this is a fault of gobutton, report it'),
  MissingTopic: campaign('the key belongs to several apps and no topic was given: check `apns.topic` in the runbook'),
  PayloadEmpty: campaign('the message is empty: look at the copy'),
  PayloadTooLarge: campaign('the message has more than 4,096 bytes: shorten the copy or its data'),
  TopicDisallowed: campaign(
    'the key may not send to this topic: check `apns.topic` in the runbook and what the key is for',
  ),
  BadPath: campaign(OUR_HEADER),
  MethodNotAllowed: campaign(OUR_HEADER),

  BadCertificate: credential('the certificate is bad: ' + WRONG_KEY),
  BadCertificateEnvironment: credential('sandbox and production are mixed up: check GOBUTTON_APNS_URL against the key'),
  // Also of a good key now and then (docs/facts.md#apns-sporadic-refusal).
  InvalidProviderToken: credential(`APNs does not take the key: ${WRONG_KEY}. Now and then it says so without cause`),
  MissingProviderToken: credential('a request without its credential: this is a fault of gobutton, report it'),
  // A connection belongs to the key of its first push (docs/facts.md#apns-token-keys).
  UnrelatedKeyIdInToken: credential('this connection was bound to another key: ' + WRONG_KEY),
  BadEnvironmentKeyIdInToken: credential(
    'the key is for the other environment: check GOBUTTON_APNS_URL (production or sandbox) against the key',
  ),
  // Ours are far younger than the hour that APNs allows (docs/facts.md#apns-token-age): a clock or key fault, not an
  // age.
  ExpiredProviderToken: credential("APNs takes the credential for older than an hour: check the workers' clocks"),
  // It sticks to single connections, also without cause on our side (docs/facts.md#apns-token-updates).
  TooManyProviderTokenUpdates: credential(
    'APNs saw another credential on this connection within 20 minutes; a new connection helps',
  ),

  Forbidden: device('APNs refuses this request'),
  // Documented for many pushes to one device; what everybody gets is weather all the same.
  TooManyRequests: provider('again', 1_000, 'APNs slows us down: lower the pace with `/go pace ios N`', {
    isRate: true,
  }),
  InternalServerError: provider('failed', 1_000, "a fault at APNs: see Apple's system status page"),
  ServiceUnavailable: provider('failed', 1_000, "APNs is not available: see Apple's system status page"),
  Shutdown: provider('failed', 1_000, 'this server of APNs is being shut down; a new connection helps', {
    endsConnection: true,
  }),
  IdleTimeout: provider('failed', 1_000, 'the connection was idle for too long; a new one helps', {
    endsConnection: true,
  }),
};

const FCM_KEY =
  'check the service account (GOOGLE_APPLICATION_CREDENTIALS), that it is of this Firebase project, and that its key was not deleted';

const FCM: Rows<FcmReason> = {
  UNREGISTERED: token('the app was removed from the device'),
  SENDER_ID_MISMATCH: token('the token belongs to another Firebase project'),
  INVALID_TOKEN: token('not a registration token'),

  // A bad token or a bad message, it doesn't say which (docs/facts.md#fcm-invalid-argument): hence weak.
  INVALID_ARGUMENT: campaign(
    'FCM finds a field of the message wrong, or tokens that it does not name: look at the copy and its data',
    { isWeak: true },
  ),
  NOT_FOUND: campaign('FCM does not know the project of the URL: check the service account'),

  UNAUTHENTICATED: credential(`FCM does not take the credential: ${FCM_KEY}`),
  PERMISSION_DENIED: credential(
    `the service account may not send: give it the role Firebase Cloud Messaging API Admin, or ${FCM_KEY}`,
  ),

  // Of one token of an Apple or web app of the project, whose certificate is missing at Firebase
  // (docs/facts.md#fcm-third-party-auth).
  THIRD_PARTY_AUTH_ERROR: device('an Apple or web token of a Firebase project without its APNs or web push key'),
  // Google: obey Retry-After, without it wait for a minute (docs/facts.md#fcm-waits).
  QUOTA_EXCEEDED: provider(
    'again',
    60_000,
    'the FCM quota of the project is used up: lower the pace with `/go pace android N`, and ask Google for an event quota',
    { isRate: true },
  ),
  RESOURCE_EXHAUSTED: provider(
    'again',
    60_000,
    'the FCM quota of the project is used up: lower the pace with `/go pace android N`, and ask Google for an event quota',
    { isRate: true },
  ),
  UNAVAILABLE: provider('uncertain', 10_000, 'FCM is not available: see the Firebase status page'),
  INTERNAL: provider('uncertain', 10_000, 'a fault at FCM: see the Firebase status page'),
  DEADLINE_EXCEEDED: provider('uncertain', 10_000, 'FCM took too long by itself: see the Firebase status page'),
  UNSPECIFIED_ERROR: provider(
    'uncertain',
    10_000,
    'a fault at FCM that it does not explain: see the Firebase status page',
  ),
};

const IN_BETWEEN = 'this is no answer of the provider: a proxy, a firewall or a wrong URL stands in between';

/** What is no reason of a provider: `Http404` and the like, a reason that has no row yet, or an answer that never came. */
function byStatus(status: number): Row {
  if (status === 429) return provider('again', 1_000, 'too many requests: lower the pace', { isRate: true });
  // A gateway may have passed on what it then says this of.
  if (status >= 500) return provider('uncertain', 1_000, IN_BETWEEN);
  return provider('again', 1_000, IN_BETWEEN);
}

/** Of a reason that the provider has added since: its status decides, and a refusal that nobody knows fails its device alone. */
function byStatusOfProvider(status: number): Row {
  if (status === 429) return provider('again', 1_000, 'too many requests: lower the pace', { isRate: true });
  if (status >= 500) return provider('uncertain', 10_000, 'a fault at the provider');
  if (status === 401) return credential('the provider does not take the credential');
  return device('a refusal that gobutton does not know');
}

export function apnsRow(status: number, reason: string): Row {
  return rowOf(APNS, status, reason);
}

export function fcmRow(status: number, reason: string): Row {
  return rowOf(FCM, status, reason);
}

function rowOf(rows: Readonly<Record<string, Row>>, status: number, reason: string): Row {
  const row = Object.hasOwn(rows, reason) ? rows[reason] : undefined;
  return row ?? (reason === httpReason(status) ? byStatus(status) : byStatusOfProvider(status));
}

/** What a reason of either provider means, and what somebody can do; null: it has no row. */
export function meaningOf(reason: string): string | null {
  const http = /^Http([1-5]\d\d)$/.exec(reason)?.[1];
  if (http !== undefined) return byStatus(Number(http)).means;
  const rows: Readonly<Record<string, Row>>[] = [APNS, FCM];
  return rows.find((one) => Object.hasOwn(one, reason))?.[reason]?.means ?? null;
}
