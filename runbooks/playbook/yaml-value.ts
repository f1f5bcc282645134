import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Node, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { aliasAsCopy, copyProblem, isCopy } from './copy-as-written.ts';
import { textFault } from './text-faults.ts';
import { boundsProblem } from './yaml-bounds.ts';
import type { YamlProblem } from './yaml-bounds.ts';

/** Where a value stands: its own offset, its key's, and how it was written if without quotes. */
export interface Place {
  offset: number;
  keyOffset: number | null;
  written: string | null;
}

export interface YamlRead {
  value: unknown;
  places: ReadonlyMap<string, Place>;
  problems: YamlProblem[];
}

type Path = readonly (string | number)[];

/** Values that aliases may unfold to: more than any plan, and no work for a checker. */
const VALUES_MOST = 20_000;
/** What the library calls the faults that text without quotes makes. */
const OF_BARE_TEXT = new Set([
  'BAD_SCALAR_START',
  'UNEXPECTED_TOKEN',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'MULTILINE_IMPLICIT_KEY',
  'ALIAS_PROPS',
]);
const QUOTING = 'valid YAML: text with : # & * ! | > % @ ` { [ or with quotes of its own belongs in "double quotes"';

export const placeKey = (path: Path): string => JSON.stringify(path);

/**
 * YAML text to plain values, with everything that YAML would do to them in silence as a problem instead: duplicate
 * fields, tags, unknown aliases, aliases that unfold without end, text that was cut (`copy-as-written.ts`). Numbers that
 * aren't plain stay text, as written, for the schema to judge. Never throws.
 */
export function readYaml(text: string): YamlRead {
  const bound = boundsProblem(text);
  if (bound !== null) return { value: undefined, places: new Map(), problems: [bound] };
  // Comparing each key with each takes the library seconds for a large map; the walker does it by name.
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
    version: '1.2',
    merge: false,
  });
  const walker = new Walker(text);
  const read = walker.read(document.contents);
  if (document.errors.length === 0) return read;
  // A comment that swallows the rest of a line often takes a brace with it: the fault is there, the error lines below.
  const errors = document.errors.map(({ pos, message, code }) => ({
    offset: pos[0],
    path: [],
    found: message,
    expected: OF_BARE_TEXT.has(code) ? QUOTING : 'valid YAML',
  }));
  return { value: undefined, places: new Map(), problems: [...walker.cuts, ...errors] };
}

/** One walk in the order of the text. An anchor stands for the value that it was last set to, as YAML has it. */
class Walker {
  readonly #text: string;
  readonly #places = new Map<string, Place>();
  readonly #problems: YamlProblem[] = [];
  /** Of the problems those of texts that YAML cut: they hold whatever else is wrong. */
  readonly cuts: YamlProblem[] = [];
  /** By name; `size` counts what an alias unfolds to. Null: being walked right now, so an alias to it would never end. */
  readonly #anchors = new Map<string, { value: unknown; size: number } | null>();
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(contents: unknown): YamlRead {
    const value = this.#node(contents, [], null);
    return { value, places: this.#places, problems: this.#problems };
  }

  #node(node: unknown, path: Path, key: Node | null): unknown {
    const before = this.#values;
    this.#values += 1;
    const offset = offsetOf(node) ?? offsetOf(key) ?? 0;
    this.#places.set(placeKey(path), {
      offset,
      keyOffset: offsetOf(key),
      written: isScalar(node) && node.type === 'PLAIN' ? (node.source ?? null) : null,
    });
    if (isAlias(node)) return this.#alias(node.source, offset, path);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
    if (node.tag !== undefined && isExplicit(this.#text, node))
      this.#problem(
        offset,
        path,
        `the tag ${this.#tagAt(offset)}`,
        'no tag: a runbook has none; text that begins with ! belongs in quotes',
      );
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, null);
    const items = (list: YAMLSeq) => list.items.map((item, index) => this.#node(item, [...path, index], null));
    const inside = (list: YAMLMap | YAMLSeq) => (isMap(list) ? this.#map(list.items, path) : items(list));
    const value = isScalar(node) ? this.#scalar(node, path, key) : inside(node);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, { value, size: this.#values - before });
    return value;
  }

  #map(items: readonly { key: unknown; value: unknown }[], path: Path): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (const { key, value } of items) {
      const offset = offsetOf(key) ?? 0;
      if (!isScalar(key)) {
        this.#problem(offset, path, 'a field whose name is no text', 'a name; text with { [ * or & belongs in quotes');
        continue;
      }
      // As written: `no`, `null` and `010` are names here, not values.
      const name = key.type === 'PLAIN' ? (key.source ?? '') : String(key.value);
      if (key.anchor !== undefined || (key.tag !== undefined && isExplicit(this.#text, key)))
        this.#problem(offset, path, `an anchor or a tag at the name ${shownName(name)}`, 'a plain name');
      const fault = textFault(name);
      if (fault !== null) this.#problem(offset, path, fault.found, fault.expected);
      const here = [...path, name];
      if (name === '<<')
        this.#problem(offset, here, 'the merge key <<', 'the fields themselves: nothing is merged here');
      if (name === '__proto__') this.#problem(offset, here, 'the name __proto__', 'another name');
      else if (Object.hasOwn(map, name))
        this.#problem(offset, here, `${shownName(name)} a second time`, 'each field once');
      else map[name] = this.#node(value, here, key);
    }
    return map;
  }

  #scalar(node: Scalar, path: Path, key: Node | null): unknown {
    const problem = isCopy(path) ? copyProblem(this.#text, node, offsetOf(key)) : null;
    if (problem !== null) {
      this.#problem(problem.offset, path, problem.found, problem.expected);
      this.cuts.push({ ...problem, path: [...path] });
    }
    const { value, source } = node;
    if (typeof value === 'number' && source !== undefined && !/^-?(0|[1-9]\d*)(\.\d{1,2})?$/.test(source))
      return source;
    if (typeof value === 'bigint') return source ?? String(value);
    const fault = typeof value === 'string' ? textFault(value) : null;
    if (fault !== null) this.#problem(offsetOf(node) ?? 0, path, fault.found, fault.expected);
    return value;
  }

  #alias(name: string, offset: number, path: Path): unknown {
    if (isCopy(path)) {
      const { found, expected } = aliasAsCopy(name);
      this.#problem(offset, path, found, expected);
      return '';
    }
    const target = this.#anchors.get(name);
    if (target === undefined)
      this.#problem(
        offset,
        path,
        `the alias *${name}, and no &${name} before it`,
        'an anchor that stands above; text that begins with * belongs in quotes',
      );
    else if (target === null)
      this.#problem(offset, path, `the alias *${name} inside of what it stands for`, 'no circle: write the fields out');
    else if (this.#values + target.size > VALUES_MOST)
      this.#problem(
        offset,
        path,
        `the alias *${name}, which unfolds to more than ${VALUES_MOST.toLocaleString('en-US')} values`,
        'fields that are written out',
      );
    else {
      this.#values += target.size;
      return target.value;
    }
    return null;
  }

  #problem(offset: number, path: Path, found: string, expected: string): void {
    this.#problems.push({ offset, path: [...path], found, expected });
  }

  /** The tag stands before the value, on the same line or the one above. */
  #tagAt(offset: number): string {
    return /(![^\s,[\]{}]*)[^!]*$/.exec(this.#text.slice(Math.max(0, offset - 200), offset))?.[1]?.slice(0, 40) ?? '!';
  }
}

/** The library also sets tags by itself, on values that have none in the text. */
function isExplicit(text: string, node: Node): boolean {
  const start = node.range?.[0] ?? 0;
  return /![^\s,[\]{}]*(?:\s|&\S+)*$/.test(text.slice(Math.max(0, start - 200), start));
}

function offsetOf(node: unknown): number | null {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? null) : null;
}

const shownName = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 59)}…` : name);
