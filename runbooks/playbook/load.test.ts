import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeProblem } from './checked-yaml.ts';
import { duration, tMinus } from './fields/values.ts';
import { loadRunbook } from './load.ts';

const library = new URL('../library/', import.meta.url);
const superbowl = readFileSync(new URL('superbowl.yaml', library), 'utf8');

/** The superbowl runbook with one line replaced; the line number is what the error must name. */
function broken(find: string, replacement: string) {
  const lines = superbowl.split('\n');
  const index = lines.findIndex((line) => line.includes(find));
  expect(index, `no line has ${find}`).toBeGreaterThanOrEqual(0);
  lines[index] = lines[index]!.replace(find, replacement);
  const loaded = loadRunbook(lines.join('\n'), 'plan.yaml');
  if (loaded.ok) throw new Error('expected problems');
  return { line: index + 1, problems: loaded.problems };
}

describe('every runbook of the library', () => {
  for (const file of readdirSync(library)) {
    test(`${file} loads`, () => {
      const loaded = loadRunbook(readFileSync(new URL(file, library), 'utf8'), file);
      expect(loaded.ok ? [] : loaded.problems.map(describeProblem)).toEqual([]);
    });
  }
});

describe('a malformed runbook names the line, what was found and what was expected', () => {
  test.each([
    [
      'a title that nobody can see',
      'title: War room opens',
      'title: "\\u200b"',
      '"\u200b"',
      /^words that can be seen$/,
    ],
    ['a wrong duration', 'ios_not_after: 60s', 'ios_not_after: soon', '"soon"', /duration like/],
    ['a duration without a unit', 'ios_not_after: 60s', 'ios_not_after: 10', '10', /^a duration like 500ms/],
    ['a T-minus time that is a number', 'at: T-8h', 'at: 8', '8', /^a time relative to the target/],
    ['a locale with an underscore', 'pt-BR: {', 'pt_BR: {', '"pt_BR"', /^a locale like en or pt-BR$/],
    ['a locale in capitals', 'de: {', 'DE: {', '"DE"', /^a locale like en or pt-BR$/],
    ['an endless duration', 'ios_not_after: 60s', 'ios_not_after: 99999999999d', '"99999999999d"', /at most 400d/],
    ['a T-minus time of another age', 'at: T-8h', 'at: T-99999999999d', '"T-99999999999d"', /at most 400d/],
    ['a wrong T-minus time', 'at: T-8h', 'at: 8h before', '"8h before"', /relative to the target/],
    [
      'a misspelt field',
      'order_expires_after: 15m',
      'order_expire_after: 15m',
      'unknown field "order_expire_after"',
      /documented fields; did you mean order_expires_after\?$/,
    ],
    ['a misspelt field of a kind', 'late_after: 30m', 'late_aftr: 30m', 'unknown field "late_aftr"', /late_after\?$/],
    [
      'a field of another kind',
      'do: { kind: checklist }',
      'do: { kind: checklist, wheels: 4 }',
      'unknown field "wheels"',
      /documented fields: kind$/,
    ],
    [
      'a misspelt choice',
      'roles: [on-call]',
      'roles: [oncall]',
      '"oncall"',
      /^one of on-call, marketer, observer; did you mean on-call\?$/,
    ],
    [
      'a misspelt kind',
      'probe: { kind: credentials }',
      'probe: { kind: credential }',
      '"credential"',
      /^one of workers-ready, .*; did you mean credentials\?$/,
    ],
    [
      'a share in per cent',
      'apns: { topic: com.example.lingo }',
      'apns: { topic: com.example.lingo, relevance_score: 10% }',
      '"10%"',
      /^a number from 0 to 1 in plain digits, like 0\.1, which is 10 %$/,
    ],
    [
      'a share of refused tokens that no rehearsal could tell',
      'probe: { kind: credentials }',
      'probe: { kind: bad-tokens, at_most: 0 }',
      '0',
      /^more than 0, like 0\.001: that not one token will be refused only a push to everybody would tell/,
    ],
    ['a missing version', 'version: 1', '# version: 1', 'nothing', /1/],
    ['a number where text belongs', 'title: Super Bowl push', 'title: 5', '5', /string/],
    ['an unknown role', 'roles: [observer]', 'roles: [boss]', '"boss"', /on-call/],
    ['an unknown probe', 'kind: payload-size', 'kind: vibes', '"vibes"', /./],
    ['an owner who is nobody', 'owner: mia, help', 'owner: zoe, help', '"zoe"', /a person: ana, mia, ben, olu/],
    [
      'copies for nobody of the runbook',
      'do: { kind: test-send }',
      'do: { kind: test-send, to: [zoe] }',
      '"zoe"',
      /a person: ana, mia, ben, olu/,
    ],
    [
      'a scale target that is not defined',
      'target: edge, to: 40',
      'target: edgy, to: 40',
      '"edgy"',
      /a scale target: workers, edge/,
    ],
    [
      'a default locale without text',
      'default_locale: en',
      'default_locale: fr',
      '"fr"',
      /one of the campaign's locales/,
    ],
    [
      'a Slack account that two people share',
      'slack: [U0MARKET2]',
      'slack: [U0MARKET1]',
      'U0MARKET1, which is also mia',
      /one person/,
    ],
    [
      'a count that two countries read differently',
      'per_second: 600000',
      'per_second: 600.000',
      '"600.000"',
      /^600000 or 600, whichever is meant/,
    ],
    ['a count with an exponent', 'per_second: 600000', 'per_second: 6e5', '"6e5"', /plain digits/],
    ['a count with a zero in front', 'batch_size: 1000', 'batch_size: 01000', '"01000"', /without a zero in front/],
    ['a fraction of a worker', 'workers: 2', 'workers: 2.5', '2.5', /not a fraction/],
    ['a count below its least', 'workers: 2', 'workers: 0', '0', /from 1 up/],
    ['a comma inside braces', 'to: 40,', 'to: 4,000,', 'unknown field "000"', /without a comma/],
    [
      'a length that two countries read differently',
      'ios_not_after: 60s',
      'ios_not_after: 1.500s',
      '"1.500s"',
      /1,500, others as 1\.5/,
    ],
    [
      'a T-minus time that two countries read differently',
      'at: T-8h',
      'at: T-1.500h',
      '"T-1.500h"',
      /1,500, others as 1\.5/,
    ],
    ['the same step twice', 'id: edge-down', 'id: workers-down', '"workers-down" a second time', /once/],
  ])('%s', (_name, find, replacement, found, expected) => {
    const { line, problems } = broken(find, replacement);
    const problem = problems.find((one) => one.found === found);
    expect(problem, problems.map(describeProblem).join('\n')).toBeDefined();
    expect(problem?.expected).toMatch(expected);
    if (find !== 'version: 1') expect(problem?.line).toBe(line);
    expect(describeProblem(problem!)).toMatch(/^plan\.yaml:\d+:\d+ /);
  });

  test('text that is not YAML', () => {
    const loaded = loadRunbook('version: 1\nid: [unclosed\n', 'plan.yaml');
    expect(loaded).toMatchObject({ ok: false, problems: [{ file: 'plan.yaml', expected: 'valid YAML' }] });
  });

  test('a plan with one key holder can never fire and is refused', () => {
    const onlyOne = superbowl.replaceAll('roles: [marketer]', 'roles: [observer]');
    const loaded = loadRunbook(onlyOne, 'plan.yaml');
    expect(loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n')).toContain(
      'at least two: one asks, another presses GO',
    );
  });

  test('all problems are reported at once', () => {
    const loaded = loadRunbook(superbowl.replace('60s', 'soon').replace('at: T-8h', 'at: never'), 'plan.yaml');
    expect(loaded.ok ? 0 : loaded.problems.length).toBe(2);
  });
});

test('numbers are read as people write them', () => {
  const read = (written: string) => {
    const loaded = loadRunbook(superbowl.replace('batch_size: 1000', `android_per_second: ${written}`), 'plan.yaml');
    return loaded.ok ? loaded.runbook.delivery.android_per_second : loaded.problems.map(describeProblem);
  };
  expect(['600000', '600,000', '600 000', '600_000', '600k', '0.6m', '600000.0', '"600000"'].map(read)).toEqual(
    Array(8).fill(600_000),
  );
  expect(read('10.000')).toEqual([
    expect.stringContaining(
      'found "10.000", expected 10000 or 10, whichever is meant: some read it as 10,000, others as 10',
    ),
  ]);
});

test('durations and T-minus times become milliseconds', () => {
  expect(['500ms', '90s', '15m', '4h', '1.5h'].map((text) => duration.parse(text))).toEqual([
    500, 90_000, 900_000, 14_400_000, 5_400_000,
  ]);
  expect(['T', 'T-4h', 'T+10m', 'T-90s'].map((text) => tMinus.parse(text))).toEqual([0, -14_400_000, 600_000, -90_000]);
});
