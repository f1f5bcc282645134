import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { dashesFor, escapeLinked, underHead } from './markdown.ts';

/** What somebody wrote, and where the links in it lead. */
const WRITTEN: [text: string, addresses: string[]][] = [
  ['“see https://example.com/a_b_c?x=1&y=2”', ['https://example.com/a_b_c?x=1&y=2']],
  ['(https://example.com/~ana/*star), “http://x.example/p”.', ['https://example.com/~ana/*star', 'http://x.example/p']],
  [
    'https://example.com/Push_(sport) https://example.com/?a=1&copy=2',
    ['https://example.com/Push_(sport)', 'https://example.com/?a=1&copy=2'],
  ],
  ['=HYPERLINK("http://e.example","click") [a](http://e.example)', ['http://e.example', 'http://e.example']],
  ['[a](javascript:alert(1)) <script>alert(1)</script> <img src=x onerror=alert(1)> ![x](data:text/html,x)', []],
  ['*bold* _it_ ~~st~~ `code` $x^2$ | \\ &lt;b&gt; \u202egnp\u202c <!channel> <b>', []],
  ['@josé says @ana2020, #12, [^1] ^[note] :::div {#id .cls} {=html} H~2~O mc^2^ (@) "q" -- ... \\alpha', []],
  ['HTTPS://EXAMPLE.COM/A_B! https:// http', ['HTTPS://EXAMPLE.COM/A_B']],
  ['東京 https://example.com/日本_語、', ['https://example.com/日本_語']],
];
const table = WRITTEN.map(([text]) => `| x | ${escapeLinked(text)} |\n`).join('');
const MARKDOWN = `| a | b |\n${underHead([3, 40])}\n${table}`;

test('an address is a link of its own, whole and as it was written', () => {
  expect(escapeLinked('“see https://example.com/a_b?x=1&y=2”, a_b')).toBe(
    '“see <https://example.com/a_b?x=1&y=2>”, a\\_b',
  );
  expect(escapeLinked('http://e.example"&quot;')).toBe('<http://e.example>"&amp;quot;');
  // Some read an entity there, some none.
  expect(escapeLinked('http://e.example?a&copy;=1')).toBe('<http://e.example?a&copy%3B=1>');
});

test.each(['.', ')', ' ', '*', '\t'])('a long run of “%s” in a text is read once', (mark) => {
  // Read anew from each place it would take longer than a test may.
  const run = mark.repeat(400_000);
  const written = escapeLinked(`https://example.com/a${run}x`);
  expect(written).toMatch(/^<https:.*x>?$/s);
  expect(written.length).toBeGreaterThan(run.length);
});

test('a column has dashes by its longest cell, within bounds', () => {
  const dashes = dashesFor([
    ['shot', 'what', 'devices'],
    ['S4', 'x'.repeat(99), '12'],
    ['S5', 'a text of twenty-two..', ''],
  ]);
  expect(dashes).toEqual([5, 40, 7]);
  expect(underHead(dashes, (at) => at === 2)).toBe(`|-----|${'-'.repeat(40)}|-------:|`);
});

/** Programs that nobody here wrote. */
const READERS: [string, string[]][] = [
  ['cmark-gfm', ['--unsafe', '-e', 'table', '-e', 'autolink', '-e', 'strikethrough']],
  ['pandoc', ['-f', 'gfm', '-t', 'html', '--wrap=none']],
  ['pandoc', ['-f', 'markdown-smart-citations', '-t', 'html', '--wrap=none']],
];
const unescaped = (html: string): string =>
  html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** Marks that turn the direction are a space in the file, and HTML has one of several. */
const oneSpace = (text: string): string => text.replaceAll(/[\s\u202a-\u202e\u2066-\u2069]+/g, ' ');

describe.each(READERS)('%s %j', (program, args) => {
  const isThere = spawnSync(program, ['--version']).status === 0;
  test.skipIf(!isThere)(
    'shows what people wrote as they wrote it, with their links, and nothing else of it is markup',
    () => {
      const { stdout } = spawnSync(program, args, { input: MARKDOWN, encoding: 'utf8', timeout: 15_000 });
      const cells = [...stdout.matchAll(/<td[^>]*>([\s\S]*?)<\/td>/g)].flatMap(([, cell = ''], at) =>
        at % 2 === 1 ? [cell] : [],
      );
      expect(cells).toHaveLength(WRITTEN.length);
      for (const [at, [text, addresses]] of WRITTEN.entries()) {
        const cell = cells[at] ?? '';
        const links = [...cell.matchAll(/href="([^"]*)"/g)].map(([, to = '']) => decodeURI(unescaped(to)));
        expect(links).toEqual(addresses);
        const bare = cell.replaceAll(/<\/?a\b[^>]*>/g, '');
        expect(oneSpace(unescaped(bare))).toBe(oneSpace(text));
        expect(bare).not.toContain('<');
      }
    },
  );
});
