import { ApnsError, Notification, Priority } from 'apns2';
import type { ApnsClient } from 'apns2';
import type { AndroidNotification, ApnsConfig, Message } from 'firebase-admin/messaging';
import { TOKEN_DELETED } from '../../infra/aws/staff-devices.ts';
import type { StaffDevice } from '../../infra/aws/staff-devices.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import type { CopiesAsked, TestResult } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { apnsPayload, fcmMessage, said } from '../../runbooks/launch/payload.ts';
import type { FcmMessage } from '../../runbooks/launch/payload.ts';
import { collapseIdOf } from '../../runbooks/launch/shown.ts';
import { copiesOf, phonesOf } from '../../runbooks/launch/test-copies.ts';
import { textFor } from '../../runbooks/launch/variants.ts';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import type { FcmClient } from './fcm-seam.ts';

/** Copies of the present content to named people, through the providers' own libraries: what a test shows is what the library says, not our lane. */

export interface TestClients {
  apns: ApnsClient;
  fcm: FcmClient;
}

const EACH_TIMEOUT_MS = 15_000;

/** One result per device, in their order. Never rejects for a device's fate. */
export async function sendTestCopies(
  clients: TestClients,
  launch: Launch,
  testId: string,
  devices: readonly (StaffDevice & { isExtra?: boolean })[],
): Promise<TestResult[]> {
  return Promise.all(devices.map((device) => sendOne(clients, launch, testId, device)));
}

/** The results of copies that a halt has stopped before they were sent. */
export function haltedCopies(launch: Launch, asked: CopiesAsked): TestResult[] {
  return copiesOf(launch, asked, phonesOf(launch)).map(({ person, platform, locale }) => ({
    person,
    platform,
    accepted: false,
    reason: 'halted, not sent: ask for it again',
    tookMs: 0,
    locale,
  }));
}

async function sendOne(
  clients: TestClients,
  launch: Launch,
  testId: string,
  { person, platform, locale: wanted, token, isExtra = false }: StaffDevice & { isExtra?: boolean },
): Promise<TestResult> {
  const locale = textFor(launch.campaign, wanted);
  if (token === null) return { person, platform, accepted: false, reason: TOKEN_DELETED, tookMs: 0, locale };
  const startMs = performance.now();
  // Several texts on one phone stand beside each other; the one that a shot would send has the shot's own id.
  const collapseId = collapseIdOf(isExtra ? `${launch.id}.${locale}` : launch.id, launch.campaign);
  const ids = { launchId: launch.id, shotId: `test-${testId}`, collapseId };
  const sending =
    platform === 'ios'
      ? sendApns(clients.apns, launch.campaign, locale, ids, token)
      : sendFcm(clients.fcm, launch, locale, ids, token);
  // The libraries have no time-out of their own for a silent provider; what comes after ours changes nothing any more.
  const reason = await waitAtMost(EACH_TIMEOUT_MS, sending, 'NoAnswer');
  // A library's own words may name the device; the result stays for ever.
  return {
    person,
    platform,
    accepted: reason === null,
    reason: (reason ?? '').replaceAll(token, 'the device'),
    tookMs: Math.round(performance.now() - startMs),
    locale,
  };
}

type Ids = { launchId: string; shotId: string; collapseId: string };

/** Null: accepted. */
async function sendApns(
  client: ApnsClient,
  campaign: Campaign,
  locale: string,
  ids: Ids,
  token: string,
): Promise<string | null> {
  const { aps, ...data } = JSON.parse(apnsPayload(campaign, locale, ids)) as { aps: Record<string, unknown> };
  const notification = new Notification(token, {
    topic: campaign.apns.topic,
    priority: campaign.apns.priority === 10 ? Priority.immediate : Priority.throttled,
    collapseId: ids.collapseId,
    aps,
    data,
  });
  try {
    await client.send(notification);
    return null;
  } catch (error) {
    return error instanceof ApnsError ? error.reason : reasonOf(error);
  }
}

async function sendFcm(
  { messaging }: FcmClient,
  launch: Launch,
  locale: string,
  ids: Ids,
  token: string,
): Promise<string | null> {
  const message = fcmMessage(launch.campaign, locale, ids, {
    collapseId: ids.collapseId,
    expiresAfterMs: launch.runbook.delivery.expires_after,
  });
  try {
    await messaging.send(adminMessage(message, token));
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The v1 message in the words of firebase-admin, which turns them back into the same JSON. */
function adminMessage({ notification, data, android, apns }: FcmMessage, token: string): Message {
  const {
    channel_id: channelId,
    click_action: clickAction,
    image: imageUrl,
    notification_count: notificationCount,
    notification_priority: priority,
    visibility,
    ...shown
  } = android.notification;
  const named = said({
    channelId,
    clickAction,
    imageUrl,
    notificationCount,
    priority: priority?.replace('PRIORITY_', '').toLowerCase(),
    visibility: visibility?.toLowerCase(),
  }) as AndroidNotification;
  return {
    token,
    notification,
    data,
    android: {
      priority: android.priority === 'HIGH' ? 'high' : 'normal',
      ttl: Number.parseInt(android.ttl, 10) * 1_000,
      collapseKey: android.collapse_key,
      notification: { ...shown, ...named },
    },
    ...(apns === undefined ? {} : { apns: adminApple(apns) }),
  };
}

function adminApple({ headers, payload, fcm_options: options }: NonNullable<FcmMessage['apns']>): ApnsConfig {
  return {
    headers,
    ...(payload === undefined ? {} : { payload }),
    ...(options === undefined ? {} : { fcmOptions: { imageUrl: options.image } }),
  };
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.message.slice(0, 200) : 'unknown';
}
