import { LONGEST_LAUNCH_ID, payloadProblems, tooLargeText } from '../../launch/payload.ts';
import { campaignFaults } from '../campaign-rules.ts';
import type { Rule } from './rule.ts';

export const providersTakeIt: Rule = ({ campaign }) =>
  campaignFaults(campaign).map(({ path, found, expected }) => ({ path: ['campaign', ...path], found, expected }));

/** Once a language: the larger platform says it for both. */
export const payloadFits: Rule = ({ campaign }) => {
  const large = payloadProblems(campaign, LONGEST_LAUNCH_ID).toSorted((a, b) => b.bytes - a.bytes);
  return large
    .filter(({ locale }, index) => large.findIndex((other) => other.locale === locale) === index)
    .map((one) => ({
      path: ['campaign', 'locales', one.locale, 'body'],
      found: 'too much text',
      expected: `less. ${tooLargeText(one)}`,
    }));
};

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
