import type { Campaign } from '../playbook/schema.ts';
import { addCount, countsOf, noCounts } from './counts.ts';
import type { Counts } from './counts.ts';
import type { AudienceRef } from './entries.ts';
import { textFor } from './variants.ts';

/**
 * Devices per text of the campaign, for these segments as they were compiled, and as the workers choose it (`textFor`). Null: the
 * audience was compiled before this was counted.
 */
export function devicesPerText(
  campaign: Campaign,
  audience: AudienceRef | null,
  segments: readonly { segment: string }[],
): Counts | null {
  const counted = languagesOf(audience, segments);
  if (counted === null) return null;
  const perText = noCounts();
  for (const [compiled, devices] of Object.entries(counted)) addCount(perText, textFor(campaign, compiled), devices);
  return perText;
}

function languagesOf(audience: AudienceRef | null, segments: readonly { segment: string }[]): Counts | null {
  if (audience === null) return null;
  const asked = new Set(segments.map(({ segment }) => segment));
  const refs = audience.segments.filter(({ id }) => asked.has(id));
  if (refs.length === audience.segments.length) return countsOf(Object.entries(audience.locales));
  const counted = noCounts();
  for (const { locales } of refs) {
    if (locales === undefined) return null;
    for (const [locale, devices] of Object.entries(locales)) addCount(counted, locale, devices);
  }
  return counted;
}
