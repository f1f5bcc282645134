import { jsonSchemaOf } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import { runbook } from './schema.ts';

/** What editors check a runbook against: the schema's own words and no others, unit and absence as sentences. */
export function publishedSchema(): JsonSchema {
  const { $schema, ...rest } = plain(jsonSchemaOf(runbook)) as JsonSchema & { $schema?: string };
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'A runbook of gobutton',
    ...mayBeIncluded(rest),
  };
}

/** What files that are included may hold: required here only where none is. */
const SHARED = ['people', 'campaign'];

function mayBeIncluded(schema: JsonSchema): JsonSchema {
  const { properties = {}, required = [], ...rest } = schema;
  const whole = SHARED.map((name): [string, JsonSchema] => {
    const { required: keys, minItems } = properties[name] ?? {};
    return [
      name,
      { ...(keys === undefined ? {} : mustHave(keys)), ...(minItems === undefined ? {} : { type: 'array', minItems }) },
    ];
  });
  const parts = SHARED.map((name): [string, JsonSchema] => {
    const { required: _, minItems: __, ...part } = properties[name] ?? {};
    return [name, part];
  });
  return {
    ...rest,
    properties: { ...properties, ...Object.fromEntries(parts) },
    required: required.filter((name) => !SHARED.includes(name)),
    anyOf: [mustHave(['include']), { required: SHARED, properties: Object.fromEntries(whole) }],
  };
}

/** Validators want a key named beside the word that it must be there. */
const mustHave = (keys: readonly string[]): JsonSchema => ({
  required: [...keys],
  properties: Object.fromEntries(keys.map((key) => [key, {}])),
});

function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== 'object' || node === null) return node;
  const { unit, absent, example, ...rest } = node as JsonSchema;
  const isKey = rest.description !== undefined;
  const said = [
    rest.description,
    ...(isKey && unit !== undefined ? [`Unit: ${unit}.`] : []),
    ...(isKey && absent !== undefined ? [`Absent: ${absent}.`] : []),
  ].filter((part) => part !== undefined);
  const parts = Object.entries(rest).map(([name, value]): [string, unknown] => [
    name,
    // Samples of what is written, not schemas.
    name === 'default' || name === 'const' || name === 'enum' ? value : plain(value),
  ]);
  return {
    ...Object.fromEntries(parts),
    ...(said.length === 0 ? {} : { description: said.join(' ') }),
    ...(isKey && example !== undefined ? { examples: [example] } : {}),
  };
}
