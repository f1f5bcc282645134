import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { jsonSchemaOf } from '../../runbooks/playbook/json-schema.ts';
import type { JsonSchema } from '../../runbooks/playbook/json-schema.ts';
import { publishedSchema } from '../../runbooks/playbook/published-schema.ts';
import { runbook } from '../../runbooks/playbook/schema.ts';
import { writeBlocks } from './record-page.ts';
import { runbookBlocks } from './runbook-page.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const library = readdirSync(join(ROOT, 'runbooks/library')).filter((name) => name.endsWith('.yaml'));

/** Every key with its path; those of each kind, too. */
function keysOf(schema: JsonSchema, path = ''): [path: string, key: JsonSchema][] {
  const inner = Object.entries(schema.properties ?? {})
    .filter(([name]) => name !== 'kind')
    .flatMap(([name, key]): [string, JsonSchema][] => [[`${path}.${name}`, key], ...keysOf(key, `${path}.${name}`)]);
  const { items, additionalProperties: map } = schema;
  return [
    ...inner,
    ...(schema.oneOf ?? []).flatMap((one) => keysOf(one, `${path}(${String(one.properties?.['kind']?.const)})`)),
    ...(items === undefined ? [] : keysOf(items, `${path}[]`)),
    ...(map === undefined || map === false ? [] : keysOf(map, `${path}.*`)),
  ];
}

const keys = keysOf(jsonSchemaOf(runbook));

describe('the schema in the repository', () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  const published = JSON.parse(read('runbooks/runbook.schema.json')) as JsonSchema;

  test('is the one of the code; else run `npm run docs`', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(publishedSchema())));
  });

  test('is a JSON Schema, by the schema of schemas', () => {
    expect(ajv.validateSchema(published), ajv.errorsText()).toBe(true);
  });

  test.each(library)('takes %s, by a validator that is not ours, and is named in it', (name) => {
    const validate = ajv.compile(published);
    expect(validate(parse(read(`runbooks/library/${name}`))), ajv.errorsText(validate.errors)).toBe(true);
    expect(read(`runbooks/library/${name}`)).toMatch(/^# yaml-language-server: \$schema=\.\.\/runbook\.schema\.json\n/);
  });

  test.each([
    ['a misspelt key', 'order_expires_after: 15m', 'order_expire_after: 15m'],
    ['a time that is none', 'at: T-8h', 'at: 8h before'],
    ['a duration without a unit', 'ios_not_after: 60s', 'ios_not_after: 60'],
    ['an unknown action', 'kind: checklist', 'kind: dance'],
    ['a role that nobody has', 'roles: [observer]', 'roles: [boss]'],
    ['a missing campaign', 'campaign:', '# campaign:'],
  ])('refuses %s', (_name, find, replacement) => {
    const text = read('runbooks/library/superbowl.yaml').replace(find, replacement);
    const value: unknown = parse(replacement.startsWith('#') ? text.replace(/^# campaign:\n(?: .*\n)+/m, '') : text);
    expect(ajv.compile(published)(value)).toBe(false);
  });
});

test('what a runbook includes need not stand in it, and without an include it must', () => {
  const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(publishedSchema());
  const { people, campaign, ...own } = parse(read('runbooks/library/superbowl.yaml')) as Record<string, object>;
  const { locales: _, ...rest } = campaign as Record<string, unknown>;
  expect(validate({ ...own, include: ['shared/all.yaml'] })).toBe(true);
  expect(validate({ ...own, include: ['shared/all.yaml'], people: [(people as object[])[0]], campaign: rest })).toBe(
    true,
  );
  expect(validate({ ...own, people, campaign: rest })).toBe(false);
  expect(validate({ ...own, campaign, people: [(people as object[])[0]] })).toBe(false);
  expect(validate({ ...own, include: 5 })).toBe(false);
});

describe('every key of the runbook', () => {
  test('says what it means and has an example', () => {
    expect(keys.length).toBeGreaterThan(80);
    expect(keys.filter(([, { description, example }]) => description === undefined || example === undefined)).toEqual(
      [],
    );
  });

  test('says what its absence means, if it may be absent', () => {
    const required = new Set<string>();
    const look = (schema: JsonSchema, path = ''): void => {
      for (const name of schema.required ?? []) required.add(`${path}.${name}`);
      for (const [name, key] of Object.entries(schema.properties ?? {})) look(key, `${path}.${name}`);
      for (const one of schema.oneOf ?? []) look(one, `${path}(${String(one.properties?.['kind']?.const)})`);
      if (schema.items !== undefined) look(schema.items, `${path}[]`);
      if (schema.additionalProperties) look(schema.additionalProperties, `${path}.*`);
    };
    look(jsonSchemaOf(runbook));
    const silent = keys.filter(
      ([path, key]) => !required.has(path) && key.default === undefined && key.absent === undefined,
    );
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  test('says what it counts, if it is a number', () => {
    const isNumber = (key: JsonSchema) => key.anyOf?.some(({ minimum }) => minimum !== undefined) === true;
    expect(keys.filter(([, key]) => isNumber(key) && key.unit === undefined).map(([path]) => path)).toEqual([]);
  });

  test('has an example that the schema takes', () => {
    const refused: string[] = [];
    z.toJSONSchema(runbook, {
      io: 'input',
      override: ({ zodSchema, path }) => {
        const { example } = z.globalRegistry.get(zodSchema) ?? {};
        if (example === undefined) return;
        const parsed = z.safeParse(zodSchema, example);
        if (!parsed.success) refused.push(`${path.join('.')}: ${parsed.error.message}`);
      },
    });
    expect(refused).toEqual([]);
  });

  test('stands on the page as the code has it; else run `npm run docs`', () => {
    const page = read('docs/runbook.md');
    expect(page).toBe(writeBlocks(page, runbookBlocks()));
    for (const [path] of keys)
      expect(page).toContain(
        `\`${path
          .split(/[.\]]/)
          .at(-1)
          ?.replace(/^\(.*\)/, '')}\``,
      );
  });
});
