import type { DuckDBConnection } from '@duckdb/node-api';
import { AudienceError } from '../../../contract/audience-error.ts';
import { visible } from '../../../infra/visible.ts';
import { splitCsvLine } from './csv-line.ts';
import { literal, LINES, rowsOf, withDuck } from './duck.ts';
import type { Field, Mapping } from './fields.ts';
import type { Format } from './format.ts';
import { plainFile } from './plain-file.ts';
import { proposedMap } from './proposed-map.ts';

/** One file of a device list, plain and ready to be read at `link`. `types`: of Parquet columns. */
export interface Source {
  path: string;
  format: Format;
  link: string;
  columns: string[];
  types: string[];
  delimiter: string;
  decoded: string;
}

/** Looks at the file: can it be read, and what are its columns called? `name` is its own in `folder`. Throws INPUT_UNREADABLE. */
export async function openSource(
  connection: DuckDBConnection,
  path: string,
  format: Format,
  folder: string,
  name: string,
): Promise<Source> {
  const { path: link, decoded } = await plainFile(path, folder, name);
  try {
    return {
      path,
      format,
      link,
      decoded,
      ...(await headOf(connection, path, format, link, `head_${name.replaceAll('-', '_')}`)),
    };
  } catch (cause) {
    if (cause instanceof AudienceError) throw cause;
    throw unreadable(path, format, cause);
  }
}

async function headOf(
  connection: DuckDBConnection,
  path: string,
  format: Format,
  link: string,
  rejects: string,
): Promise<{ columns: string[]; types: string[]; delimiter: string }> {
  if (format === 'parquet') {
    const described = await rowsOf(connection, `DESCRIBE SELECT * FROM read_parquet(${literal(link)})`);
    return {
      columns: described.map(([name]) => String(name)),
      types: described.map(([, type]) => String(type)),
      delimiter: '',
    };
  }
  const lines = await rowsOf(
    connection,
    `SELECT line FROM read_csv(${literal(link)}, ${LINES}, store_rejects=true, rejects_table='${rejects}', rejects_scan='${rejects}_scans') LIMIT 1000`,
  );
  const [unread] = await unreadLines(connection, rejects);
  if (format === 'csv' && unread?.line === 1)
    throw new AudienceError(
      'INPUT_UNREADABLE',
      `${path}:1: found a header that is not UTF-8 text (${unread.say}), expected UTF-8`,
    );
  if (lines.length === 0)
    throw new AudienceError(
      'INPUT_UNREADABLE',
      `${path}:1: found an empty file, expected ${format === 'csv' ? 'a header line and rows' : 'rows'}`,
    );
  const texts = lines.map(([line]) => (typeof line === 'string' ? line : ''));
  if (format === 'csv') {
    const header = (texts[0] ?? '').replace(/^\uFEFF/, '').replace(/\r$/, '');
    if (header.trim() === '')
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}:1: found an empty line, expected a header like user,platform,token,locale,market`,
      );
    if (header.startsWith('PAR1'))
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}: found a Parquet file, expected CSV by its name: rename it to .parquet`,
      );
    const delimiter = delimiterOf(header);
    return { columns: (splitCsvLine(header, delimiter) ?? [header]).map((name) => name.trim()), types: [], delimiter };
  }
  const columns = new Set<string>();
  for (const text of texts) for (const name of keysOf(text)) columns.add(name);
  if (columns.size === 0) {
    const first = texts.findIndex((text) => text.trim() !== '');
    throw new AudienceError(
      'INPUT_UNREADABLE',
      `${path}:${first + 1}: found "${excerpt(texts[first] ?? '')}", expected one JSON object per line`,
    );
  }
  return { columns: [...columns], types: [], delimiter: '' };
}

/** Lines that are no UTF-8 text or too long for any row: the reader leaves them out and notes them in `table`. */
export async function unreadLines(
  connection: DuckDBConnection,
  table: string,
): Promise<{ line: number; say: string }[]> {
  const rows = await rowsOf(
    connection,
    `SELECT line, min(error_type::VARCHAR) FROM ${table} GROUP BY line ORDER BY line`,
  );
  return rows.map(([line, why]) => ({ line: Number(line), say: String(why).toLowerCase() }));
}

/** Whatever stands most often in the header outside quotes. */
export function delimiterOf(header: string): string {
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
 * not needed. Throws COLUMN_MISSING with all that are missing, COLUMN_AMBIGUOUS.
 */
export function locateFields(
  source: Pick<Source, 'path' | 'columns'>,
  mapping: Mapping,
  needed: ReadonlySet<Field>,
): Record<Field, number | null> {
  const missing: Field[] = [];
  const at = (field: Field): number | null => {
    const name = mapping[field] ?? field;
    const exact = source.columns.flatMap((column, index) => (column === name ? [index] : []));
    const places =
      exact.length > 0
        ? exact
        : source.columns.flatMap((column, index) => (column.toLowerCase() === name.toLowerCase() ? [index] : []));
    if (places.length > 1) {
      throw new AudienceError(
        'COLUMN_AMBIGUOUS',
        `${source.path}:1: found ${places.length} columns named "${name}", expected one for ${field}: rename the other`,
      );
    }
    const place = places[0];
    if (place === undefined && (needed.has(field) || mapping[field] !== undefined)) missing.push(field);
    return place ?? null;
  };
  const places = {
    user: at('user'),
    platform: at('platform'),
    token: at('token'),
    locale: at('locale'),
    market: at('market'),
  };
  if (missing.length > 0) throw missingColumns(source, mapping, missing);
  return places;
}

function missingColumns(
  source: Pick<Source, 'path' | 'columns'>,
  mapping: Mapping,
  missing: readonly Field[],
): AudienceError {
  const [first = ''] = source.columns;
  if (/^sep=/i.test(first))
    return new AudienceError(
      'COLUMN_MISSING',
      `${source.path}:1: found "${excerpt(first)}", a line for spreadsheets alone, expected the header: take the line out`,
    );
  const columns = source.columns
    .slice(0, 20)
    .map((column) => `"${excerpt(column)}"`)
    .join(', ');
  const expected = missing.map((field) => `one named "${mapping[field] ?? field}" for ${field}`).join(', ');
  return new AudienceError(
    'COLUMN_MISSING',
    `${source.path}:1: found the columns ${columns}, expected ${expected} (other names: --map "${proposedMap(source.columns, mapping, missing)}")`,
  );
}

/** Rewrites a CSV with a header as Parquet, every column as text. */
export async function csvToParquet(csv: string, parquet: string, folder: string): Promise<void> {
  await withDuck({ folder }, async (connection) => {
    await connection.run(`COPY (SELECT * FROM read_csv(${literal(csv)}, header=true, all_varchar=true, delim=',', quote='"', escape='"', auto_detect=false,
      null_padding=true, strict_mode=false, columns={'user': 'VARCHAR', 'platform': 'VARCHAR', 'token': 'VARCHAR', 'locale': 'VARCHAR', 'market': 'VARCHAR'})) TO ${literal(parquet)} (FORMAT parquet)`);
  });
}

export function unreadable(path: string, format: Format, cause: unknown): AudienceError {
  const say = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return new AudienceError(
    'INPUT_UNREADABLE',
    `${path}: found something that can't be read as ${format} (${say}), expected ${format}`,
    { cause },
  );
}

function excerpt(text: string): string {
  return visible(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
