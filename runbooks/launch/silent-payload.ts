import type { Campaign } from '../playbook/schema.ts';
import { apnsHeaders, fcmTtl } from './payload.ts';
import type { Keeping, PayloadIds } from './payload.ts';

/**
 * A push that shows nothing and makes no sound: APNs calls it a background push, FCM a data message. A phone gets it only from an app that takes such
 * pushes, and no provider promises that it does (docs/facts.md#apns-background, docs/facts.md#fcm-data-message).
 */

/** JSON text for APNs: no alert, sound or badge, and nothing of the campaign that an app might act upon. */
export function silentPayload({ launchId, shotId }: PayloadIds): string {
  return JSON.stringify({ aps: BACKGROUND, gobutton: { launch: launchId, shot: shotId, silent: true } });
}

/** With another priority than 5 APNs refuses it (docs/facts.md#apns-headers). */
export function silentHeaders(campaign: Campaign, keeping: Keeping): Record<string, string> {
  return { ...apnsHeaders(campaign, keeping), 'apns-push-type': 'background', 'apns-priority': '5' };
}

/** High priority is for what people see: FCM lowers it for an app whose messages show nothing. For iPhones the same as APNs gets. */
export function silentMessage(campaign: Campaign, { launchId, shotId }: PayloadIds, keeping: Keeping) {
  const { 'apns-topic': _topic, ...headers } = silentHeaders(campaign, keeping);
  return {
    data: { gobutton_launch: launchId, gobutton_shot: shotId, gobutton_silent: 'true' },
    android: {
      priority: 'NORMAL' as const,
      ttl: fcmTtl(keeping.expiresAfterMs),
      collapse_key: keeping.collapseId,
    },
    ...(campaign.fcm.apple === true ? { apns: { headers, payload: { aps: BACKGROUND } } } : {}),
  };
}

const BACKGROUND = { 'content-available': 1 } as const;
