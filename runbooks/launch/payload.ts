import type { Campaign } from '../playbook/schema.ts';
import type { Platform } from './entries.ts';
import { localized } from './localized.ts';
import type { Localized } from './localized.ts';
import { partsOfText, textsOf } from './variants.ts';

/**
 * The message as the providers take it, one for each text (variants.ts). The same bytes go out in test sends, in the shot and
 * into the size check, so what was tested is what is sent.
 */

/** `shotId`: the shot, or `test-…`, or `prime`. It lets the client app and the judges tell sends apart. */
export interface PayloadIds {
  launchId: string;
  shotId: string;
}

/** Both providers: at most 4,096 bytes (docs/facts.md#apns-payload-size, docs/facts.md#fcm-message). */
export const PAYLOAD_LIMIT_BYTES = 4_096;

/** FCM keeps a message for at most four weeks (docs/facts.md#fcm-message). */
const FCM_TTL_MAX_MS = 2_419_200_000;

/** As long as a launch id may be: for a runbook, which has none yet. */
export const LONGEST_LAUNCH_ID = 'l'.repeat(60);

/** Room for the longest shot or test id, so that a size checked before GO still holds at GO. */
const LONGEST_SHOT_ID = 'test-T0000000000';

/**
 * JSON text of an APNs alert (docs/facts.md#apns-payload-keys). What the app reads lies beside `aps`; extra data lies under
 * `data`, so that no key of it can touch either.
 */
export function apnsPayload(campaign: Campaign, text: string, ids: PayloadIds): string {
  const own = localized(campaign, text);
  const { variant } = partsOfText(text);
  const { image, deepLink, actions } = own;
  return JSON.stringify({
    aps: { alert: alertOf(own), ...apsOf(campaign, own) },
    gobutton: { launch: ids.launchId, shot: ids.shotId, ...said({ variant }) },
    ...said({ deep_link: deepLink, image }),
    ...(actions.length === 0 ? {} : { actions }),
    ...(Object.keys(campaign.data).length === 0 ? {} : { data: campaign.data }),
  });
}

const alertOf = ({ title, subtitle, body }: Localized) => ({ title, ...said({ subtitle }), body });

/** All of `aps` but the alert. */
function apsOf({ apns }: Campaign, { image, sound, badge }: Localized) {
  return said({
    sound,
    badge,
    'thread-id': apns.thread_id,
    category: apns.category,
    'interruption-level': apns.interruption_level,
    'relevance-score': apns.relevance_score,
    'mutable-content': image !== '' || apns.mutable_content === true ? 1 : null,
  });
}

/** AndroidNotification of FCM v1, as far as a campaign has it (docs/facts.md#fcm-android-notification). */
interface AndroidNotification {
  /** A later notification with the same tag replaces the one on screen. */
  tag: string;
  channel_id?: string;
  sound?: string;
  image?: string;
  icon?: string;
  color?: string;
  click_action?: string;
  notification_priority?: string;
  visibility?: string;
  notification_count?: number;
}

export interface FcmMessage {
  notification: { title: string; body: string };
  data: Record<string, string>;
  android: {
    priority: 'HIGH' | 'NORMAL';
    /** Seconds with an `s`; `0s` is now or never. */
    ttl: string;
    collapse_key: string;
    notification: AndroidNotification;
  };
  apns?: AppleOfFcm;
}

/** For iPhones that are registered with FCM (docs/facts.md#fcm-apns-config): Google sends it on to APNs. */
interface AppleOfFcm {
  headers: Record<string, string>;
  payload?: { aps: Record<string, unknown> };
  fcm_options?: { image: string };
}

/** How long a message is kept, and under which name a later one takes its place. `fromMs`: time zero; absent in a test copy. */
export interface Keeping {
  collapseId: string;
  expiresAfterMs: number;
  fromMs?: number;
}

/** FCM v1 `message` without its `token`. `collapseId` comes from `Shown`. */
export function fcmMessage(campaign: Campaign, text: string, ids: PayloadIds, keeping: Keeping): FcmMessage {
  const own = localized(campaign, text);
  const { title, body, image, icon, deepLink, sound, badge, actions } = own;
  const { fcm } = campaign;
  const { collapseId, expiresAfterMs } = keeping;
  return {
    notification: { title, body },
    data: {
      ...campaign.data,
      ...said({ deep_link: deepLink }),
      ...(actions.length === 0 ? {} : { actions: JSON.stringify(actions) }),
      gobutton_launch: ids.launchId,
      gobutton_shot: ids.shotId,
      ...said({ gobutton_variant: partsOfText(text).variant }),
    },
    android: {
      priority: fcm.priority === 'high' ? 'HIGH' : 'NORMAL',
      ttl: fcmTtl(expiresAfterMs),
      collapse_key: collapseId,
      notification: {
        tag: fcm.tag ?? collapseId,
        ...said({
          channel_id: fcm.channel_id,
          sound,
          image,
          icon,
          color: fcm.color,
          click_action: fcm.click_action,
          notification_priority:
            fcm.notification_priority === undefined ? '' : `PRIORITY_${fcm.notification_priority.toUpperCase()}`,
          visibility: fcm.visibility?.toUpperCase(),
          // 0 says nothing there: the phone counts by itself.
          notification_count: badge === 0 ? null : badge,
        }),
      },
    },
    ...(fcm.apple === true ? { apns: appleOf(campaign, own, keeping) } : {}),
  };
}

export const fcmTtl = (expiresAfterMs: number): string =>
  `${Math.floor(Math.min(expiresAfterMs, FCM_TTL_MAX_MS) / 1_000)}s`;

/** Title and text are those of `notification`, and keys of `data` come beside `aps`; FCM knows the topic by the app. */
function appleOf(campaign: Campaign, own: Localized, keeping: Keeping): AppleOfFcm {
  const { 'apns-topic': _topic, ...headers } = apnsHeaders(campaign, keeping);
  const aps = { ...(own.subtitle === '' ? {} : { alert: alertOf(own) }), ...apsOf(campaign, own) };
  return {
    headers,
    ...(Object.keys(aps).length === 0 ? {} : { payload: { aps } }),
    ...(own.image === '' ? {} : { fcm_options: { image: own.image } }),
  };
}

type Said<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };

/** Without what is not said: undefined, null and the empty text. */
export function said<T extends Record<string, string | number | null | undefined>>(keys: T): Said<T> {
  return Object.fromEntries(
    Object.entries(keys).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  ) as Said<T>;
}

/**
 * Constant APNs headers (docs/facts.md#apns-headers), everything but `authorization` and the path. `fromMs` is time zero:
 * the provider keeps a push for an offline device until `fromMs + expiresAfterMs`; 0 is one try, not stored.
 */
export function apnsHeaders(
  campaign: Campaign,
  { collapseId, expiresAfterMs, fromMs }: Keeping,
): Record<string, string> {
  const expiration = expiresAfterMs === 0 ? 0 : Math.ceil(((fromMs ?? 0) + expiresAfterMs) / 1_000);
  return {
    'apns-topic': campaign.apns.topic,
    'apns-push-type': 'alert',
    'apns-priority': String(campaign.apns.priority),
    'apns-collapse-id': collapseId,
    ...(fromMs === undefined ? {} : { 'apns-expiration': String(expiration) }),
  };
}

/** Bytes are UTF-8; FCM is measured as the whole message, which is never less than what Google counts. */
export interface PayloadSize {
  text: string;
  platform: Platform;
  bytes: number;
}

/** Texts whose message is over the limit, by platform. */
export function payloadProblems(campaign: Campaign, launchId: string): PayloadSize[] {
  return payloadSizes(campaign, launchId).filter(({ bytes }) => bytes > PAYLOAD_LIMIT_BYTES);
}

/** Every text's message on both platforms, with the longest ids that a launch may have. */
export function payloadSizes(campaign: Campaign, launchId: string): PayloadSize[] {
  const ids = { launchId, shotId: LONGEST_SHOT_ID };
  // With as many digits as any time of this century has.
  const longest = { collapseId: 'c'.repeat(64), expiresAfterMs: FCM_TTL_MAX_MS, fromMs: 2_000_000_000_000 };
  return textsOf(campaign).flatMap((text) => [
    { text, platform: 'ios' as const, bytes: utf8Bytes(apnsPayload(campaign, text, ids)) },
    { text, platform: 'android' as const, bytes: utf8Bytes(JSON.stringify(fcmMessage(campaign, text, ids, longest))) },
  ]);
}

export function tooLargeText({ text, platform, bytes }: PayloadSize): string {
  return `The ${text} message is ${bytes} bytes on ${platform}; providers take at most ${PAYLOAD_LIMIT_BYTES}`;
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
