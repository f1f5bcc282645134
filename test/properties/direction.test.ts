import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** The core stays pure because lint says so. Here lint is made to say it. */

const root = join(import.meta.dirname, '../..');
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(root, 'runbooks/launch/zz-direction-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function lint(source: string): Promise<{ isClean: boolean; says: string }> {
  const file = join(folder, 'probe.ts');
  await writeFile(file, source);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'node_modules/oxlint/bin/oxlint'), '--deny-warnings', file],
      { cwd: root },
      (error, stdout, stderr) => {
        resolve({ isClean: error === null, says: `${stdout}${stderr}` });
      },
    );
  });
}

test.each([
  [
    "import { readFileSync } from 'node:fs';\nexport const text = readFileSync('x', 'utf8');\n",
    'no-restricted-imports',
  ],
  [
    "import { createJournal } from '../../../infra/aws/journal.ts';\nexport const journal = createJournal;\n",
    'no-restricted-imports',
  ],
  [
    "import type { WorkerReport } from '../../../contract/report.ts';\nexport type Report = WorkerReport;\n",
    'no-restricted-imports',
  ],
  ["import pino from 'pino';\nexport const log = pino();\n", 'no-restricted-imports'],
  ['export const nowMs = Date.now();\n', 'no-restricted-properties'],
  ['export const dice = Math.random();\n', 'no-restricted-properties'],
  ["export const home = process.env['HOME'];\n", 'no-restricted-globals'],
])('the core may not say: %s', async (source, rule) => {
  const { isClean, says } = await lint(source);
  expect(isClean, says).toBe(false);
  expect(says).toContain(rule);
});

test.each([
  [
    "import { readFileSync } from 'node:fs';\nexport const text = readFileSync('x', 'utf8');\n",
    'no-restricted-imports',
  ],
  ["import { size } from '../../sizing.ts';\nexport const sized = size;\n", 'no-restricted-imports'],
  ['export const nowMs = Date.now();\n', 'no-restricted-properties'],
  ['export const dice = Math.random();\n', 'no-restricted-properties'],
  ['export const nowMs = performance.now();\n', 'no-restricted-globals'],
])('nor may a simulation: %s', async (source, rule) => {
  await rm(folder, { recursive: true, force: true });
  folder = await mkdtemp(join(root, 'workers/lanes/simulate/zz-direction-'));
  const { isClean, says } = await lint(source);
  expect(isClean, says).toBe(false);
  expect(says).toContain(rule);
});

test('the core may import itself, zod and yaml', async () => {
  const { isClean, says } = await lint(
    "import { z } from 'zod';\nimport { parse } from 'yaml';\nimport { fold } from '../evolve.ts';\nexport const all = [z, parse, fold];\n",
  );
  expect(isClean, says).toBe(true);
});
