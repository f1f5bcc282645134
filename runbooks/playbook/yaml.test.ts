import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holds, PROPERTY } from '../../test/properties/holds.ts';
import { secondTry } from '../../test/run/second-try.ts';
import { describeProblem } from './checked-yaml.ts';
import { loadRunbook } from './load.ts';
import { YAML_CHARACTERS_MOST } from './yaml-bounds.ts';

const superbowl = readFileSync(new URL('../library/superbowl.yaml', import.meta.url), 'utf8');
const EN = 'en: { title: "Did you see that? 👀", body: "Do your lesson. You know who is watching." }';

/** The runbook with the English text written as a block; `title` and `body` are YAML. */
function withCopy(title: string, body = 'Go'): string {
  return superbowl.replace(EN, `en:\n      title: ${title}\n      body: ${body}`);
}

function problemsOf(text: string): string[] {
  const loaded = loadRunbook(text, 'draft.yaml');
  return loaded.ok ? [] : loaded.problems.map(describeProblem);
}

const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;

describe('text that YAML would cut or change is refused where it is cut, with the way to write it', () => {
  test.each([
    [
      'a hash tag',
      'Watch now #BigGame and win',
      'found text that YAML cuts after "Watch now": it takes "#BigGame and win" for a comment, expected the text in quotes: "Watch now #BigGame and win"',
    ],
    ['a comment', 'Watch now # draft', '"Watch now # draft"'],
    [
      'a hash tag at the start',
      '#BigGame is on',
      'found nothing: YAML takes "#BigGame is on" for a comment, expected the text in quotes: "#BigGame is on"',
    ],
    ['a hash tag on the next line', 'Watch now\n        #BigGame', '"Watch now #BigGame"'],
    ['a hash tag behind a tab', 'Watch now\t#BigGame', '"Watch now #BigGame"'],
    ['an anchor', '&now Watch', 'found the anchor &now in front of a text, expected the text in quotes: "&now Watch"'],
    ['an anchor and nothing', '&BigGame', 'the anchor &BigGame'],
    [
      'an alias',
      '*now',
      'found the alias *now in place of a text, expected the text itself; if it begins with *, in quotes: "*now"',
    ],
    ['a tag', '!Wow new', 'found the tag !Wow, expected no tag'],
    ['a known tag', '!!str 5', 'found the tag !!str'],
    ['lines that are joined', 'Watch now\n        or never', 'a text over several lines'],
    ['lines in quotes that are joined', '"Watch now\n        or never"', 'a text over several lines'],
    ['nothing', '~', 'found ~, expected string in quotes: "~"'],
    ['null', 'null', 'expected string in quotes: "null"'],
    ['a truth', 'true', 'expected string in quotes: "true"'],
    ['a number', '2027', 'expected string in quotes: "2027"'],
    ['a colon', 'Watch: now', 'belongs in "double quotes"'],
    ['a colon a line below', '\n        Watch: now', 'expected string'],
    ['a start that YAML keeps for itself', '@home', 'belongs in "double quotes"'],
    ['a percentage', '%50 off', 'text that begins with % belongs in quotes'],
    ['a fold mark', '> Watch', 'belongs in "double quotes"'],
    ['words after quotes', '"Watch" now', 'belongs in "double quotes"'],
    ['an apostrophe in single quotes', "'It's on'", 'belongs in "double quotes"'],
    ['a control character', '"Watch\\x07"', 'found the control character U+0007'],
    ['half an emoji', '"Watch \\ud83d"', 'found half an emoji (the surrogate U+D83D alone)'],
    ['brackets', '[NAME]', 'expected string'],
    ['a hash tag below a block of text', '|\n        Watch now\n       #BigGame', 'which YAML takes for a comment'],
  ])('%s', (_name, written, said) => {
    const text = withCopy('Watch', written);
    const problems = problemsOf(text);
    expect(problems.join('\n')).toContain(said);
    const lines = problems.map((problem) => Number(/^draft\.yaml:(\d+):\d+ /.exec(problem)?.[1]));
    expect(
      lines.some((line) => Math.abs(line - lineOf(text, 'body: ')) <= 2),
      problems.join('\n'),
    ).toBe(true);
  });

  test('also where the comment takes the end of the braces with it, and the YAML error lines below', () => {
    const [first] = problemsOf(
      superbowl.replace('body: "Do your lesson. You know who is watching." }', 'body: Watch now #BigGame and win }'),
    );
    expect(first).toBe(
      'draft.yaml:48:58 campaign.locales.en.body: found text that YAML cuts after "Watch now": it takes "#BigGame and win }" for a comment, expected the text in quotes: "Watch now #BigGame and win"',
    );
    expect(problemsOf(superbowl.replace('title: "Did you see that? 👀"', 'title: Watch now #BigGame'))[0]).toMatch(
      /^draft\.yaml:48:\d+ campaign\.locales\.en\.title: found text that YAML cuts/,
    );
  });

  test('in every text that people read, not only in the push', () => {
    for (const [find, replacement] of [
      [
        'on_halt: "Nobody presses GO again before marketing and on-call have spoken in this channel."',
        'on_halt: Ask #marketing first',
      ],
      ['deep_link: "lingo://lesson/next"', 'deep_link: lingo://next\n  data: { theme: gold #1 }'],
      ['title: Super Bowl push', 'title: Push #1'],
      ['title: The day of the game', 'title: Watch #1'],
    ] as const)
      expect(problemsOf(superbowl.replace(find, replacement)).join('\n'), replacement).toMatch(
        /for a comment|valid YAML/,
      );
  });

  test.each([
    ['comments of their own lines', superbowl.replace('people:', '# who\npeople: # all of them')],
    ['a comment after quoted text', withCopy('"Watch" # draft')],
    [
      'a comment after a name, an id or a time',
      superbowl
        .replace('name: Ana Ortiz', 'name: Ana Ortiz # on call')
        .replace('batch_size: 1000', 'batch_size: 1000 # as measured'),
    ],
    ['a comment for the next field', withCopy('Watch\n      # shorter than last year')],
    ['a comment for the next part', withCopy('Watch', 'Go\n    # Spanish')],
    ['a hash inside a word, colons inside quotes', withCopy('Nr#1', '"Watch: now #BigGame"')],
    ['a block of text with a hash', withCopy('Watch', '|\n        Watch now #BigGame\n        # and win')],
    ['a folded block', withCopy('Watch', '>-\n        Watch now\n        or never')],
    [
      'anchors and aliases outside of texts',
      superbowl
        .replace(
          'owner: ana\n        backup_owner: ben\n        do: { kind: scale, target: edge, to: 40',
          'owner: &lead ana\n        backup_owner: ben\n        do: { kind: scale, target: edge, to: 40',
        )
        .replace(
          'id: workers-down, title: Send workers down, at: T+12h, owner: ana',
          'id: workers-down, title: Send workers down, at: T+12h, owner: *lead',
        ),
    ],
    ['a byte order mark, Windows line ends', `\uFEFF${superbowl.replaceAll('\n', '\r\n')}`],
    ['yes, no, on and off, which are text', withCopy('yes', 'off')],
    ['a document start', `---\n${superbowl}`],
  ])('and nothing else is: %s', (_name, text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  test('words are kept as they were written', () => {
    const read = (written: string) => {
      const loaded = loadRunbook(withCopy('Watch', written), 'draft.yaml');
      return loaded.ok ? loaded.runbook.campaign.locales['en']?.body : null;
    };
    expect(['yes', 'off', 'No', '010', '0x1F', '1e3', '2027-02-14', '12:30', '1_000', '"null"'].map(read)).toEqual([
      'yes',
      'off',
      'No',
      '010',
      '0x1F',
      '1e3',
      '2027-02-14',
      '12:30',
      '1_000',
      'null',
    ]);
  });
});

test('a no-break space at the start of a line of copy is copy', () => {
  const loaded = loadRunbook(
    superbowl.replace(
      /^( +)en: \{.*$/m,
      (_, indent: string) =>
        `${indent}en:\n${indent}  title: Now\n${indent}  body: |-\n${indent}    First\n${indent}    \u00A0second`,
    ),
    'draft.yaml',
  );
  expect(loaded.ok && loaded.runbook.campaign.locales['en']?.body).toBe('First\n\u00A0second');
});

describe('what a file must not hold at all', () => {
  test.each([
    [
      'a field twice',
      superbowl.replace('version: 1', 'version: 1\nversion: 1'),
      'draft.yaml:5:1 version: found "version" a second time, expected each field once',
    ],
    [
      'a name of every object',
      superbowl.replace('deep_link:', 'data: { __proto__: x }\n  deep_link:'),
      'found the name __proto__',
    ],
    [
      'a merge key',
      superbowl.replace('batch_size: 1000', 'batch_size: 1000\n  <<: { uncertain: leave }'),
      'found the merge key <<',
    ],
    [
      'a field whose name is a list',
      superbowl.replace('version: 1', '? [a]\n: b\nversion: 1'),
      'found a field whose name is no text',
    ],
    ['an older YAML', `%YAML 1.1\n---\n${superbowl}`, 'draft.yaml:1:1 found the directive %YAML 1.1'],
    ['a second document', `${superbowl}\n---\nversion: 1\n`, 'multiple documents'],
    ['a tab as indentation', superbowl.replace('  batch_size', '\tbatch_size'), 'Tabs are not allowed as indentation'],
    [
      'indentation that a web page has changed',
      superbowl.replaceAll('  ', '\u00A0 '),
      'found a no-break space in the indentation, which looks like a space and is none, expected plain spaces',
    ],
    ['a byte order mark inside', superbowl.replace('id: superbowl', 'id: superbowl\uFEFF'), 'U+FEFF'],
    ['old Mac line ends', superbowl.replaceAll('\n', '\r'), 'a carriage return without a line feed'],
    ['another encoding, read as UTF-8', superbowl.replace('¿Lo', '\uFFFDLo'), 'U+FFFD'],
    [
      'UTF-16, read as UTF-8',
      superbowl.replace('version', 'v\u0000e\u0000r'),
      'draft.yaml:1:1 found NUL characters: this looks like UTF-16, expected a file in UTF-8',
    ],
    [
      'an unknown alias',
      superbowl.replace('owner: ana', 'owner: *nobody'),
      'found the alias *nobody, and no &nobody before it',
    ],
    [
      'an alias to what comes later',
      superbowl.replace('owner: ana', 'owner: *later').replace('owner: mia', 'owner: &later mia'),
      'no &later before it',
    ],
    [
      'a circle',
      superbowl.replace('people:', 'people: &all\n  - *all'),
      'found the alias *all inside of what it stands for',
    ],
    [
      'a text with a comma between braces',
      superbowl.replace(EN, 'en: { title: Did you see, that one, body: Go }'),
      'one with a comma belongs in quotes',
    ],
    ['nothing', '', 'draft.yaml:1:1 found nothing'],
    ['a list', '- version: 1', 'draft.yaml:1:1'],
    [
      'the private half of a key',
      superbowl.replace('slack: [U0ONCALL]', 'slack: ["-----BEGIN PRIVATE KEY----- MC4CAQ"]'),
      'found a private key',
    ],
  ])('%s', (_name, text, said) => {
    const problems = problemsOf(text);
    expect(problems.join('\n')).toContain(said);
    expect(problems.join('\n')).not.toContain('MC4CAQ');
    for (const problem of problems) expect(problem).toMatch(/^draft\.yaml:\d+:\d+ /);
  });
});

const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghi'
  .split('')
  .map((name, at) => `${name}: &${name} [${`*${'abcdefgh'[at]}, `.repeat(9)}]`)
  .join('\n')}\n`;
const indented = Array.from({ length: 10_000 }, (_, depth) => `${' '.repeat(Math.min(depth, 20_000))}a:\n`);

/** Each took the library seconds or its process, or would hold more than there is memory for. */
const HOSTILE: Record<string, string> = {
  'an alias bomb': bomb,
  'lists in lists, in brackets': '['.repeat(10_000),
  'lists in lists, by dashes': '- '.repeat(10_000),
  'questions in questions': '? '.repeat(10_000),
  'fields in fields': indented.slice(0, 700).join(''),
  'braces that close nothing': '}'.repeat(100_000),
  'anchors on anchors': '&a '.repeat(60_000),
  colons: ': '.repeat(60_000),
  'one large list': `k: [${'a, '.repeat(80_000)}]`,
  'many fields': Array.from({ length: 7_000 }, (_, n) => `k${n}: v`).join('\n'),
  'a file of another kind': 'x'.repeat(YAML_CHARACTERS_MOST + 1),
  'quotes on quotes': '"'.repeat(29_000),
  directives: '%a\n'.repeat(60_000),
  'faults on every line': 'a: b: c\n'.repeat(30_000),
  'many unknown fields, each an alias': `a: &a 1\n${Array.from({ length: 4_000 }, (_, n) => `k${n}: *a`).join('\n')}`,
};

test.each(Object.entries(HOSTILE))(
  'a hostile file is refused at once, with a place: %s',
  secondTry('CPU time, which a machine that is shared says too much of'),
  (_name, text) => {
    const before = process.threadCpuUsage();
    const problems = problemsOf(text);
    const { user, system } = process.threadCpuUsage(before);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(51);
    for (const problem of problems) expect(problem).toMatch(/^draft\.yaml:\d+:\d+ /);
    // Tens of milliseconds on a quiet machine. CPU time of this thread, as a loaded one may let it wait for long.
    expect((user + system) / 1_000).toBeLessThan(1_500);
  },
);

test('what bounds a hostile file is what is said of it', () => {
  for (const [name, said] of [
    ['an alias bomb', 'unfolds to more than 20,000 values'],
    ['lists in lists, by dashes', 'nesting deeper than'],
    ['lists in lists, in brackets', 'nesting deeper than'],
    ['fields in fields', 'nesting deeper than'],
    ['one large list', 'more than 30,000 YAML tokens'],
    ['braces that close nothing', '} that closes nothing'],
    ['anchors on anchors', 'a second anchor'],
    ['a file of another kind', 'at most 262,144'],
  ] as const)
    expect(problemsOf(HOSTILE[name] ?? '').join('\n'), name).toContain(said);
});

describe('any text gives a runbook or problems with places, and never throws', () => {
  const check = (text: string) => {
    const loaded = loadRunbook(text, 'draft.yaml');
    if (loaded.ok) return;
    expect(loaded.problems.length).toBeGreaterThan(0);
    const lines = text.split('\n').length;
    for (const { line, column } of loaded.problems) {
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines);
      expect(column).toBeGreaterThanOrEqual(1);
    }
  };

  test('of YAML signs and of any characters', PROPERTY, async () => {
    const signs = fc
      .array(
        fc.constantFrom(
          '- ',
          '? ',
          ': ',
          ':',
          '#',
          ' #',
          '&a',
          '*a',
          '!',
          '!!str ',
          '| ',
          '>',
          '[',
          ']',
          '{',
          '}',
          ',',
          '"',
          "'",
          '%',
          '@',
          '`',
          '\n',
          '\n  ',
          '\n    ',
          '\t',
          'a',
          'title',
          '1',
          '<<',
          '---\n',
          '...\n',
          '\\',
          '\uFEFF',
          '\r',
          '\u2028',
          'null',
          '\ud83d',
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join(''));
    await holds('yaml-of-signs', fc.property(fc.oneof(signs, fc.string({ unit: 'binary', maxLength: 80 })), check), {
      seed: 7,
      runs: 2_000,
    });
  });

  test('of a real runbook with something put in, cut out or doubled anywhere', PROPERTY, async () => {
    const part = fc.constantFrom(
      '#',
      ' # ',
      '&x ',
      '*x',
      '!t ',
      ': ',
      '- ',
      '\n',
      '"',
      '[',
      '}',
      '|',
      '>\n',
      '\t',
      '\u0000',
      '  ',
      '{{x}}',
      'null',
      '~',
      '10.000',
    );
    await holds(
      'yaml-of-a-runbook',
      fc.property(fc.nat(superbowl.length), fc.nat(40), part, (from, length, put) =>
        check(superbowl.slice(0, from) + put + superbowl.slice(from + length)),
      ),
      { seed: 7, runs: 150 },
    );
  });
});
