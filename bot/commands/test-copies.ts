import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { textsAsked } from '../../runbooks/launch/test-copies.ts';
import { textsNamed, textsOf } from '../../runbooks/launch/variants.ts';
import { code, done } from '../views/answers.ts';
import { nameOf, platformName } from '../views/names.ts';
import { bareWord } from './arguments.ts';
import { didYouMean } from './nearest.ts';
import { peopleOf } from './people-of.ts';
import { segmentsNamed } from './segments.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, PersonAsk, Subcommand } from './subcommand.ts';

export const test: Subcommand = {
  name: 'test',
  usage: ['test', 'test @mia', 'test all', 'test in de, ja', 'test all for us', 'test on android', 'test variant b'],
  group: 'Prepare',
  needs: 'person',
  does: 'Sends a copy of the present text to your own devices, to named people, or to everybody on the roster, with every text that the audience reads. Languages, a market, a platform or a variant narrow it down; what no phone has, or none of a platform, goes to yours.',
  run: testCopies,
};

interface Wanted {
  /** As typed; none: the asker. */
  people: string[];
  everybody: boolean;
  locales: string[];
  variants: string[];
  segments: { id: string; platform: Platform }[];
  platforms: Set<Platform>;
  /** Said to be a market or a variant, and none. */
  strange: string[];
  strangeVariants: string[];
}

export async function testCopies(ask: PersonAsk): Promise<Answer> {
  const { launch, person, typed } = ask;
  const wanted = read(launch, typed.words);
  const [strange] = wanted.strange;
  if (strange !== undefined) return misuse(test, noSegment(launch, strange));
  const [noVariant] = wanted.strangeVariants;
  if (noVariant !== undefined)
    return misuse(
      test,
      `The campaign has no variant ${code(noVariant)}; it has ${launch.campaign.variants?.map(({ id }) => code(id)).join(' ') ?? 'none'}.`,
    );
  const found = peopleOf(launch, wanted.people, person);
  if (!found.ok) return misuse(test, found.problem);
  if (wanted.platforms.size > 1) return misuse(test, 'Name one platform; without one, both get their copies.');
  const named = found.people.length === 0 ? [person] : found.people;
  const to = wanted.everybody ? launch.people.filter(({ devices }) => devices.length > 0) : named;
  const locales = textsAsked(launch, { ...wanted, to: to.map(({ id }) => id) });
  if (locales === null)
    return misuse(
      test,
      'The audience was compiled before it counted languages by segment, so nobody knows what that market reads. Name the languages: `/go test in de, ja`.',
    );
  const [platform] = wanted.platforms;
  return submit(
    ask,
    (by) => ({
      kind: 'request-test',
      by,
      to: to.map(({ id }) => id),
      ...(locales.length === 0 ? {} : { locales }),
      ...(platform === undefined ? {} : { platform }),
    }),
    (after) =>
      done(`Test copies are on their way; the result comes to the channel. Look at the phones.${carriedText(after)}`),
  );
}

const FILLERS = new Set(['to', 'and', 'on', 'the', 'please', '&', '+']);
const EVERY = new Set(['all', 'everybody', 'everyone']);

/** As many as a person reads. */
const SEGMENTS_NAMED = 20;

function noSegment({ audience }: Launch, typed: string): string {
  const ids = (audience?.segments ?? []).map(({ id }) => id);
  if (ids.length === 0)
    return `There is no audience yet, so no market or segment either: ${code(typed)} means nothing.`;
  const more = ids.length > SEGMENTS_NAMED ? ` and ${ids.length - SEGMENTS_NAMED} more` : '';
  return `The audience has no market or segment ${code(typed)}.${didYouMean(typed, ids)} Its segments are ${ids
    .slice(0, SEGMENTS_NAMED)
    .map((id) => code(id))
    .join(' ')}${more}.`;
}

/** After `in` a word is a language, after `for` a market; else a person comes first. */
function read(launch: Launch, words: readonly string[]): Wanted {
  const wanted: Wanted = {
    people: [],
    everybody: false,
    locales: [],
    variants: [],
    segments: [],
    platforms: new Set(),
    strange: [],
    strangeVariants: [],
  };
  let about = '';
  for (const typed of words.flatMap((word) => (word.startsWith('<@') ? [word] : word.split(/[,;]+/)))) {
    const word = typed.startsWith('<@') ? typed : bareWord(typed);
    if (word === '' || FILLERS.has(word)) continue;
    if (word === 'in' || word === 'for' || word === 'variant' || word === 'variants') {
      about = word;
      continue;
    }
    const texts = textsNamed(launch.campaign, word);
    const segments = segmentsNamed(launch, word);
    if (about.startsWith('variant')) addVariant(launch, wanted, typed);
    else if (word === 'ios' || word === 'android') wanted.platforms.add(word);
    else if (about === 'in' && EVERY.has(word)) wanted.locales.push(...textsOf(launch.campaign));
    else if (EVERY.has(word)) wanted.everybody = true;
    else if (texts.length > 0 && (about !== 'for' || segments.length === 0)) wanted.locales.push(...texts);
    else if (segments.length > 0) addSegments(wanted, segments);
    // It is named as what it was said to be: a person of that name would be a surprise.
    else if (about === 'in') wanted.locales.push(typed);
    else if (about === 'for') wanted.strange.push(typed);
    else wanted.people.push(typed);
  }
  return wanted;
}

function addVariant({ campaign: { variants = [] } }: Launch, wanted: Wanted, typed: string): void {
  const variant = variants.find(({ id }) => id === typed.toLowerCase());
  if (variant === undefined) wanted.strangeVariants.push(typed);
  else wanted.variants.push(variant.id);
}

/** Of segments of one platform alone, phones of that platform. */
function addSegments(wanted: Wanted, segments: Wanted['segments']): void {
  wanted.segments.push(...segments);
  const platforms = new Set(segments.map(({ platform }) => platform));
  const [only] = platforms;
  if (platforms.size === 1 && only !== undefined) wanted.platforms.add(only);
}

function carriedText(launch: Launch): string {
  const { also, alsoOn = [] } = Object.values(launch.tests).at(-1) ?? {};
  const texts = (locales: readonly string[]) => locales.map((locale) => code(locale)).join(' ');
  const nowhere =
    also === undefined
      ? ''
      : ` None of their phones has ${texts(also.locales)}: ${also.locales.length === 1 ? 'that text goes' : 'those texts go'} to the phones of ${nameOf(launch, also.person)}.`;
  const further = alsoOn.map(
    ({ platform, person, locales }) =>
      ` On ${platformName[platform]} ${texts(locales)} ${locales.length === 1 ? 'goes' : 'go'} to ${nameOf(launch, person)}.`,
  );
  return `${nowhere}${further.join('')}`;
}
