import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeProblem } from '../checked-yaml.ts';
import { loadRunbook } from '../load.ts';

const superbowl = readFileSync(new URL('../../library/superbowl.yaml', import.meta.url), 'utf8');
const LINE = superbowl.slice(0, superbowl.indexOf('\ngates:\n')).split('\n').length + 1;

/** What is said of the runbook with this policy before its gates; the group `desk` is Mia, and `looks` Olu, who looks on. */
function problems(fire: string): string {
  const more = `fire: { ${fire} }\ngroups:\n  - { id: desk, title: Desk, people: [mia] }\n  - { id: looks, title: Looks, people: [olu] }\n`;
  const loaded = loadRunbook(superbowl.replace('\ngates:\n', `\n${more}gates:\n`), 'plan.yaml');
  return loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
}

test.each(['may_ask: [marketer]', 'may_ask: [desk], may_approve: [on-call, ben]', 'may_approve: [ana]'])(
  'roles, groups and people are named: %s',
  (fire) => expect(problems(fire)).toBe(''),
);

test.each([
  [
    'may_ask: [marketers]',
    'may_ask.0',
    '"marketers", expected a role, a group or a person: on-call, marketer, desk, looks, ana',
  ],
  ['may_approve: [ben, observer]', 'may_approve.1', '"observer", expected a role'],
  [
    'may_ask: [olu]',
    'may_ask.0',
    '"olu", which is nobody on-call or marketer, expected somebody with one of these roles',
  ],
  ['may_approve: [looks]', 'may_approve.0', '"looks", which is nobody on-call or marketer'],
])('a name that is nobody who could fire is refused at its line: %s', (fire, at, said) => {
  expect(problems(fire)).toMatch(new RegExp(String.raw`^plan\.yaml:${LINE}:\d+ fire\.${at}: found `));
  expect(problems(fire)).toContain(said);
});

test.each([
  ['may_ask: [ana], may_approve: [ana]', 'Ana Ortiz may ask and Ana Ortiz may approve'],
  ['may_ask: [desk], may_approve: [mia]', 'Mia Chen may ask and Mia Chen may approve'],
])('a policy by which one person alone could fire, or nobody, is refused: %s', (fire, found) => {
  expect(problems(fire)).toBe(
    `plan.yaml:${LINE}:1 fire: found that ${found}, expected two different people: one asks, another presses GO`,
  );
});
