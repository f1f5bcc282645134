import type { z } from 'zod';

/** The fields that a schema knows at a path; of one of several shapes those of all of them. */
export function knownFields(schema: z.core.$ZodType, path: readonly (string | number)[]): string[] {
  const [first, ...rest] = path;
  const fields = new Set<string>();
  for (const { _zod: one } of shapesOf(schema)) {
    const def = one.def as z.core.$ZodObjectDef | z.core.$ZodArrayDef | z.core.$ZodRecordDef | { type: 'other' };
    if (first === undefined) {
      if (def.type === 'object') for (const key of Object.keys(def.shape)) fields.add(key);
      continue;
    }
    const next =
      def.type === 'object'
        ? def.shape[first]
        : def.type === 'array'
          ? def.element
          : def.type === 'record'
            ? def.valueType
            : undefined;
    for (const key of next === undefined ? [] : knownFields(next, rest)) fields.add(key);
  }
  return [...fields];
}

/** Without what is around it (defaults, transformations), and one by one where it may be of several shapes. */
function shapesOf(schema: z.core.$ZodType): z.core.$ZodType[] {
  const def = schema._zod.def as {
    innerType?: z.core.$ZodType;
    in?: z.core.$ZodType;
    options?: readonly z.core.$ZodType[];
  };
  const inner = def.innerType ?? def.in;
  if (inner !== undefined) return shapesOf(inner);
  return def.options === undefined ? [schema] : def.options.flatMap(shapesOf);
}

/** A third of the letters may be wrong, as a typing error has it; what is farther away was not meant. */
export function didYouMean(word: string, known: readonly string[]): string {
  const [nearest] = known
    .map((name) => ({ name, off: distance(word, name) }))
    .toSorted((one, other) => one.off - other.off);
  return nearest !== undefined && nearest.off <= Math.max(1, Math.floor(word.length / 3))
    ? `; did you mean ${nearest.name}?`
    : '';
}

/** Levenshtein's: letters to put in, take out or change. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 0; i < one.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j += 1)
      next.push(Math.min((row[j] ?? 0) + (one[i] === other[j] ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    row = next;
  }
  return row[other.length] ?? 0;
}
