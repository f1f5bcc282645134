import type { z } from 'zod';
import { nearest } from '../typed/nearest.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { keysAt } from './keys-at.ts';
import type { YamlProblem } from './yaml-bounds.ts';
import { placeKey, readYaml } from './yaml-value.ts';
import type { Place } from './yaml-value.ts';

/** One thing that is wrong, with the place in the file (1-based). */
export interface FileProblem {
  file: string;
  line: number;
  column: number;
  /** Dotted path in the YAML, e.g. `phases.0.steps.2.at`. Empty for the file as a whole. */
  path: string;
  found: string;
  expected: string;
}

/** `written`: the value before the schema: durations and times as they stand in the file. `lineOf`: `superbowl.yaml:12`, where a path stands. */
export type CheckedYaml<T> =
  | { ok: true; value: T; written: unknown; lineOf: LineOf }
  | { ok: false; problems: FileProblem[] };
export type LineOf = (path: Path) => string;
export type Found = Omit<YamlProblem, 'offset'>;

type Path = readonly (string | number)[];
/** `file` null: the one that was asked about, not one that it includes. */
type Spot = Place & { file: string | null };
type Places = ReadonlyMap<string, Spot>;
type PlacedProblem = YamlProblem & { file: string | null };

/** What was read, of one file or of several. */
export interface YamlSource {
  value: unknown;
  places: Places;
  problems: readonly PlacedProblem[];
  /** A file's text, and what problems call it. */
  fileOf: (file: string | null) => { name: string; text: string };
}

/** More than this nobody reads at once. */
const PROBLEMS_MOST = 50;

/**
 * YAML text to what a schema makes of it, or every problem at once, each at its line. `rules`: what the schema can't say,
 * because it lies between fields. Pure: the caller reads the file; `file` is only used in messages. Never throws, and takes
 * milliseconds for any text.
 */
export function checkedYaml<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
  rules: (value: z.output<S>) => readonly Found[],
): CheckedYaml<z.output<S>> {
  const { value, places, problems } = readYaml(text);
  return checkedSource(
    {
      value,
      places: new Map([...places].map(([path, place]) => [path, { ...place, file: null }])),
      problems: problems.map((one) => ({ ...one, file: null })),
      fileOf: () => ({ name: file, text }),
    },
    schema,
    rules,
  );
}

/** The same of what was read already. */
export function checkedSource<S extends z.ZodType>(
  source: YamlSource,
  schema: S,
  rules: (value: z.output<S>) => readonly Found[],
): CheckedYaml<z.output<S>> {
  const { value, places, problems: inYaml } = source;
  // Without a structure there is nothing to check.
  if (places.size === 0) return { ok: false, problems: placed(inYaml, source) };
  const parsed = schema.safeParse(value);
  const found = parsed.success
    ? rules(parsed.data)
    : parsed.error.issues.slice(0, PROBLEMS_MOST).flatMap((issue) => schemaProblems(issue, value, places, schema));
  // What YAML changed is said once, where it was changed.
  const known = new Set(inYaml.map(({ path }) => placeKey(path)));
  const problems = [
    ...inYaml,
    ...found.filter(({ path }) => !known.has(placeKey(path))).map((one) => ({ ...one, ...spotOf(places, one.path) })),
  ];
  if (problems.length > 0 || !parsed.success) return { ok: false, problems: placed(problems, source) };
  const lineOf = (path: Path): string => {
    const { file, line } = placeIn(source, spotOf(places, path));
    return `${file}:${line}`;
  };
  return { ok: true, value: parsed.data, written: value, lineOf };
}

function schemaProblems(issue: z.core.$ZodIssue, value: unknown, places: Places, schema: z.ZodType): Found[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  // An unknown key is reported at the key itself, not at the map around it.
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(jsonSchemaOf(schema), value, path);
    return issue.keys.map((key) => unknownField(key, path, places, known));
  }
  // A map's key that is none, `pt_BR` for a locale: the key is what was found, and the rule for keys what was expected.
  if (issue.code === 'invalid_key')
    return issue.issues.map(({ message }) => ({ path, found: shown(path.at(-1)), expected: expectation(message) }));
  const found = path.length === 0 && value === null ? 'nothing' : shown(valueAt(value, path));
  const expected = choice(issue.message, valueAt(value, path)) ?? expectation(issue.message);
  const written = places.get(placeKey(path))?.written ?? null;
  // Quotes help where any text will do.
  if (issue.code !== 'invalid_type' || expected !== 'string' || written === null || written === '')
    return [{ path, found, expected }];
  return [{ path, found: clip(written), expected: `${expected} in quotes: ${clip(JSON.stringify(written))}` }];
}

function unknownField(key: string, around: Path, places: Places, known: readonly string[]): Found {
  const path = [...around, key];
  const found = `unknown field ${shown(key)}`;
  // In a map in braces a comma ends the number: `{ to: 4,000 }` is 4, and a field 000.
  if (/^\d{3}$/.test(key))
    return { path, found, expected: 'a number without a comma, like 600000 or 600k: between braces a comma ends it' };
  const isBare = places.get(placeKey(path))?.written === '' || places.get(placeKey(path))?.written === null;
  return {
    path,
    found,
    expected:
      isBare && /\s/.test(key)
        ? 'one of the documented fields; between braces a comma ends a text, so one with a comma belongs in quotes'
        : meantField(key, known),
  };
}

/** The field that was probably meant, or all that this place has. */
function meantField(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  if (near !== null) return `one of the documented fields; did you mean ${near}?`;
  return known.length === 0 ? 'one of the documented fields' : `one of the documented fields: ${known.join(', ')}`;
}

function placeIn({ fileOf }: YamlSource, { file, offset }: { file: string | null; offset: number }) {
  const { name, text } = fileOf(file);
  const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
  return { file: name, line: text.slice(0, start).split('\n').length, column: offset - start + 1 };
}

function placed(problems: readonly PlacedProblem[], source: YamlSource): FileProblem[] {
  const said = problems.slice(0, PROBLEMS_MOST).map(({ path, found, expected, ...spot }) => ({
    ...placeIn(source, spot),
    path: path.join('.'),
    found,
    expected,
  }));
  const [first] = said;
  if (problems.length <= PROBLEMS_MOST || first === undefined) return said;
  return [
    ...said,
    { ...first, path: '', found: `${problems.length - PROBLEMS_MOST} more problems`, expected: 'these first' },
  ];
}

/** `file:line:column path: found …, expected …`, one line a problem. */
export function describeProblem(problem: FileProblem): string {
  const where = problem.path === '' ? '' : ` ${problem.path}:`;
  return `${problem.file}:${problem.line}:${problem.column}${where} found ${problem.found}, expected ${problem.expected}`;
}

/** Where a path stands, the name of a field before its value; for a missing one the nearest place around it that exists. */
function spotOf(places: Places, path: Path): { file: string | null; offset: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = places.get(placeKey(path.slice(0, length)));
    if (place !== undefined) return { file: place.file, offset: place.keyOffset ?? place.offset };
  }
  return { file: null, offset: 0 };
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  // Whoever pastes the wrong half of a key must not find it in a channel or a log.
  if (typeof value === 'string' && value.includes('PRIVATE KEY')) return 'a private key';
  return clip(JSON.stringify(value));
}

const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);

/** Zod's list of what a place takes, as a person reads it, with the one that was probably meant. Null: it says something else. */
function choice(message: string, value: unknown): string | null {
  const listed = /^Invalid (?:option: expected one of|discriminator value\. Expected) (.+)$/.exec(message)?.[1];
  if (listed === undefined) return null;
  const known = listed.split(/ ?\| ?/).map((one) => one.replaceAll(/^["']|["']$/g, ''));
  const near = typeof value === 'string' ? nearest(value, known) : null;
  return `one of ${known.join(', ')}${near === null ? '' : `; did you mean ${near}?`}`;
}

/** Zod's sentence without its own prefix, so that "expected" is not said twice. */
function expectation(message: string): string {
  return message
    .replace(/^Invalid input: /, '')
    .replace(/^expected /, '')
    .replace(/, received .*$/, '')
    .replace(/^object$/, 'fields with values')
    .replace(/^array$/, 'a list');
}
