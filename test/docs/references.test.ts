import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchorsOf, factProblems, referenceProblems } from './references.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Not the project's own: what is installed, made while it runs, or secret. */
/** At the root. */
const PASSED_OVER = new Set(['node_modules', '.git', '.gobutton', '.env', 'keys', 'packed', 'package-lock.json']);
/** Its references are made up. */
const HERE = 'test/docs/references.test.ts';
const TEXT = /\.(?:ts|js|mjs|json|yaml|md|html|css|txt)$|(?:^|\/)\.[\w.-]+$|^\.ci\//;

function repository(): Map<string, string> {
  const tree = new Map<string, string>();
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = relative(ROOT, path).split(sep).join('/');
      if (PASSED_OVER.has(name)) continue;
      if (entry.isDirectory()) walk(path);
      else tree.set(name, TEXT.test(name) && name !== HERE ? readFileSync(path, 'utf8') : '');
    }
  };
  walk(ROOT);
  return tree;
}

describe('the repository', () => {
  const tree = repository();

  test('every reference leads somewhere', () => {
    expect(referenceProblems(tree)).toEqual([]);
  });

  test('every fact has an anchor, its name and a source', () => {
    const facts = tree.get('docs/facts.md') ?? '';
    expect(factProblems(facts)).toEqual([]);
    expect(anchorsOf(facts)).toContain('apns-token-age');
  });
});

describe('a reference that leads nowhere is found', () => {
  const here = { 'docs/facts.md': '# Facts\n\n## APNs\n\n<a id="age"></a>', 'workers/lane.ts': '' };
  test.each<[string, string, string, string | null]>([
    ['a page and its anchor', 'bot/a.ts', '/** One hour (docs/facts.md#age). */', null],
    ['a heading', 'bot/a.ts', '// docs/facts.md#apns', null],
    ['an anchor that is not there', 'bot/a.ts', '// docs/facts.md#old', 'no such anchor: docs/facts.md#old'],
    ['a page that is not there', '.env.example', '# see docs/figures.md', 'no such file: docs/figures.md'],
    ['a page of somebody else', 'bot/a.ts', '// https://github.com/a/b/docs/figures.md#x', null],
    ['a page in capitals', 'README.md', 'as CHANGES.md says', 'no such page: CHANGES.md'],
    ['a file that a comment names', 'bot/a.ts', 'f(); // as in workers/gone.ts', 'no such file: workers/gone.ts'],
    ['a file that a comment names and is there', 'bot/a.ts', '// as in workers/lane.ts', null],
    ['a folder that a comment names', 'bot/a.ts', '/* measured in workers/pool. */', 'no such file: workers/pool'],
    ['a file by its name in a comment', 'bot/a.ts', '// see lane.ts, and gone.ts.', 'no such file: gone.ts'],
    ['a place in some file in a comment', 'bot/a.ts', '// as `x.ts:3:1`, */*.ts and a/b', null],
    ['an import', 'bot/a.ts', "import x from 'workers/gone.ts';", null],
    ['a link', 'README.md', '[lane](workers/lane.ts), [facts](docs/facts.md#age), [web](https://a.b/c)', null],
    ['a link to a file that is not there', 'docs/b.md', '[lane](../workers/gone.ts)', 'no such file: workers/gone.ts'],
    ['a link to an anchor of another page', 'docs/b.md', '[x](facts.md#old)', 'no such anchor: docs/facts.md#old'],
    ['a link to an anchor of the same page', 'docs/b.md', '# One\n[x](#two)', 'no such anchor: docs/b.md#two'],
    ['a link by name', 'docs/b.md', '[x][apple]', 'no such link: [apple]'],
    ['a link by name to a file', 'docs/b.md', '[x][lane]\n\n[lane]: gone.md', 'no such file: docs/gone.md'],
    ['a path in backticks', 'docs/b.md', 'see `workers/lanes/`', 'no such file: workers/lanes/'],
    ['a path in a command', 'docs/b.md', '`npx vitest run workers/pool`', 'no such file: workers/pool'],
    ['the name of a file in backticks', 'docs/b.md', '`lane.ts`, `l*.ts` and `gone.ts`', 'no such file: gone.ts'],
    ['a value in backticks', 'docs/b.md', '`text/html`, `a/b`, `GO`', null],
    ['an anchor twice', 'docs/b.md', '<a id="x"></a> <a id="x"></a>', 'anchor twice: x'],
    ['the same heading again', 'docs/b.md', '# One\n# One\n[x](#one) [y](#one-1)', null],
    ['an anchor like a heading', 'docs/b.md', '# Why so\n<a id="why-so"></a>', 'anchor twice: why-so'],
  ])('%s', (_, path, text, problem) => {
    const found = referenceProblems(new Map(Object.entries({ ...here, [path]: text })));
    expect(found).toEqual(problem === null ? [] : [`${path}: ${problem}`]);
  });

  test.each(['FAC' + 'TS 3', 'DES' + 'IGN, Halt', '(docs' + ': direction)', 'CA' + 'SES.md'])('%s', (word) => {
    expect(referenceProblems(new Map([['bot/a.ts', `/** So it is (${word}). */`]]))).toHaveLength(1);
  });
});

describe('a fact is refused', () => {
  const good = '- <a id="age"></a>**`age`** One hour. Source: [Apple][apple].';
  test.each([
    ['when it is as it should be', good, []],
    [
      'without an anchor',
      '- One hour. Source: [Apple][apple].',
      ['without an anchor: - One hour. Source: [Apple][apple].'],
    ],
    ['without its name', good.replace('**`age`** ', ''), ['age: does not show its name']],
    ['without a source', good.replace(/ Source.*/, ''), ['age: has no source']],
    ['with a source that says nothing', good.replace(/\[.*/, 'somebody.'), ['age: has no source']],
  ])('%s', (_, text, problems) => {
    expect(factProblems(`# Facts\n\n${text}\n\nMore.`)).toEqual(problems);
  });
});
