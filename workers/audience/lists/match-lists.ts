import type { DuckDBConnection } from '@duckdb/node-api';
import { AudienceError } from '../../../contract/audience-error.ts';
import { rowsOf } from '../read/duck.ts';
import type { IdList, ListRole } from './id-list.ts';

/** What of a list is in the audience. */
export interface ListReport {
  path: string;
  role: ListRole;
  notes: string[];
  /** Distinct ids; users + tokens + nowhere, less those that are both. */
  ids: number;
  /** Found as a person's id, or as a token. */
  users: number;
  tokens: number;
  /** Found as a person's id only with case and Unicode form set aside; `foldedExample` is how list and audience spell one. */
  folded: number;
  foldedExample: [listed: string, found: string] | null;
  nowhere: number;
  nowhereExamples: string[];
  repeated: number;
  blank: number;
}

/**
 * How ids of people are compared: without case and Unicode form. Nothing that is stored or sent is changed by it. Two ids that differ in
 * case alone count as one person, since the wrong way round an opt-out would be missed.
 */
const FOLD = "CREATE OR REPLACE MACRO fold(id) AS replace(replace(lower(nfc_normalize(id)), 'ß', 'ss'), 'ς', 'σ')";
const KINDS = { user: 0, token: 1, either: 2 } as const;
const IS_HEX = "length(listed.id) BETWEEN 64 AND 200 AND regexp_full_match(listed.id, '[0-9a-fA-F]*')";

/** Puts lists into the table `listed`: list (index), pos, id, kind, key. To be called once. */
export async function takeLists(connection: DuckDBConnection, lists: readonly IdList[]): Promise<void> {
  await connection.run(FOLD);
  await connection.run('CREATE TABLE given (list INTEGER, pos INTEGER, id VARCHAR, kind INTEGER)');
  const appender = await connection.createAppender('given');
  for (const [list, { ids }] of lists.entries()) {
    let at = 0;
    for (const [id, kind] of ids) {
      appender.appendInteger(list);
      appender.appendInteger(at++);
      appender.appendVarchar(id);
      appender.appendInteger(KINDS[kind]);
      appender.endRow();
    }
  }
  appender.closeSync();
  await connection.run('CREATE TABLE listed AS SELECT *, fold(id) AS key FROM given');
  await connection.run('CREATE TABLE userHits (n BIGINT, u VARCHAR, key VARCHAR)');
  await connection.run('CREATE TABLE tokenHits (n BIGINT, list INTEGER, pos INTEGER)');
}

/** Notes which rows of `from` (columns n, u, t) are on a list, in `userHits` and `tokenHits`. */
export async function noteHits(connection: DuckDBConnection, from: string): Promise<void> {
  await connection.run(
    `INSERT INTO userHits SELECT n, u, fold(u) FROM (${from}) WHERE fold(u) IN (SELECT key FROM listed WHERE kind <> ${KINDS.token})`,
  );
  // Tokens are compared as they are; only hex has no case.
  const [[tokens] = []] = await rowsOf(
    connection,
    `SELECT count(*) FROM listed WHERE kind <> ${KINDS.user} AND length(id) >= 20`,
  );
  if (Number(tokens) === 0) return;
  await connection.run(`INSERT INTO tokenHits SELECT n, list, pos FROM (SELECT n, t FROM (${from})) JOIN (SELECT *, lower(id) AS small FROM listed WHERE kind <> ${KINDS.user} AND length(id) >= 20) listed
    ON lower(t) = small WHERE t = id OR ${IS_HEX}`);
}

/** Rows that a list of this role takes away, as a subquery with the column n. */
export function hitsOf(role: ListRole, lists: readonly IdList[]): string {
  const these = lists.flatMap((list, index) => (list.role === role ? [index] : [])).join(', ') || '-1';
  return `SELECT n FROM userHits WHERE key IN (SELECT key FROM listed WHERE list IN (${these}) AND kind <> ${KINDS.token}) UNION SELECT n FROM tokenHits WHERE list IN (${these})`;
}

/** Ids that are no person of the audience and could be tokens. */
export async function otherTokens(
  connection: DuckDBConnection,
  role: ListRole,
  lists: readonly IdList[],
): Promise<string[]> {
  const these = lists.flatMap((list, index) => (list.role === role ? [index] : [])).join(', ') || '-1';
  const rows = await rowsOf(
    connection,
    `SELECT DISTINCT id FROM listed WHERE list IN (${these}) AND (kind = ${KINDS.token} OR (kind = ${KINDS.either} AND key NOT IN (SELECT key FROM userHits)))
    AND length(id) BETWEEN 20 AND 4096 AND regexp_full_match(id, '[A-Za-z0-9:_-]*')`,
  );
  return rows.map(([id]) => String(id));
}

/** One report per list, in their order. */
export async function reportsOf(connection: DuckDBConnection, lists: readonly IdList[]): Promise<ListReport[]> {
  await connection.run(`CREATE OR REPLACE TABLE verdicts AS SELECT list, pos, id, key,
    kind <> ${KINDS.token} AND key IN (SELECT key FROM userHits) AS isUser, kind <> ${KINDS.token} AND id IN (SELECT u FROM userHits) AS isExact,
    (list, pos) IN (SELECT (list, pos) FROM tokenHits) AS isToken FROM listed`);
  const reports: ListReport[] = [];
  for (const [index, { path, role, notes, repeated, blank }] of lists.entries()) {
    const [[ids, users, tokens, folded, nowhere] = []] = await rowsOf(
      connection,
      `SELECT count(*), count(*) FILTER (isUser), count(*) FILTER (isToken), count(*) FILTER (isUser AND NOT isExact), count(*) FILTER (NOT isUser AND NOT isToken)
      FROM verdicts WHERE list = ${index}`,
    );
    const examples = await rowsOf(
      connection,
      `SELECT id FROM verdicts WHERE list = ${index} AND NOT isUser AND NOT isToken ORDER BY pos LIMIT 3`,
    );
    const [spelled] = await rowsOf(
      connection,
      `SELECT id, min(u) FROM verdicts JOIN userHits USING (key) WHERE list = ${index} AND isUser AND NOT isExact GROUP BY id, pos ORDER BY pos LIMIT 1`,
    );
    reports.push({
      path,
      role,
      notes,
      repeated,
      blank,
      ids: Number(ids),
      users: Number(users),
      tokens: Number(tokens),
      folded: Number(folded),
      nowhere: Number(nowhere),
      foldedExample: spelled === undefined ? null : [String(spelled[0]), String(spelled[1])],
      nowhereExamples: examples.map(([id]) => String(id)),
    });
  }
  return reports;
}

/** Throws LIST_MATCHES_NONE. */
export function refuseIdle(reports: readonly ListReport[]): void {
  const idle = reports.filter(({ users, tokens }) => users + tokens === 0);
  if (idle.length === 0) return;
  const say = idle.map(
    ({ path, ids, notes, nowhereExamples }) =>
      `${path}: found ${ids === 0 ? 'no id' : `${ids.toLocaleString('en-US')} ids (${[...notes, `such as ${nowhereExamples.map((id) => `"${id.slice(0, 40)}"`).join(', ')}`].join('; ')}) and none of them in the audience`}, expected some of its people or devices`,
  );
  throw new AudienceError(
    'LIST_MATCHES_NONE',
    `${say.join('\n')}\nNothing was stored. Look at the list and at the ids of the audience; if it is right that it takes away nobody, add --allow-none.`,
  );
}
