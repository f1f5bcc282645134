import { isMap, isScalar, parse, parseDocument } from 'yaml';
import type { Pair, Scalar, YAMLMap } from 'yaml';

/** What `images` of a configuration shall say; null: the line goes. What is not named stays. */
export interface ImageEdit {
  bot?: string;
  worker?: string;
  canary?: string | null;
  previous?: { worker: string; bot: string } | null;
}

/**
 * The text of a configuration with other images: lines and comments of people stay as they are. Null when that is not what came
 * of it (anchors, a value over several lines).
 */
export function withImages(text: string, edit: ImageEdit): string | null {
  let now = text;
  for (const [name, value] of Object.entries(edit) as [string, ImageEdit[keyof ImageEdit]][]) {
    const next = withOne(now, name, value ?? null);
    if (next === null) return null;
    now = next;
  }
  return isMeant(text, now, edit) ? now : null;
}

type Value = string | { worker: string; bot: string } | null;

function withOne(text: string, name: string, value: Value): string | null {
  const images = parseDocument(text).get('images', true);
  if (!isMap(images)) return null;
  const pair = images.items.find((one) => isScalar(one.key) && one.key.value === name);
  const written =
    value === null ? null : typeof value === 'string' ? value : `{ worker: ${value.worker}, bot: ${value.bot} }`;
  if (pair !== undefined) return written === null ? without(text, images, pair) : replaced(text, pair, written);
  return written === null ? text : added(text, images, `${name}: ${written}`);
}

const rangeOf = (node: unknown): readonly [number, number] | null => {
  const range = (node as { range?: readonly number[] | null } | null)?.range;
  return range?.[0] === undefined || range[1] === undefined ? null : [range[0], range[1]];
};

function replaced(text: string, { value }: Pair, written: string): string | null {
  const range = rangeOf(value);
  return range === null ? null : `${text.slice(0, range[0])}${written}${text.slice(range[1])}`;
}

/** Behind the workers' image, which is always there. */
function added(text: string, images: YAMLMap, line: string): string | null {
  const worker = images.items.find((one) => isScalar(one.key) && one.key.value === 'worker');
  const [key, value] = [rangeOf(worker?.key), rangeOf(worker?.value)];
  if (key === null || value === null) return null;
  if (images.flow === true) return `${text.slice(0, value[1])}, ${line}${text.slice(value[1])}`;
  const start = text.lastIndexOf('\n', key[0] - 1) + 1;
  const found = text.indexOf('\n', value[1]);
  const end = found === -1 ? text.length : found;
  return `${text.slice(0, end)}\n${' '.repeat(key[0] - start)}${line}${text.slice(end)}`;
}

function without(text: string, images: YAMLMap, { key, value }: Pair): string | null {
  const [from, to] = [rangeOf(key as Scalar), rangeOf(value)];
  if (from === null || to === null) return null;
  // Between braces the comma before it goes too, and a block's line goes whole.
  if (images.flow === true) return `${text.slice(0, from[0]).replace(/,\s*$/, '')}${text.slice(to[1])}`;
  const start = text.lastIndexOf('\n', from[0] - 1) + 1;
  const end = text.indexOf('\n', to[1]);
  return `${text.slice(0, start)}${end === -1 ? '' : text.slice(end + 1)}`;
}

/** Everything else says what it said. */
function isMeant(before: string, after: string, edit: ImageEdit): boolean {
  try {
    const [was, is] = [before, after].map((text) => parse(text) as { images: Record<string, unknown> });
    if (was === undefined || is === undefined) return false;
    const images = Object.fromEntries(
      Object.entries({ ...was.images, ...edit }).filter(([, value]) => value !== null && value !== undefined),
    );
    return sorted({ ...was, images }) === sorted({ ...is, images: is.images });
  } catch {
    // What can't be read any more was not meant.
    return false;
  }
}

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
