import { stat, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { splitCsvLine } from './csv-line.ts';
import { literal, rowsOf, withDuck } from './duck.ts';
import { AudienceError } from './errors.ts';
import { FIELDS } from './fields.ts';
import type { Field, Mapping } from './fields.ts';
import { reasonNumber } from './reasons.ts';

/**
 * Reading a device list into the table `raw`: u, p, t, l, m (user, platform, token, locale, market as found, trimmed, ''
 * for nothing), `broken` (0, the number of the reason why the row can't be read, or BLANK), `parts` (columns found). Its rowid is
 * the order of the source.
 *
 * CSV and NDJSON are read line by line and split afterwards. A CSV reader that lets a quoted value go on over
 * line ends loses everything from one stray quote to the next; in a device list no value has a line end.
 */

export type Format = 'csv' | 'ndjson' | 'parquet';

/** `broken` of lines that are no rows: empty ones and the CSV header. */
export const BLANK = 255;

export interface Source { path: string; format: Format; link: string; columns: string[]; delimiter: string }

export interface Staged {
  /** Rows, without blank lines; unreadable lines included. */
  rows: number;
  unreadable: { line: number; say: string }[];
  /** Where a row of `raw` stands: `row` counts data rows from 1, `line` (text formats) lines of the file from 1. */
  placeOf(rowid: number): { row: number; line: number | null };
}

const LINES = "header=false, all_varchar=true, delim='\x01', quote='', escape='', auto_detect=false, strict_mode=false, store_rejects=true, columns={'line': 'VARCHAR'}";
const EXTENSIONS: readonly (readonly [string, Format])[] = [
  ['.csv', 'csv'], ['.csv.gz', 'csv'], ['.tsv', 'csv'], ['.tsv.gz', 'csv'], ['.txt', 'csv'],
  ['.ndjson', 'ndjson'], ['.ndjson.gz', 'ndjson'], ['.jsonl', 'ndjson'], ['.jsonl.gz', 'ndjson'], ['.parquet', 'parquet'],
];

/** By the file's name. Throws FORMAT_UNKNOWN. */
export function formatOf(path: string): Format {
  const name = path.toLowerCase();
  const known = EXTENSIONS.find(([extension]) => name.endsWith(extension));
  if (known !== undefined) return known[1];
  throw new AudienceError('FORMAT_UNKNOWN', `${path}: found a name that ends in none of the known formats, expected ${EXTENSIONS.map(([extension]) => extension).join(', ')}`);
}

/** Looks at the file: is it there, and what are its columns called? Throws INPUT_MISSING, INPUT_UNREADABLE, FORMAT_UNKNOWN. */
export async function openSource(connection: DuckDBConnection, path: string, folder: string): Promise<Source> {
  const format = formatOf(path);
  const found = await stat(path).catch((cause: unknown) => {
    throw new AudienceError('INPUT_MISSING', `${path}: found no such file, expected a device list (CSV, NDJSON or Parquet)`, { cause });
  });
  if (!found.isFile()) throw new AudienceError('INPUT_MISSING', `${path}: found ${found.isDirectory() ? 'a folder' : 'no regular file'}, expected a file`);
  if (found.size === 0) throw new AudienceError('INPUT_UNREADABLE', `${path}:1: found an empty file, expected ${format === 'csv' ? 'a header line and rows' : 'rows'}`);
  // DuckDB takes *, ? and [ in a path for a pattern; a link of our own has none.
  const link = join(folder, `input${path.toLowerCase().endsWith('.gz') ? '.gz' : ''}`);
  await symlink(resolve(path), link);
  try {
    const head = await headOf(connection, path, format, link);
    return { path, format, link, ...head };
  } catch (cause) {
    if (cause instanceof AudienceError) throw cause;
    throw unreadable(path, format, cause);
  }
}

async function headOf(connection: DuckDBConnection, path: string, format: Format, link: string): Promise<{ columns: string[]; delimiter: string }> {
  if (format === 'parquet') {
    const described = await rowsOf(connection, `DESCRIBE SELECT * FROM read_parquet(${literal(link)})`);
    return { columns: described.map(([name]) => String(name)), delimiter: '' };
  }
  const lines = await rowsOf(connection, `SELECT line FROM read_csv(${literal(link)}, ${LINES}) LIMIT 1000`);
  const texts = lines.map(([line]) => (typeof line === 'string' ? line : ''));
  if (format === 'csv') {
    const header = (texts[0] ?? '').replace(/^\uFEFF/, '').replace(/\r$/, '');
    if (header.trim() === '') throw new AudienceError('INPUT_UNREADABLE', `${path}:1: found an empty line, expected a header like user,platform,token,locale,market`);
    if (header.startsWith('PAR1')) throw new AudienceError('INPUT_UNREADABLE', `${path}: found a Parquet file, expected CSV by its name: rename it to .parquet`);
    const delimiter = delimiterOf(header);
    return { columns: (splitCsvLine(header, delimiter) ?? [header]).map((name) => name.trim()), delimiter };
  }
  const columns = new Set<string>();
  for (const text of texts) for (const name of keysOf(text)) columns.add(name);
  if (columns.size === 0) {
    const first = texts.findIndex((text) => text.trim() !== '');
    throw new AudienceError('INPUT_UNREADABLE', `${path}:${first + 1}: found "${excerpt(texts[first] ?? '')}", expected one JSON object per line`);
  }
  return { columns: [...columns], delimiter: '' };
}

/** Whatever stands most often in the header outside quotes. */
function delimiterOf(header: string): string {
  const bare = header.replaceAll(/"[^"]*"/g, '');
  const counts = [',', ';', '\t', '|'].map((delimiter) => [delimiter, bare.split(delimiter).length] as const);
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function keysOf(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  } catch (error) {
    // A line that is no JSON is rejected later, with its number; here only names are looked for.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * Which column holds which field: by the mapping, else by the field's own name, upper or lower case. Null: not there, and
 * not needed. Throws COLUMN_MISSING, COLUMN_AMBIGUOUS.
 */
export function locateFields(source: Pick<Source, 'path' | 'columns'>, mapping: Mapping, needed: ReadonlySet<Field>): Record<Field, number | null> {
  const at = (field: Field): number | null => {
    const name = mapping[field] ?? field;
    const exact = source.columns.flatMap((column, index) => (column === name ? [index] : []));
    const places = exact.length > 0 ? exact : source.columns.flatMap((column, index) => (column.toLowerCase() === name.toLowerCase() ? [index] : []));
    if (places.length > 1) {
      throw new AudienceError('COLUMN_AMBIGUOUS', `${source.path}:1: found ${places.length} columns named "${name}", expected one for ${field}`);
    }
    const place = places[0];
    if (place === undefined && (needed.has(field) || mapping[field] !== undefined)) {
      const columns = source.columns.slice(0, 20).map((column) => `"${excerpt(column)}"`).join(', ');
      throw new AudienceError('COLUMN_MISSING', `${source.path}:1: found the columns ${columns}, expected one named "${name}" for ${field} (another name: --map ${field}=<column>)`);
    }
    return place ?? null;
  };
  return { user: at('user'), platform: at('platform'), token: at('token'), locale: at('locale'), market: at('market') };
}

/** Fills `raw`. Throws INPUT_UNREADABLE when the file as a whole can't be read. */
export async function stage(connection: DuckDBConnection, source: Source, fields: Record<Field, number | null>): Promise<Staged> {
  try {
    await connection.run(stagingSql(source, fields));
    const unreadable = source.format === 'parquet' ? [] : await unreadableLines(connection);
    if (source.format === 'csv') {
      if (unreadable[0]?.line === 1) throw new AudienceError('INPUT_UNREADABLE', `${source.path}:1: found a header that is not UTF-8 text (${unreadable[0].say}), expected UTF-8`);
      await connection.run(`UPDATE raw SET broken = ${BLANK} WHERE rowid = 0`);
    }
    const [[count] = []] = await rowsOf(connection, `SELECT count(*) FROM raw WHERE broken <> ${BLANK}`);
    return { rows: Number(count) + unreadable.length, unreadable, placeOf: placesOf(source.format, unreadable.map(({ line }) => line)) };
  } catch (cause) {
    if (cause instanceof AudienceError) throw cause;
    throw unreadable(source.path, source.format, cause);
  }
}

function stagingSql(source: Source, fields: Record<Field, number | null>): string {
  const names = { user: 'u', platform: 'p', token: 't', locale: 'l', market: 'm' } as const;
  const select = (value: (index: number) => string) => FIELDS.map((field) => {
    const index = fields[field];
    return `${index === null ? "''" : `trim(coalesce(${value(index)}, ''))`} AS ${names[field]}`;
  }).join(', ');
  if (source.format === 'parquet') {
    const column = (index: number) => `CAST("${(source.columns[index] ?? '').replaceAll('"', '""')}" AS VARCHAR)`;
    return `CREATE TABLE raw AS SELECT ${select(column)}, 0::UTINYINT AS broken, 0::INTEGER AS parts FROM read_parquet(${literal(source.link)})`;
  }
  const lines = `read_csv(${literal(source.link)}, ${LINES})`;
  if (source.format === 'ndjson') {
    const used = FIELDS.flatMap((field) => (fields[field] === null ? [] : [fields[field]]));
    const path = (index: number) => literal(`$."${source.columns[index] ?? ''}"`);
    const object = "json_valid(line) AND json_type(line) = 'OBJECT'";
    return `CREATE TABLE raw AS SELECT ${select((index) => `v[${used.indexOf(index) + 1}]`)},
      CASE WHEN line IS NULL OR trim(line, ' \t\r') = '' THEN ${BLANK} WHEN v IS NULL THEN ${reasonNumber('ROW_NOT_JSON')} ELSE 0 END::UTINYINT AS broken, 0::INTEGER AS parts
      FROM (SELECT line, CASE WHEN ${object} THEN json_extract_string(line, [${used.map(path).join(', ')}]) END AS v FROM ${lines})`;
  }
  const delimiter = literal(source.delimiter);
  const quotedField = `("(?:[^"]|"")*"|[^"${source.delimiter === '\t' ? '\\t' : source.delimiter}]*)${source.delimiter === '|' ? '\\|' : source.delimiter}`;
    return `CREATE TABLE raw AS SELECT ${select((index) => `v[${index + 1}]`)},
    CASE WHEN v IS NULL THEN ${BLANK} WHEN NOT whole THEN ${reasonNumber('ROW_QUOTES')} WHEN len(v) <> ${source.columns.length} THEN ${reasonNumber('ROW_COLUMNS')} ELSE 0 END::UTINYINT AS broken,
    len(v)::INTEGER AS parts
    FROM (SELECT
      CASE WHEN q IS NULL THEN string_split(line, ${delimiter})
        ELSE list_transform(q, lambda x: CASE WHEN starts_with(x, '"') THEN replace(x[2:-2], '""', '"') ELSE x END) END AS v,
      q IS NULL OR list_sum(list_transform(q, lambda x: length(x) + 1)) = length(line) + 1 AS whole
      FROM (SELECT line, CASE WHEN contains(line, '"') THEN regexp_extract_all(line || ${delimiter}, ${literal(quotedField)}, 1) END AS q
        FROM ${lines}))`;
}

/** Lines that are no UTF-8 text or too long for any row: the reader leaves them out and notes them. */
async function unreadableLines(connection: DuckDBConnection): Promise<{ line: number; say: string }[]> {
  const rows = await rowsOf(connection, 'SELECT line, min(error_type::VARCHAR) FROM reject_errors GROUP BY line ORDER BY line');
  return rows.map(([line, why]) => ({ line: Number(line), say: String(why).toLowerCase() }));
}

function placesOf(format: Format, missingLines: number[]): Staged['placeOf'] {
  if (format === 'parquet') return (rowid) => ({ row: rowid + 1, line: null });
  // The k-th line that was read is line k + (unreadable lines before it).
  const before = missingLines.map((line, index) => line - index);
  return (rowid) => {
    let low = 0;
    let high = before.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((before[middle] ?? 0) <= rowid + 1) low = middle + 1;
      else high = middle;
    }
    const line = rowid + 1 + low;
    return { row: format === 'csv' ? line - 1 : line, line };
  };
}

/** Rewrites a CSV with a header as Parquet, every column as text. */
export async function csvToParquet(csv: string, parquet: string, folder: string): Promise<void> {
  await withDuck({ folder }, async (connection) => {
    await connection.run(`COPY (SELECT * FROM read_csv(${literal(csv)}, header=true, all_varchar=true, delim=',', quote='"', escape='"', auto_detect=false,
      null_padding=true, strict_mode=false, columns={'user': 'VARCHAR', 'platform': 'VARCHAR', 'token': 'VARCHAR', 'locale': 'VARCHAR', 'market': 'VARCHAR'})) TO ${literal(parquet)} (FORMAT parquet)`);
  });
}

function unreadable(path: string, format: Format, cause: unknown): AudienceError {
  const say = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return new AudienceError('INPUT_UNREADABLE', `${path}: found something that can't be read as ${format} (${say}), expected ${format}`, { cause });
}

function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
