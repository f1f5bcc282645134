import { localeResolver } from '../locales/resolve.ts';
import { own } from './decision.ts';
import type { CopiesAsked, PersonId, Platform, TestResult } from './entries.ts';
import type { Launch } from './launch.ts';
import { findPerson } from './people.ts';
import { devicesPerText } from './texts-sent.ts';
import { partsOfText, textFor, textsIn as textsOfLocale, textsOf } from './variants.ts';

/** Which phone gets which text as a test copy, and which texts have been read on a phone. */

export interface Phone {
  person: PersonId;
  platform: Platform;
  locale: string;
}

/** `locale`: the text. `isExtra`: it must not take the place of another copy on this phone's screen: a text that no shot would send there, or a further variant. */
export function copiesOf<P extends Phone>(
  launch: Pick<Launch, 'campaign'>,
  { to, locales, platform, also }: CopiesAsked,
  phones: readonly P[],
): (P & { isExtra: boolean })[] {
  const localeFor = localeChooser(launch);
  const fits = phones.filter((phone) => platform === undefined || phone.platform === platform);
  const ownText = fits
    .filter(({ person }) => to.includes(person))
    .flatMap((phone) =>
      // A phone of the roster has no variant of its own: it gets all of them, or those that were asked for.
      textsOfLocale(launch.campaign, localeFor(phone.locale))
        .filter((text) => locales === undefined || locales.includes(text))
        .map((text, index) => ({ ...phone, locale: text, isExtra: index > 0 })),
    );
  const extra = fits
    .filter(({ person }) => person === also?.person)
    .flatMap((phone) => (also?.locales ?? []).map((locale) => ({ ...phone, locale, isExtra: true })));
  return [...ownText, ...extra];
}

/** As the compile chooses it. */
function localeChooser({ campaign }: Pick<Launch, 'campaign'>): (locale: string) => string {
  const fit = localeResolver(Object.keys(campaign.locales));
  return (locale) => fit(locale)?.locale ?? campaign.default_locale;
}

export function phonesOf({ people }: Pick<Launch, 'people'>): Phone[] {
  return people.flatMap(({ id: person, devices }) =>
    devices.map(({ platform, locale }) => ({ person, platform, locale })),
  );
}

/** What somebody wants to see on a phone: texts by name, those that segments read, variants; `everybody`: what the audience reads. */
interface Wanted {
  locales: readonly string[];
  segments: readonly { id: string }[];
  variants: readonly string[];
  everybody: boolean;
  to: readonly PersonId[];
}

/** The texts of it, each once. Empty: each phone its own. Null: the audience doesn't say what its segments read. */
export function textsAsked(launch: Launch, wanted: Wanted): string[] | null {
  const named = textsNamed(launch, wanted);
  if (named === null || wanted.variants.length === 0) return named;
  const own = phonesOf(launch).filter(({ person }) => wanted.to.includes(person));
  const localeFor = localeChooser(launch);
  const texts =
    named.length > 0 ? named : own.flatMap(({ locale }) => textsOfLocale(launch.campaign, localeFor(locale)));
  return [...new Set(texts)].filter((text) => wanted.variants.includes(partsOfText(text).variant ?? ''));
}

function textsNamed(launch: Launch, { locales, segments, everybody }: Wanted): string[] | null {
  const refs = (of: readonly { id: string }[]) => of.map(({ id: segment }) => ({ segment }));
  const read = segments.length === 0 ? [] : textsRead(launch, refs(segments));
  if (read === null) return null;
  const named = [...new Set([...locales, ...read])];
  if (named.length > 0 || !everybody || launch.audience === null) return named;
  return textsRead(launch, refs(launch.audience.segments)) ?? [];
}

/** The texts that devices of these segments read, in the campaign's order; null: the audience doesn't say. */
function textsRead(launch: Launch, segments: readonly { segment: string }[]): string[] | null {
  const counts = devicesPerText(launch.campaign, launch.audience, segments);
  return counts === null ? null : textsOf(launch.campaign).filter((text) => (own(counts, text) ?? 0) > 0);
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
  if (needed === null || needed.length === 0)
    return seen.size > 0 ? [] : [textFor(launch.campaign, launch.campaign.default_locale)];
  return needed.filter((text) => !seen.has(text));
}

/** Workers of before it was reported: as the roster has it. */
function textsIn(launch: Launch, { person, platform, locale }: TestResult): string[] {
  if (locale !== undefined) return [locale];
  const localeFor = localeChooser(launch);
  return (findPerson(launch.people, person)?.devices ?? [])
    .filter((device) => device.platform === platform)
    .map((device) => textFor(launch.campaign, localeFor(device.locale)));
}
