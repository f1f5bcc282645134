import type { Campaign } from '../playbook/schema.ts';
import { writtenText } from './variants.ts';

type Button = NonNullable<Campaign['actions']>[number];

/** What a device gets that one text is for. `''`: none. */
export interface Localized {
  title: string;
  subtitle: string;
  body: string;
  image: string;
  icon: string;
  deepLink: string;
  sound: string;
  /** Null: left as it is. */
  badge: number | null;
  actions: readonly Button[];
}

/** The variant's own, else the locale's, else the campaign's: the one reading of a campaign, for providers and for people. */
export function localized(campaign: Campaign, text: string): Localized {
  const own = writtenText(campaign, text);
  if (own === null)
    throw Object.assign(new Error(`LOCALE_UNKNOWN: the campaign ${campaign.id} has no text for ${text}`), {
      code: 'LOCALE_UNKNOWN',
    });
  return {
    title: own.title,
    subtitle: own.subtitle ?? '',
    body: own.body,
    image: own.image ?? campaign.image ?? '',
    icon: own.icon ?? campaign.icon ?? '',
    deepLink: own.deep_link ?? campaign.deep_link ?? '',
    sound: own.sound ?? campaign.sound,
    badge: own.badge ?? campaign.badge ?? null,
    actions: own.actions ?? campaign.actions ?? [],
  };
}
