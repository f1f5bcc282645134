import { LONGEST_LAUNCH_ID, payloadProblems, tooLargeText } from '../../launch/payload.ts';
import { partsOfText } from '../../launch/variants.ts';
import { campaignFaults } from '../campaign-rules.ts';
import type { Campaign } from '../schema.ts';
import type { Rule } from './rule.ts';

export const providersTakeIt: Rule = ({ campaign }) =>
  campaignFaults(campaign).map(({ path, found, expected }) => ({ path: ['campaign', ...path], found, expected }));

/** Once a text: the larger platform says it for both. */
export const payloadFits: Rule = ({ campaign }) => {
  const large = payloadProblems(campaign, LONGEST_LAUNCH_ID).toSorted((a, b) => b.bytes - a.bytes);
  return large
    .filter(({ text }, index) => large.findIndex((other) => other.text === text) === index)
    .map((one) => ({
      path: bodyOf(one.text, campaign),
      found: 'too much text',
      expected: `less. ${tooLargeText(one)}`,
    }));
};

/** Where the body stands that is too long: the variant's own, or else the locale's. */
function bodyOf(text: string, { locales }: Campaign): string[] {
  const { locale, variant } = partsOfText(text);
  const at = ['campaign', 'locales', locale];
  const isOwn = variant !== null && locales[locale]?.variants?.[variant]?.body !== undefined;
  return isOwn ? [...at, 'variants', variant, 'body'] : [...at, 'body'];
}

export const defaultLocale: Rule = ({ campaign: { locales, default_locale: locale } }) =>
  locales[locale] !== undefined
    ? []
    : [
        {
          path: ['campaign', 'default_locale'],
          found: JSON.stringify(locale),
          expected: `one of the campaign's locales: ${Object.keys(locales).join(', ')}`,
        },
      ];
