import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Whoever changes a file finds its test beside it, or is told in its header where it is: `Held by` and the test's path. */

const ROOT = join(import.meta.dirname, '../..');
const HEADER_LINES = 25;

/** These decide nothing: a test of theirs would repeat them. */
const NOTHING_TO_HOLD: Record<string, string> = {
  'bot/conductor/conductor-port.ts': 'types: what is asked of a conductor',
  'bot/conductor/context.ts': 'types: what its parts work with',
  'bot/conductor/timings.ts': 'constants, each with its reason beside it',
  'bot/conductor/effects/pending.ts': 'types, and the word of a mark',
};

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/(?:\.test|for-tests)\.ts$/.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .toSorted();
}

/** Null: something holds it. */
function whyNotHeld(path: string, text: string, isThere: (path: string) => boolean): string | null {
  if (NOTHING_TO_HOLD[path] !== undefined || isThere(path.replace(/\.ts$/, '.test.ts'))) return null;
  const header = text.split('\n').slice(0, HEADER_LINES);
  const named = header
    .filter((line) => line.includes('Held by '))
    .flatMap((line) => [...line.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, name = '']) => name));
  if (named.length === 0) return 'has no test beside it, and names none in its header';
  const gone = named.filter((name) => !isThere(name));
  return gone.length === 0 ? null : `is said to be held by ${gone.join(', ')}, which is not there`;
}

test('every file of the conductor has a test that holds it', () => {
  const loose = sources('bot/conductor').flatMap((path) => {
    const why = whyNotHeld(path, readFileSync(join(ROOT, path), 'utf8'), (name) => existsSync(join(ROOT, name)));
    return why === null ? [] : [`${path} ${why}`];
  });
  expect(loose).toEqual([]);
});

test('what is listed as deciding nothing is there, and has no test', () => {
  for (const path of Object.keys(NOTHING_TO_HOLD)) {
    expect(existsSync(join(ROOT, path)), path).toBe(true);
    expect(existsSync(join(ROOT, path.replace(/\.ts$/, '.test.ts'))), path).toBe(false);
  }
});

test.each<[string, string, string | null]>([
  ['a test beside it', 'export {};', null],
  ['a test that its header names', '// Held by `a/else.test.ts`.\nexport {};', null],
  ['two of them', '// Held by `a/else.test.ts` and `a/beside.test.ts`.', null],
  ['neither', 'export {};', 'has no test beside it, and names none in its header'],
  ['a name far below', `${'\n'.repeat(HEADER_LINES)}// Held by \`a/else.test.ts\`.`, 'names none in its header'],
  ['one that is gone', '// Held by `a/else.test.ts` and `a/gone.test.ts`.', 'is said to be held by a/gone.test.ts'],
])('a file with %s', (what, text, why) => {
  const there = new Set(['a/beside.test.ts', 'a/else.test.ts']);
  const found = whyNotHeld(what === 'a test beside it' ? 'a/beside.ts' : 'a/file.ts', text, (path) => there.has(path));
  if (why === null) expect(found).toBeNull();
  else expect(found).toContain(why);
});
