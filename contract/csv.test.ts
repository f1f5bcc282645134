import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
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
/** Each with what it is in the file. */
const ODD = [
  ['=1+1', "'=1+1"],
  ['+49 171 555', "'+49 171 555"],
  ['-1', "'-1"],
  ['@x', "'@x"],
  ['＝1+1', "'＝1+1"],
  ['\tx', "'\tx"],
  ['\rx', "'\rx"],
  ['\nx', "'\nx"],
  ["'x", "''x"],
  ["'=1", "''=1"],
  // A spreadsheet with another separator begins a cell there.
  ['x;=2+2;y', "x;'=2+2;y"],
  ["x;'=2", "x;''=2"],
  ['x\t=2+2', "x\t'=2+2"],
  ['x\n=2+2', "x\n'=2+2"],
  ['\t=2+2', "'\t'=2+2"],
  ["it's;'s", "it's;''s"],
] as const;

/** What docs/record.md tells a program to do. */
const takenOff = (text: string): string => text.replaceAll(/(?<=^|[;\t\r\n])'/g, '');

test('whatever stands in a cell comes back, with one apostrophe more where a spreadsheet would take it for a formula', async () => {
  const rows = [...PLAIN, ...ODD.map(([value]) => value)].map((value, at) => [value, at, '']);
  const read = await readBack(csvOf([['value', 'at', 'none'], ...rows]));
  const wanted = [...PLAIN, ...ODD.map(([, written]) => written)];
  expect(read).toEqual(wanted.map((value, at) => [value, String(at), '']));
  // Nothing that was there before it is lost: whoever takes one off has what it was.
  expect(read.map((row) => takenOff((row as string[])[0] ?? ''))).toEqual(rows.map(([value]) => value));
});

test('a number below zero is one, and no text', () => {
  expect(csvOf([['at'], [-1]])).toBe('at\r\n-1\r\n');
});

const calc = spawnSync('soffice', ['--version'], { encoding: 'utf8' }).stdout ?? '';

/** The cells as LibreOffice Calc has them, by the separator that a German Excel goes by, or the usual one: a formula begins with `of:`. */
async function inCalc(text: string, separator: ';' | ','): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gobutton-calc-'));
  try {
    await writeFile(join(folder, 'a.csv'), text);
    const options = [
      `-env:UserInstallation=file://${folder}/profile`,
      '--headless',
      // Separator, quote, UTF-8, from line 1.
      `--infilter=Text - txt - csv (StarCalc):${separator.charCodeAt(0)},34,76,1`,
      '--convert-to',
      'fods',
    ];
    await promisify(execFile)('soffice', [...options, '--outdir', folder, join(folder, 'a.csv')], { timeout: 50_000 });
    return await readFile(join(folder, 'a.fods'), 'utf8');
  } finally {
    await rm(folder, { recursive: true, maxRetries: 3 });
  }
}

test.skipIf(calc === '')(`LibreOffice Calc takes nothing for a formula, whichever separator it goes by`, async () => {
  const rows = ODD.map(([value], at) => [value, at]);
  expect(await inCalc('a\r\n=1+1\r\n', ',')).toContain('table:formula="of:=1+1"');
  for (const separator of [',', ';'] as const) {
    const cells = await inCalc(csvOf([['São Paulo', 'at'], ...rows]), separator);
    expect(cells).toContain('São Paulo');
    expect(cells).not.toContain('table:formula');
  }
});
