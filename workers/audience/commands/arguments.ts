import { AudienceError } from '../../../contract/audience-error.ts';
import { CommandLineError, readCommandLine } from '../../../infra/command-line/command-line.ts';
import type { Options } from '../../../infra/command-line/command-line.ts';
import { readNumber } from '../../../runbooks/typed/number.ts';
import { FIELDS } from '../read/fields.ts';
import type { Mapping } from '../read/fields.ts';

export interface Arguments<Name extends string, Flag extends string, Many extends string> {
  words: string[];
  option: Partial<Record<Name, string>>;
  flag: ReadonlySet<Flag>;
  /** Options that may be given several times. */
  many: Record<Many, string[]>;
}

/** Options with a value, flags without, and options that may come again; `words`: files and ids, at most. What is not understood to its last word is ARGUMENT_INVALID. */
export function readArguments<Name extends string, Flag extends string = never, Many extends string = never>(
  command: { name: string; words: number },
  args: string[],
  names: readonly Name[],
  flags: readonly Flag[] = [],
  several: readonly Many[] = [],
): Arguments<Name, Flag, Many> {
  const options = Object.fromEntries([
    ...names.map((name) => [name, { type: 'string' as const }] as const),
    ...several.map((name) => [name, { type: 'string' as const, multiple: true }] as const),
    ...flags.map((name) => [name, { type: 'boolean' as const }] as const),
  ]);
  const { values, positionals } = parsedArguments(args, options, command);
  const given = (name: string): string[] => [values[name] ?? []].flat().filter((value) => typeof value === 'string');
  return {
    words: positionals,
    option: Object.fromEntries(names.flatMap((name) => given(name).map((value) => [name, value]))) as Partial<
      Record<Name, string>
    >,
    flag: new Set(flags.filter((name) => values[name] === true)),
    many: Object.fromEntries(several.map((name) => [name, given(name)])) as Record<Many, string[]>,
  };
}

function parsedArguments(args: string[], options: Options, { name, words }: { name: string; words: number }) {
  try {
    return readCommandLine(args, options, { command: name, words });
  } catch (cause) {
    if (!(cause instanceof CommandLineError)) throw cause;
    throw new AudienceError('ARGUMENT_INVALID', cause.message, { cause });
  }
}

/** What says something only beside `--name`, and alone would be ignored, is ARGUMENT_INVALID there. `found`: option to its value, or whether a flag is given. */
export function refuseWithout(
  name: string,
  value: string | undefined,
  found: Readonly<Record<string, string | boolean | undefined>>,
): void {
  const [alone] = Object.entries(found).find(([, one]) => one !== undefined && one !== false) ?? [];
  if (value === undefined && alone !== undefined)
    throw new AudienceError('ARGUMENT_INVALID', `--${alone}: found it without --${name}, expected both`);
}

export function wholeNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return fallback;
  const read = readNumber(text, { least: min, most: max });
  if (!read.ok) throw new AudienceError('ARGUMENT_INVALID', `--${name}: found "${text}", expected ${read.expected}`);
  return read.value;
}

/** `0.004` or `0.4%`. */
export function share(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = /^(.*)%\s*$/.exec(text)?.[1];
  const read = readNumber(percent ?? text, { fractions: true, most: percent === undefined ? 1 : 100 });
  if (!read.ok)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `--${name}: found "${text}", expected ${read.code === 'NUMBER_TWO_READINGS' ? read.expected : 'a share like 0.004 or 0.4%'}`,
    );
  return percent === undefined ? read.value : read.value / 100;
}

/** `a,b,c`; undefined stays so. */
export function listOf(name: string, text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (items.length === 0)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `--${name}: found an empty list, expected items with commas between them`,
    );
  return items;
}

/** `us:40,br:20`, or `us,br` with equal weights. */
export function weightsOf(name: string, text: string | undefined): Record<string, number> | undefined {
  const items = listOf(name, text);
  if (items === undefined) return undefined;
  return Object.fromEntries(
    items.map((item) => {
      const [value = '', weight = '1'] = item.split(':');
      const read = readNumber(weight, { fractions: true });
      if (value === '' || !read.ok || read.value === 0)
        throw new AudienceError(
          'ARGUMENT_INVALID',
          `--${name}: found "${item}", expected a name, or a name and a weight like us:40`,
        );
      return [value, read.value];
    }),
  );
}

/** `token=push_token,user=uid`. */
export function mappingOf(text: string | undefined): Mapping {
  const mapping: Mapping = {};
  for (const item of listOf('map', text) ?? []) {
    const at = item.indexOf('=');
    const field = FIELDS.find((one) => one === item.slice(0, at).trim().toLowerCase());
    const column = item.slice(at + 1).trim();
    if (at < 1 || field === undefined || column === '')
      throw new AudienceError(
        'ARGUMENT_INVALID',
        `--map: found "${item}", expected <field>=<column> with a field of ${FIELDS.join(', ')}`,
      );
    mapping[field] = column;
  }
  return mapping;
}
