import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What is said, measured or done because of a worker's report goes by `signedReports` alone (infra/aws/signed-reports.ts). */

const root = join(import.meta.dirname, '../..');

/** Who reads reports as they lie in the table, by whomever, and why that is right. */
const AS_THEY_LIE: Record<string, number> = {
  // It removes what is old.
  'bot/conductor/launch-keeper.ts': 1,
};

const reads = (source: string): number => [...source.matchAll(/\b(?:provenReports|live\.reports)\b/g)].length;

test('nobody but who cleans up reads worker reports without asking who has signed them', () => {
  const files = globSync('{bot,contract,infra/doctor,infra/watch,settle,workers}/**/*.ts', { cwd: root }).filter(
    (file) => !file.endsWith('.test.ts'),
  );
  const found = files
    .map((file) => [file, reads(readFileSync(join(root, file), 'utf8'))] as const)
    .filter(([, many]) => many > 0);
  expect(Object.fromEntries(found)).toEqual(AS_THEY_LIE);
});

test('a read of that kind is found', () => {
  expect(reads('await cloud.live.reports(launch.id)')).toBe(1);
  expect(reads('const { reports } = await live.provenReports(id);')).toBe(1);
  expect(reads('await live.signedReports(launch, trusted)')).toBe(0);
});
