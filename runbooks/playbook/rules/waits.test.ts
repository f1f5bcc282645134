import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeProblem } from '../checked-yaml.ts';
import { loadRunbook } from '../load.ts';

const superbowl = readFileSync(new URL('../../library/superbowl.yaml', import.meta.url), 'utf8');

/** What is said of a plan with these steps. */
function problems(...steps: string[]): string {
  const plan = `phases:\n  - id: p\n    title: P\n    steps:\n${steps.map((step) => `      - { ${step}, do: { kind: checklist } }\n`).join('')}`;
  const loaded = loadRunbook(superbowl.replace(/^phases:[\s\S]*?(?=^on_halt)/m, plan), 'plan.yaml');
  return loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
}
const step = (id: string, after?: string): string =>
  `id: ${id}, title: ${id}, at: T-1h${after === undefined ? '' : `, after: [${after}]`}`;

test('a step may wait for a step, a gate, and that something was sent; another name is refused at its line', () => {
  expect(problems(step('a'), step('b', 'a, workers, shot'))).toBe('');
  expect(problems(step('a'), step('b', 'a, wokrers'))).toMatch(
    /^plan\.yaml:\d+:\d+ phases\.0\.steps\.1\.after\.1: found "wokrers", expected a step, a gate or `shot`: shot, a, b, credentials, /,
  );
});

test('a name that a step and a gate both have waits for neither', () => {
  expect(problems(step('workers'), step('b', 'workers'))).toMatch(
    /steps\.1\.after\.0: found "workers", which names two things, expected a name that only one has/,
  );
  expect(problems(step('shot'), step('b', 'shot'))).toMatch(/found "shot", which names two things/);
});

test.each([
  ['itself', [step('a', 'a')], 'a waits for a', 1],
  ['each other', [step('a', 'b'), step('b', 'a')], 'a waits for b waits for a', 1],
  [
    'each other over others',
    [step('x', 'a'), step('a', 'x, c'), step('c', 'd'), step('d', 'a')],
    'x waits for a waits for x',
    // And from a over c and d back to it.
    2,
  ],
])('steps that wait for %s are refused, once, at the first of them', (_name, steps, said, circles) => {
  const told = problems(...steps).split('\n');
  expect(told[0]).toMatch(
    new RegExp(`^plan\\.yaml:\\d+:\\d+ phases\\.0\\.steps\\.0\\.after: found .*: ${said}, expected no circle`),
  );
  expect(told.filter((line) => line.includes(said))).toHaveLength(1);
  expect(told.filter((line) => line.includes('wait for each other'))).toHaveLength(circles);
});

test('a circle that a step only leads to is told of its own steps, and many ways to one end are no circle', () => {
  expect(problems(step('lead', 'a'), step('a', 'b'), step('b', 'a'))).toMatch(
    /^plan\.yaml:\d+:\d+ phases\.0\.steps\.1\.after/,
  );
  expect(problems(step('a'), step('b', 'a'), step('c', 'a'), step('d', 'b, c, a'))).toBe('');
});
