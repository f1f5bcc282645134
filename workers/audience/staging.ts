import type { DuckDBConnection } from '@duckdb/node-api';
import { AudienceError } from '../../contract/audience-error.ts';
import { writtenSql } from './read/column-types.ts';
import { LINES, literal, rowsOf } from './read/duck.ts';
import { FIELDS } from './read/fields.ts';
import type { Field } from './read/fields.ts';
import { unreadable, unreadLines } from './read/source.ts';
import type { Source } from './read/source.ts';
import { reasonNumber } from './reject-reasons.ts';

/**
 * Reading the files of a device list into the table `raw`: u, p, t, l, m (user, platform, token, locale, market as found,
 * trimmed, '' for nothing), `broken` (0, the number of the reason why the row can't be read, or BLANK), `parts` (columns found).
 * Its rowid is the order of the source, file after file.
 *
 * CSV and NDJSON are read line by line and split afterwards. A CSV reader that lets a quoted value go on over
 * line ends loses everything from one stray quote to the next; in a device list no value has a line end.
 */

/** `broken` of lines that are no rows: empty ones and the CSV header. */
export const BLANK = 255;

/** `row` counts data rows of the file from 1, `line` (text formats) its lines from 1. */
export interface Place {
  file: string;
  row: number;
  line: number | null;
}

interface Unreadable extends Place {
  say: string;
}

export interface Staged {
  /** Rows, without blank lines; unreadable lines included. */
  rows: number;
  unreadable: Unreadable[];
  placeOf(rowid: number): Place;
  /** Columns of the file that the row is of. */
  columnsOf(rowid: number): number;
}

type Fields = Record<Field, number | null>;
interface Part {
  source: Source;
  firstRowid: number;
  unreadableLines: number[];
}

/** Fills `raw`. Throws INPUT_UNREADABLE when a file as a whole can't be read, COLUMN_TYPE when a column holds what is no id. */
export async function stage(
  connection: DuckDBConnection,
  sources: readonly { source: Source; fields: Fields }[],
): Promise<Staged> {
  const parts: Part[] = [];
  const notRead: Unreadable[] = [];
  let next = 0;
  for (const [index, { source, fields }] of sources.entries()) {
    const lines = await stageOne(connection, source, fields, index, next);
    parts.push({ source, firstRowid: next, unreadableLines: lines.map(({ line }) => line) });
    notRead.push(
      ...lines.map(({ line, say }) => ({
        file: source.path,
        row: source.format === 'csv' ? line - 1 : line,
        line,
        say,
      })),
    );
    const [[count] = []] = await rowsOf(connection, 'SELECT count(*) FROM raw');
    next = Number(count);
  }
  const [[count] = []] = await rowsOf(connection, `SELECT count(*) FROM raw WHERE broken <> ${BLANK}`);
  const partOf = (rowid: number): Part => {
    const part = parts.findLast(({ firstRowid }) => firstRowid <= rowid);
    if (part === undefined) throw new Error(`ROW_LOST row ${rowid} of no file`);
    return part;
  };
  return {
    rows: Number(count) + notRead.length,
    unreadable: notRead,
    placeOf: (rowid) => placeIn(partOf(rowid), rowid),
    columnsOf: (rowid) => partOf(rowid).source.columns.length,
  };
}

async function stageOne(
  connection: DuckDBConnection,
  source: Source,
  fields: Fields,
  index: number,
  firstRowid: number,
): Promise<{ line: number; say: string }[]> {
  try {
    const sql = await stagingSql(
      connection,
      source,
      fields,
      `rejects_table='unread_${index}', rejects_scan='unread_scans_${index}'`,
    );
    await connection.run(`${index === 0 ? 'CREATE TABLE raw AS' : 'INSERT INTO raw'} ${sql}`);
    const lines = source.format === 'parquet' ? [] : await unreadLines(connection, `unread_${index}`);
    if (source.format === 'csv') await connection.run(`UPDATE raw SET broken = ${BLANK} WHERE rowid = ${firstRowid}`);
    return lines;
  } catch (cause) {
    if (cause instanceof AudienceError) throw cause;
    throw unreadable(source.path, source.format, cause);
  }
}

/** `1001.0` is what spreadsheets and data frames make of the id 1001. Zeros in front stay: 007 and 7 are two people to whoever wrote them. */
function wholeIds(id: string): string {
  return `CASE WHEN contains(${id}, '.0') AND regexp_full_match(${id}, '-?[0-9]+\\.0+') THEN regexp_replace(${id}, '\\.0+$', '') ELSE ${id} END`;
}

async function stagingSql(
  connection: DuckDBConnection,
  source: Source,
  fields: Fields,
  rejects: string,
): Promise<string> {
  const names = { user: 'u', platform: 'p', token: 't', locale: 'l', market: 'm' } as const;
  const select = (value: (index: number) => string) =>
    FIELDS.map((field) => {
      const index = fields[field];
      const text = index === null ? "''" : `trim(coalesce(${value(index)}, ''))`;
      return `${field === 'user' ? wholeIds(text) : text} AS ${names[field]}`;
    }).join(', ');
  if (source.format === 'parquet') {
    const from = `read_parquet(${literal(source.link)})`;
    const written = new Map<number, string>();
    for (const index of new Set(Object.values(fields))) {
      if (index !== null)
        written.set(
          index,
          await writtenSql(connection, source.path, from, {
            name: source.columns[index] ?? '',
            type: source.types[index] ?? '',
          }),
        );
    }
    return `SELECT ${select((index) => written.get(index) ?? '')}, 0::UTINYINT AS broken, 0::INTEGER AS parts FROM ${from}`;
  }
  const lines = `read_csv(${literal(source.link)}, ${LINES}, store_rejects=true, ${rejects})`;
  if (source.format === 'ndjson') {
    const used = FIELDS.flatMap((field) => (fields[field] === null ? [] : [fields[field]]));
    const path = (index: number) => literal(`$."${source.columns[index] ?? ''}"`);
    const object = "json_valid(line) AND json_type(line) = 'OBJECT'";
    return `SELECT ${select((index) => `v[${used.indexOf(index) + 1}]`)},
      CASE WHEN line IS NULL OR trim(line, ' \t\r') = '' THEN ${BLANK} WHEN v IS NULL THEN ${reasonNumber('ROW_NOT_JSON')} ELSE 0 END::UTINYINT AS broken, 0::INTEGER AS parts
      FROM (SELECT line, CASE WHEN ${object} THEN json_extract_string(line, [${used.map(path).join(', ')}]) END AS v FROM ${lines})`;
  }
  const delimiter = literal(source.delimiter);
  const quotedField = `("(?:[^"]|"")*"|[^"${source.delimiter === '\t' ? '\\t' : source.delimiter}]*)${source.delimiter === '|' ? '\\|' : source.delimiter}`;
  return `SELECT ${select((index) => `v[${index + 1}]`)},
    CASE WHEN v IS NULL THEN ${BLANK} WHEN NOT whole THEN ${reasonNumber('ROW_QUOTES')} WHEN len(v) <> ${source.columns.length} THEN ${reasonNumber('ROW_COLUMNS')} ELSE 0 END::UTINYINT AS broken,
    len(v)::INTEGER AS parts
    FROM (SELECT
      CASE WHEN q IS NULL THEN string_split(line, ${delimiter})
        ELSE list_transform(q, lambda x: CASE WHEN starts_with(x, '"') THEN replace(x[2:-2], '""', '"') ELSE x END) END AS v,
      q IS NULL OR list_sum(list_transform(q, lambda x: length(x) + 1)) = length(line) + 1 AS whole
      FROM (SELECT line, CASE WHEN contains(line, '"') THEN regexp_extract_all(line || ${delimiter}, ${literal(quotedField)}, 1) END AS q
        FROM ${lines}))`;
}

/** The k-th line that was read is line k + (unreadable lines before it). */
function placeIn({ source, firstRowid, unreadableLines: missing }: Part, rowid: number): Place {
  const read = rowid - firstRowid + 1;
  if (source.format === 'parquet') return { file: source.path, row: read, line: null };
  let low = 0;
  let high = missing.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((missing[middle] ?? 0) - middle <= read) low = middle + 1;
    else high = middle;
  }
  const line = read + low;
  return { file: source.path, row: source.format === 'csv' ? line - 1 : line, line };
}
