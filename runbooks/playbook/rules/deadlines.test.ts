import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeProblem } from '../checked-yaml.ts';
import { loadRunbook } from '../load.ts';

const superbowl = readFileSync(new URL('../../library/superbowl.yaml', import.meta.url), 'utf8');

/** What is said of a plan with this step, and with this before its people. */
function problems(step: string, top = '', at = 'T-1h'): string {
  const plan = `phases:\n  - id: p\n    title: P\n    steps:\n      - { id: a, title: A, at: ${at}, do: { kind: checklist }, ${step} }\n`;
  const text = superbowl
    .replace(/^phases:[\s\S]*?(?=^on_halt)/m, plan)
    .replace(/^people:/m, `${top}people:`)
    // A deadline would need a second owner.
    .replace(/^ *- { id: backups,.*\n/m, '');
  const loaded = loadRunbook(text, 'plan.yaml');
  return loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
}
const target = 'target: 2027-02-14 18:30 America/New_York\n';

test.each([
  ['deadline: T-30m', ''],
  ['deadline: T-1h', ''],
  ['deadline: T-2h', ''],
  ['deadline: 2027-02-14 18:00 America/New_York', target],
  ['deadline: 2027-02-14 17:30 America/New_York', target],
])('a step at T-1h with %s', (step, top) => {
  const isLater = /30m|18:00/.test(step);
  const told = problems(step, top);
  if (isLater) expect(told).toBe('');
  else
    expect(told).toMatch(
      /^plan\.yaml:\d+:\d+ phases\.0\.steps\.0\.deadline: found a deadline that is not after `at`, expected a later one/,
    );
});

test('a deadline with a time of its own needs the target, and says so once', () => {
  expect(problems('deadline: 2027-02-14 18:00 America/New_York')).toMatch(
    /^plan\.yaml:\d+:\d+ phases\.0\.steps\.0\.deadline: found a time of its own in a runbook without `target`, [^\n]*$/,
  );
});

test('nor is a step of its own time told of a deadline that nothing can be said of; one without a deadline keeps any', () => {
  expect(problems('deadline: T-30m', '', '2027-02-14 18:00 America/New_York')).toMatch(
    /^plan\.yaml:\d+:\d+ phases\.0\.steps\.0\.at: found a time of its own in a runbook without `target`, [^\n]*$/,
  );
  expect(problems('owner: ana', target, 'T+5m')).toBe('');
});

test('a deadline counts from the T of the market that its step is for', () => {
  const targets = `${target}targets: { de: 2027-02-14 00:00 Europe/Berlin }\n`;
  expect(problems('for: de, deadline: T-30m', targets)).toBe('');
  expect(problems('for: de, deadline: 2027-02-13 23:30 Europe/Berlin', targets)).toBe('');
  expect(problems('for: de, deadline: 2027-02-13 22:30 Europe/Berlin', targets)).toMatch(/deadline that is not after/);
});

test('what verifies is a gate, and counts from a deadline on, as a backup does', () => {
  expect(problems('deadline: T-30m, verify: edge, backup: { say: call }')).toBe('');
  expect(problems('deadline: T-30m, verify: egde')).toMatch(
    /steps\.0\.verify: found "egde", expected a gate: credentials, /,
  );
  expect(problems('verify: edge')).toMatch(/steps\.0\.verify: found `verify` without `deadline`/);
  expect(problems('backup: { say: call }')).toMatch(/steps\.0\.backup: found `backup` without `deadline`/);
  expect(problems('deadline: T-30m, backup: {}')).toMatch(/steps\.0\.backup: found a backup of nothing/);
});

const backup = (step: string, more = '') => `deadline: T-30m, backup: { ${more}steps: [{ id: b, title: B, ${step} }] }`;

test('the steps of a backup are held to the same rules as others', () => {
  expect(problems(backup('do: { kind: scale, target: edge, to: 60 }'))).toBe('');
  expect(problems(backup('do: { kind: scale, target: nope, to: 60 }'))).toMatch(
    /backup\.steps\.0\.do\.target: found "nope"/,
  );
  expect(problems(backup('owner: nobody, do: { kind: checklist }'))).toMatch(/backup\.steps\.0\.owner: found "nobody"/);
  expect(problems(backup('do: { kind: switch, switch: halt, value: true }'))).toMatch(
    /backup\.steps\.0\.do\.switch: found "halt"/,
  );
  expect(problems('deadline: T-30m, backup: { steps: [{ id: a, title: B, do: { kind: checklist } }] }')).toMatch(
    /backup\.steps\.0\.id: found "a" a second time, expected each step id once/,
  );
});

test('by itself a backup only does what does no harm', () => {
  expect(problems(backup('do: { kind: remind, say: x }', 'by_itself: true, '))).toBe('');
  expect(problems(backup('do: { kind: scale, target: edge, to: 60 }', 'by_itself: true, '))).toMatch(
    /backup\.steps\.0\.do: found `scale` in a backup that runs by itself/,
  );
});

test('a group owns what a person may own, is of people, and has an id of its own', () => {
  const group = (id: string, people: string) => `groups: [{ id: ${id}, title: Team, people: [${people}] }]\n`;
  expect(problems('owner: team', group('team', 'ana, ben'))).toBe('');
  expect(problems('owner: team')).toMatch(/steps\.0\.owner: found "team", expected a person: ana, mia, ben, olu/);
  expect(problems('owner: team', group('team', 'ana, eve'))).toMatch(
    /groups\.0\.people\.1: found "eve", expected a person/,
  );
  expect(problems('owner: ana', group('ana', 'ana'))).toMatch(/groups\.0\.id: found "ana" a second time/);
});
