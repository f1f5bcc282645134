import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Control-plane state as one JSON file, written through before the answer goes out, so that it survives SIGKILL. `dataDir`
 * null keeps it in memory. Small by nature (counts, parameters, queue attributes): it is rewritten whole.
 */
export interface StateFile<T> {
  readonly state: T;
  save(): void;
}

export function openState<T>(dataDir: string | null, name: string, initial: T): StateFile<T> {
  if (dataDir === null) return { state: initial, save: () => {} };
  const file = join(dataDir, `${name}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const state = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : initial;
  return {
    state,
    save() {
      // The rename is what makes it whole: a kill in between leaves the file before it.
      writeFileSync(`${file}.new`, JSON.stringify(state, null, 1));
      renameSync(`${file}.new`, file);
    },
  };
}
