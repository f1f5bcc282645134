import { readFileSync } from 'node:fs';
import { visible } from './visible.ts';

/** Reading a process's environment: what is empty counts as absent, secrets come as values or files, problems are named by variable. */

export type Env = Readonly<Record<string, string | undefined>>;
export interface ConfigProblem {
  variable: string;
  found: string;
  expected: string;
}

/**
 * A secret comes as a value (ECS hands secrets over as variables only, docs/facts.md#ecs-secrets) or in a file (as
 * Docker and Kubernetes do); not both.
 */
export interface Secret {
  value: string;
  file: string;
  /** It may be said what was found: it comes in a file only because it is changed together with a secret. */
  isPublic?: true;
}
export const secret = (value: string, file = `${value}_FILE`): Secret => ({ value, file });

export interface Environment {
  /** Each secret under the name of its value, whichever way it came. */
  values: Record<string, string>;
  /** What was found wrong with a variable, and every secret that could not be read; a secret's text is never repeated. */
  problemsOf: (issues: readonly { path: PropertyKey[]; message: string }[]) => ConfigProblem[];
}

export function readEnvironment(env: Env, secrets: readonly Secret[]): Environment {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value.trim() !== '') values[name] = value;
  const byValue = new Map(secrets.map((one) => [one.value, one]));
  const fromFile = new Map<string, string>();
  const unread = new Map<string, ConfigProblem>();
  for (const { value, file } of secrets) {
    const path = values[file];
    if (path === undefined) {
      const text = values[value];
      if (text !== undefined) values[value] = withLineBreaks(text);
      continue;
    }
    if (values[value] !== undefined) {
      unread.set(value, { variable: value, found: `both ${value} and ${file}`, expected: 'one of the two, not both' });
      continue;
    }
    try {
      values[value] = readFileSync(path, 'utf8').trim();
      fromFile.set(value, path);
    } catch (error) {
      unread.set(value, {
        variable: file,
        found: `${JSON.stringify(path)} (${codeOf(error)})`,
        expected: 'a readable file with this secret',
      });
    }
  }

  function problem(variable: string, expected: string): ConfigProblem {
    const asSecret = byValue.get(variable);
    const path = fromFile.get(variable);
    if (asSecret === undefined || (asSecret.isPublic === true && path === undefined))
      return { variable, found: values[variable] === undefined ? 'nothing' : shown(values[variable]), expected };
    if (path !== undefined)
      return { variable: asSecret.file, found: JSON.stringify(path), expected: `a file with ${expected}` };
    const text = values[variable];
    return text === undefined
      ? { variable, found: 'nothing', expected: `${expected}; or its file in ${asSecret.file}` }
      : { variable, found: `a text of ${text.length} characters (not shown)`, expected };
  }

  return {
    values,
    problemsOf: (issues) => [
      ...unread.values(),
      ...issues
        .filter(({ path }) => !unread.has(String(path[0])))
        .map(({ path, message }) => problem(String(path[0]), message)),
    ],
  };
}

/** A private key in the wrong place is a secret all the same: PEM, or base64 of PKCS#8, whose first bytes are always the same. */
const PRIVATE_KEY = /PRIVATE KEY|M(?:C4CAQAw|FECAQEw|IG.AgEAM|II.{3}IBAD)/;

/** What was found, for a message about it. */
export function shown(text: string): string {
  return PRIVATE_KEY.test(text)
    ? 'a private key (not shown: give it to nobody, and make a new one if this was printed or sent)'
    : JSON.stringify(text);
}

/** One line a problem, as a process prints them before it ends. */
export function describeConfigProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ variable, found, expected }) => `  ${variable}: found ${visible(found)}, expected ${expected}`)
    .join('\n');
}

/** The same in one line: what was read anew while the process runs can't be used. */
export const unusableConfig = (problems: readonly ConfigProblem[]): Error =>
  new Error(describeConfigProblems(problems).trim().replaceAll(/\n\s*/g, '; '));

/** A PEM that came through a single line, as many secret stores print it. */
function withLineBreaks(text: string): string {
  return text.startsWith('-----BEGIN') && !text.trim().includes('\n') ? text.replaceAll('\\n', '\n') : text;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
}
