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
const known = new Map<string, Looked & { stamp: string }>();

interface Looked {
  listed: ListedRunbook;
  /** Files that it includes, by path from the folder. */
  included: readonly string[];
}
const KNOWN_MOST = 1_000;

/** By file name; titles from inside. A folder that isn't there has none. */
export async function listRunbooks(dir: string): Promise<ListedRunbook[]> {
  const files = (await namesIn(dir)).filter((name) => /^[^.].*\.ya?ml$/i.test(name)).toSorted();
  const looked = await Promise.all(files.map((file) => look(dir, file)));
  // What a good runbook includes is a part of it, and none itself.
  const parts = new Set(looked.flatMap(({ listed: { problem }, included }) => (problem === null ? included : [])));
  const listed = looked.flatMap((one) => (parts.has(one.listed.file) ? [] : [one.listed]));
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

async function look(dir: string, file: string): Promise<Looked> {
  const path = join(dir, file);
  const before = known.get(path);
  if (before !== undefined && before.stamp === (await stampOf(dir, [file, ...before.included]))) return before;
  // The stamp before the reading: a change in between is seen the next time. What is included is known only from a first one.
  let stamp = await stampOf(dir, [file]);
  let read = await readRunbook(dir, file);
  if (read.included.length > 0) {
    stamp = await stampOf(dir, [file, ...read.included]);
    read = await readRunbook(dir, file);
  }
  const { loaded, included } = read;
  const listed = {
    id: file.replace(/\.ya?ml$/i, ''),
    ownId: loaded.ok ? loaded.runbook.id : null,
    file,
    title: loaded.ok ? loaded.runbook.title : file,
    problem: loaded.ok ? null : firstOf(loaded),
  };
  const looked = { listed, included };
  if (known.size >= KNOWN_MOST) known.clear();
  known.set(path, { ...looked, stamp });
  return looked;
}

/** Changes with any of the files; with one that can't be looked at it is never the same, so that they are read anew. */
async function stampOf(dir: string, files: readonly string[]): Promise<string> {
  const stamps = files.map((file) =>
    stat(join(dir, file)).then(
      ({ mtimeMs, ctimeMs, size, ino }) => `${mtimeMs} ${ctimeMs} ${size} ${ino}`,
      () => `unreadable at ${performance.now()}`,
    ),
  );
  return (await Promise.all(stamps)).join('\n');
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
