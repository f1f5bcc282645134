import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/**
 * A choice among three fits on one line; what is longer is a function with returns, or a table. The lint rule knows no measure between none
 * and any, so it only finds them here.
 */

const root = join(import.meta.dirname, '../..');
const ROOMS = ['bot', 'contract', 'h2', 'infra', 'runbooks', 'settle', 'workers'];
const RULES = { categories: { correctness: 'off' }, rules: { 'no-nested-ternary': 'error' } };

interface Found {
  filename: string;
  labels: { span: { offset: number; length: number; line: number } }[];
}

/** What has more than three ends, or more than one line, by file and line. */
async function longChoices(paths: readonly string[], cwd: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gobutton-choices-'));
  const config = join(folder, 'rules.json');
  await writeFile(config, JSON.stringify(RULES));
  const stdout = await new Promise<string>((resolve, reject) => {
    const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '-c', config, '--format=json', ...paths];
    // Its exit code says that something was found; what it can't read at all gives no JSON.
    execFile(process.execPath, args, { cwd, maxBuffer: 2 ** 26 }, (error, out) =>
      out === '' ? reject(new Error('oxlint said nothing', { cause: error })) : resolve(out),
    );
  }).finally(() => rm(folder, { recursive: true, force: true }));
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Found[] };
  const places = diagnostics
    .filter(({ filename }) => !filename.endsWith('.test.ts'))
    .flatMap(({ filename, labels: [label] }) => (label === undefined ? [] : [{ filename, ...label.span }]));
  const long: string[] = [];
  for (const { filename, offset, length, line } of places) {
    const text = (await readFile(join(cwd, filename))).subarray(offset, offset + length).toString('utf8');
    const holdsAnother = places.some(
      (other) => other.filename === filename && other.offset > offset && other.offset < offset + length,
    );
    if (text.includes('\n') || holdsAnother) long.push(`${filename}:${line}`);
  }
  return long;
}

test('no chain of choices in the sources has more than three ends, or takes more than one line', async () => {
  expect(await longChoices(ROOMS, root)).toEqual([]);
});

test('such a chain is found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gobutton-choices-'));
  await writeFile(
    join(folder, 'sample.ts'),
    [
      "export const three = (n: number) => (n > 2 ? 'many' : n > 1 ? 'two' : 'one');",
      "export const four = (n: number) => (n > 3 ? 'many' : n > 2 ? 'three' : n > 1 ? 'two' : 'one');",
      "export const lines = (n: number) => n > 2\n  ? 'many'\n  : n > 1 ? 'two' : 'one';",
      '',
    ].join('\n'),
  );
  try {
    expect(await longChoices(['sample.ts'], folder)).toEqual(['sample.ts:2', 'sample.ts:3']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
