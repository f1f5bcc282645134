import { parseArgs } from 'node:util';
import { AudienceError } from '../../../contract/audience-error.ts';
import { optionProblem } from '../../../infra/option-problem.ts';
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

/** Options with a value, flags without, and options that may come again. An unknown, incomplete or repeated one is ARGUMENT_INVALID: of two values one would be lost. */
export function readArguments<Name extends string, Flag extends string = never, Many extends string = never>(
  args: string[],
  names: readonly Name[],
  flags: readonly Flag[] = [],
  several: readonly Many[] = [],
): Arguments<Name, Flag, Many> {
  const options = Object.fromEntries([
    ...[...names, ...several].map((name) => [name, { type: 'string' as const, multiple: true }] as const),
    ...flags.map((name) => [name, { type: 'boolean' as const }] as const),
  ]);
  const parsed = parsedArguments(args, options);
  const values = (name: string): string[] =>
    [parsed.values[name] ?? []].flat().filter((value) => typeof value === 'string');
  const option: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const [value, more] = values(name);
    if (more !== undefined)
      throw new AudienceError(
        'ARGUMENT_INVALID',
        `--${name}: found it ${values(name).length} times (${values(name).join(', ')}), expected it once`,
      );
    if (value !== undefined) option[name] = value;
  }
  const many: Partial<Record<Many, string[]>> = {};
  for (const name of several) many[name] = values(name);
  return {
    words: parsed.positionals,
    option,
    flag: new Set(flags.filter((name) => parsed.values[name] === true)),
    many: many as Record<Many, string[]>,
  };
}

function parsedArguments(args: string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options'] & object) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new AudienceError('ARGUMENT_INVALID', optionProblem(cause, Object.keys(options)), { cause });
  }
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
