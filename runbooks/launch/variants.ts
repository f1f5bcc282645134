import type { Campaign } from '../playbook/schema.ts';
import { canonicalJson } from './canonical-json.ts';
import { addCount, noCounts, timesOf } from './counts.ts';
import type { Counts } from './counts.ts';
import type { AudienceRef, SegmentRef, Split } from './entries.ts';

/**
 * Variants and hold-out. A text is what devices of one locale get: `de`, or in a campaign with variants `de/a` and `de/b`. The
 * audience is compiled for texts, by a stable hash of the user (`workers/audience/split.ts`), so that who gets what is part of
 * what two people approve; the words of each may still change. The first variant is what stands in the locale itself.
 */

/** Null: everybody gets the same. */
export function splitOf({ id, variants = [], hold_out: holdOut = 0 }: Campaign): Split | null {
  if (variants.length === 0 && holdOut === 0) return null;
  return { salt: id, variants: variants.map((one) => ({ id: one.id, share: one.share })), holdOut };
}

export function textName(locale: string, variant: string | null): string {
  return variant === null ? locale : `${locale}/${variant}`;
}

export function partsOfText(text: string): { locale: string; variant: string | null } {
  const [locale = '', variant = null] = text.split('/');
  return { locale, variant };
}

export const localeOf = (text: string): string => partsOfText(text).locale;

/** In the campaign's order, variants of a locale side by side. */
export function textsOf(campaign: Pick<Campaign, 'locales' | 'variants'>): string[] {
  return Object.keys(campaign.locales).flatMap((locale) => textsIn(campaign, locale));
}

/** All variants of one locale. */
export function textsIn({ variants = [] }: Pick<Campaign, 'variants'>, locale: string): string[] {
  return variants.length === 0 ? [locale] : variants.map(({ id }) => textName(locale, id));
}

/** A text as it is written: the locale's, with what its variant changes in it. Null: there is no such text. */
export function writtenText(
  campaign: Pick<Campaign, 'locales' | 'variants'>,
  text: string,
): Omit<Text, 'variants'> | null {
  const { locale, variant } = partsOfText(text);
  const ofLocale = campaign.locales[locale];
  if (ofLocale === undefined || !textsIn(campaign, locale).includes(text)) return null;
  const { variants = {}, ...own } = ofLocale;
  const { subtitle, ...rest } = Object.assign(own, variant === null ? {} : variants[variant]);
  return subtitle === undefined || subtitle === '' ? rest : { ...rest, subtitle };
}

type Text = Campaign['locales'][string];

/** The text and its key that a path in the campaign leads to: `locales.de.variants.b.title` is the title of `de/b`. Null: to none. */
export function textAt(
  campaign: Pick<Campaign, 'variants'>,
  path: readonly string[],
): { text: string; key: string | null } | null {
  const [top, locale, inner, ...deeper] = path;
  if (top !== 'locales' || locale === undefined) return null;
  const [variant, key = null] = deeper;
  return inner === 'variants' && variant !== undefined
    ? { text: textName(locale, variant), key }
    : { text: textsIn(campaign, locale)[0] ?? locale, key: inner ?? null };
}

/** What a person may call texts: one of them, or a locale, which is all of its variants. Letters may be small or capital. None: there is no such text. */
export function textsNamed(campaign: Campaign, word: string): string[] {
  const isMeant = (name: string): boolean => name.toLowerCase() === word.toLowerCase();
  return textsOf(campaign).filter((text) => isMeant(text) || isMeant(localeOf(text)));
}

/**
 * What a device gets that was compiled for this text. A locale that the campaign has no more gets the default one, a variant that
 * it has no more the locale's own: no fire is asked for then, but what was approved before goes on.
 */
export function textFor(campaign: Campaign, compiled: string): string {
  const { locale: wanted, variant } = partsOfText(compiled);
  const locale = Object.hasOwn(campaign.locales, wanted) ? wanted : campaign.default_locale;
  const texts = textsIn(campaign, locale);
  return texts.find((text) => text === textName(locale, variant)) ?? texts[0] ?? locale;
}

/** `a 45 %, b 45 %, 10 % held out` */
export function splitText(split: Split | null): string {
  if (split === null) return 'no variants and nobody held out';
  const parts = split.variants.map(({ id, share }) => `${id} ${percentOf(share)}`);
  return [...parts, ...(split.holdOut === 0 ? [] : [`${percentOf(split.holdOut)} held out`])].join(', ');
}

const percentOf = (share: number): string => `${Number((share * 100).toFixed(2))} %`;

/** Why an audience is not what the campaign says; null: it is. */
export function splitProblem(campaign: Campaign, { split }: AudienceRef): string | null {
  const wanted = splitOf(campaign);
  if (canonicalJson(split ?? null) === canonicalJson(wanted)) return null;
  const names = (one: Split | null | undefined): string =>
    one == null ? splitText(null) : `${splitText(one)} of the users, by ${one.salt}`;
  return `The audience was compiled with ${names(split)}; the campaign says ${names(wanted)}`;
}

/** Devices that get nothing on purpose, of these segments or of the whole audience. */
export function heldOutIn(audience: AudienceRef | null, segments: readonly { segment: string }[] | 'all'): number {
  if (segments === 'all') return audience?.heldOut ?? 0;
  return refsOf(audience, segments).reduce((sum, { heldOut = 0 }) => sum + heldOut, 0);
}

/** Devices by variant, in the campaign's order of them; empty: it has none. */
export function variantDevices(audience: AudienceRef | null, segments: readonly { segment: string }[]): Counts {
  const counted = noCounts();
  for (const { id } of audience?.split?.variants ?? [])
    for (const { variants = {} } of refsOf(audience, segments)) addCount(counted, id, timesOf(variants, id));
  return counted;
}

function refsOf(audience: AudienceRef | null, segments: readonly { segment: string }[]): SegmentRef[] {
  const asked = new Set(segments.map(({ segment }) => segment));
  return (audience?.segments ?? []).filter(({ id }) => asked.has(id));
}
