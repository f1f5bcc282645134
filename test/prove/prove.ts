import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { readCommandLine } from '../../infra/command-line/command-line.ts';
import { ASSUMPTIONS, NUMBERS, SMALL } from './config.ts';
import type { Assumption, Bounds } from './config.ts';
import { PROPERTIES } from './properties.ts';
import type { Property } from './properties.ts';
import { installClocks } from './sandbox.ts';
import { search } from './search.ts';
import type { Outcome, Saved } from './search.ts';
import { SEARCHES } from './searches.ts';

/** `npm run prove`: see --help. Exit code 0: nothing was found (and all was searched, unless a limit says otherwise); 1: a violation; 2: wrong options. */

const HELP = `npm run prove -- [options]

Searches the fire protocol breadth first for a trace that breaks a property. What decides, writes the record, takes and sends
batches, closes and corrects is the project's own code; stores, switch item, provider and time are models that the search
holds in its hand. Every operation of every process may come at any moment, or never: crashes and endless pauses are among
the traces. Without options the named searches run one after the other; with any bound one search of your own does.

  --search NAME      one of: ${Object.keys(SEARCHES).join(', ')}
  --seconds N        stops after so long (each search)
  --states N         stops after so many states (each search)
  --state FILE       where a stopped search is kept; it goes on from there if the file is there
  --uncertain P      leave (default) or resend
  --drop A,B         without an assumption: the search should then find what rests on it
  --ignore P,Q       properties that are not looked at

Bounds (default of a search of your own):
${Object.entries(NUMBERS)
  .map(
    ([name, say]) =>
      `  --${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).padEnd(18)} ${say} (${SMALL[name as keyof typeof NUMBERS]})`,
  )
  .join('\n')}

Assumptions that can be dropped:
${Object.entries(ASSUMPTIONS)
  .map(([name, say]) => `  ${name.padEnd(20)} ${say}`)
  .join('\n')}

Properties:
${Object.entries(PROPERTIES)
  .map(([name, say]) => `  ${name.padEnd(20)} ${say}`)
  .join('\n')}

What the search leaves out: a process reads as soon as it comes to it, never much later than what it did before; people ask, press and
halt in one step, record and switch item together; switches are read as soon as something happens to a worker; wake-ups are not
modelled as queues, since any worker may be woken for any batch of a running shot at any time; devices are written one by
one and answered together.
`;

const write = (text: string) => process.stdout.write(`${text}\n`);
const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function listOf<T extends string>(text: string | undefined, known: Record<T, string>, option: string): T[] {
  const names = text === undefined || text === '' ? [] : text.split(',');
  const unknown = names.find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) wrong(`--${option}: found ${unknown}; expected of ${Object.keys(known).join(', ')}`);
  return names as T[];
}

function wrong(say: string): never {
  process.stderr.write(`${say}. See --help.\n`);
  process.exit(2);
}

function read() {
  try {
    const text = { type: 'string' } as const;
    const options = {
      search: text,
      seconds: text,
      states: text,
      state: text,
      uncertain: text,
      drop: text,
      ignore: text,
      ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [kebab(name), text])),
    };
    return readCommandLine(process.argv.slice(2), options, { command: 'npm run prove' }).values as Record<
      string,
      string | undefined
    > & { help?: boolean };
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function countOf(values: Record<string, string | undefined>, option: string): number | undefined {
  const text = values[option];
  if (text === undefined) return undefined;
  const count = Number(text);
  return Number.isSafeInteger(count) && count >= 0
    ? count
    : wrong(`--${option}: found ${text}; expected a whole number from 0 up`);
}

function searchesOf(values: Record<string, string | undefined>): Record<string, Bounds> {
  const given =
    Object.keys(NUMBERS).flatMap((name) => countOf(values, kebab(name)) ?? []).length > 0 ||
    values['uncertain'] !== undefined ||
    values['drop'] !== undefined;
  const { search: name } = values;
  if (name !== undefined && !Object.hasOwn(SEARCHES, name))
    wrong(`--search: found ${name}; expected one of ${Object.keys(SEARCHES).join(', ')}`);
  if (name === undefined && !given) return SEARCHES;
  const uncertain = values['uncertain'] ?? SEARCHES[name ?? '']?.uncertain ?? 'leave';
  if (uncertain !== 'leave' && uncertain !== 'resend')
    wrong(`--uncertain: found ${uncertain}; expected leave or resend`);
  const numbers = Object.fromEntries(
    Object.keys(NUMBERS).flatMap((option) => {
      const count = countOf(values, kebab(option));
      return count === undefined ? [] : [[option, count]];
    }),
  );
  const bounds: Bounds = {
    ...SMALL,
    ...(name === undefined ? {} : SEARCHES[name]),
    ...numbers,
    uncertain,
    drop: listOf<Assumption>(values['drop'], ASSUMPTIONS, 'drop'),
  };
  return { [name ?? 'your own']: bounds };
}

export function sayBounds(bounds: Bounds): string {
  return `${Object.keys(NUMBERS)
    .map((name) => `${kebab(name)} ${bounds[name as keyof typeof NUMBERS]}`)
    .join(
      ', ',
    )}, uncertain ${bounds.uncertain}${bounds.drop.length === 0 ? '' : `, without ${bounds.drop.join(', ')}`}`;
}

function sayOutcome({ states, steps, depth, seconds, isComplete, found, left }: Outcome): string {
  const figures = `${states} states, ${steps} steps, ${depth} deep, ${seconds.toFixed(1)} s`;
  if (found === null)
    return isComplete
      ? `  all of it: ${figures}; every property holds`
      : `  stopped: ${figures}; ${left} states are still to be looked at, and every property has held so far`;
  return [
    `  VIOLATION of ${found.violation.property} (${PROPERTIES[found.violation.property]})`,
    `  ${found.violation.say}`,
    `  after ${figures}; a shortest trace:`,
    ...found.trace.map((say, at) => `  ${String(at + 1).padStart(4)}  ${say}`),
  ].join('\n');
}

function resumeFrom(file: string | undefined, bounds: Bounds): Saved | null {
  if (file === undefined || !existsSync(file)) return null;
  const saved = deserialize(readFileSync(file)) as Saved;
  if (JSON.stringify(saved.bounds) !== JSON.stringify(bounds))
    wrong(`--state: ${file} is of a search with other bounds (${sayBounds(saved.bounds)})`);
  return saved;
}

async function main(): Promise<void> {
  const values = read();
  if (values.help === true) return void write(HELP);
  const searches = searchesOf(values);
  const file = values['state'];
  if (file !== undefined && Object.keys(searches).length > 1)
    wrong('--state keeps one search: name it with --search, or give bounds');
  const ignore = listOf<Property>(values['ignore'], PROPERTIES, 'ignore');
  const seconds = countOf(values, 'seconds');
  const statesMost = countOf(values, 'states') ?? Number.POSITIVE_INFINITY;
  installClocks();
  for (const [name, bounds] of Object.entries(searches)) {
    write(`${name}: ${sayBounds(bounds)}`);
    const { outcome, saved } = await search(bounds, {
      statesMost,
      ignore,
      resume: resumeFrom(file, bounds),
      untilMs: seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + seconds * 1_000,
      onProgress: ({ states, depth, frontier, perSecond }) =>
        process.stderr.write(
          `  ${states} states, ${depth} deep, ${frontier} to look at, ${Math.round(perSecond)} a second\n`,
        ),
    });
    write(sayOutcome(outcome));
    if (outcome.found !== null) process.exitCode = 1;
    if (file === undefined || outcome.found !== null || outcome.isComplete) continue;
    // Beside and then over it: a search that is killed while it is kept loses nothing.
    writeFileSync(`${file}.new`, serialize(saved));
    renameSync(`${file}.new`, file);
    write(`  kept in ${file}: the same command goes on from here`);
  }
}

await main();
