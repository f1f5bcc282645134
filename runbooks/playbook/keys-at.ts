import type { JsonSchema } from './json-schema.ts';

/** The keys that a schema has at a place of what was written; of alternatives those of the one whose `kind` stands there, else of all. */
export function keysAt(schema: JsonSchema, value: unknown, path: readonly (string | number)[]): string[] {
  const members = fitting(schema, value);
  const [next, ...rest] = path;
  if (next === undefined) return [...new Set(members.flatMap(({ properties }) => Object.keys(properties ?? {})))];
  const inner = (value as Record<string | number, unknown> | null)?.[next];
  const below = members.map(({ properties, additionalProperties, items }) =>
    typeof next === 'number' ? items : (properties?.[next] ?? additionalProperties),
  );
  return [...new Set(below.flatMap((one) => (one === undefined || one === false ? [] : keysAt(one, inner, rest))))];
}

function fitting(schema: JsonSchema, value: unknown): JsonSchema[] {
  const members = schema.oneOf ?? schema.anyOf;
  if (members === undefined) return [schema];
  const all = members.flatMap((one) => fitting(one, value));
  const { kind } = (value ?? {}) as { kind?: unknown };
  const exact = all.filter(({ properties }) => kind !== undefined && properties?.['kind']?.const === kind);
  return exact.length > 0 ? exact : all;
}
