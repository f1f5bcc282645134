import { jsonSchemaOf } from '../../runbooks/playbook/json-schema.ts';
import type { JsonSchema } from '../../runbooks/playbook/json-schema.ts';
import { runbook } from '../../runbooks/playbook/schema.ts';

/** What docs/runbook.md takes from the schema: a table for each group of keys, with meaning, way of writing, default and example. */

interface Group {
  /** `phases[].steps[]`; empty for the top. */
  path: string;
  /** One line under the heading; null: none. */
  means: string | null;
  schema: JsonSchema;
}

export function runbookBlocks(): Map<string, string> {
  const all = groupsOf({ path: '', means: null, schema: jsonSchemaOf(runbook) });
  // What a backup does is written as in a step, and told there.
  const texts = all.map(({ schema }) => JSON.stringify(schema));
  const groups = all.filter((_, index) => texts.indexOf(texts[index] ?? '') === index);
  return new Map([['keys', groups.map(sectionOf).join('\n\n')]]);
}

/** A group of keys and those inside it, in the order of the schema. */
function groupsOf(group: Group): Group[] {
  const inner = Object.entries(group.schema.properties ?? {}).flatMap(([name, key]) => {
    const path = group.path === '' ? name : `${group.path}.${name}`;
    return membersOf(key, path).flatMap(groupsOf);
  });
  return [group, ...inner];
}

/** What a key holds that has keys of its own: itself, the items of its list, the values of its map, or each of its kinds. */
function membersOf(key: JsonSchema, path: string): Group[] {
  if (key.items !== undefined) return membersOf(key.items, `${path}[]`);
  if (key.oneOf !== undefined)
    return key.oneOf.map((schema) => ({
      path: `${path} ${kindOf(schema)}`,
      means: schema.description ?? null,
      schema,
    }));
  if (key.additionalProperties !== undefined && key.additionalProperties !== false)
    return membersOf(key.additionalProperties, `${path}.*`);
  return key.properties === undefined ? [] : [{ path, means: null, schema: key }];
}

const kindOf = ({ properties }: JsonSchema): string => properties?.['kind']?.const?.toString() ?? '';

function sectionOf({ path, means, schema }: Group): string {
  const rows = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== 'kind')
    .map(([name, key]) => rowOf(name, key, schema.required?.includes(name) === true));
  const [place = '', kind] = path.split(' ');
  const heading = path === '' ? '### The runbook' : `### ${place}${kind === undefined ? '' : `: ${kind}`}`;
  return [
    heading,
    ...(means === null ? [] : ['', means]),
    ...(kind === undefined ? [] : ['', yamlBlock(schema.example)]),
    ...(rows.length === 0
      ? []
      : ['', '| key | what it means | written as | default | example |', '|---|---|---|---|---|']),
    ...rows,
  ].join('\n');
}

function rowOf(name: string, key: JsonSchema, isRequired: boolean): string {
  const none = isRequired ? '**required**' : (key.absent ?? 'none');
  const cells = [
    code(name),
    key.description ?? '',
    writtenAs(key),
    key.default === undefined ? none : isEmpty(key.default) ? 'none' : code(yaml(key.default)),
    code(yaml(key.example)),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const isEmpty = (value: unknown): boolean => typeof value === 'object' && Object.keys(value ?? {}).length === 0;

function writtenAs(key: JsonSchema): string {
  const { unit } = key;
  if (key.const !== undefined) return code(key.const.toString());
  if (key.enum !== undefined) return key.enum.map((one) => code(one.toString())).join(', ');
  if (key.items !== undefined) return `list of ${writtenAs(key.items)}`;
  if (key.oneOf !== undefined) return `one of the kinds ${key.oneOf.map((one) => code(kindOf(one))).join(', ')}`;
  if (key.anyOf !== undefined) {
    const isNumber = key.anyOf.every(
      ({ type, const: only }) => type === 'number' || type === 'string' || only !== undefined,
    );
    const consts = key.anyOf.flatMap(({ const: only }) => (only === undefined ? [] : [code(only.toString())]));
    if (consts.length > 0) return consts.join(', ');
    return unit ?? (isNumber ? 'number' : 'text, number, `true` or `false`');
  }
  if (key.properties !== undefined) return 'keys';
  if (key.type === 'object') return 'map';
  if (key.type === 'boolean') return '`true` or `false`';
  return unit ?? 'text';
}

/** As one writes it in YAML, on one line. */
function yaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(yaml).join(', ')}]`;
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' && !/^[A-Za-z0-9][\w.:/+-]*(?: [\w.]+)*$/.test(value)
      ? JSON.stringify(value)
      : String(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name}: ${yaml(inner)}`)
    .join(', ')} }`;
}

const yamlBlock = (example: unknown): string => `\`\`\`yaml\n${yaml(example)}\n\`\`\``;
const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``);
