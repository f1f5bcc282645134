import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const images = (...words: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...words], { encoding: 'utf8' });

test.each([
  [['build', '--nope'], /^images: found --nope, which build does not take, expected of --out\n/],
  [['test', 'bot'], /^images: found "bot" with test, expected no word more: what it takes is no option\n/],
  [['ship'], /^images: found "ship", expected build or test\n/],
  [['build', 'phone'], /^images: found "phone", expected bot, worker, audience\n/],
])('%j says what was expected, and how it is written', (words, said) => {
  const { status, stderr, stdout } = images(...words);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(said);
  expect(stderr).toMatch(/^.*\nnpm run images -- --help says how it is written\.\n$/);
});
