import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';

export interface DuckOptions {
  /** Folder for what spills out of memory; the caller removes it. */
  folder: string;
  /** Default 2. The result never depends on it. */
  threads?: number;
  /** What DuckDB may hold. Default 500; the process needs some 350 more. */
  memoryMb?: number;
}

/** Runs `work` on a fresh database in memory that spills into a folder, so that more rows than fit are no trouble. */
export async function withDuck<T>(
  options: DuckOptions,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? 2),
    memory_limit: `${options.memoryMb ?? 500}MB`,
    temp_directory: join(options.folder, 'spill'),
    // Extensions are linked in; nothing may be fetched from the network in the middle of a compile.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    try {
      for (const setting of [
        'enable_progress_bar = true',
        'enable_progress_bar_print = false',
        'progress_bar_time = 0',
      ])
        await connection.run(`SET ${setting}`);
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

const LOOK_EVERY_MS = 200;

/** Tells how far the queries of `work` are, 0 to 1 and never back, while they run off this thread. */
export async function watched<T>(
  connection: DuckDBConnection,
  tell: (share: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  let most = 0;
  const timer = setInterval(() => {
    // -1: nothing is running or nothing is known yet.
    most = Math.max(most, connection.progress.percentage / 100);
    tell(most);
  }, LOOK_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** The rows of a small result as arrays. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

/** Chunks of up to 2,048 rows as they come: what has been looked at can be freed. */
export async function* chunksOf(connection: DuckDBConnection, sql: string): AsyncGenerator<DuckDBDataChunk> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunk;
  }
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** How read_csv takes a file as lines of text, whatever is in them. */
export const LINES =
  "header=false, all_varchar=true, delim='\x01', quote='', escape='', auto_detect=false, strict_mode=false, columns={'line': 'VARCHAR'}";
