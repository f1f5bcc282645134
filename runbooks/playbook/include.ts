import type { YamlProblem } from './yaml-bounds.ts';
import { placeKey, readYaml } from './yaml-value.ts';
import type { Place, YamlRead } from './yaml-value.ts';

/**
 * A runbook of several files: what `include` names stands beside what the runbook says itself, place by place. Maps are put
 * together key by key, lists one behind the other in the order of `include`, the runbook's own last; what two files both
 * say is refused, so that none is passed over. Files are named by their path from the runbook's folder, which none leaves.
 */

/** What a file holds, or why it could not be read. */
export type IncludedText = string | { found: string; expected: string };
export type Included = ReadonlyMap<string, IncludedText>;

/** `file` null: the runbook itself. */
export interface Part {
  file: string | null;
  text: string;
  read: YamlRead;
}

/** What several runbooks share, and nothing that makes the event. */
const SHARED = ['people', 'scale_targets', 'campaign'];
const FILES_MOST = 20;
/** The runbook's own path in messages is not known here: whoever reads it puts the folder before these. */
type OfFile = YamlProblem & { file: string | null };

/** Included files that are named and not in `included` yet. None: all there is has been looked at. */
export function filesToRead(text: string, included: Included): string[] {
  // Nearly all runbooks are one file, and need not be read twice for that.
  return text.includes('include') ? [...new Set(gather(text, included).missing)] : [];
}

/** The parts, each behind those that it includes, and what is wrong with the names. */
export function partsOf(text: string, included: Included): Pick<Gathered, 'parts' | 'problems'> {
  return gather(text, included);
}

interface Gathered {
  parts: Part[];
  problems: OfFile[];
  missing: string[];
}

function gather(text: string, included: Included): Gathered {
  const gathered: Gathered = { parts: [], problems: [], missing: [] };
  add({ file: null, text, read: readYaml(text) }, [], included, gathered);
  return gathered;
}

/** `around`: the files that include this one, from the runbook on. */
function add(part: Part, around: readonly (string | null)[], included: Included, gathered: Gathered): void {
  const { problems, parts, missing } = gathered;
  const wrong = (path: (string | number)[], found: string, expected: string) =>
    problems.push({ file: part.file, offset: offsetIn(part, path), path, found, expected });
  const here = [...around, part.file];
  for (const { path, written } of includesOf(part, wrong)) {
    const file = includedPath(part.file, written);
    if (file === null)
      wrong(
        path,
        JSON.stringify(written),
        "a .yaml file in the runbook's folder or below it, by its path from this file",
      );
    else if (here.includes(file))
      wrong(path, `${file}, which includes this file`, 'no circle: what both need in a third one');
    else if (parts.some((one) => one.file === file)) continue; // Two files may share a third one.
    else if (!included.has(file)) {
      missing.push(file);
      wrong(path, `${file}, which was not read`, 'a file that can be read');
    } else if (parts.length + here.length > FILES_MOST) wrong(path, `more than ${FILES_MOST} files`, 'fewer');
    else {
      const found = included.get(file) ?? '';
      if (typeof found === 'string') add({ file, text: found, read: readYaml(found) }, here, included, gathered);
      else wrong(path, `${file}, ${found.found}`, found.expected);
    }
  }
  parts.push(part);
}

function includesOf(
  { read: { value } }: Part,
  wrong: (path: (string | number)[], found: string, expected: string) => void,
): { path: (string | number)[]; written: string }[] {
  if (!isMap(value) || value['include'] === undefined) return [];
  const list = value['include'];
  if (!Array.isArray(list)) {
    wrong(['include'], JSON.stringify(list), 'a list of files, like [shared/people.yaml]');
    return [];
  }
  return list.flatMap((written: unknown, index) => {
    const path = ['include', index];
    if (typeof written === 'string') return [{ path, written }];
    wrong(path, JSON.stringify(written), 'a file, like shared/people.yaml');
    return [];
  });
}

/** From the file that names it to its path from the runbook's folder; null: it leaves that, or is no such file. */
export function includedPath(from: string | null, written: string): string | null {
  if (!/^[^/\\:\p{Cc}][^\\:\p{Cc}]*\.ya?ml$/u.test(written) || written.length > 200) return null;
  const segments = from === null ? [] : from.split('/').slice(0, -1);
  for (const segment of written.split('/')) {
    if (segment === '..') {
      if (segments.pop() === undefined) return null;
    } else if (segment === '') return null;
    else if (segment !== '.') segments.push(segment);
  }
  return segments.join('/');
}

/** One value of all parts, and where each thing in it stands. */
export interface Merged {
  value: unknown;
  places: ReadonlyMap<string, Place & { file: string | null }>;
  problems: OfFile[];
}

export function merge(parts: readonly Part[]): Merged {
  const merging: Merging = { places: new Map(), problems: [] };
  let value: unknown;
  for (const part of parts) {
    const own = part.file === null ? withoutInclude(part.read.value) : sharedOf(part, merging);
    value = mergeIn(value, own, part, merging);
  }
  return { value, places: merging.places, problems: merging.problems };
}

type Path = readonly (string | number)[];
interface Merging {
  places: Map<string, Place & { file: string | null }>;
  problems: OfFile[];
}

function sharedOf(part: Part, { problems }: Merging): unknown {
  const value = withoutInclude(part.read.value);
  const wrong = (path: (string | number)[], found: string) =>
    problems.push({
      file: part.file,
      offset: offsetIn(part, path),
      path,
      found,
      expected: `${SHARED.join(', ')} or include: the rest is the runbook's own`,
    });
  if (!isMap(value)) {
    wrong([], value === null ? 'nothing' : 'no fields');
    return {};
  }
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => {
      if (SHARED.includes(key)) return true;
      wrong([key], `${JSON.stringify(key)} in an included file`);
      return false;
    }),
  );
}

function withoutInclude(value: unknown): unknown {
  if (!isMap(value)) return value;
  const { include: _, ...rest } = value;
  return rest;
}

function mergeIn(into: unknown, value: unknown, part: Part, merging: Merging): unknown {
  // One walk over the places of a part, not one for each value that moves.
  const shifts: { from: Path; by: number }[] = [];
  const merged = put(into, value, [], part, merging, shifts);
  for (const [key, place] of part.read.places) {
    const at = shifts.length === 0 ? key : placeKey(shifted(JSON.parse(key) as (string | number)[], shifts));
    // Of a map in several files the place in the last one counts, which is the runbook's: what it lacks is lacking there.
    merging.places.set(at, { ...place, file: part.file });
  }
  return merged;
}

function put(
  into: unknown,
  value: unknown,
  path: Path,
  part: Part,
  merging: Merging,
  shifts: { from: Path; by: number }[],
): unknown {
  if (into === undefined) return value;
  if (isMap(into) && isMap(value)) {
    const both = { ...into };
    for (const [key, own] of Object.entries(value))
      both[key] = put(Object.hasOwn(into, key) ? into[key] : undefined, own, [...path, key], part, merging, shifts);
    return both;
  }
  if (Array.isArray(into) && Array.isArray(value)) {
    shifts.push({ from: path, by: into.length });
    return [...into, ...(value as unknown[])];
  }
  merging.problems.push({
    file: part.file,
    offset: offsetIn(part, path),
    path: [...path],
    found: `${path.join('.')}, which ${merging.places.get(placeKey(path))?.file ?? 'the runbook'} has, too`,
    expected: 'it in one of them',
  });
  return into;
}

/** Items of a list stand behind those that were there. */
function shifted(path: Path, shifts: readonly { from: Path; by: number }[]): Path {
  const shift = shifts.find(({ from }) => from.length < path.length && from.every((one, index) => one === path[index]));
  if (shift === undefined) return path;
  const at = shift.from.length;
  return [...path.slice(0, at), Number(path[at]) + shift.by, ...path.slice(at + 1)];
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function offsetIn({ read: { places } }: Part, path: Path): number {
  const place = places.get(placeKey(path));
  return place?.keyOffset ?? place?.offset ?? 0;
}
