import type { Platform } from '../../runbooks/launch/entries.ts';

const PLATFORM_WORDS: Readonly<Record<string, Platform>> = {
  ios: 'ios',
  apple: 'ios',
  apns: 'ios',
  iphone: 'ios',
  ipad: 'ios',
  ipados: 'ios',
  android: 'android',
  fcm: 'android',
  google: 'android',
  gcm: 'android',
};

/** Null: not a platform we send to. */
export function platformOf(found: string): Platform | null {
  const word = found.trim().toLowerCase();
  return Object.hasOwn(PLATFORM_WORDS, word) ? (PLATFORM_WORDS[word] ?? null) : null;
}

/** A market as part of a segment's id (at most 40 characters with the platform). Null: can't be one. */
export function marketOf(found: string): string | null {
  const market = found.trim().toLowerCase();
  return /^[a-z0-9][a-z0-9-]{0,31}$/.test(market) ? market : null;
}

export type SegmentBy = readonly ('market' | 'platform')[];

/** Values joined by a dash. A segment has one platform, so the platform comes last when the runbook doesn't name it. */
export function segmentId(segmentBy: SegmentBy, market: string, platform: Platform): string {
  const parts = segmentBy.map((by) => (by === 'market' ? market : platform));
  if (!segmentBy.includes('platform')) parts.push(platform);
  return parts.join('-');
}
