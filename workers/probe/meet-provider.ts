import type { Logger } from 'pino';
import type { ProviderConfig } from '../config.ts';
import { apnsCredential } from '../credentials/apns-jwt.ts';
import { fcmCredential } from '../credentials/fcm-oauth.ts';
import { apnsProvider, fcmProvider } from '../lanes/provider.ts';
import { primeTemplate } from '../send/templates.ts';
import { meet } from './meet.ts';
import type { Meeting, MeetOptions } from './meet.ts';

export interface WhoAndWhat extends Pick<MeetOptions, 'isSandboxMeant' | 'timeouts' | 'signal'> {
  /** A staff device; null: one that doesn't exist. */
  device: string | null;
  /** APNs topic; FCM needs none. */
  topic: string;
  /** Stands in the push. */
  launchId: string;
  log: Logger;
  /** Default: this machine's. */
  nowMs?: () => number;
}

/** Meets the provider of a configuration, with a credential made for this alone and a priming push as workers send it. */
export async function meetProvider(
  config: ProviderConfig,
  { device, topic, launchId, log, nowMs, ...more }: WhoAndWhat,
): Promise<Meeting> {
  const clock = nowMs === undefined ? {} : { nowMs };
  const credential =
    config.provider === 'apns'
      ? apnsCredential({ key: () => config.apns, log, ...clock })
      : fcmCredential({ ...config.fcm, account: () => config.fcm.account, ca: config.ca, log, ...clock });
  try {
    return await meet({
      ...more,
      credential,
      device,
      ca: config.ca,
      ...(config.provider === 'apns'
        ? {
            provider: apnsProvider(),
            url: config.apns.url,
            proxy: config.apns.proxy,
            template: primeTemplate('ios', launchId, topic),
          }
        : {
            provider: fcmProvider(config.fcm.account.projectId),
            url: config.fcm.url,
            proxy: config.fcm.proxy,
            template: primeTemplate('android', launchId, topic),
          }),
    });
  } finally {
    credential.close();
  }
}
