import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/**
 * A file over 300 lines is split, or says at its top why it is one piece. Tests are let off: theirs are sentences about the
 * file beside them, one after the other, and each is read by itself.
 */

const root = join(import.meta.dirname, '../..');
const LONG_LINES = 300;
const SAYS = 'One piece';
/** So far below the imports. */
const TOP_LINES = 40;

/** The first lines behind the imports. */
function topOf(lines: readonly string[]): string {
  const imports = lines.findLastIndex((line) => /^(import .*|\} )from '[^']+';$/.test(line));
  return lines
    .slice(0, imports + 1 + TOP_LINES)
    .join(' ')
    .replaceAll(/\s+(\* )?/g, ' ');
}

test('a file over 300 lines says at its top why it is one piece', () => {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.ts'], {
    cwd: root,
    encoding: 'utf8',
  }).split('\0');
  const sources = listed.filter((file) => file !== '' && !file.endsWith('.test.ts') && existsSync(join(root, file)));
  const long = sources
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').trimEnd().split('\n') }))
    .filter(({ lines }) => lines.length > LONG_LINES);
  expect(long.length).toBeGreaterThan(0);
  expect(long.filter(({ lines }) => !topOf(lines).includes(SAYS)).map(({ file }) => file)).toEqual([]);
});
