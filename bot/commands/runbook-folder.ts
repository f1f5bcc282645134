import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readRunbookFile } from '../../infra/runbook/read-runbook.ts';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import type { LoadedRunbook } from '../../runbooks/playbook/load.ts';

/**
 * The folder that runbooks are read from. Whatever lies there, one bad file never hides the others: it is listed with its
 * first problem, and so is what can't be read at all (a folder of that name, a dangling link, a file without rights).
 */

/** `id` is the file's name without its ending, `ownId` the one that it gives itself (null: it can't be read). */
export interface ListedRunbook {
  id: string;
  ownId: string | null;
  file: string;
  title: string;
  /** Null: it can be used. Else `draft.yaml:3:8 …`. */ problem: string | null;
}

/**
 * What was found in a file, as long as it stays the same: a form must be open within 3 s (docs/facts.md#slack-ack),
 * however many files there are.
 */
const known = new Map<string, { stamp: string; listed: ListedRunbook }>();
const KNOWN_MOST = 1_000;

/** By file name; titles from inside. A folder that isn't there has none. */
export async function listRunbooks(dir: string): Promise<ListedRunbook[]> {
  const files = (await namesIn(dir)).filter((name) => /^[^.].*\.ya?ml$/i.test(name)).toSorted();
  const listed = await Promise.all(files.map((file) => look(dir, file)));
  // Two files of one name but for their ending: neither can be meant by that name.
  return listed.map((one) => {
    const twin = listed.find((other) => other !== one && other.id === one.id);
    return twin === undefined
      ? one
      : { ...one, problem: `${one.file}:1:1 found ${twin.file} beside it, expected one file of that name` };
  });
}

/** The ids of those that can be used, and what is wrong with the others. */
export function namesAndProblems(listed: readonly ListedRunbook[]): [ids: string[], problems: string[]] {
  return [
    listed.flatMap(({ id, problem }) => (problem === null ? [id] : [])),
    listed.flatMap(({ problem }) => (problem === null ? [] : [problem])),
  ];
}

/** The one that is meant: by its file, or by the id inside where just one usable file has that. Null: none, or several. */
export function meantRunbook(listed: readonly ListedRunbook[], typed: string): ListedRunbook | null {
  const byFile =
    listed.find(({ id }) => id === typed) ?? listed.find(({ id }) => id.toLowerCase() === typed.toLowerCase());
  if (byFile !== undefined) return byFile;
  const byId = listed.filter(({ ownId, problem }) => problem === null && ownId === typed.toLowerCase());
  return byId.length === 1 ? (byId[0] ?? null) : null;
}

/** Never rejects: what can't be read is a problem of that file. */
export const readRunbook = (dir: string, file: string): ReturnType<typeof readRunbookFile> =>
  readRunbookFile(join(dir, file), file);

async function look(dir: string, file: string): Promise<ListedRunbook> {
  const path = join(dir, file);
  const stamp = await stat(path).then(
    ({ mtimeMs, ctimeMs, size, ino }) => `${mtimeMs} ${ctimeMs} ${size} ${ino}`,
    () => 'unreadable',
  );
  const before = known.get(path);
  if (before?.stamp === stamp && stamp !== 'unreadable') return before.listed;
  const { loaded } = await readRunbook(dir, file);
  const listed = {
    id: file.replace(/\.ya?ml$/i, ''),
    ownId: loaded.ok ? loaded.runbook.id : null,
    file,
    title: loaded.ok ? loaded.runbook.title : file,
    problem: loaded.ok ? null : firstOf(loaded),
  };
  if (known.size >= KNOWN_MOST) known.clear();
  known.set(path, { stamp, listed });
  return listed;
}

function firstOf({ problems }: LoadedRunbook & { ok: false }): string {
  const [first] = problems;
  const more = problems.length - 1;
  return `${first === undefined ? 'found nothing' : describeProblem(first)}${more > 0 ? ` (and ${more} more)` : ''}`;
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch {
    return [];
  }
}
