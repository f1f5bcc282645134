import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { apnsHeaders, apnsPayload, fcmMessage } from '../../runbooks/launch/payload.ts';
import { silentHeaders, silentMessage, silentPayload } from '../../runbooks/launch/silent-payload.ts';
import { textFor } from '../../runbooks/launch/variants.ts';
import type { Template } from '../lanes/lane.ts';
import { VALIDATE_ONLY } from '../lanes/provider.ts';

/** The templates of one shot, one per text of the manifest and in its order, so that a device's index finds its own. */
export function templatesOf(platform: Platform, shot: Shot, launchId: string, texts: readonly string[]): Template[] {
  const { campaign, shown, pressedAtMs } = shot;
  const { collapseId, expiresAfterMs } = shown;
  const keeping = { collapseId, expiresAfterMs, fromMs: pressedAtMs };
  const ids = { launchId, shotId: shot.id };
  if (shown.silent === true) {
    // Nothing is shown, so all texts are one.
    const message = JSON.stringify(silentMessage(campaign, ids, keeping));
    const [headers, body] = platform === 'ios' ? [silentHeaders(campaign, keeping), silentPayload(ids)] : [{}, message];
    return texts.map(() => ({ headers, body: Buffer.from(body) }));
  }
  return texts.map((compiled) => {
    const text = textFor(campaign, compiled);
    if (platform === 'ios') {
      return {
        headers: apnsHeaders(campaign, keeping),
        body: Buffer.from(apnsPayload(campaign, text, ids)),
      };
    }
    return {
      headers: {},
      body: Buffer.from(JSON.stringify(fcmMessage(campaign, text, ids, keeping))),
    };
  });
}

/**
 * A push that shows nothing. APNs: a background push, which may go out two or three times an hour per device
 * (docs/facts.md#apns-background).
 * FCM: checked by the provider and not delivered at all.
 */
export function primeTemplate(platform: Platform, launchId: string, topic: string): Template {
  if (platform === 'ios') {
    return {
      headers: { 'apns-topic': topic, 'apns-push-type': 'background', 'apns-priority': '5', 'apns-expiration': '0' },
      body: Buffer.from(silentPayload({ launchId, shotId: 'prime' })),
    };
  }
  return {
    headers: { [VALIDATE_ONLY]: '1' },
    body: Buffer.from(JSON.stringify({ data: { gobutton_launch: launchId, gobutton_shot: 'prime' } })),
  };
}
