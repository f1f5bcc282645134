import { open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AudienceError } from '../../contract/audience-error.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { seededRandom, weighted } from './random.ts';
import type { Random } from './random.ts';
import { csvToParquet } from './read/source.ts';
import { dirtyRows } from './sample-dirty.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

/** Shares (0–1) of devices whose token makes the local push providers answer with an error, or not at all. */
export interface MarkShares {
  unregistered: number;
  bad: number;
  errors: number;
  silent: number;
}

export interface SampleOptions {
  /** Good rows to write, at least 1. Rows of wrong kinds (`dirty`) come on top. */
  devices: number;
  /** The same seed and options give the same bytes. */
  seed: string;
  /** Ends in .csv, .ndjson or .parquet. */
  out: string;
  /** Locale → weight. */
  locales?: Record<string, number>;
  /** Market → weight. */
  markets?: Record<string, number>;
  marks?: Partial<MarkShares>;
  /** Simulated phones (tokens starting with face0) at the top. Default 4, never more than half of the devices. */
  phones?: number;
  /** Adds rows of every wrong kind, one set per 10,000 devices. */
  dirty?: boolean;
  progress?: (devices: number) => void;
}

export interface SampleSummary {
  devices: number;
  users: number;
  dirty: number;
  platforms: Record<Platform, number>;
  path: string;
}

export const SAMPLE_LOCALES: Readonly<Record<string, number>> = { en: 42, es: 18, 'pt-BR': 16, de: 9, ja: 9, ar: 6 };
const SAMPLE_MARKETS: Readonly<Record<string, number>> = {
  us: 36,
  br: 16,
  mx: 14,
  de: 10,
  jp: 10,
  gb: 8,
  eg: 6,
};
/** 0.4 % of tokens gone and 0.01 % bad is what a list cleaned a day ago looks like. */
const SAMPLE_MARKS: Readonly<MarkShares> = { unregistered: 0.004, bad: 0.0001, errors: 0.00005, silent: 0 };

const SPOKEN: Readonly<Record<string, string>> = {
  us: 'en',
  gb: 'en',
  br: 'pt-BR',
  mx: 'es',
  es: 'es',
  de: 'de',
  jp: 'ja',
  eg: 'ar',
  fr: 'fr',
  it: 'it',
};
const SPEAKS_IT = 0.85;
const DEVICES_PER_USER = weighted<number>([
  [1, 60],
  [2, 30],
  [3, 10],
]);
const BASE64URL = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1');
const HEX = Buffer.from('0123456789abcdef', 'latin1');
const APNS_CHARACTERS = 64;
const FCM_ID_CHARACTERS = 22;
const FCM_TAIL_CHARACTERS = 134;
const ROW_BYTES_AT_MOST = 512;
const CHUNK_BYTES = 1 << 20;
const ROWS_PER_DIRTY_SET = 10_000;

/** Writes a made-up but realistic device list. Throws AudienceError for a wrong extension or option. */
export async function sampleAudience(options: SampleOptions): Promise<SampleSummary> {
  const format = extname(options.out).toLowerCase();
  if (!['.csv', '.ndjson', '.parquet'].includes(format)) {
    throw new AudienceError(
      'FORMAT_UNKNOWN',
      `${options.out}: found the extension "${format}", expected .csv, .ndjson or .parquet`,
    );
  }
  if (!Number.isInteger(options.devices) || options.devices < 1) {
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `devices: found ${options.devices}, expected a whole number of at least 1`,
    );
  }
  if (format !== '.parquet') return writeRows(options, options.out, format === '.csv' ? 'csv' : 'ndjson');
  return withTemporaryFolder('gobutton-sample-', async (folder) => {
    const csv = join(folder, 'sample.csv');
    const summary = await writeRows(options, csv, 'parquet');
    await csvToParquet(csv, options.out, folder);
    return { ...summary, path: options.out };
  });
}

async function writeRows(
  options: SampleOptions,
  path: string,
  format: 'csv' | 'ndjson' | 'parquet',
): Promise<SampleSummary> {
  const csv = format !== 'ndjson';
  const people = peopleOf(options);
  const summary: SampleSummary = { devices: 0, users: 0, dirty: 0, platforms: { ios: 0, android: 0 }, path };
  const file = await open(path, 'w');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let used = csv ? chunk.write('user,platform,token,locale,market\n', 0, 'latin1') : 0;
    for (const row of people) {
      if (used > CHUNK_BYTES - ROW_BYTES_AT_MOST) {
        await file.write(chunk, 0, used);
        used = 0;
        options.progress?.(summary.devices);
      }
      used = csv ? csvRow(chunk, used, row) : ndjsonRow(chunk, used, row);
      summary.devices++;
      summary.platforms[row.platform]++;
      summary.users = row.userNumber;
      if (options.dirty === true && (summary.devices - 1) % ROWS_PER_DIRTY_SET === 0) {
        const wrong = dirtyRows(format, summary.dirty, row.token.toString('latin1', 0, row.tokenBytes), row.platform);
        await file.write(chunk, 0, used);
        used = 0;
        await file.write(wrong.bytes);
        summary.dirty += wrong.rows;
      }
    }
    await file.write(chunk, 0, used);
  } finally {
    await file.close();
  }
  return summary;
}

interface SampleRow {
  userNumber: number;
  platform: Platform;
  token: Buffer;
  tokenBytes: number;
  locale: string;
  market: string;
}

/** Yields the same row object again and again, changed in place: 6 million objects would cost more than the writing. */
function* peopleOf(options: SampleOptions): Generator<SampleRow> {
  const random = seededRandom(options.seed);
  const markets = Object.entries(options.markets ?? SAMPLE_MARKETS);
  const locales = Object.entries(options.locales ?? SAMPLE_LOCALES);
  if (markets.length === 0 || locales.length === 0)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      'markets and locales: found an empty list, expected at least one of each',
    );
  const anyMarket = weighted(markets);
  const anyLocale = weighted(locales);
  const known = new Set(locales.map(([locale]) => locale));
  const mark = markOf({ ...SAMPLE_MARKS, ...options.marks });
  const phones = Math.min(options.phones ?? 4, Math.floor(options.devices / 2));
  const localeIn = (market: string): string => {
    const spoken = SPOKEN[market];
    return spoken !== undefined && known.has(spoken) && random.unit() < SPEAKS_IT ? spoken : anyLocale(random);
  };
  const row: SampleRow = {
    userNumber: 0,
    platform: 'ios',
    token: Buffer.alloc(FCM_ID_CHARACTERS + 7 + FCM_TAIL_CHARACTERS),
    tokenBytes: 0,
    locale: '',
    market: '',
  };
  for (let i = 0; i < phones; i++) {
    row.userNumber++;
    row.platform = i % 2 === 0 ? 'ios' : 'android';
    // The last markets first: of a few phones some should read another script.
    row.market = markets.at(-1 - (i % markets.length))?.[0] ?? '';
    const spoken = SPOKEN[row.market];
    row.locale = spoken !== undefined && known.has(spoken) ? spoken : (locales[i % locales.length]?.[0] ?? '');
    row.tokenBytes = writeToken(row.token, row.platform, 'face0', random);
    yield row;
  }
  for (let left = options.devices - phones; left > 0;) {
    row.userNumber++;
    row.market = anyMarket(random);
    row.locale = localeIn(row.market);
    for (let own = Math.min(left, DEVICES_PER_USER(random)); own > 0; own--, left--) {
      row.platform = random.unit() < 0.5 ? 'ios' : 'android';
      row.tokenBytes = writeToken(row.token, row.platform, mark(random), random);
      yield row;
    }
  }
}

function markOf(shares: MarkShares): (random: Random) => string {
  const marked = shares.unregistered + shares.bad + shares.errors + shares.silent;
  if (!(marked >= 0 && marked <= 1))
    throw new AudienceError('ARGUMENT_INVALID', `shares of marked tokens: found ${marked} in all, expected 0 to 1`);
  const pick = weighted([
    ['', 1 - marked],
    ['dead00', shares.unregistered],
    ['badd00', shares.bad],
    ['50000a', shares.errors],
    ['51111e', shares.silent],
  ]);
  return pick;
}

function writeToken(into: Buffer, platform: Platform, mark: string, random: Random): number {
  const bytes = platform === 'ios' ? writeHex(into, random) : writeFcm(into, random);
  if (mark !== '') into.write(mark, 0, 'latin1');
  return bytes;
}

function writeHex(into: Buffer, random: Random): number {
  for (let at = 0; at < APNS_CHARACTERS;) {
    let bits = random.next();
    for (let i = 0; i < 8; i++, bits >>>= 4) into[at++] = HEX[bits & 15]!;
  }
  // A random token must not look marked; the first character of every mark is one of 4, 5, b, d, f.
  into[0] = HEX[into[0]! & 3]!;
  return APNS_CHARACTERS;
}

function writeFcm(into: Buffer, random: Random): number {
  let at = writeBase64Url(into, 0, FCM_ID_CHARACTERS, random);
  into[0] = 99; // 'c': real ones begin with c, d, e or f, and marks with d and f
  at += into.write(':APA91b', at, 'latin1');
  return writeBase64Url(into, at, at + FCM_TAIL_CHARACTERS, random);
}

function writeBase64Url(into: Buffer, from: number, to: number, random: Random): number {
  for (let at = from; at < to;) {
    let bits = random.next();
    for (let i = 0; i < 5 && at < to; i++, bits >>>= 6) into[at++] = BASE64URL[bits & 63]!;
  }
  return to;
}

function csvRow(into: Buffer, at: number, row: SampleRow): number {
  at += into.write(`u${row.userNumber},${row.platform},`, at, 'latin1');
  at += row.token.copy(into, at, 0, row.tokenBytes);
  return at + into.write(`,${row.locale},${row.market}\n`, at, 'latin1');
}

function ndjsonRow(into: Buffer, at: number, row: SampleRow): number {
  at += into.write(`{"user":"u${row.userNumber}","platform":"${row.platform}","token":"`, at, 'latin1');
  at += row.token.copy(into, at, 0, row.tokenBytes);
  return at + into.write(`","locale":"${row.locale}","market":"${row.market}"}\n`, at, 'latin1');
}
