import type { JsonSchema } from './json-schema.ts';

/** The keys that a schema has at a place of what was written; of alternatives those of the one whose `kind` stands there, else of all. */
export function keysAt(schema: JsonSchema, value: unknown, path: readonly (string | number)[]): string[] {
  const members = fitting(schema, value);
  const [next, ...rest] = path;
  if (next === undefined) return [...new Set(members.flatMap(({ properties }) => Object.keys(properties ?? {})))];
  const inner = (value as Record<string | number, unknown> | null)?.[next];
  return [...new Set(below(members, next).flatMap((one) => keysAt(one, inner, rest)))];
}

/** What the schema says of one field or item of a value: its alternatives, if it has some. */
export function schemasAt(schemas: readonly JsonSchema[], value: unknown, next: string | number): JsonSchema[] {
  return below(
    schemas.flatMap((schema) => fitting(schema, value)),
    next,
  );
}

function below(members: readonly JsonSchema[], next: string | number): JsonSchema[] {
  return members.flatMap(({ properties, additionalProperties, items }) => {
    const one = typeof next === 'number' ? items : (properties?.[next] ?? additionalProperties);
    return one === undefined || one === false ? [] : [one];
  });
}

function fitting(schema: JsonSchema, value: unknown): JsonSchema[] {
  const members = schema.oneOf ?? schema.anyOf;
  if (members === undefined) return [schema];
  const all = members.flatMap((one) => fitting(one, value));
  const { kind } = (value ?? {}) as { kind?: unknown };
  const exact = all.filter(({ properties }) => kind !== undefined && properties?.['kind']?.const === kind);
  return exact.length > 0 ? exact : all;
}
