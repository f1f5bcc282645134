import { open } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Objects } from '../../infra/aws/objects.ts';
import { rejectedRows } from './judge-rows.ts';
import type { RejectedRow } from './judge-rows.ts';
import { openPrivate } from './private-file.ts';
import { REASONS } from './reject-reasons.ts';
import type { Reason } from './reject-reasons.ts';
import type { Place, Staged } from './staging.ts';

/** One line of the rejects file. */
export interface Reject {
  /** Data row of the source from 1; `line` is its line in a text file (null for Parquet). */
  row: number;
  line: number | null;
  /** Of several. */
  file?: string;
  reason: Reason;
  /** The field that is wrong; null: the row as a whole. */
  column: string | null;
  found: string;
  expected: string;
  user: string;
  /** Beginning and length only: a token is enough to send to its device. */
  token: string;
}

/** The stored copy ends here; the local file is always whole. */
const STORED_BYTES_AT_MOST = 8 * 1024 * 1024;
const FOUND_CHARACTERS = 60;

/** Writes every rejected row and duplicate as NDJSON, `expected` of them (a list without any costs no further pass over the rows). */
export async function writeRejects(
  connection: DuckDBConnection,
  staged: Staged,
  several: boolean,
  locales: readonly string[],
  path: string,
  expected: number,
): Promise<number> {
  const file = await openPrivate(path);
  let count = 0;
  let text = '';
  const add = async (reject: Reject) => {
    count++;
    text += `${JSON.stringify(reject)}\n`;
    if (text.length < 1 << 16) return;
    await file.write(text);
    text = '';
  };
  try {
    for (const { say, ...place } of staged.unreadable) {
      await add({
        ...placed(place, several),
        reason: 'ROW_UNREADABLE',
        column: null,
        found: say,
        expected: REASONS.ROW_UNREADABLE.expected,
        user: '',
        token: '',
      });
    }
    if (expected > staged.unreadable.length)
      for await (const row of rejectedRows(connection)) await add(rejectOf(row, staged, several, locales));
    await file.write(text);
  } finally {
    await file.close();
  }
  return count;
}

function rejectOf(row: RejectedRow, staged: Staged, several: boolean, locales: readonly string[]): Reject {
  return {
    ...placed(staged.placeOf(row.rowid), several),
    reason: row.reason,
    column: REASONS[row.reason].column,
    found: foundIn(row, staged),
    expected: expectedOf(row, staged, locales),
    user: cut(row.user),
    token: shortToken(row.token),
  };
}

function expectedOf({ reason, rowid }: RejectedRow, staged: Staged, locales: readonly string[]): string {
  if (reason === 'LOCALE_UNKNOWN') return `one of ${locales.join(', ')}`;
  return reason === 'ROW_COLUMNS' ? `${staged.columnsOf(rowid)} columns` : REASONS[reason].expected;
}

function placed({ file, row, line }: Place, several: boolean): Pick<Reject, 'row' | 'line' | 'file'> {
  return several ? { file, row, line } : { row, line };
}

function foundIn(row: RejectedRow, staged: Staged): string {
  switch (row.reason) {
    case 'ROW_COLUMNS':
      return `${row.parts} columns`;
    case 'ROW_QUOTES':
      return 'a quote that is not closed, or stands inside a value';
    case 'ROW_NOT_JSON':
      return 'something else';
    case 'ROW_UNREADABLE':
      return 'something unreadable';
    case 'USER_EMPTY':
    case 'TOKEN_EMPTY':
      return '';
    case 'USER_INVALID':
      return row.user.length > 200 || !/E\+/i.test(row.user) ? `${row.user.length} characters` : row.user;
    case 'OPTED_OUT':
      return cut(row.user);
    case 'PLATFORM_UNKNOWN':
      return cut(row.platform);
    case 'TOKEN_NOT_HEX':
    case 'TOKEN_CHARACTERS':
      return shortToken(row.token);
    case 'TOKEN_LENGTH':
      return `${row.token.length} characters`;
    case 'LOCALE_UNKNOWN':
      return cut(row.locale);
    case 'MARKET_INVALID':
      return cut(row.market);
    case 'DUPLICATE_TOKEN':
      return firstOf(row, staged);
    default:
      return row.reason satisfies never;
  }
}

function firstOf({ rowid, firstRowid }: RejectedRow, staged: Staged): string {
  const [here, first] = [staged.placeOf(rowid), staged.placeOf(firstRowid ?? 0)];
  return `the token of row ${first.row}${first.file === here.file ? '' : ` of ${first.file}`}`;
}

/** Puts the rejects beside the manifest; a very long list is cut, and its last line says so. */
export async function storeRejects(objects: Objects, key: string, path: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(size, STORED_BYTES_AT_MOST));
    await file.read(bytes, 0, bytes.length, 0);
    if (size <= STORED_BYTES_AT_MOST) return await objects.put(key, bytes, 'application/x-ndjson');
    const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    const last = Buffer.from(
      `${JSON.stringify({ reason: 'LIST_CUT', found: `${size} bytes of rejects`, expected: 'see the whole list in the rejects file of the compile' })}\n`,
    );
    await objects.put(key, Buffer.concat([whole, last]), 'application/x-ndjson');
  } finally {
    await file.close();
  }
}

function shortToken(token: string): string {
  return token.length <= 12 ? token : `${token.slice(0, 8)}…(${token.length})`;
}

function cut(text: string): string {
  return text.length > FOUND_CHARACTERS ? `${text.slice(0, FOUND_CHARACTERS)}…` : text;
}
