import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { nearest } from '../../runbooks/typed/nearest.ts';
import type { Env } from '../environment.ts';
import { visible, visibleLines } from '../visible.ts';

/** As `parseArgs` takes them; a value is never empty but where that says something. `help` is in every one, and needs no line. */
export type Options = Readonly<
  Record<string, NonNullable<ParseArgsConfig['options']>[string] & { mayBeEmpty?: boolean }>
>;

/** A command line that is not understood to its last word: what was found, and what is expected. Whoever gets it has begun nothing, and ends with 2. */
export class CommandLineError extends Error {
  override name = 'CommandLineError';
}

/** What of a table of options one command takes. */
interface Command<O extends Options> {
  /** As refusals name it. */ command: string;
  /** Its options; absent: all of the table. */ takes?: readonly (keyof O & string)[];
  /** Words that are understood, the command's own among them; default 0. What is behind them is refused. */ words?: number;
  /** Its options that a word has given. */ byWord?: readonly string[];
  /** In which npm says what it kept; default: the process's. */ env?: Env;
}

const HELP = { help: { type: 'boolean', short: 'h' } } as const;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O & typeof HELP; allowPositionals: true }>>;

/**
 * Options and words of one command. Throws CommandLineError for an option that the command does not know, one that is given
 * twice and is not `multiple` (one of the two would be lost), a value that is missing or empty, and a word too many: what is
 * ignored on a command line that deletes or sends is a command that nobody gave.
 */
export function readCommandLine<const O extends Options>(
  args: readonly string[],
  options: O,
  { command, takes = Object.keys(options), words = 0, byWord = [], env = process.env }: Command<O>,
): Parsed<O> {
  const all = { ...options, ...HELP };
  const tokens = tokensOf(args, all);
  const given = tokens.filter((token) => token.kind === 'option');
  const named = [...byWord, ...given.map(({ name }) => name)];
  const kept = isHelpAsked(args)
    ? null
    : keptByNpm(
        takes.filter((name) => !named.includes(name)),
        env,
      );
  if (kept !== null) throw new CommandLineError(kept);
  for (const { name, rawName, value, inlineValue } of given) {
    const option = name === 'help' || takes.includes(name) ? all[name] : undefined;
    if (option === undefined) throw unknownOption(rawName, command, takes);
    const problem =
      option.type === 'boolean'
        ? flagProblem(rawName, value)
        : valueProblem(rawName, value, { isInline: inlineValue === true, mayBeEmpty: option.mayBeEmpty === true });
    if (problem !== null) throw new CommandLineError(problem);
    const same = given.filter((one) => one.name === name);
    if (same.length > 1 && option.multiple !== true) throw twice(rawName, same);
  }
  const stray = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : [])).slice(words);
  if (stray.length > 0)
    throw new CommandLineError(
      `found ${stray.map((word) => `"${visible(word)}"`).join(' ')} with ${command}, expected no word more: what it takes is ${listed(takes)}`,
    );
  return parseArgs({ args: [...args], options: all, allowPositionals: true });
}

/** Whoever asks for help gets it, whatever else is on the line, and nothing is begun. */
export const isHelpAsked = (args: readonly string[]): boolean => args.some((one) => one === '--help' || one === '-h');

/** The words that are no options, before it is known which command they name. */
export function wordsOf(args: readonly string[], options: Options): string[] {
  return tokensOf(args, { ...options, ...HELP }).flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
}

/** The options that lines of usage name, which are those that the command takes: `--launch ID [--yes]` → launch, yes. */
export function optionsIn(usage: readonly string[]): string[] {
  return [...new Set(usage.flatMap((line) => [...line.matchAll(/--([a-z][a-z-]*)/g)].map(([, name = '']) => name)))];
}

/** For a script of one command. Where help is asked for or something is wrong, that is printed and the process ends. */
export function scriptArguments<const O extends Options>(usage: string, options: O, words = 0): Parsed<O> {
  try {
    const command = /^npm (?:run )?\w+(?::\w+)?/.exec(usage)?.[0] ?? 'this command';
    const read = readCommandLine(process.argv.slice(2), options, { command, words });
    if (!('help' in read.values)) return read;
    process.stdout.write(`${usage.trimEnd()}\n`);
    return process.exit(0);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    process.stderr.write(`${visibleLines(error.message)}\n\n${usage.trimEnd()}\n`);
    return process.exit(2);
  }
}

/** Options of ours that npm has, too: it may have them from somebody's .npmrc, so alone they say nothing of what was typed. */
const NPMS_OWN = ['all', 'force', 'include', 'json', 'key', 'link', 'message', 'name', 'version', 'yes'];

/**
 * What is typed as `npm run go status --launch ID`, without two dashes in front, npm takes for its own: it passes on what stands behind
 * an option as a word, and of the option itself tells us this alone. Null: nothing of `options` is lost so.
 */
function keptByNpm(options: readonly string[], env: Env): string | null {
  const script = env['npm_lifecycle_event'];
  const kept = options.filter((name) => env[`npm_config_${name.replaceAll('-', '_')}`] !== undefined);
  if (script === undefined || kept.every((name) => NPMS_OWN.includes(name))) return null;
  const called = script === 'start' ? 'npm start' : `npm run ${visible(script)}`;
  return `found ${kept.map((name) => `--${name}`).join(', ')} without two dashes in front, so that npm has kept it for itself, expected them before all else: ${called} -- …`;
}

/** Lenient, so that a slip is refused in our words; the strict reading comes last. */
const tokensOf = (args: readonly string[], options: Options) =>
  parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;

const listed = (takes: readonly string[]): string =>
  takes.length === 0 ? 'no option' : takes.map((one) => `--${one}`).join(', ');

function unknownOption(rawName: string, command: string, takes: readonly string[]): CommandLineError {
  const near = nearest(rawName.replace(/^-+/, ''), takes);
  return new CommandLineError(
    `found ${visible(rawName)}, which ${command} does not take, expected ${takes.length === 0 ? '' : 'of '}${listed(takes)}${near === null ? '' : `; did you mean --${near}?`}`,
  );
}

const flagProblem = (rawName: string, value: string | undefined): string | null =>
  value === undefined ? null : `${rawName}: found a value, expected it without one`;

/** Missing at the end, empty, or another option where the value should stand: `--launch --as ana`. */
function valueProblem(
  rawName: string,
  value: string | undefined,
  { isInline, mayBeEmpty }: { isInline: boolean; mayBeEmpty: boolean },
): string | null {
  const missing = `${rawName}: found no value after it, expected ${rawName} ${rawName.replace(/^-+/, '').toUpperCase()}`;
  if (value === undefined || (value.trim() === '' && !mayBeEmpty)) return missing;
  return !isInline && /^-./.test(value) ? `${missing}; one that begins with a dash: ${rawName}=-…` : null;
}

function twice(rawName: string, same: readonly { value?: string | undefined }[]): CommandLineError {
  const values = same.flatMap(({ value }) => (value === undefined ? [] : [visible(value)]));
  return new CommandLineError(
    `${rawName}: found it ${same.length} times${values.length === 0 ? '' : ` (${values.join(', ')})`}, expected it once`,
  );
}
