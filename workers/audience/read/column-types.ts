import type { DuckDBConnection } from '@duckdb/node-api';
import { AudienceError } from '../../../contract/audience-error.ts';
import { literal, rowsOf } from './duck.ts';

/** A column of a Parquet file. */
export interface TypedColumn {
  name: string;
  type: string;
}

/** Whole numbers above are no longer all there: 2^53 and its neighbour are the same DOUBLE. */
const WHOLE_AT_MOST: Readonly<Record<string, number>> = { DOUBLE: 2 ** 53 - 1, FLOAT: 2 ** 24 - 1 };
const AS_THEY_ARE = /^(VARCHAR|UUID|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|ENUM\(.*)$/s;

/**
 * The SQL for a column's values as a person would write them: 1001 for the DOUBLE 1001.0 or the DECIMAL 1001.00, text for bytes that are
 * text. Refuses, by column and type, what nobody would know again: fractions, whole numbers that a DOUBLE can't hold, bytes that are no
 * text, dates, lists. Throws COLUMN_TYPE.
 */
export async function writtenSql(
  connection: DuckDBConnection,
  path: string,
  from: string,
  { name, type }: TypedColumn,
): Promise<string> {
  const column = `"${name.replaceAll('"', '""')}"`;
  if (AS_THEY_ARE.test(type)) return `CAST(${column} AS VARCHAR)`;
  const refuse = (found: string, expected: string) =>
    new AudienceError(
      'COLUMN_TYPE',
      `${path}: found the column "${name}" of type ${type.slice(0, 60)}${found}, expected ${expected}`,
    );
  const refuseFirst = async (isWrong: string, expected: string): Promise<void> => {
    const rows = await rowsOf(
      connection,
      `SELECT row, value FROM (SELECT row_number() OVER () AS row, CAST(${column} AS VARCHAR) AS value, ${isWrong} AS wrong FROM ${from}) WHERE wrong ORDER BY row LIMIT 1`,
    );
    const [[row, value] = []] = rows;
    if (rows.length > 0) throw refuse(` with ${String(value).slice(0, 40)} in row ${String(row)}`, expected);
  };
  if (type === 'DOUBLE' || type === 'FLOAT') {
    const most = WHOLE_AT_MOST[type] ?? 0;
    await refuseFirst(
      `${column} IS NOT NULL AND (NOT isfinite(${column}) OR ${column} <> trunc(${column}) OR abs(${column}) > ${most})`,
      `whole numbers up to ${most.toLocaleString('en-US')}, or the column as text: a ${type} can't tell larger ones apart`,
    );
    return `CAST(CAST(${column} AS HUGEINT) AS VARCHAR)`;
  }
  if (type.startsWith('DECIMAL')) {
    await refuseFirst(
      `${column} IS NOT NULL AND ${column} <> trunc(${column})`,
      'whole numbers, or the column as text',
    );
    return `CAST(CAST(${column} AS HUGEINT) AS VARCHAR)`;
  }
  if (type === 'BLOB') {
    await refuseFirst(
      `${column} IS NOT NULL AND (TRY(decode(${column})) IS NULL OR regexp_matches(TRY(decode(${column})), ${literal('[\\x00-\\x1f\\x7f]')}))`,
      'text in UTF-8; write binary ids as text, or as Parquet UUID',
    );
    return `decode(${column})`;
  }
  throw refuse('', 'text, whole numbers or UUID');
}
