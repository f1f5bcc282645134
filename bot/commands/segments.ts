import { distance } from 'fastest-levenshtein';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { marketOf } from '../../runbooks/launch/market.ts';
import { fireableSegments } from '../../runbooks/launch/remaining.ts';
import { nearest } from '../../runbooks/typed/nearest.ts';
import { code } from '../views/answers.ts';
import { platformName } from '../views/names.ts';

/** `leftOut`: of a market or platform that was named, what can't go out now. `problem` is mrkdwn. */
export type SegmentsNamed =
  | { ok: true; segments: string[] | 'all'; leftOut: string[] }
  | { ok: false; problem: string };

type Segment = { id: string; platform: Platform };

const ALL = new Set(['all', 'everything', 'everyone', 'everybody']);
/** They name nothing and take nothing away. Whatever else isn't known is refused: "except" and "not" must never be passed over. */
const FILLERS = new Set([
  'please',
  'pls',
  'plz',
  'and',
  'und',
  'y',
  'et',
  'e',
  '&',
  '+',
  'also',
  'now',
  'the',
  'to',
  'for',
  'segment',
  'segments',
  'platform',
  'platforms',
  'market',
  'markets',
  'only',
  'just',
]);

/**
 * Segments by id, by market, by platform, or all, among commas, "and" and "please". Never more and never less than was
 * asked: what isn't understood to the last word is refused with the choices. No words at all: all.
 */
export function segmentsOf(launch: Launch, words: readonly string[], nowMs: number): SegmentsNamed {
  const known = launch.audience?.segments ?? [];
  const given = words.flatMap((word) => tokens(word)).filter((word) => word !== '');
  if (words.length === 0) return { ok: true, segments: 'all', leftOut: [] };
  const named = given.filter((word) => !FILLERS.has(word));
  if (named.length > 0 && named.every((word) => ALL.has(word))) return { ok: true, segments: 'all', leftOut: [] };
  if (known.length === 0) return { ok: false, problem: 'This launch has no audience yet, so there are no segments.' };
  if (named.length === 0) return { ok: false, problem: `${code(words.join(' '))} names no segment. ${choices(known)}` };
  const strange = named.find((word) => !ALL.has(word) && meant(known, word).length === 0);
  if (strange !== undefined) return { ok: false, problem: strangeWord(known, strange) };
  if (named.some((word) => ALL.has(word)))
    return {
      ok: false,
      problem: `${code(words.join(' '))} may mean all, or only what else it names. ${choices(known)}`,
    };
  const isMarket = (word: string) => !isId(known, word) && !isPlatform(word);
  if (named.some(isMarket) && named.some(isPlatform)) {
    return {
      ok: false,
      problem: `${code(words.join(' '))} may mean ${listOf(both(known, named))}, or all of each of them. ${choices(known)}`,
    };
  }
  const fireable = new Set(fireableSegments(launch, nowMs));
  const found: string[] = [];
  const leftOut: string[] = [];
  for (const word of named) {
    const ids = meant(known, word);
    const free = isId(known, word) ? ids : ids.filter((id) => fireable.has(id));
    if (free.length === 0)
      return {
        ok: false,
        problem: `No segment of ${code(word)} can be fired now: each was sent, is being sent, or waits in an order. \`/go status\` shows which.`,
      };
    found.push(...free);
    leftOut.push(...ids.filter((id) => !free.includes(id)));
  }
  return {
    ok: true,
    segments: [...new Set(found)],
    leftOut: [...new Set(leftOut)].filter((id) => !found.includes(id)),
  };
}

/** `US-iOS;` → us-ios. A minus, an exclamation mark or a tilde in front may take away, so they stay. */
function tokens(word: string): string[] {
  const plain = word
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\u200b-\u200d\u2060\ufeff]/g, '')
    .replaceAll(/[\u2010-\u2015\u2212]/g, '-');
  return plain
    .split(/[/;|\s]+|(?<=.)[&+](?=.)/)
    .map((one) => one.replace(/^[*_`'"([]+/, '').replace(/[*_`'")\].!:]+$/, ''));
}

const isPlatform = (word: string): word is Platform => word === 'ios' || word === 'android';
const isId = (known: readonly Segment[], word: string): boolean => known.some(({ id }) => id.toLowerCase() === word);

/** Segments by id or market, whether they can be fired or not. */
export function segmentsNamed(launch: Launch, word: string): Segment[] {
  const known = launch.audience?.segments ?? [];
  const ids = isPlatform(word) ? [] : meant(known, word);
  return known.filter(({ id }) => ids.includes(id));
}

function meant(known: readonly Segment[], word: string): string[] {
  const one = known.find(({ id }) => id.toLowerCase() === word);
  if (one !== undefined) return [one.id];
  return known.filter((segment) => segment.platform === word || marketOf(segment) === word).map(({ id }) => id);
}

/** What the words name together: `us ios` → us-ios. */
function both(known: readonly Segment[], named: readonly string[]): string[] {
  return known
    .filter((segment) => named.includes(segment.platform) && named.includes(marketOf(segment)))
    .map(({ id }) => id);
}

function strangeWord(known: readonly Segment[], word: string): string {
  const names = [...new Set(known.flatMap((segment) => [segment.id, marketOf(segment)]))].filter(
    (name) => name.length > 2,
  );
  const guess = /^[a-z0-9]/.test(word) && word.length > 3 ? nearest(word, names) : null;
  const letters = (text: string) => Array.from(text).toSorted().join('');
  // Another market is not a slip of the finger.
  const near = guess !== null && (distance(word, guess) === 1 || letters(word) === letters(guess)) ? guess : null;
  return `There is no segment ${code(word)}, so nothing was asked for.${near === null ? '' : ` Did you mean ${code(near)}?`} ${choices(known)}`;
}

function choices(known: readonly Segment[]): string {
  const markets = [...new Set(known.map(marketOf))].filter((market) => !isPlatform(market) && !isId(known, market));
  const platforms = [...new Set(known.map(({ platform }) => platform))].map(
    (platform) => `${code(platform)} (all of ${platformName[platform]})`,
  );
  return `There is \`all\`, ${platforms.join(', ')}${markets.length === 0 ? '' : `, each market ${listOf(markets.slice(0, 12))}${markets.length > 12 ? ' …' : ''}`}, and ${listOf(known.slice(0, 20).map(({ id }) => id))}${known.length > 20 ? ' …' : ''}.`;
}

const listOf = (names: readonly string[]): string =>
  names.length === 0 ? 'nothing' : names.map((name) => code(name)).join(' ');
