import { localeResolver } from '../locales/resolve.ts';
import { own } from './decision.ts';
import { PLATFORMS } from './entries.ts';
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
  { to, locales, platform, also, alsoOn = [] }: CopiesAsked,
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
  const onPlatform = alsoOn.flatMap((on) =>
    fits
      .filter((phone) => phone.person === on.person && phone.platform === on.platform)
      .flatMap((phone) => on.locales.map((locale) => ({ ...phone, locale, isExtra: true }))),
  );
  return [...ownText, ...extra, ...onPlatform];
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

/** The texts that devices of a platform read, in the campaign's order. Empty: none, or the audience doesn't say. */
export function textsReadOn(launch: Launch, platform: Platform): string[] {
  const segments = launch.audience?.segments.filter((one) => one.platform === platform) ?? [];
  const refs = segments.map(({ id: segment }) => ({ segment }));
  return refs.length === 0 ? [] : (textsRead(launch, refs) ?? []);
}

/** The texts that devices of these segments read, in the campaign's order; null: the audience doesn't say. */
function textsRead(launch: Launch, segments: readonly { segment: string }[]): string[] | null {
  const counts = devicesPerText(launch.campaign, launch.audience, segments);
  return counts === null ? null : textsOf(launch.campaign).filter((text) => (own(counts, text) ?? 0) > 0);
}

/** A text of which no copy has reached a phone of the platform; null: of any. */
interface Unseen {
  text: string;
  platform: Platform | null;
}

/**
 * Texts of the present content that a device of the audience reads and no copy of which has reached a phone of its platform. A platform
 * that the roster has no phone of can't be looked at (`platformsOutOfSight`): what it alone reads counts on any phone. Empty: none is missing.
 */
export function copiesUnseen(launch: Launch): Unseen[] {
  const accepted = Object.values(launch.tests)
    .filter(({ contentHash }) => contentHash === launch.contentHash)
    .flatMap(({ results }) => results ?? [])
    .filter((result) => result.accepted);
  const seenOn = (platform: Platform | null) =>
    new Set(
      accepted
        .filter((result) => platform === null || result.platform === platform)
        .flatMap((result) => textsIn(launch, result)),
    );
  const missing = (texts: readonly string[], platform: Platform | null): Unseen[] => {
    const seen = seenOn(platform);
    return texts.filter((text) => !seen.has(text)).map((text) => ({ text, platform }));
  };
  const out = platformsOutOfSight(launch);
  const onPlatforms = PLATFORMS.filter((platform) => !out.includes(platform)).flatMap((platform) =>
    textsReadOn(launch, platform).map((text) => ({ text, platform })),
  );
  if (onPlatforms.length > 0) {
    const looked = new Set(onPlatforms.map(({ text }) => text));
    // What only such a platform reads goes to another phone: its words at least can be looked at.
    const elsewhere = new Set(
      out.flatMap((platform) => textsReadOn(launch, platform)).filter((text) => !looked.has(text)),
    );
    return [
      ...PLATFORMS.flatMap((platform) =>
        missing(
          onPlatforms.filter((one) => one.platform === platform).map(({ text }) => text),
          platform,
        ),
      ),
      ...missing([...elsewhere], null),
    ];
  }
  // Which platform reads what was not counted then.
  const audience = launch.audience?.segments.map(({ id: segment }) => ({ segment })) ?? [];
  const needed = textsRead(launch, audience);
  if (needed !== null && needed.length > 0) return missing(needed, null);
  return accepted.length > 0
    ? []
    : [{ text: textFor(launch.campaign, launch.campaign.default_locale), platform: null }];
}

/** Platforms of the audience of which nobody on the roster has a phone: no copy can be looked at there. */
export function platformsOutOfSight(launch: Launch): Platform[] {
  const had = new Set(phonesOf(launch).map(({ platform }) => platform));
  const used = new Set(launch.audience?.segments.map(({ platform }) => platform));
  return PLATFORMS.filter((platform) => used.has(platform) && !had.has(platform));
}

/** Workers of before it was reported: as the roster has it. */
function textsIn(launch: Launch, { person, platform, locale }: TestResult): string[] {
  if (locale !== undefined) return [locale];
  const localeFor = localeChooser(launch);
  return (findPerson(launch.people, person)?.devices ?? [])
    .filter((device) => device.platform === platform)
    .map((device) => textFor(launch.campaign, localeFor(device.locale)));
}
