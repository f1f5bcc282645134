import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goneFrom, namedIn } from './named.ts';

const ROOT = join(import.meta.dirname, '../..');
const textOf = (path: string) => (existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : null);

test('what a page says is in a file is there', () => {
  const pages = ['', 'docs', 'docs/decisions'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  const said = pages.map((page) => ({ page, named: namedIn(textOf(page) ?? '') }));
  expect(said.flatMap(({ named }) => named).length).toBeGreaterThan(20);
  expect(said.flatMap(({ page, named }) => goneFrom(named, textOf).map((gone) => `${page}: ${gone}`))).toEqual([]);
});

test.each<[string, string[]]>([
  ['`decide` in `core/rules.ts`', []],
  ['`judge` in `core/rules.ts`', ['no judge in core/rules.ts']],
  ['the end (`Worker.halt`, `core/rules.ts`)', ['no Worker.halt in core/rules.ts']],
  ['`core/rules.ts` (`deci`)', ['no deci in core/rules.ts']],
  ['`judge` over\ntwo lines, `judge`\nin `core/rules.ts`', ['no judge in core/rules.ts']],
  ['`core/rules.ts`, and elsewhere `judge`', []],
  ['```\n`judge` in `core/rules.ts`\n```', []],
  ['`judge` in `core/gone.ts`', []],
])('%s', (text, gone) => {
  expect(goneFrom(namedIn(text), (path) => (path === 'core/rules.ts' ? 'export function decide() {}' : null))).toEqual(
    gone,
  );
});
