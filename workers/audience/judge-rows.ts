import type { DuckDBConnection } from '@duckdb/node-api';
import { AudienceError } from '../../contract/audience-error.ts';
import { addCount, noCounts, timesOf } from '../../runbooks/launch/counts.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Platform, Split } from '../../runbooks/launch/entries.ts';
import { textName } from '../../runbooks/launch/variants.ts';
import { localeResolver } from '../../runbooks/locales/resolve.ts';
import { localeTag } from '../../runbooks/locales/tag.ts';
import { chunksOf, rowsOf } from './read/duck.ts';
import { reasonNumber, reasonOf } from './reject-reasons.ts';
import type { Reason } from './reject-reasons.ts';
import { HELD_OUT, variantAt, variantSql } from './split.ts';
import { BLANK } from './staging.ts';
import { marketOf, platformOf, segmentId } from './values.ts';
import type { SegmentBy } from './values.ts';

/**
 * Decides for every row of `raw` whether it is a device, as queries over the whole table: what few distinct values
 * mean is decided in values.ts and joined; tokens are looked at by DuckDB. Nothing here depends on threads: rows are told
 * apart by rowid, and every order is total. One piece over 300 lines: each query reads the columns that the one before wrote.
 */

export interface Rules {
  segmentBy: SegmentBy;
  /** Locales of the campaign. */
  locales: readonly string[];
  /** Locale for devices of none of them; null: such rows are rejected. */
  fallbackLocale: string | null;
  split: Split | null;
  /** Rows (a subquery with the column n) of who opted out; null: nobody. */
  optedOut: string | null;
}

interface Segment {
  id: string;
  platform: Platform;
  devices: number;
  localeCounts: Counts;
  /** Null: there are none. */
  variants: Counts | null;
  heldOut: number;
}

export interface Judged {
  /** Ordered as packed: iOS first, then by market. The index is `s` of a device row. */
  segments: Segment[];
  /** Texts in use, sorted by locale and then by variant; the index is `l` of a device row. */
  locales: string[];
  localeCounts: Counts;
  devices: number;
  /** Devices that would be, and that nothing goes to on purpose. */
  heldOut: number;
  /** Rejected rows by reason, without duplicates. */
  rejected: Partial<Record<Reason, number>>;
  duplicates: number;
  /** What became of each locale that devices say, most rows first. */
  localesSaid: LocaleSaid[];
}

/** `fit`: see runbooks/locales; fallback: the locale for devices of none of the campaign's; rejected: LOCALE_UNKNOWN. */
export interface LocaleSaid {
  said: string;
  fit: 'exact' | 'related' | 'fallback' | 'rejected';
  locale: string | null;
  rows: number;
}

/** Texts, as a shard has a byte for the index of one. */
const MAX_TEXTS = 256;
/** More different words than this in the locale column are no locales; the rest is counted as one. */
const MAX_SAID = 1_000;

export async function judge(connection: DuckDBConnection, rules: Rules): Promise<Judged> {
  await connection.run('CREATE TABLE platforms (found VARCHAR, platform INTEGER)');
  await append(
    connection,
    'platforms',
    (await distinct(connection, 'p')).flatMap((found) => {
      const platform = platformOf(found);
      return platform === null ? [] : [[found, PLATFORMS.indexOf(platform)]];
    }),
  );
  const locales = await locateLocales(connection, rules);
  const markets = await locateMarkets(connection, rules);
  await connection.run(verdictTable(rules));
  await findDuplicates(connection);
  // What is no device, few rows as a rule: the later passes look at these instead of judging all rows again.
  await connection.run(`CREATE TABLE bad AS SELECT n, why, NULL::BIGINT AS first FROM verdict WHERE why <> 0
    UNION ALL SELECT n, ${reasonNumber('DUPLICATE_TOKEN')}, first FROM duplicates`);
  const judged = await countUp(connection, rules, locales, markets);
  await connection.run('DROP TABLE verdict');
  return judged;
}

const FOUND =
  'raw LEFT JOIN platforms ON p = platforms.found LEFT JOIN locales ON raw.l = locales.found LEFT JOIN markets ON m = markets.found';
/** Hex in one case, so that equal devices have equal tokens. */
const TOKEN = 'CASE WHEN platform = 0 THEN lower(t) ELSE t END';

/** What a spreadsheet leaves of a long number: 1.23457E+12. */
const CUT_NUMBER = "regexp_full_match(u, '-?[0-9](\\.[0-9]+)?[eE]\\+[0-9]+')";

/** One pass over all rows: why each is no device (0: it is one), and what it would be. */
function verdictTable({ optedOut, split }: Rules): string {
  const cases: [Reason, string][] = [
    ['USER_EMPTY', "u = ''"],
    [
      'USER_INVALID',
      `length(u) > 200 OR regexp_matches(u, '[\\x00-\\x1f\\x7f]') OR (contains(u, '+') AND ${CUT_NUMBER})`,
    ],
    ['PLATFORM_UNKNOWN', 'platform IS NULL'],
    ['TOKEN_EMPTY', "t = ''"],
    ['TOKEN_NOT_HEX', "platform = 0 AND NOT regexp_full_match(t, '[0-9a-fA-F]*')"],
    ['TOKEN_CHARACTERS', "platform = 1 AND NOT regexp_full_match(t, '[A-Za-z0-9:_-]*')"],
    [
      'TOKEN_LENGTH',
      'CASE platform WHEN 0 THEN length(t) NOT BETWEEN 64 AND 200 OR length(t) % 2 = 1 ELSE length(t) NOT BETWEEN 20 AND 4096 END',
    ],
    ['LOCALE_UNKNOWN', 'locale IS NULL'],
    ['MARKET_INVALID', 'market IS NULL'],
    ...(optedOut === null ? [] : [['OPTED_OUT', `raw.rowid IN (${optedOut})`] satisfies [Reason, string]]),
  ];
  return `CREATE TABLE verdict AS SELECT raw.rowid AS n, platform, market, locale, said, hash(${TOKEN}) AS h, ${variantSql(split)} AS v,
    (CASE WHEN broken <> 0 THEN broken ${cases.map(([reason, when]) => `WHEN ${when} THEN ${reasonNumber(reason)}`).join(' ')} ELSE 0 END)::UTINYINT AS why FROM ${FOUND}`;
}

/** Of good rows with one token all but the first. hash() differs between versions of DuckDB, but it only narrows the search. */
async function findDuplicates(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    'CREATE TABLE twins AS SELECT n, platform FROM verdict WHERE why = 0 AND h IN (SELECT h FROM verdict WHERE why = 0 GROUP BY h HAVING count(*) > 1)',
  );
  await connection.run(`CREATE TABLE duplicates AS SELECT n, first FROM (
    SELECT n, min(n) OVER (PARTITION BY ${TOKEN}) AS first FROM raw JOIN twins ON raw.rowid = twins.n
  ) WHERE n <> first`);
}

interface Locales {
  used: string[];
  said: Omit<LocaleSaid, 'rows'>[];
}

/** Spellings of one locale are counted together. */
async function locateLocales(connection: DuckDBConnection, rules: Rules): Promise<Locales> {
  const resolve = localeResolver(rules.locales);
  const said: Locales['said'] = [];
  const places = new Map<string, number>();
  const found = (await distinct(connection, 'l')).sort().flatMap((text) => {
    const fit =
      resolve(text) ??
      (rules.fallbackLocale === null ? null : { locale: rules.fallbackLocale, fit: 'fallback' as const });
    if (fit === null) return [];
    const word = localeTag(text)?.written ?? text;
    const name = `${fit.fit} ${fit.locale} ${places.size < MAX_SAID ? word : 'others'}`;
    const place = places.get(name) ?? places.size;
    if (place === places.size) said.push({ said: places.size < MAX_SAID ? word : 'others', ...fit });
    places.set(name, place);
    return [{ text, locale: fit.locale, place }];
  });
  const used = [...new Set(found.map(({ locale }) => locale))].sort();
  const texts = used.length * Math.max(1, rules.split?.variants.length ?? 0);
  if (texts > MAX_TEXTS)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `locales: found ${used.length} in use, ${texts === used.length ? '' : `${texts} with their variants, `}expected at most ${MAX_TEXTS}`,
    );
  await connection.run('CREATE TABLE locales (found VARCHAR, locale INTEGER, said INTEGER)');
  await append(
    connection,
    'locales',
    found.map(({ text, locale, place }) => [text, used.indexOf(locale), place]),
  );
  return { used, said };
}

async function rejectedLocales(connection: DuckDBConnection): Promise<LocaleSaid[]> {
  const rows = await rowsOf(
    connection,
    `SELECT l, count(*) FROM raw JOIN bad ON raw.rowid = bad.n WHERE why = ${reasonNumber('LOCALE_UNKNOWN')} GROUP BY l ORDER BY 2 DESC, 1`,
  );
  const all = rows.map(([said, count]): LocaleSaid => ({
    said: String(said),
    fit: 'rejected',
    locale: null,
    rows: Number(count),
  }));
  const more = all.slice(MAX_SAID).reduce((sum, one) => sum + one.rows, 0);
  return [
    ...all.slice(0, MAX_SAID),
    ...(more === 0 ? [] : [{ said: 'others', fit: 'rejected' as const, locale: null, rows: more }]),
  ];
}

async function locateMarkets(connection: DuckDBConnection, rules: Rules): Promise<string[]> {
  const byMarket = rules.segmentBy.includes('market');
  const found = byMarket ? (await distinct(connection, 'm')).map((text) => [text, marketOf(text)] as const) : [];
  const used = [...new Set(found.flatMap(([, market]) => (market === null ? [] : [market])))].sort();
  const rank = new Map(used.map((market, index) => [market, index]));
  await connection.run('CREATE TABLE markets (found VARCHAR, market INTEGER)');
  if (!byMarket) {
    await connection.run('INSERT INTO markets SELECT DISTINCT m, 0 FROM raw');
    return [''];
  }
  await append(
    connection,
    'markets',
    found.flatMap(([text, market]) => (market === null ? [] : [[text, rank.get(market) ?? 0]])),
  );
  return used;
}

/** Also makes the table `segments`, which turns platform and market into the index of a segment. */
async function countUp(
  connection: DuckDBConnection,
  rules: Rules,
  { used: locales, said }: Locales,
  markets: string[],
): Promise<Judged> {
  const groups = await rowsOf(
    connection,
    `SELECT platform, market, locale, why, n IN (SELECT n FROM duplicates) AS again, count(*), said, v
    FROM verdict WHERE why <> ${BLANK} GROUP BY ALL ORDER BY ALL`,
  );
  const judged: Judged = {
    segments: [],
    locales: [],
    localeCounts: noCounts(),
    devices: 0,
    heldOut: 0,
    rejected: {},
    duplicates: 0,
    localesSaid: [],
  };
  const places: number[][] = [];
  const perText = new Map<number, number>();
  const perSaid = new Map<number, number>();
  const heldOut = noCounts();
  // Texts in order: all variants of one locale, then the next one.
  const variants = Math.max(1, rules.split?.variants.length ?? 0);
  const textAt = (index: number): string =>
    textName(locales[Math.floor(index / variants)] ?? '', variantAt(rules.split, (index % variants) + 1));
  for (const [platform, market, locale, why, again, count, place, v] of groups) {
    const rows = Number(count);
    if (why !== 0) {
      const reason = reasonOf(Number(why));
      judged.rejected[reason] = (judged.rejected[reason] ?? 0) + rows;
    } else if (again === true) {
      judged.duplicates += rows;
    } else {
      const name = PLATFORMS[Number(platform)] ?? 'ios';
      const id = segmentId(rules.segmentBy, markets[Number(market)] ?? '', name);
      if (Number(v) === HELD_OUT) {
        addCount(heldOut, id, rows);
        judged.heldOut += rows;
        continue;
      }
      const text = Number(locale) * variants + Number(v) - 1;
      let last = judged.segments.at(-1);
      if (last?.id !== id) {
        places.push([Number(platform), Number(market), judged.segments.length]);
        last = { id, platform: name, devices: 0, localeCounts: noCounts(), variants: null, heldOut: 0 };
        judged.segments.push(last);
      }
      last.devices += rows;
      addCount(last.localeCounts, textAt(text), rows);
      const variant = variantAt(rules.split, Number(v));
      if (variant !== null) addCount((last.variants ??= noCounts()), variant, rows);
      judged.devices += rows;
      perSaid.set(Number(place), (perSaid.get(Number(place)) ?? 0) + rows);
      perText.set(text, (perText.get(text) ?? 0) + rows);
    }
  }
  for (const segment of judged.segments) segment.heldOut = timesOf(heldOut, segment.id);
  await connection.run('CREATE TABLE segments (platform INTEGER, market INTEGER, s INTEGER)');
  await append(connection, 'segments', places);
  // A locale that only rejected rows or duplicates have must not change the manifest.
  const inUse = [...perText.keys()].sort((a, b) => a - b);
  judged.locales = inUse.map(textAt);
  await connection.run('CREATE TABLE textIndex (locale INTEGER, v INTEGER, l INTEGER)');
  await append(
    connection,
    'textIndex',
    inUse.map((old, index) => [Math.floor(old / variants), (old % variants) + 1, index]),
  );
  for (const [index, rows] of perText) addCount(judged.localeCounts, textAt(index), rows);
  const placed = [...perSaid].map(([place, rows]): LocaleSaid => ({
    said: '',
    fit: 'exact',
    locale: null,
    ...said[place],
    rows,
  }));
  judged.localesSaid = [...placed, ...(await rejectedLocales(connection))].sort(
    (a, b) => b.rows - a.rows || (a.said < b.said ? -1 : 1),
  );
  return judged;
}

/**
 * Columns s (segment), l (text), u (user), t (token), v (variant), in the order of packing: segment, text, source. With variants a
 * batch is of one of them, and in a segment their batches take turns by their shares, so that none goes out before the other.
 */
export function devicesSql(split: Split | null, batchSize: number): string {
  const from = `FROM ${FOUND.replaceAll('LEFT JOIN', 'JOIN')} JOIN segments USING (platform, market)`;
  const isDevice = 'raw.rowid NOT IN (SELECT n FROM bad)';
  if (split === null)
    return `SELECT s, textIndex.l AS l, u, ${TOKEN} AS t, 1 AS v ${from} JOIN textIndex USING (locale)
      WHERE ${isDevice} ORDER BY s, textIndex.l, raw.rowid`;
  // Held out is who has no text.
  const rows = `SELECT s, locale, u, ${TOKEN} AS t, raw.rowid AS n, ${variantSql(split)} AS v ${from} WHERE ${isDevice}`;
  return `SELECT s, l, u, t, v FROM (
      SELECT s, l, u, t, v, n, (row_number() OVER (PARTITION BY s, v ORDER BY l, n) - 1) // ${batchSize} AS batch,
        count(*) OVER (PARTITION BY s, v) AS all_of_it
      FROM (${rows}) JOIN textIndex USING (locale, v)
    ) ORDER BY s, (batch + 0.5) / ceil(all_of_it / ${batchSize}), v, l, n`;
}

export interface RejectedRow {
  rowid: number;
  reason: Reason;
  user: string;
  platform: string;
  token: string;
  locale: string;
  market: string;
  parts: number;
  firstRowid: number | null;
}

/** Every row that is no device, in the order of the source, duplicates among them. */
export async function* rejectedRows(connection: DuckDBConnection): AsyncGenerator<RejectedRow> {
  const sql = `SELECT n, why, u, p, t, l, m, parts, first FROM raw JOIN bad ON raw.rowid = bad.n WHERE why <> ${BLANK} ORDER BY n`;
  for await (const chunk of chunksOf(connection, sql)) {
    for (const [n, why, user, platform, token, locale, market, parts, first] of chunk.getRows()) {
      yield {
        rowid: Number(n),
        reason: reasonOf(Number(why)),
        user: String(user),
        platform: String(platform),
        token: String(token),
        locale: String(locale),
        market: String(market),
        parts: Number(parts),
        firstRowid: first === null ? null : Number(first),
      };
    }
  }
}

async function distinct(connection: DuckDBConnection, column: 'p' | 'l' | 'm'): Promise<string[]> {
  return (await rowsOf(connection, `SELECT DISTINCT ${column} FROM raw WHERE broken = 0`)).map(([found]) =>
    String(found),
  );
}

async function append(
  connection: DuckDBConnection,
  table: string,
  rows: readonly (readonly (string | number)[])[],
): Promise<void> {
  const appender = await connection.createAppender(table);
  for (const row of rows) {
    for (const value of row) {
      if (typeof value === 'string') appender.appendVarchar(value);
      else appender.appendInteger(value);
    }
    appender.endRow();
  }
  appender.closeSync();
}
