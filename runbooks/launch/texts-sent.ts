import type { Campaign } from '../playbook/schema.ts';
import { own } from './decision.ts';
import type { AudienceRef } from './entries.ts';

/**
 * Devices per text of the campaign, for these segments as they were compiled. A device whose language the campaign has
 * dropped since gets the default text, as the workers send it. Null: the audience was compiled before this was counted.
 */
export function devicesPerText(
  campaign: Campaign,
  audience: AudienceRef | null,
  segments: readonly { segment: string }[],
): Record<string, number> | null {
  const counted = languagesOf(audience, segments);
  if (counted === null) return null;
  const perText: Record<string, number> = {};
  for (const [locale, devices] of Object.entries(counted)) {
    const text = Object.hasOwn(campaign.locales, locale) ? locale : campaign.default_locale;
    perText[text] = (own(perText, text) ?? 0) + devices;
  }
  return perText;
}

function languagesOf(
  audience: AudienceRef | null,
  segments: readonly { segment: string }[],
): Record<string, number> | null {
  if (audience === null) return null;
  const asked = new Set(segments.map(({ segment }) => segment));
  const refs = audience.segments.filter(({ id }) => asked.has(id));
  if (refs.length === audience.segments.length) return audience.locales;
  const counted: Record<string, number> = {};
  for (const { locales } of refs) {
    if (locales === undefined) return null;
    for (const [locale, devices] of Object.entries(locales)) counted[locale] = (own(counted, locale) ?? 0) + devices;
  }
  return counted;
}
