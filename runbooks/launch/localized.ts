import type { Campaign } from '../playbook/schema.ts';

type Button = NonNullable<Campaign['actions']>[number];

/** What a device of one locale gets. `''`: none. */
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

/** The locale's own, and where it has none the campaign's: the one reading of a campaign, for providers and for people. */
export function localized(campaign: Campaign, locale: string): Localized {
  const own = campaign.locales[locale];
  if (own === undefined)
    throw Object.assign(new Error(`LOCALE_UNKNOWN: the campaign ${campaign.id} has no text for ${locale}`), {
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
