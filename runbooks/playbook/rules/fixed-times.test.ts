import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeProblem } from '../checked-yaml.ts';
import { loadRunbook } from '../load.ts';

const superbowl = readFileSync(new URL('../../library/superbowl.yaml', import.meta.url), 'utf8');
const problems = (...pairs: [string, string][]): string => {
  const text = pairs.reduce((sum, [find, put]) => sum.replace(find, put), superbowl);
  const loaded = loadRunbook(text, 'plan.yaml');
  return loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
};
const target: [string, string] = ['people:', 'target: 2027-02-14 18:30 America/New_York\n\npeople:'];

test.each([
  [
    'skips',
    '2027-03-28 02:30 Europe/Berlin',
    /steps\.0\.at: found "2027-03-28 02:30 Europe\/Berlin", expected a time that exists: .* 2027-03-28 01:30 \+01:00 or 2027-03-28 03:30 \+02:00/,
  ],
  [
    'shows twice',
    '2027-10-31 02:30 Europe/Berlin',
    /expected one of two: .* 2027-10-31 02:30 \+02:00 \(the first time\) or/,
  ],
  ['has no zone for', '2027-02-14 02:30 Mars/Olympus', /expected a zone of the IANA database/],
])('a wall-clock time that a zone %s is refused at its line', (_name, at, said) => {
  const told = problems(target, ['at: T-8h', `at: ${at}`]);
  expect(told).toMatch(said);
  expect(told).toMatch(/^plan\.yaml:\d+:\d+ phases\.0\.steps\.0\.at/);
});

test('a time of its own needs the target that it is measured from, and a step a market that has one', () => {
  expect(problems(['at: T-8h', 'at: 2027-02-14 08:00 Europe/Berlin'])).toMatch(
    /steps\.0\.at: found a time of its own in a runbook without `target`, expected `target` at the top, too/,
  );
  expect(problems(target, ['at: T-8h', 'at: 2027-02-14 08:00 Europe/Berlin'])).toBe('');
  expect(problems(target, ['at: T-8h', 'at: T-8h, for: de'])).toMatch(
    /steps\.0\.for: found "de", expected one of targets/,
  );
  const targets: [string, string] = ['people:', 'targets: { de: 2027-02-15 00:00 Europe/Berlin }\n\npeople:'];
  expect(problems(target, targets, ['at: T-8h', 'at: T-8h, for: de'])).toBe('');
  expect(problems(targets)).toMatch(/ targets: found a time of its own/);
});
