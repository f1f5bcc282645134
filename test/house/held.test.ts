import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

/**
 * Whoever changes a file finds its test beside it, or is told in its header where it is: `Held by` and the test's path. Such a test
 * imports the file: one that meets it only by the way, far down in a whole bot, notices little of what changes in it.
 */

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

/** `textOf`: null, there is no such file. Null: something holds it. */
function whyNotHeld(path: string, text: string, textOf: (path: string) => string | null): string | null {
  if (NOTHING_TO_HOLD[path] !== undefined || textOf(path.replace(/\.ts$/, '.test.ts')) !== null) return null;
  const header = text.split('\n').slice(0, HEADER_LINES);
  const named = header
    .filter((line) => line.includes('Held by '))
    .flatMap((line) => [...line.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, name = '']) => name));
  if (named.length === 0) return 'has no test beside it, and names none in its header';
  const gone = named.filter((name) => textOf(name) === null);
  if (gone.length > 0) return `is said to be held by ${gone.join(', ')}, which is not there`;
  const strangers = named.filter((name) => !imports(name, textOf(name) ?? '', path));
  return strangers.length === 0 ? null : `is said to be held by ${strangers.join(', ')}, which does not import it`;
}

const imports = (file: string, text: string, path: string): boolean =>
  [...text.matchAll(/^(?:import|\}) .*from '(\.[^']+)';$/gm)].some(
    ([, from = '']) => join(dirname(file), from).replaceAll('\\', '/') === path,
  );

const textOf = (path: string): string | null =>
  existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : null;

test('every file of the conductor has a test that holds it', () => {
  const loose = sources('bot/conductor').flatMap((path) => {
    const why = whyNotHeld(path, readFileSync(join(ROOT, path), 'utf8'), textOf);
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
  ['one that does not import it', '// Held by `a/stranger.test.ts`.', 'a/stranger.test.ts, which does not import it'],
  ['one that is gone', '// Held by `a/else.test.ts` and `a/gone.test.ts`.', 'is said to be held by a/gone.test.ts'],
])('a file with %s', (what, text, why) => {
  const there: Record<string, string> = {
    'a/beside.test.ts': "import { it } from './file.ts';",
    'a/else.test.ts': "import {\n  it,\n} from '../a/file.ts';",
    'a/stranger.test.ts': "import { it } from './file-for-tests.ts';\n// from './file.ts';",
  };
  const found = whyNotHeld(
    what === 'a test beside it' ? 'a/beside.ts' : 'a/file.ts',
    text,
    (path) => there[path] ?? null,
  );
  if (why === null) expect(found).toBeNull();
  else expect(found).toContain(why);
});
