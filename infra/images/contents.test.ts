import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contentsOf, IMAGES, packageFolders } from './contents.ts';
import type { ImageName, Lock } from './contents.ts';

const root = join(import.meta.dirname, '../..');
const { packages: lock } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Lock };
const NAMES = Object.keys(IMAGES) as ImageName[];
const contents = new Map(NAMES.map((name) => [name, contentsOf(root, IMAGES[name].entries)]));
const filesOf = (name: ImageName) => contents.get(name)?.files ?? [];
const foldersOf = (name: ImageName, cpu: 'x64' | 'arm64') =>
  packageFolders(lock, contents.get(name)?.packages.keys() ?? [], { cpu });

test.each(NAMES)('the image of the %s holds no tests, no stand-ins and no package of development', (name) => {
  const files = filesOf(name);
  expect(files.filter((file) => /\.test\.|for-tests|^test\/|^infra\/(?:local|images|cdk)\//.test(file))).toEqual([]);
  expect(files.length).toBeGreaterThan(100);
  for (const cpu of ['x64', 'arm64'] as const)
    expect(foldersOf(name, cpu).filter((folder) => lock[folder]?.dev === true)).toEqual([]);
});

test('the worker carries neither DuckDB nor charts nor Slack nor infrastructure; threads and all that they import are there', () => {
  expect(filesOf('worker')).toEqual(
    expect.arrayContaining([
      'workers/threads/sending-thread.ts',
      'workers/halt/switch-thread.ts',
      'infra/check-node.mjs',
      'workers/lanes/wire-lane.ts',
    ]),
  );
  const folders = foldersOf('worker', 'x64').join('\n');
  expect(folders).not.toMatch(/duckdb|resvg|vega|@slack|aws-cdk|constructs|dejavu|playwright|node-cron/);
  expect(folders).toMatch(/node_modules\/apns2$/m);
});

test('native parts are those of the architecture, and the bot has its fonts', () => {
  const native = (cpu: 'x64' | 'arm64') =>
    [...foldersOf('bot', cpu), ...foldersOf('audience', cpu)].filter((folder) => /x64|arm64/.test(folder));
  expect(native('x64').toSorted()).toEqual([
    'node_modules/@duckdb/node-bindings-linux-x64',
    'node_modules/@resvg/resvg-js-linux-x64-gnu',
  ]);
  expect(native('arm64').toSorted()).toEqual([
    'node_modules/@duckdb/node-bindings-linux-arm64',
    'node_modules/@resvg/resvg-js-linux-arm64-gnu',
  ]);
  expect(foldersOf('bot', 'x64')).toContain('node_modules/dejavu-fonts-ttf');
});

test('a package that the lock does not have is an error; an optional one is not', () => {
  const small: Lock = {
    'node_modules/a': { dependencies: { b: '1' }, optionalDependencies: { gone: '1', mac: '1' } },
    'node_modules/a/node_modules/b': { dependencies: { c: '1' } },
    'node_modules/b': {},
    'node_modules/c': {},
    'node_modules/mac': { os: ['darwin'] },
  };
  expect(packageFolders(small, ['a'], { cpu: 'x64' })).toEqual([
    'node_modules/a',
    'node_modules/a/node_modules/b',
    'node_modules/c',
  ]);
  expect(() => packageFolders(small, ['nope'], { cpu: 'x64' })).toThrow(/^PACKAGE_MISSING nope, of gobutton/);
});

test.each(NAMES)('what the %s starts is Node in exec form, and one of its entries', (name) => {
  const { command, entries } = IMAGES[name];
  expect(entries).toContain(command.at(-1));
  expect(command.join(' ')).not.toMatch(/npm|sh /);
});

test('the Containerfile starts each image as it is started here', () => {
  const lines = readFileSync(join(import.meta.dirname, 'Containerfile'), 'utf8');
  const found = [...lines.matchAll(/^FROM files AS (\w+)\nENTRYPOINT (\[.*\])$/gm)].map(([, name, entry = '']) => [
    name,
    JSON.parse(entry) as unknown,
  ]);
  expect(found).toEqual(NAMES.map((name) => [name, ['/usr/local/bin/node', ...IMAGES[name].command]]));
});
