import { lstatSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { visible } from './visible.ts';

/**
 * `.env` for our own commands. Node's flag `--env-file-if-exists` says at each command that there is none, skips a line that it
 * does not understand, and calls a file that it can't read one that is not there: the command would then speak to another account.
 */

/** Node has read these before it reads a file of ours: there they would change nothing, and nobody would know. */
const TOO_LATE = /^(?:NODE_(?!ENV$|TLS_REJECT_UNAUTHORIZED$)\w+|UV_THREADPOOL_SIZE)$/;

/** `values`: what could be read, of a file with problems too. */
type DotEnv = { ok: boolean; values: Readonly<Record<string, string>>; problems: string[] };

/**
 * What the file gives beside `env`, which always wins; a file that is not there gives nothing. Problems name file and line, and
 * never a value, which may be a secret.
 */
export function readDotEnv(file: string, env: Readonly<Record<string, string | undefined>>): DotEnv {
  let text: string;
  try {
    // Some editors begin a file with this mark, and it would be part of the first name.
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    // A link to a secret that is not mounted is there all the same.
    if (code === 'ENOENT' && lstatSync(file, { throwIfNoEntry: false }) === undefined)
      return { ok: true, values: {}, problems: [] };
    const problem = `${file}: found it unreadable (${code}), expected a file of lines NAME=value`;
    return { ok: false, values: {}, problems: [problem] };
  }
  const problems: string[] = [];
  const lineOf = new Map<string, number>();
  const given = parseEnv(text);
  for (const { line, name, problem } of linesOf(text)) {
    const wrong =
      problem ??
      (name in env || !TOO_LATE.test(name)
        ? null
        : `${name} is read by Node before this file is, expected it in the environment`);
    if (wrong !== null) problems.push(`${file}:${line}: ${wrong}`);
    const before = lineOf.get(name);
    if (problem === null && before !== undefined)
      problems.push(`${file}:${line}: found ${name} again, which line ${before} has, expected it once`);
    lineOf.set(name, line);
  }
  const values = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined || name in env ? [] : [[name, value]])),
  );
  return { ok: problems.length === 0, values, problems };
}

interface Line {
  line: number;
  name: string;
  problem: string | null;
}

/** As Node's parser reads them; what it would skip or take for something else is a problem. A value in quotes may go over several lines. */
function linesOf(text: string): Line[] {
  const found: Line[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name = '', value = ''] = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(.*)$/.exec(line) ?? [];
    const here = { line: at + 1, name };
    if (name === '') {
      // The beginning alone: it may be what is left of a secret.
      found.push({
        ...here,
        problem: `found a line that begins "${visible(line.trim().slice(0, 4))}", expected NAME=value, or # before a remark`,
      });
      continue;
    }
    const quote = /^["'`]/.exec(value)?.[0];
    const ends = (one: string, from = 0) => quote === undefined || one.indexOf(quote, from) >= from;
    const end = ends(value, 1) ? at : lines.findIndex((one, index) => index > at && ends(one));
    found.push({
      ...here,
      problem: quote === undefined ? null : quoteProblem(name, quote, end === at ? value.slice(1) : lines[end]),
    });
    if (end > at) at = end;
  }
  return found;
}

/** `last`: the line in which the quote is closed, from its value on; undefined: in none. */
function quoteProblem(name: string, quote: string, last: string | undefined): string | null {
  if (last === undefined)
    return `found ${name} with a ${quote} that nothing closes, expected another one behind its value`;
  if (/^\s*(?:#|$)/.test(last.slice(last.indexOf(quote) + 1))) return null;
  return `found more behind the second ${quote} of ${name}, which would be lost, expected the line to end there; a value that holds a ${quote} stands in other quotes (", ' or \`)`;
}
