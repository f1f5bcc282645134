import type { DuckDBConnection } from '@duckdb/node-api';
import { AudienceError } from '../../../contract/audience-error.ts';
import { readManifest } from '../../../infra/aws/manifest-store.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { loadShard } from '../packed/load.ts';
import { shardPeople } from '../packed/shard-people.ts';
import { rowsOf, withDuck } from '../read/duck.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { readIdList } from './id-list.ts';
import type { IdList } from './id-list.ts';
import { hitsOf, noteHits, otherTokens, refuseIdle, reportsOf, takeLists } from './match-lists.ts';
import type { ListReport } from './match-lists.ts';

export interface SkipRequest {
  /** Files, folders or patterns, each a list of its own. */
  paths: readonly string[];
  /** See CompileOptions.listColumn. */
  column: string | undefined;
  objects: Objects;
  /** The audience whose people and devices are meant; null: none is known, and lists of people are refused. */
  manifestKey: string | null;
  allowNone: boolean;
  progress?: (done: number, total: number) => void;
}

export interface Skipped {
  /** What to skip: tokens of the lists, and those of their people. */
  tokens: string[];
  /** Devices of people among them. */
  ofPeople: number;
  /** Null: there was no audience to compare with. */
  reports: ListReport[] | null;
  lists: IdList[];
}

/** Reads lists of tokens and people and finds the people's devices. Throws LIST_MATCHES_NONE, PEOPLE_UNKNOWN, and what reading lists throws. */
export async function findSkipped(request: SkipRequest): Promise<Skipped> {
  return withTemporaryFolder('gobutton-skip-', (folder) =>
    withDuck({ folder }, async (connection) => {
      const lists: IdList[] = [];
      for (const [index, path] of request.paths.entries())
        lists.push(
          await readIdList(connection, { path, role: 'skip', column: request.column }, folder, `list-${index}`),
        );
      await takeLists(connection, lists);
      if (request.manifestKey === null)
        return { tokens: await tokensAlone(connection, lists), ofPeople: 0, reports: null, lists };
      const ofPeople = await walk(connection, lists, request, request.manifestKey);
      const reports = await reportsOf(connection, lists);
      if (!request.allowNone) refuseIdle(reports);
      return {
        tokens: [...ofPeople, ...(await otherTokens(connection, 'skip', lists))],
        ofPeople: ofPeople.length,
        reports,
        lists,
      };
    }),
  );
}

async function tokensAlone(connection: DuckDBConnection, lists: readonly IdList[]): Promise<string[]> {
  const tokens = await otherTokens(connection, 'skip', lists);
  for (const { path, ids } of lists) {
    const person = [...ids].find(([id, kind]) => kind === 'user' || !/^[A-Za-z0-9:_-]{20,4096}$/.test(id));
    if (person !== undefined)
      throw new AudienceError(
        'PEOPLE_UNKNOWN',
        `${path}: found "${person[0].slice(0, 60)}", which is no device token, and no audience to look a person up in; expected --launch with an audience set, or --audience HASH`,
      );
  }
  return tokens;
}

/** Shard by shard, so that memory never depends on the audience. */
async function walk(
  connection: DuckDBConnection,
  lists: readonly IdList[],
  { objects, progress }: SkipRequest,
  manifestKey: string,
): Promise<string[]> {
  const manifest = await readManifest(objects, manifestKey);
  const found: string[] = [];
  let first = 0;
  for (const [index, part] of manifest.shards.entries()) {
    progress?.(index, manifest.shards.length);
    const shard = await loadShard(objects, manifestKey, manifest, part);
    const users = await shardPeople(objects, manifestKey, part);
    await connection.run('CREATE OR REPLACE TABLE people (n BIGINT, u VARCHAR, t VARCHAR)');
    const appender = await connection.createAppender('people');
    for (const [i, user] of users.entries()) {
      appender.appendBigInt(BigInt(first + i));
      appender.appendVarchar(user);
      appender.appendVarchar(shard.tokenAt(i));
      appender.endRow();
    }
    appender.closeSync();
    await noteHits(connection, 'SELECT n, u, t FROM people');
    const hits = await rowsOf(connection, `SELECT t FROM people WHERE n IN (${hitsOf('skip', lists)}) ORDER BY n`);
    found.push(...hits.map(([token]) => String(token)));
    first += part.devices;
  }
  progress?.(manifest.shards.length, manifest.shards.length);
  return found;
}
