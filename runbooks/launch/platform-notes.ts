import type { Campaign } from '../playbook/schema.ts';
import { localized } from './localized.ts';
import { textsOf } from './variants.ts';
import { listed } from './words.ts';

/**
 * What of a campaign not every phone shows, in sentences: a provider takes it, and nobody would find out before the event
 * (docs/facts.md#notification-actions, docs/facts.md#notification-images, docs/facts.md#fcm-android-notification).
 */
export function platformNotes(campaign: Campaign): string[] {
  const { apns, fcm } = campaign;
  const texts = textsOf(campaign).map((text) => localized(campaign, text));
  const notes: (string | false)[] = [
    texts.some(({ subtitle }) => subtitle !== '') && 'The subtitle is shown on iOS; Android has none.',
    texts.some(({ image }) => image !== '') &&
      'iOS shows the image if the app has a notification service extension; Android if it has 1 MB at most.',
    texts.some(({ actions }) => actions.length > 0) &&
      `iOS shows the buttons that the app has registered as category ${apns.category ?? '?'}, by the titles given there; Android shows them if the app draws the notification itself, from data.actions.`,
    texts.some(({ sound }) => sound !== 'default') && 'On Android 8 and newer the channel has the sound, not the push.',
    texts.some(({ badge }) => badge === 0) &&
      'A badge of 0 takes it away on iOS; on Android the phone counts by itself.',
    (apns.interruption_level === 'time-sensitive' || apns.interruption_level === 'critical') &&
      `interruption_level ${apns.interruption_level} needs an entitlement of the app; without it the push comes like any other.`,
    fcm.notification_priority !== undefined &&
      'notification_priority is for Android 7 and older; later ones go by the channel.',
    fcm.apple === true && 'iPhones that are registered with FCM are in the segments of Android and in its counts.',
    ...androidOnly(campaign),
  ];
  return notes.filter((note) => note !== false);
}

function androidOnly(campaign: Campaign): string[] {
  const { fcm } = campaign;
  const used = [
    ...(textsOf(campaign).some((text) => localized(campaign, text).icon !== '') ? ['icon'] : []),
    ...(fcm.color === undefined ? [] : ['color']),
    ...(fcm.click_action === undefined ? [] : ['click_action']),
  ];
  return used.length === 0 ? [] : [`${listed(used)}: on Android alone.`];
}
