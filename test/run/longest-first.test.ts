import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LONGEST, longestFirst } from './longest-first.ts';

test('the longest files come first in their group, the others behind them as they were', () => {
  const [first = '', second = ''] = LONGEST;
  const named = (group: number, file: string) => ({ group, file });
  const files = [named(1, first), named(0, 'b.test.ts'), named(0, 'a.test.ts'), named(0, second), named(0, first)];
  expect(longestFirst(files).map(({ group, file }) => `${group} ${file}`)).toEqual([
    `0 ${first}`,
    `0 ${second}`,
    '0 b.test.ts',
    '0 a.test.ts',
    `1 ${first}`,
  ]);
});

test('every file that is listed as long is there', () => {
  expect(LONGEST.filter((file) => !existsSync(join(import.meta.dirname, '../..', file)))).toEqual([]);
});
