import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS } from '../../vitest.config.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

test('every file of the faults is told of in CONTRIBUTING, with what stands for it in npm test', () => {
  const rows = read('CONTRIBUTING.md').split('### What only the faults hold')[1]?.split('\n#')[0] ?? '';
  const files = globSync(FAULTS, { cwd: ROOT });
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !rows.includes(`\`${file}\``))).toEqual([]);
});

test('npm test and npm run test:long are all projects, and .ci/run runs both, and the images', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const run = [scripts['test'], scripts['test:long']].flatMap((script) =>
    [...(script ?? '').matchAll(/--project (\w+)/g)].map(([, name]) => name),
  );
  const all = [...read('vitest.config.ts').matchAll(/name: '(\w+)',\s+include/g)].map(([, name]) => name);
  expect(run).toEqual(all);
  expect(read('.ci/run')).toMatch(/npm test [^]*npm run test:long [^]*npm run --silent images -- test /);
});
