import { z } from 'zod';
import { CommandLineError, readCommandLine } from '../../infra/command-line/command-line.ts';
import { readNumber } from '../../runbooks/typed/number.ts';

/** What `npm run size` takes: a figure by name, how it is read, and what it is. */
export type Options = Readonly<Record<string, { shape: z.ZodType; say: string }>>;
export type Values<O extends Options> = { [K in keyof O]: z.output<O[K]['shape']> };

/** Text to a value, or what was expected instead. */
export function reading<T>(read: (text: string) => { ok: true; value: T } | { ok: false; expected: string }) {
  return z.string('expected a value').transform((text, context) => {
    const found = read(text);
    if (found.ok) return found.value;
    context.addIssue({ code: 'custom', message: `expected ${found.expected}` });
    return z.NEVER;
  });
}

export const figure = (least: number, most?: number) =>
  reading<number>((text) => {
    const read = readNumber(text, { fractions: true, least, ...(most === undefined ? {} : { most }) });
    return read.ok ? { ok: true, value: read.value } : { ok: false, expected: read.expected };
  });
export const positive = figure(0).refine((value) => value > 0, 'expected a number above 0');
export const whole = (least: number, most?: number) =>
  figure(least, most).refine((value) => Number.isInteger(value), 'expected a whole number');

/** Every problem at once, with what was found and expected. `flags`: options without a value. */
export function readOptions<O extends Options>(
  options: O,
  flags: readonly string[],
  args: readonly string[],
):
  | { ok: true; values: Values<O>; flags: ReadonlySet<string>; given: ReadonlySet<string> }
  | { ok: false; problems: string[] } {
  let found: Record<string, string | boolean | undefined>;
  try {
    ({ values: found } = readCommandLine(
      args,
      {
        ...Object.fromEntries(flags.map((name) => [name, { type: 'boolean' as const }])),
        ...Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' as const }])),
      },
      { command: 'npm run size' },
    ) as { values: typeof found });
  } catch (error) {
    if (error instanceof CommandLineError) return { ok: false, problems: [error.message] };
    throw error;
  }
  const texts = Object.fromEntries(Object.entries(found).filter(([name]) => !flags.includes(name)));
  const parsed = z
    .object(Object.fromEntries(Object.entries(options).map(([name, { shape }]) => [name, shape])))
    .safeParse(texts);
  if (!parsed.success)
    return {
      ok: false,
      problems: parsed.error.issues.map(
        ({ path, message }) => `--${path.join('.')}: found ${String(texts[String(path[0])] ?? 'nothing')}, ${message}`,
      ),
    };
  return {
    ok: true,
    values: parsed.data as Values<O>,
    flags: new Set(flags.filter((name) => found[name] === true)),
    given: new Set(Object.keys(texts)),
  };
}

export function usageOf(options: Options): string {
  return Object.entries(options)
    .map(([name, { say }]) => `  --${name.padEnd(17)} ${say}`)
    .join('\n');
}
