import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeProblem } from '../checked-yaml.ts';
import { loadRunbook } from '../load.ts';

const superbowl = readFileSync(new URL('../../library/superbowl.yaml', import.meta.url), 'utf8');

/** What is said of a plan with this one step, whose backups this gate asks for, and with this before its people. */
function problems(step: string, gate = '', top = ''): string {
  const plan = `phases:\n  - id: p\n    title: P\n    steps:\n      - { id: a, title: A, at: T-1h, do: { kind: checklist }, ${step} }\n`;
  const probe = `gates:\n  - { id: seconds, title: Seconds, probe: { kind: backups-assigned${gate} } }\n`;
  const text = superbowl
    .replace(/^phases:[\s\S]*?(?=^on_halt)/m, plan)
    .replace(/ {2}- \{ id: backups.*\n/, '')
    .replace(/^gates:\n/m, probe)
    .replace(/^people:/m, `${top}people:`);
  const loaded = loadRunbook(text, 'plan.yaml');
  return loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
}

test('a backup is a person or a group, and somebody else', () => {
  const team = 'groups: [{ id: team, title: Team, people: [ana, ben] }, { id: same, title: Same, people: [ana] }]\n';
  expect(problems('owner: ana, backup_owner: ben')).toBe('');
  expect(problems('owner: ana, backup_owner: team', '', team)).toBe('');
  expect(problems('owner: ana, backup_owner: zoe')).toMatch(
    /^plan\.yaml:\d+:\d+ phases\.0\.steps\.0\.backup_owner: found "zoe", expected a person: ana, mia, ben, olu$/,
  );
  expect(problems('owner: ana, backup_owner: ana')).toMatch(
    /^plan\.yaml:\d+:\d+ phases\.0\.steps\.0\.backup_owner: found "ana", who owns it, expected somebody else$/,
  );
  expect(problems('owner: ana, backup_owner: same', '', team)).toMatch(/found "same", all of whom own it/);
});

test('what a gate asks a backup for must be there and have one', () => {
  expect(problems('owner: ana', ', steps: [b]')).toMatch(/gates\.0\.probe\.steps\.0: found "b", expected a step: a$/);
  expect(problems('owner: ana, deadline: T-30m')).toMatch(
    /^plan\.yaml:\d+:\d+ phases\.0\.steps\.0\.owner: found one person, and no `backup_owner`, expected a second one, because the gate seconds asks for it$/,
  );
  expect(problems('deadline: T-30m')).toMatch(/^plan\.yaml:\d+:\d+ phases\.0\.steps\.0\.owner: found one person/);
  expect(problems('owner: ana, deadline: T-30m, backup_owner: mia')).toBe('');
  expect(problems('owner: ana', ', roles: [marketer, on-call]')).toMatch(
    /gates\.0\.probe\.roles\.1: found "on-call", which fewer than two people have, expected a second one who has it$/,
  );
});
