import { localeResolver } from '../locales/resolve.ts';
import { own } from './decision.ts';
import type { CopiesAsked, PersonId, Platform, TestResult } from './entries.ts';
import type { Launch } from './launch.ts';
import { findPerson } from './people.ts';
import { devicesPerText } from './texts-sent.ts';

/** Which phone gets which text as a test copy, and which texts have been read on a phone. */

export interface Phone {
  person: PersonId;
  platform: Platform;
  locale: string;
}

/** `isExtra`: not the text that this phone would get from a shot, so it must not take the place of that one on its screen. */
export function copiesOf<P extends Phone>(
  launch: Pick<Launch, 'campaign'>,
  { to, locales, platform, also }: CopiesAsked,
  phones: readonly P[],
): (P & { isExtra: boolean })[] {
  const textOf = textResolver(launch);
  const fits = phones.filter((phone) => platform === undefined || phone.platform === platform);
  const ownText = fits
    .filter(({ person }) => to.includes(person))
    .map((phone) => ({ ...phone, locale: textOf(phone.locale), isExtra: false }))
    .filter(({ locale }) => locales === undefined || locales.includes(locale));
  const extra = fits
    .filter(({ person }) => person === also?.person)
    .flatMap((phone) => (also?.locales ?? []).map((locale) => ({ ...phone, locale, isExtra: true })));
  return [...ownText, ...extra];
}

/** As the workers choose it. */
function textResolver({ campaign }: Pick<Launch, 'campaign'>): (locale: string) => string {
  const fit = localeResolver(Object.keys(campaign.locales));
  return (locale) => fit(locale)?.locale ?? campaign.default_locale;
}

export function phonesOf({ people }: Pick<Launch, 'people'>): Phone[] {
  return people.flatMap(({ id: person, devices }) =>
    devices.map(({ platform, locale }) => ({ person, platform, locale })),
  );
}

/** The texts that devices of these segments read, in the campaign's order; null: the audience doesn't say. */
export function textsRead(launch: Launch, segments: readonly { segment: string }[]): string[] | null {
  const counts = devicesPerText(launch.campaign, launch.audience, segments);
  return counts === null
    ? null
    : Object.keys(launch.campaign.locales).filter((locale) => (own(counts, locale) ?? 0) > 0);
}

/** Texts of the present content that a device of the audience reads and no copy of which has reached a phone. Empty: none is missing. */
export function textsUnseen(launch: Launch): string[] {
  const seen = new Set(
    Object.values(launch.tests)
      .filter(({ contentHash }) => contentHash === launch.contentHash)
      .flatMap(({ results }) => results ?? [])
      .filter(({ accepted }) => accepted)
      .flatMap((result) => textsIn(launch, result)),
  );
  const audience = launch.audience?.segments.map(({ id: segment }) => ({ segment })) ?? [];
  const needed = textsRead(launch, audience);
  if (needed === null || needed.length === 0) return seen.size > 0 ? [] : [launch.campaign.default_locale];
  return needed.filter((locale) => !seen.has(locale));
}

/** Workers of before it was reported: as the roster has it. */
function textsIn(launch: Launch, { person, platform, locale }: TestResult): string[] {
  if (locale !== undefined) return [locale];
  const textOf = textResolver(launch);
  return (findPerson(launch.people, person)?.devices ?? [])
    .filter((device) => device.platform === platform)
    .map((device) => textOf(device.locale));
}
