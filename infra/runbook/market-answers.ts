import { DateTime } from 'luxon';
import { localeResolver } from '../../runbooks/locales/resolve.ts';
import { readWallClock, zoneNamed } from '../../runbooks/typed/wall-clock.ts';
import type { Earlier } from './question.ts';

/** A market that has its own moment, as somebody answers it: `jp, ja, 2027-11-26 00:00 Asia/Tokyo`, or `jp, ja, Asia/Tokyo` for the target's clock time there. */
export interface Market {
  /** As the device list has it in its column `market`. */
  name: string;
  locale: string;
  /** As a runbook has it: date, time and zone. */
  at: string;
  atMs: number;
}

const MARKET = /^([^,，]+)[,，]\s*([^,，]+)[,，]\s*(.+)$/;
/** As the audience compiler takes it (MARKET_INVALID in docs/errors.md). */
const NAME = /^[a-z0-9-]{1,32}$/;
const LOCALE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/;

const MARKET_EXPECTED =
  'a market, a locale and a moment, like: jp, ja, 2027-11-26 00:00 Asia/Tokyo, or jp, ja, Asia/Tokyo for the time of the event by the clocks there';

/** What was expected; null: it is a market. `earlier`: a market that is named twice, and the target. */
export function marketProblem(answer: string, earlier: Earlier): string | null {
  const target = earlier.get('target')?.[0] ?? '';
  const read = readMarket(answer, target);
  if (!read.ok) return read.expected;
  const { name } = read.market;
  const isThere = marketsOf(earlier.get('market') ?? [], target).some((one) => one.name === name);
  return isThere ? `a market that is not named yet; ${name} is` : null;
}

/** Of answers that have no problem, in order of time. */
export const marketsOf = (answers: readonly string[], target: string): Market[] =>
  answers
    .map((answer) => readMarket(answer, target))
    .flatMap((read) => (read.ok ? [read.market] : []))
    .toSorted((a, b) => a.atMs - b.atMs);

function readMarket(answer: string, target: string): { ok: true; market: Market } | { ok: false; expected: string } {
  const [, written = '', language = '', moment = ''] = MARKET.exec(answer.trim()) ?? [];
  if (moment === '') return { ok: false, expected: MARKET_EXPECTED };
  const [name, locale] = [written.trim().toLowerCase(), language.trim()];
  if (!NAME.test(name))
    return {
      ok: false,
      expected: `a market as the device list has it, lower-case letters, digits and dashes, at most 32; ${JSON.stringify(written.trim())} is none`,
    };
  if (!LOCALE.test(locale))
    return { ok: false, expected: `a locale like ja or pt-BR; ${JSON.stringify(locale)} is none` };
  const read = momentOf(moment, target);
  return read.ok ? { ok: true, market: { name, locale, at: read.at, atMs: read.atMs } } : read;
}

/** What is expected of the texts, if a market's locale would get none of them; null: each gets one. */
export function textsMissing(markets: readonly Market[], locales: readonly string[]): string | null {
  const resolve = localeResolver(locales);
  const without = markets.filter(({ locale }) => resolve(locale) === null);
  return without.length === 0
    ? null
    : `a text for ${without.map(({ name, locale }) => `${locale} (market ${name})`).join(', ')}`;
}

type Read = { ok: true; at: string; atMs: number } | { ok: false; expected: string };

/** A zone alone: what the clocks there show is what they show at the target, where that is. */
function momentOf(written: string, target: string): Read {
  const text = written.trim();
  const zone = zoneNamed(text);
  const event = readWallClock(target);
  if (zone !== null && !event.ok)
    return { ok: false, expected: `${MARKET_EXPECTED}; with a zone alone the event needs a time (--target)` };
  const at =
    zone !== null && event.ok
      ? `${DateTime.fromMillis(event.atMs, { zone: event.zone }).toFormat('yyyy-MM-dd HH:mm:ss')} ${zone}`
      : text;
  const read = readWallClock(at);
  return read.ok
    ? { ok: true, at: at.replace(/(\d\d:\d\d):00 /, '$1 '), atMs: read.atMs }
    : {
        ok: false,
        expected: `${read.expected}; or a zone alone, like Asia/Tokyo, for the time of the event by the clocks there`,
      };
}
