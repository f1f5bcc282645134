import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/**
 * Each area imports only what lies below it, because lint says so. Here lint is made to say it. What lies above what is
 * drawn in docs/architecture.md#direction.
 */

const root = join(import.meta.dirname, '../..');

const FORBIDDEN: Record<string, string[]> = {
  'runbooks/launch': [
    'contract/report.ts',
    'h2/frames.ts',
    'infra/aws/journal.ts',
    'infra/monotonic.ts',
    'settle/close.ts',
    'bot/desk.ts',
    'workers/worker.ts',
  ],
  contract: ['infra/aws/journal.ts', 'infra/monotonic.ts', 'settle/close.ts', 'bot/desk.ts', 'workers/worker.ts'],
  h2: ['runbooks/launch/launch.ts', 'infra/monotonic.ts', 'workers/lanes/lane.ts', 'infra/local/providers/server.ts'],
  infra: ['infra/aws/journal.ts', 'contract/report.ts', 'infra/local/stack.ts', 'runbooks/launch/launch.ts'],
  'infra/aws': ['settle/close.ts', 'bot/desk.ts', 'workers/worker.ts', 'infra/local/stack.ts', 'h2/frames.ts'],
  'infra/doctor': ['bot/desk.ts', 'workers/probe/meet.ts', 'infra/local/stack.ts', 'settle/close.ts'],
  'infra/doctor/judge': ['infra/aws/clients.ts', 'infra/doctor/measure/ask.ts', 'bot/desk.ts', 'workers/config.ts'],
  'infra/local': ['settle/close.ts', 'bot/desk.ts', 'workers/lanes/wire-lane.ts'],
  'infra/cdk': ['settle/close.ts', 'bot/desk.ts', 'workers/worker.ts', 'infra/local/stack.ts', 'test/keys.ts'],
  settle: ['bot/desk.ts', 'workers/send/sender.ts', 'infra/local/stack.ts', 'h2/frames.ts'],
  workers: ['bot/desk.ts', 'bot/views/words.ts', 'infra/local/stack.ts', 'test/keys.ts'],
  bot: ['workers/send/sender.ts', 'workers/config.ts', 'infra/local/stack.ts', 'h2/frames.ts', 'test/keys.ts'],
  'bot/views': ['bot/conductor/context.ts', 'bot/commands/go.ts', 'bot/actions/press.ts', 'bot/desk.ts'],
  'bot/conductor': ['bot/commands/go.ts', 'bot/actions/press.ts', 'bot/desk.ts', 'workers/worker.ts'],
  'bot/commands': ['bot/conductor/room/room.ts', 'bot/conductor/conductor.ts', 'workers/worker.ts'],
  'bot/actions': ['bot/conductor/effects/perform.ts', 'bot/conductor/halt.ts'],
};

const ALLOWED: Record<string, string[]> = {
  'runbooks/launch': ['runbooks/launch/evolve.ts'],
  contract: ['runbooks/launch/launch.ts', 'contract/report.ts'],
  h2: ['h2/frames.ts'],
  'infra/aws': ['contract/report.ts', 'runbooks/launch/launch.ts', 'infra/monotonic.ts'],
  'infra/cdk': ['infra/aws/tables.ts', 'contract/queue-names.ts', 'runbooks/launch/launch.ts'],
  'infra/doctor': ['infra/aws/clients.ts', 'contract/sizing.ts', 'infra/doctor/judge/line.ts'],
  'infra/doctor/judge': ['contract/sizing.ts', 'runbooks/launch/entries.ts', 'infra/doctor/judge/line.ts'],
  'infra/local': ['h2/frames.ts', 'infra/aws/cloud.ts', 'contract/figures.ts'],
  settle: ['contract/manifest.ts', 'infra/aws/claim-store.ts'],
  workers: ['contract/report.ts', 'settle/close.ts', 'infra/aws/cloud.ts', 'h2/frames.ts'],
  bot: ['contract/report.ts', 'settle/close.ts', 'infra/aws/cloud.ts'],
  'bot/views': ['contract/figures.ts', 'bot/action-ids.ts'],
  'bot/conductor': ['bot/views/board.ts', 'bot/slack/slack-port.ts', 'settle/close.ts'],
  'bot/commands': ['bot/conductor/conductor-port.ts', 'bot/views/board.ts'],
};

/** What a file in `from` would write to reach `to`. */
const imports = (from: string, to: string): string =>
  `import * as it from '${from === dirname(to) ? `./${basename(to)}` : '../'.repeat(from.split('/').length) + to}';\nexport const its = it;\n`;

const NODE = "import { readFileSync } from 'node:fs';\nexport const text = readFileSync('x', 'utf8');\n";

/** A source, where it would stand, and what of lint's rules it breaks; null: none. */
type Probe = readonly [what: string, folder: string, source: string, breaks: string | null];

const PROBES: readonly Probe[] = [
  ...Object.entries(FORBIDDEN).flatMap(([from, targets]) =>
    targets.map((to): Probe => [`${from} does not import ${to}`, from, imports(from, to), 'no-restricted-imports']),
  ),
  ...Object.entries(ALLOWED).flatMap(([from, targets]) =>
    targets.map((to): Probe => [`${from} may import ${to}`, from, imports(from, to), null]),
  ),
  ['the core reads no file', 'runbooks/launch', NODE, 'no-restricted-imports'],
  [
    'the core logs nothing',
    'runbooks/launch',
    "import pino from 'pino';\nexport const log = pino();\n",
    'no-restricted-imports',
  ],
  [
    'the core takes no type from above',
    'runbooks/launch',
    "import type { WorkerReport } from '../../contract/report.ts';\nexport type Report = WorkerReport;\n",
    'no-restricted-imports',
  ],
  ['the core has no clock', 'runbooks/launch', 'export const nowMs = Date.now();\n', 'no-restricted-properties'],
  ['the core throws no dice', 'runbooks/launch', 'export const dice = Math.random();\n', 'no-restricted-properties'],
  [
    'the core knows no environment',
    'runbooks/launch',
    "export const home = process.env['HOME'];\n",
    'no-restricted-globals',
  ],
  [
    'the core may import zod, yaml, the zones of luxon and the distance of two words',
    'runbooks/launch',
    "import { distance } from 'fastest-levenshtein';\nimport { DateTime } from 'luxon';\nimport { parse } from 'yaml';\nimport { z } from 'zod';\nexport const all = [z, parse, distance, DateTime];\n",
    null,
  ],
  ['a simulation reads no file', 'workers/lanes/simulate', NODE, 'no-restricted-imports'],
  [
    'a simulation knows nothing of the worker',
    'workers/lanes/simulate',
    "import { size } from '../../../contract/sizing.ts';\nexport const sized = size;\n",
    'no-restricted-imports',
  ],
  [
    'a simulation has no clock',
    'workers/lanes/simulate',
    'export const nowMs = Date.now();\n',
    'no-restricted-properties',
  ],
  ['nor another clock', 'workers/lanes/simulate', 'export const nowMs = performance.now();\n', 'no-restricted-globals'],
  [
    'a simulation throws no dice but its own',
    'workers/lanes/simulate',
    'export const dice = Math.random();\n',
    'no-restricted-properties',
  ],
];

/** A tree of their own, so that nobody who reads the sources meanwhile meets them. Lint goes by their paths. */
let tree = '';
const fileOf = (at: number): string => join(PROBES[at]?.[1] ?? '', `probe-${at}.ts`);
const circle = ['contract/one.ts', 'contract/two.ts'];
/** What only tests use stands beside what it serves, and under its rules: whoever needs `test/` lies there. */
const forTests = 'settle/rig-for-tests.ts';
/** Rules that each file breaks. */
const found = new Map<string, string[]>();

beforeAll(async () => {
  tree = await realpath(await mkdtemp(join(tmpdir(), 'gobutton-direction-')));
  const write = async (file: string, source: string) => {
    await mkdir(join(tree, dirname(file)), { recursive: true });
    await writeFile(join(tree, file), source);
  };
  await copyFile(join(root, '.oxlintrc.json'), join(tree, '.oxlintrc.json'));
  await Promise.all(PROBES.map(([, , source], at) => write(fileOf(at), source)));
  await write(forTests, imports('settle', 'test/keys.ts'));
  for (const [at, file] of circle.entries()) {
    const other = basename(circle[1 - at] ?? '');
    await write(file, `import type { Other } from './${other}';\nexport type Own = Other;\nexport type Other = 1;\n`);
  }
  const said = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'json', '.'],
      { cwd: tree, maxBuffer: 10_000_000 },
      (_error, stdout) => resolve(stdout),
    );
  });
  const { diagnostics } = JSON.parse(said) as { diagnostics: { filename: string; code: string }[] };
  for (const { filename, code } of diagnostics) found.set(filename, [...(found.get(filename) ?? []), code]);
});

afterAll(() => rm(tree, { recursive: true, force: true }));

test.each(PROBES.map(([what, , , breaks], at) => ({ what, breaks, at })))('$what', ({ breaks, at }) => {
  const broken = found.get(fileOf(at)) ?? [];
  if (breaks === null) expect(broken).toEqual([]);
  else expect(broken.join()).toContain(breaks);
});

test("two files may not import each other, nor each other's types", () => {
  for (const file of circle) expect((found.get(file) ?? []).join()).toContain('no-cycle');
});

test('a file for tests keeps to the direction of its folder', () => {
  expect((found.get(forTests) ?? []).join()).toContain('no-restricted-imports');
});
