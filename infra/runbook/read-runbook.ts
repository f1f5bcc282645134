import { readFileSync, realpathSync, statSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { filesToRead } from '../../runbooks/playbook/include.ts';
import type { IncludedText } from '../../runbooks/playbook/include.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import type { LoadedRunbook } from '../../runbooks/playbook/load.ts';
import type { Rule } from '../../runbooks/playbook/rules/rule.ts';
import { sha256 } from '../aws/sha256.ts';

export interface RunbookRead {
  loaded: LoadedRunbook;
  /** Of all that was read: the runbook, and what it includes. */
  hash: string;
  /** What it includes, by path from its folder; also what can't be read. */
  included: string[];
}

/** A runbook from its file and those that it includes; `name` is what problems call it. Never rejects: what can't be read is a problem of that file. */
export async function readRunbookFile(path: string, name = path, rules: readonly Rule[] = []): Promise<RunbookRead> {
  const text = await textOf(path, null);
  if (typeof text !== 'string') return unreadable(name, text);
  const included = new Map<string, IncludedText>();
  for (let missing = filesToRead(text, included); missing.length > 0; missing = filesToRead(text, included))
    for (const file of missing) included.set(file, await textOf(join(dirname(path), file), dirname(path)));
  return readOf(text, name, included, rules);
}

/** The same for who can't wait. */
export function readRunbookFileSync(path: string, name = path): RunbookRead {
  const text = textOfSync(path, null);
  if (typeof text !== 'string') return unreadable(name, text);
  const included = new Map<string, IncludedText>();
  for (let missing = filesToRead(text, included); missing.length > 0; missing = filesToRead(text, included))
    for (const file of missing) included.set(file, textOfSync(join(dirname(path), file), dirname(path)));
  return readOf(text, name, included, []);
}

function readOf(
  text: string,
  name: string,
  included: ReadonlyMap<string, IncludedText>,
  rules: readonly Rule[],
): RunbookRead {
  return {
    loaded: loadRunbook(text, name, { included, rules }),
    hash: included.size === 0 ? sha256(text) : sha256(JSON.stringify([text, ...included])),
    included: [...included.keys()],
  };
}

const unreadable = (name: string, { found, expected }: Exclude<IncludedText, string>): RunbookRead => ({
  loaded: { ok: false, problems: [{ file: name, line: 1, column: 1, path: '', found, expected }] },
  hash: '',
  included: [],
});

/** The text of a file; with a folder, of one that lies in it or below, also behind links. */
async function textOf(path: string, folder: string | null): Promise<IncludedText> {
  try {
    const [real, inside] = folder === null ? [path, null] : await Promise.all([realpath(path), realpath(folder)]);
    return faultOf(real, inside, await stat(path)) ?? (await readFile(path, 'utf8'));
  } catch (error) {
    return cannotRead(error);
  }
}

function textOfSync(path: string, folder: string | null): IncludedText {
  try {
    const [real, inside] = folder === null ? [path, null] : [realpathSync(path), realpathSync(folder)];
    return faultOf(real, inside, statSync(path)) ?? readFileSync(path, 'utf8');
  } catch (error) {
    return cannotRead(error);
  }
}

/** UTF-8 takes four bytes a character at most; what is larger isn't even read. `loadRunbook` counts the characters. */
const BYTES_MOST = 2_000_000;

function faultOf(
  real: string,
  inside: string | null,
  there: { isFile(): boolean; size: number },
): Exclude<IncludedText, string> | null {
  if (inside !== null && !real.startsWith(inside + sep))
    return { found: "a link that leads out of the runbook's folder", expected: 'a file in it or below it' };
  // A pipe would be waited for without end.
  if (!there.isFile()) return { found: 'no file but something else of that name', expected: 'a file' };
  if (there.size <= BYTES_MOST) return null;
  return {
    found: `${there.size.toLocaleString('en-US')} bytes`,
    expected: 'a runbook, which is much smaller: is this the right file?',
  };
}

function cannotRead(error: unknown): Exclude<IncludedText, string> {
  const { code } = error as { code?: unknown };
  return {
    found: `a file that can't be read (${typeof code === 'string' ? code : 'unknown error'})`,
    expected: 'one that can be read',
  };
}
