import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codesIn, codesInSources } from './codes.ts';
import { errorBlocks, rowsIn, TABLED, writeRows } from './errors-page.ts';
import { OTHERS_WORDS } from './others-words.ts';
import { writeBlocks } from './record-page.ts';

/** docs/errors.md has every code that the sources give, and none that is gone. */

const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
const rows = rowsIn(page);
const codes = codesInSources();
const others = new Set(Object.values(OTHERS_WORDS).flat());

test('every code of the sources has a row, and every row a code; what is no code of ours is listed as whose it is', () => {
  const explained = new Set([...rows.map(({ code }) => code), ...TABLED]);
  const ours = [...codes.keys()].filter((code) => !others.has(code));
  expect({ 'not in the page': ours.filter((code) => !explained.has(code)) }).toEqual({ 'not in the page': [] });
  expect({ 'not in the sources': rows.filter(({ code }) => !codes.has(code)) }).toEqual({ 'not in the sources': [] });
});

test('every code has one row, with what it means and what a person can do', () => {
  const seen = new Set<string>();
  for (const { code, means, help } of rows) {
    expect(seen.has(code), `${code} twice`).toBe(false);
    seen.add(code);
    expect(means.length, code).toBeGreaterThan(10);
    expect(help.trim(), code).not.toBe('');
  }
});

test('a code that some place knows is given by another one', () => {
  expect([...codes].filter(([code, files]) => !others.has(code) && files.size === 0).map(([code]) => code)).toEqual([]);
});

test('the page names no place that has stopped giving a code; else run `npm run docs`', () => {
  const gone = rows.flatMap(({ code, where }) =>
    where.filter((file) => codes.get(code)?.has(file) !== true).map((file) => `${code} in ${file}`),
  );
  expect(gone).toEqual([]);
  for (const { code, where } of rows) expect(where, code).not.toEqual([]);
});

test('the tables of the probe and of rejected rows are those of the code; else run `npm run docs`', () => {
  expect(page).toBe(writeBlocks(page, errorBlocks()));
});

test("others' words are in use, and none of them is a code of ours", () => {
  const named = Object.entries(OTHERS_WORDS).flatMap(([whose, words]) =>
    whose === 'variables of the environment' || whose.startsWith('names of HTTP/2') ? [] : words,
  );
  expect(named.filter((word) => !codes.has(word))).toEqual([]);
  expect(rows.filter(({ code }) => others.has(code))).toEqual([]);
});

test('a code is found however it is given', () => {
  const source = [
    "throw new Error('LOST_ALONE');",
    'throw new Error(`LOST_TOLD: ${what}`);',
    "refuse('GONE', `it is`)",
    "const code = isSo ? 'LOST_ONE' : 'LOST_OTHER';",
    'new RangeError(`LOST_LINES:\\n${lines}`);',
  ].join('\n');
  expect([...codesIn(source)].toSorted()).toEqual([
    'GONE',
    'LOST_ALONE',
    'LOST_LINES',
    'LOST_ONE',
    'LOST_OTHER',
    'LOST_TOLD',
  ]);
  expect(writeRows('| NO_LAUNCH | a | b |')).toMatch(
    /^\| <a id="no_launch"><\/a>`NO_LAUNCH` \| a \| b \| `[\w-]+\.ts`/,
  );
});
