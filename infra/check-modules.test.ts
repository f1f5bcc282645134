import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { moduleProblem } from './check-modules.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gobutton-modules-'));
  mkdirSync(join(root, 'node_modules'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

type Packages = Record<string, { version: string; dev?: true; optional?: true }>;
function lie(wanted: Packages, installed: Packages | null): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
  if (installed !== null)
    writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: installed }));
}

test('packages of the lock are well, also without what only tests or another machine need', () => {
  const yaml = { 'node_modules/yaml': { version: '2.8.1' } };
  lie(
    {
      ...yaml,
      'node_modules/vitest': { version: '4.0.0', dev: true },
      'node_modules/duckdb-arm64': { version: '1.0.0', optional: true },
    },
    yaml,
  );
  expect(moduleProblem(root)).toBeNull();
});

test('a package that is older, or missing, is named with what to do', () => {
  lie(
    { 'node_modules/a/node_modules/yaml': { version: '2.8.1' }, 'node_modules/zod': { version: '4.1.0' } },
    { 'node_modules/a/node_modules/yaml': { version: '2.7.0' } },
  );
  expect(moduleProblem(root)).toBe(
    'The packages are not those of package-lock.json: yaml 2.8.1 is wanted, and 2.7.0 is installed, and 1 more. Run `npm install`, then try again.',
  );
});

test('without any package it says so, and without a lock there is nothing to hold them against', () => {
  expect(moduleProblem(root)).toBeNull();
  lie({}, null);
  expect(moduleProblem(root)).toMatch(/not installed. Run `npm install`/);
});

test('this folder has what its lock asks for', () => {
  expect(moduleProblem(join(import.meta.dirname, '..'))).toBeNull();
});
