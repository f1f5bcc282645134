import type { DuckDBConnection } from '@duckdb/node-api';
import { AudienceError } from '../../../contract/audience-error.ts';
import { visible } from '../../../infra/visible.ts';
import { writtenSql } from '../read/column-types.ts';
import { chunksOf, literal, rowsOf } from '../read/duck.ts';
import { formatOrText } from '../read/format.ts';
import { inputFiles } from '../read/input-files.ts';
import { plainFile } from '../read/plain-file.ts';
import { delimiterOf } from '../read/source.ts';
import { idColumn, isHeader } from './list-columns.ts';
import type { IdColumn, IdKind } from './list-columns.ts';
import { consentColumns, ConsentCounts } from './list-consent.ts';
import { csvRecords, textLines } from './list-records.ts';
import type { ListRecord } from './list-records.ts';

/** What a list takes away: opt-outs before packing (suppress), known-bad tokens and late opt-outs at the send (skip). */
export type ListRole = 'suppress' | 'skip';

/** What a list is expected to be, for a message; `users`: the people whose devices a table holds. */
const EXPECTED: Readonly<Record<ListRole | 'users', string>> = {
  suppress: 'ids of people who opted out',
  skip: 'known-bad tokens or ids of people to leave out',
  users: 'ids of users',
};

/** A list of people or devices, as a command line names it: one file, or a folder or pattern of them. */
export interface IdList<Role = ListRole> {
  path: string;
  role: Role;
  /** Every id once. */
  ids: Map<string, IdKind>;
  /** How the columns were taken, one sentence a file; nothing for one id per line. */
  notes: string[];
  repeated: number;
  /** Rows whose column of ids is empty. */
  blank: number;
}

const SHAPE_LINES = 1_000;
const ID_CHARACTERS = 4_096;
const SEPARATOR_LINE = /^"?sep=[,;|\t]"?$/i;

/**
 * Reads a list: one id per line or several with commas between, CSV or TSV with a header, NDJSON, Parquet; packed or not, in UTF-8 or
 * UTF-16. `column` names the column of ids where its name doesn't say so. Nothing in it is left out without a word: what can't be
 * read is refused with file and line. Errors: INPUT_MISSING, INPUT_UNREADABLE, COLUMN_MISSING, COLUMN_AMBIGUOUS, COLUMN_TYPE.
 */
export async function readIdList<Role extends ListRole | 'users'>(
  connection: DuckDBConnection,
  { path, role, column }: { path: string; role: Role; column: string | undefined },
  folder: string,
  name: string,
): Promise<IdList<Role>> {
  const list: IdList<Role> = { path, role, ids: new Map(), notes: [], repeated: 0, blank: 0 };
  const { files, ignored } = await inputFiles([path], EXPECTED[role]);
  if (ignored.length > 0) list.notes.push(`${ignored.length} hidden or empty files not read`);
  for (const [index, file] of files.entries()) {
    const format = formatOrText(file);
    const plain = await plainFile(file, folder, `${name}-${index}`);
    const adding = new Adding(list, file);
    if (plain.decoded !== '') list.notes.push(plain.decoded);
    if (format === 'parquet') await readParquet(connection, plain.path, file, column, adding);
    else if (format === 'ndjson') await readNdjson(plain.path, file, column, adding);
    else await readText(plain.path, file, column, adding);
    list.notes.push(...adding.consent.notes());
  }
  return list;
}

/** Takes ids in, or says why not. */
class Adding {
  readonly list: Pick<IdList, 'ids' | 'notes' | 'repeated' | 'blank'>;
  readonly path: string;
  readonly consent = new ConsentCounts();

  constructor(list: Adding['list'], path: string) {
    this.list = list;
    this.path = path;
  }

  id(given: string, kind: IdKind, place: string): void {
    const id = given.trim().replace(/^(-?\d+)\.0+$/, '$1');
    const refuse = (found: string, expected: string) =>
      new AudienceError('INPUT_UNREADABLE', `${this.path}${place}: found ${found}, expected ${expected}`);
    if (id === '') {
      this.list.blank++;
      return;
    }
    if (id.length > ID_CHARACTERS)
      throw refuse(`${id.length} characters`, `an id or token of at most ${ID_CHARACTERS}`);
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    if (/[\x00-\x1f\x7f]/.test(id))
      throw refuse(`a control character in "${visible(id.slice(0, 40))}"`, 'an id without any');
    if (/^-?\d(\.\d+)?[eE]\+\d+$/.test(id))
      throw refuse(
        `"${id}", a number that a spreadsheet has cut`,
        'all of its digits: format the column as text and save it again',
      );
    const before = this.list.ids.get(id);
    if (before !== undefined) this.list.repeated++;
    this.list.ids.set(id, before === undefined || before === kind ? kind : 'either');
  }

  column({ name, kind }: IdColumn): void {
    const what = { user: 'user ids', token: 'device tokens', either: 'user ids or tokens' }[kind];
    const note = `${what} of the column "${name}"`;
    if (!this.list.notes.includes(note)) this.list.notes.push(note);
  }
}

async function readText(link: string, path: string, wanted: string | undefined, adding: Adding): Promise<void> {
  const lines = withoutNotes(textLines(link, path), path);
  const first = await firstOf(lines);
  if (first === null) return;
  const delimiter = delimiterOf(first.text);
  const records = csvRecords(prepended(first, lines), delimiter, path);
  const seen: ListRecord[] = [];
  for await (const record of records) {
    seen.push(record);
    if (seen.length === SHAPE_LINES) break;
  }
  const layout = layoutOf(seen, wanted, path);
  const consents = consentColumns(layout.hasHeader ? (seen[0]?.values ?? []) : []);
  const take = ({ line, values }: ListRecord): void => {
    if (layout.column === null)
      return values.forEach((value) => value !== '' && adding.id(value, 'either', `:${line}`));
    const given = withoutTail(values, layout.columns);
    if (given.length > layout.columns || given.length <= layout.column.index) {
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}:${line}: found ${given.length} columns, expected ${layout.columns} as on line ${seen[0]?.line ?? 1}: put values with "${delimiter === '\t' ? 'a tab' : delimiter}" in them into quotes`,
      );
    }
    adding.id(given[layout.column.index] ?? '', layout.column.kind, `:${line}`);
    for (const { index, name } of consents) adding.consent.see(name, given[index]);
  };
  if (layout.column !== null) adding.column(layout.column);
  for (const record of layout.hasHeader ? seen.slice(1) : seen) take(record);
  if (seen.length < SHAPE_LINES) return;
  for await (const record of csvRecords(lines, delimiter, path)) take(record);
}

interface Layout {
  column: IdColumn | null;
  columns: number;
  hasHeader: boolean;
}

/** A table with a header, or ids side by side. Throws COLUMN_MISSING where it could be either. */
function layoutOf(seen: readonly ListRecord[], wanted: string | undefined, path: string): Layout {
  const [head, ...rows] = seen;
  if (head === undefined) return { column: null, columns: 0, hasHeader: false };
  const where = `${path}:${head.line}`;
  const names = withoutTail(head.values, 1);
  if (isHeader(names, wanted))
    return { column: idColumn(names, wanted, where), columns: names.length, hasHeader: true };
  const isPlain = seen.every(({ values }) => withoutTail(values, 1).length === 1);
  // One list may need --column where another beside it has no columns.
  if (wanted !== undefined && !isPlain)
    return {
      column: { ...idColumn(names, wanted, where), kind: 'either', name: `number ${wanted}` },
      columns: names.length,
      hasHeader: false,
    };
  if (names.length === 1 && looksLikeHeader(names[0] ?? '', rows))
    return { column: { index: 0, name: names[0] ?? '', kind: 'either' }, columns: 1, hasHeader: true };
  const isTable =
    names.length > 1 && rows.length > 0 && rows.every(({ values }) => withoutTail(values, 1).length === names.length);
  if (isTable) idColumn(names, undefined, where);
  return { column: null, columns: names.length, hasHeader: false };
}

/** A word over ids that all have a digit or an @ is their name. */
function looksLikeHeader(word: string, rows: readonly ListRecord[]): boolean {
  return (
    rows.length > 1 &&
    /^[\p{L}\s_-]+$/u.test(word) &&
    rows.every(({ values }) => values.every((value) => value === '' || /[\d@]/.test(value)))
  );
}

/** Spreadsheets write empty columns at the end of a row. */
function withoutTail(values: readonly string[], least: number): string[] {
  let end = values.length;
  while (end > least && values[end - 1] === '') end--;
  return values.slice(0, end);
}

type Line = { line: number; text: string };

/** Without blank lines, comments (`# …`) and the first line that tells spreadsheets their separator. */
async function* withoutNotes(lines: AsyncIterable<Line>, path: string): AsyncGenerator<Line> {
  for await (const line of lines) {
    if (/^\s*[[{]/.test(line.text))
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}:${line.line}: found JSON, expected ids: name the file .ndjson, with one object or id a line`,
      );
    if (line.text.startsWith('PAR1'))
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}: found a Parquet file, expected text by its name: rename it to .parquet`,
      );
    if (line.text.trim() !== '' && !line.text.startsWith('#') && !(line.line === 1 && SEPARATOR_LINE.test(line.text)))
      yield line;
  }
}

async function firstOf(lines: AsyncGenerator<Line>): Promise<Line | null> {
  const { done, value } = await lines.next();
  return done === true ? null : value;
}

/** Ends without ending `rest`: who stops early goes on with it. */
async function* prepended(first: Line, rest: AsyncGenerator<Line>): AsyncGenerator<Line> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

async function readNdjson(link: string, path: string, wanted: string | undefined, adding: Adding): Promise<void> {
  for await (const { line, text } of textLines(link, path)) {
    if (text.trim() === '') continue;
    const where = `${path}:${line}`;
    const refuse = (found: string, cause?: unknown) =>
      new AudienceError(
        'INPUT_UNREADABLE',
        `${where}: found ${found}, expected an object with an id, or an id alone, as JSON`,
        { cause },
      );
    const value = parsed(text, (cause) => refuse('something else', cause));
    if (typeof value !== 'object' || value === null) {
      adding.id(scalar(value, refuse), 'either', `:${line}`);
      continue;
    }
    if (Array.isArray(value)) throw refuse('an array');
    const fields = Object.entries(value);
    const column = idColumn(
      fields.map(([name]) => name),
      wanted,
      where,
    );
    adding.column(column);
    adding.id(scalar(fields[column.index]?.[1] ?? '', refuse), column.kind, `:${line}`);
    for (const { index, name } of consentColumns(fields.map(([field]) => field)))
      adding.consent.see(name, fields[index]?.[1]);
  }
}

function parsed(text: string, refuse: (cause: unknown) => AudienceError): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw refuse(cause);
  }
}

function scalar(value: unknown, refuse: (found: string) => AudienceError): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw refuse(
    typeof value === 'number'
      ? `the number ${value}, which has more digits than JSON numbers keep, or a fraction`
      : JSON.stringify(value).slice(0, 40),
  );
}

async function readParquet(
  connection: DuckDBConnection,
  link: string,
  path: string,
  wanted: string | undefined,
  adding: Adding,
): Promise<void> {
  const from = `read_parquet(${literal(link)})`;
  const described = await rowsOf(connection, `DESCRIBE SELECT * FROM ${from}`).catch((cause: unknown) => {
    throw new AudienceError(
      'INPUT_UNREADABLE',
      `${path}: found something that can't be read as Parquet, expected Parquet`,
      { cause },
    );
  });
  const names = described.map(([name]) => String(name));
  const only = names.length === 1 && wanted === undefined && !isHeader(names, undefined);
  const column: IdColumn = only ? { index: 0, name: names[0] ?? '', kind: 'either' } : idColumn(names, wanted, path);
  adding.column(column);
  const sql = await writtenSql(connection, path, from, {
    name: column.name,
    type: String(described[column.index]?.[1]),
  });
  let row = 0;
  const consents = consentColumns(names);
  const texts = consents.map(({ name }) => `, CAST("${name.replaceAll('"', '""')}" AS VARCHAR)`).join('');
  for await (const chunk of chunksOf(connection, `SELECT ${sql}${texts} FROM ${from}`)) {
    for (const [id, ...values] of chunk.getRows()) {
      adding.id(typeof id === 'string' ? id : '', column.kind, ` row ${++row}`);
      for (const [at, { name }] of consents.entries()) adding.consent.see(name, values[at]);
    }
  }
}
