import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withDuck } from '../workers/audience/read/duck.ts';
import { csvOf } from './csv.ts';

/** As DuckDB reads it, which nobody here wrote. */
async function readBack(text: string): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gobutton-csv-'));
  try {
    const file = join(folder, 'a.csv');
    await writeFile(file, text);
    return await withDuck({ folder }, async (connection) => {
      const options = "header=true, all_varchar=true, nullstr='\u0001', delim=',', quote='\"', escape='\"'";
      const reader = await connection.runAndReadAll(`SELECT * FROM read_csv('${file}', ${options})`);
      return reader.getRowsJson();
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const PLAIN = [
  'a,b',
  'a"b',
  '"',
  'a\r\nb',
  'a\nb',
  '',
  ' x',
  'שלום',
  '\u200f=1',
  '👍🏽',
  'a;b',
  '007',
  '12345678901234567890',
];
const ODD = ['=1+1', '+49 171 555', '-1', '@x', '\tx', '\rx', '\nx', "'x", "'=1"];

test('whatever stands in a cell comes back, with one apostrophe more where a spreadsheet would take it for a formula', async () => {
  const rows = [...PLAIN, ...ODD].map((value, at) => [value, at, '']);
  const read = await readBack(csvOf([['value', 'at', 'none'], ...rows]));
  const wanted = [...PLAIN, ...ODD.map((value) => `'${value}`)];
  expect(read).toEqual(wanted.map((value, at) => [value, String(at), '']));
  // Nothing that was there before it is lost: whoever takes one off has what it was.
  const bare = read.map((row) => (row as string[])[0]?.replace(/^'/, ''));
  expect(bare).toEqual([...PLAIN, ...ODD]);
});

test('a number below zero is one, and no text', () => {
  expect(csvOf([['at'], [-1]])).toBe('at\r\n-1\r\n');
});
