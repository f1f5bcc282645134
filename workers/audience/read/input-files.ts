import { glob, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { AudienceError } from '../../../contract/audience-error.ts';
import { formatOf } from './format.ts';
import type { Format } from './format.ts';

export interface InputFiles {
  files: string[];
  /** Files of folders and patterns that hold no rows: `_SUCCESS`, hidden ones, empty parts. */
  ignored: string[];
}

/**
 * The files that a command line names: a file, a folder (with what lies below it), or a pattern like `part-*.parquet`, in the order of
 * their names. A name that exists is that file, whatever characters it has. Throws INPUT_MISSING, ARGUMENT_INVALID.
 */
export async function inputFiles(names: readonly string[], what: string): Promise<InputFiles> {
  const files: string[] = [];
  const ignored: string[] = [];
  for (const name of names) {
    const found = await named(name, what);
    files.push(...found.files);
    ignored.push(...found.ignored);
  }
  await refuseTwice(files);
  return { files, ignored };
}

/** The format of all of them. Throws FORMAT_UNKNOWN. */
export function oneFormatOf(files: readonly string[]): Format {
  const [first = ''] = files;
  const format = formatOf(first);
  const other = files.find((file) => formatOf(file) !== format);
  if (other !== undefined)
    throw new AudienceError(
      'FORMAT_UNKNOWN',
      `${other}: found ${formatOf(other)} beside ${format} (${first}), expected files of one format`,
    );
  return format;
}

async function named(name: string, what: string): Promise<{ files: string[]; ignored: string[] }> {
  const found = await stat(name).catch(() => null);
  if (found?.isFile() === true) return { files: [name], ignored: [] };
  const missing = (say: string) => new AudienceError('INPUT_MISSING', `${name}: found ${say}, expected ${what}`);
  if (found !== null && !found.isDirectory()) throw missing('no regular file');
  if (found === null && !/[*?[{]/.test(name)) throw missing('no such file');
  const all = found === null ? await matching(name) : await below(name);
  const files: string[] = [];
  const ignored: string[] = [];
  for (const path of all.sort()) {
    const isMark = path
      .slice(found === null ? 0 : name.length)
      .split(sep)
      .some((part) => /^[._]/.test(part) && part !== '.' && part !== '../..');
    if (isMark || (await stat(path)).size === 0) ignored.push(path);
    else files.push(path);
  }
  if (files.length === 0) throw missing(`no file with rows ${found === null ? 'for this pattern' : 'in this folder'}`);
  return { files, ignored };
}

async function below(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function matching(pattern: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of glob(pattern)) if ((await stat(path)).isFile()) paths.push(path);
  return paths;
}

/** A list that is read twice would be all duplicates, and hide what is wrong with the command. */
async function refuseTwice(files: readonly string[]): Promise<void> {
  const seen = new Map<string, string>();
  for (const file of files) {
    const path = await realpath(file);
    const before = seen.get(path);
    if (before !== undefined)
      throw new AudienceError(
        'ARGUMENT_INVALID',
        `${file}: found it twice (${before === file ? 'the same name' : before}), expected every file once`,
      );
    seen.set(path, file);
  }
}

/** `2 files (_SUCCESS, part-0003.csv)`, for a message. */
export function namesOf(paths: readonly string[]): string {
  const names = paths
    .slice(0, 3)
    .map((path) => basename(path))
    .join(', ');
  return `${paths.length} ${paths.length === 1 ? 'file' : 'files'} (${names}${paths.length > 3 ? ', …' : ''})`;
}
