import type { Platform } from '../../runbooks/launch/entries.ts';

const PLATFORM_WORDS: Readonly<Record<string, Platform>> = {
  ios: 'ios', apple: 'ios', apns: 'ios', iphone: 'ios', ipad: 'ios', ipados: 'ios',
  android: 'android', fcm: 'android', google: 'android', gcm: 'android',
};

/** Null: not a platform we send to. */
export function platformOf(found: string): Platform | null {
  const word = found.trim().toLowerCase();
  return Object.hasOwn(PLATFORM_WORDS, word) ? (PLATFORM_WORDS[word] ?? null) : null;
}

/**
 * The campaign's locale for a device's: the same one whatever its case and separator (`pt_br` is `pt-BR`), else by
 * taking subtags off its end (`en-US` is `en`, RFC 4647 section 3.4), else the fallback. Null: none of them.
 */
export function localeOf(found: string, known: readonly string[], fallback: string | null): string | null {
  const subtags = found.trim().replaceAll('_', '-').toLowerCase().split('-');
  for (let length = subtags.length; length > 0; length--) {
    const wanted = subtags.slice(0, length).join('-');
    const locale = known.find((one) => one.toLowerCase() === wanted);
    if (locale !== undefined && wanted !== '') return locale;
  }
  return fallback;
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
