import { apnsRow, fcmRow, meaningOf } from '../../contract/answers.ts';
import type { Row } from '../../contract/answers.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';

/** What kind of weather an answer is a sign of, after the table of answers, and what somebody can do. */
export type WeatherKind = 'throttled' | 'ill' | 'credential' | 'between' | 'silent' | 'other';

/** Null: no answer at all, but a way in which a push ended without one. */
function rowFor(platform: Platform, reason: string): Row | null {
  if (meaningOf(reason) === null) return null;
  const status = Number(/^Http(\d{3})$/.exec(reason)?.[1] ?? 0);
  return platform === 'ios' ? apnsRow(status, reason) : fcmRow(status, reason);
}

/** A word of the provider, or a status; else a push ended without an answer. */
export const isAnswer = (reason: string): boolean => meaningOf(reason) !== null;

export function kindOfWeather(platform: Platform, reason: string): WeatherKind {
  const row = rowFor(platform, reason);
  if (row === null) return reason === 'NoAnswer' ? 'silent' : 'other';
  if (row.isRate === true) return 'throttled';
  if (row.concerns === 'credential') return 'credential';
  return /^Http\d/.test(reason) ? 'between' : 'ill';
}

const FATE: Record<Row['fate'], string> = {
  again: 'Whoever was refused so is unsent as before, and goes out then.',
  failed: 'Whoever was refused so counts as failed, and stays within reach of a further order.',
  uncertain: 'Whoever got no better answer may have got the push: uncertain, and not sent again by itself.',
};

/** What is known of those who got it. */
export const fateText = (platform: Platform, reason: string): string =>
  FATE[rowFor(platform, reason)?.fate ?? 'uncertain'];

/** Apple's and Google's own pages. */
const STATUS_PAGE = {
  ios: "Apple's system status (https://developer.apple.com/system-status/, APNs)",
  android: "Firebase's status (https://status.firebase.google.com, Cloud Messaging)",
} as const;
const WAY_OUT = { ios: 'GOBUTTON_APNS_URL', android: 'GOBUTTON_FCM_URL' } as const;
const NAME = { ios: 'APNs', android: 'FCM' } as const;

/** As a sentence begins. */
export const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

const TODO: Record<WeatherKind, (platform: Platform, reason: string) => string> = {
  throttled: (platform) =>
    platform === 'ios'
      ? 'Nothing must be done. If it goes on, lower the pace: `/go pace ios N` (a second); and look whether something else sends with the same key just now.'
      : "Look at the project's quota (Google Cloud console, Firebase Cloud Messaging API, Quotas: 600,000 a minute unless more was granted; it counts whatever else sends in the project), and lower the pace to what is left of it: `/go pace android N` (a second).",
  ill: (platform) =>
    `Look at ${STATUS_PAGE[platform]}. HALT (\`/go halt\`) keeps what is not sent for later; else leave it, workers ask seldom meanwhile.`,
  credential: (_, reason) =>
    `${capital(meaningOf(reason) ?? 'the provider does not take the credential')}. Mend it and start the workers anew; devices stay as they are, it is not about them.`,
  between: (platform) =>
    `This is no answer of ${NAME[platform]}: a proxy, a firewall or a wrong address stands in between, or its front end is out of order. Look at the workers' way out (HTTPS_PROXY, NAT, ${WAY_OUT[platform]}) and at ${STATUS_PAGE[platform]}.`,
  silent: (platform) => `Look at ${STATUS_PAGE[platform]} and at the workers' way out (NAT, firewall, port 443).`,
  other: (platform) => `Look at ${STATUS_PAGE[platform]} and at the workers' log lines with this reason.`,
};

export const todoText = (platform: Platform, reason: string): string =>
  TODO[kindOfWeather(platform, reason)](platform, reason);
