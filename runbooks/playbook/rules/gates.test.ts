import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HOME_GATE } from '../../launch/home-gate.ts';
import { describeProblem } from '../checked-yaml.ts';
import { loadRunbook } from '../load.ts';

const superbowl = readFileSync(new URL('../../library/superbowl.yaml', import.meta.url), 'utf8');

/** What is said of the runbook with this gate before its others. */
function problems(gate: string): string {
  const loaded = loadRunbook(superbowl.replace(/^gates:\n/m, `gates:\n  - { ${gate} }\n`), 'plan.yaml');
  return loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
}

test('what is said of a tick is refused of a gate that is measured, at its own line', () => {
  const measured = 'id: g, title: G, probe: { kind: clocks }';
  expect(problems(measured)).toBe('');
  for (const [key, value] of Object.entries({
    after: 'test-copies',
    holds_for: 'launch',
    stale_after: '2h',
    evidence: 'link',
  })) {
    expect(problems(`id: g, title: G, ${key}: ${value}`), key).toBe('');
    expect(problems(`${measured}, ${key}: ${value}`), key).toMatch(
      new RegExp(
        String.raw`^plan\.yaml:\d+:\d+ gates\.0\.${key}: found on a measured gate, expected a gate that a person ticks$`,
      ),
    );
  }
});

test('a gate that a person ticks may not block the press', () => {
  expect(problems('id: g, title: G, hard: true')).toMatch(
    /^plan\.yaml:\d+:\d+ gates\.0\.hard: found true on a manual gate, expected a probe: only what is measured may block the press$/,
  );
  expect(problems('id: g, title: G, hard: true, probe: { kind: clocks }')).toBe('');
});

test('who has confirmed the quota of the event is a person of the runbook, and the day a date', () => {
  const said = (confirmed: string) => {
    const loaded = loadRunbook(
      superbowl.replace('confirmed_by: ana, confirmed_on: "2027-01-20"', confirmed),
      'plan.yaml',
    );
    return loaded.ok ? '' : loaded.problems.map(describeProblem).join('\n');
  };
  expect(said('confirmed_by: mia, confirmed_on: 2027-01-21')).toBe('');
  expect(said('confirmed_by: nobody')).toMatch(
    /^plan\.yaml:\d+:\d+ delivery\.android_event_quota\.confirmed_by: .*ana/,
  );
  expect(said('confirmed_on: "2027-02-30"')).toContain('no such day');
});

test('a gate that goes by the doctor names lines that the doctor has', () => {
  expect(problems('id: g, title: G, probe: { kind: doctor, checks: [quotas.fifo] }')).toBe('');
  expect(problems('id: g, title: G, probe: { kind: doctor, checks: [quotas.fi] }')).toMatch(
    /probe\.checks\.0: .*quotas\.fifo/,
  );
});

test('no gate has the name of one that is made for every launch', () => {
  expect(problems(`id: ${HOME_GATE.id}, title: G`)).toMatch(
    new RegExp(
      String.raw`^plan\.yaml:\d+:\d+ gates\.0\.id: found "${HOME_GATE.id}", expected another id: that gate is made for every launch with \`regions\`$`,
    ),
  );
});

test('whom a gate waits for must be somebody of the runbook', () => {
  expect(problems('id: g, title: G, probe: { kind: people-present, people: [zoe] }')).toMatch(
    /^plan\.yaml:\d+:\d+ gates\.0\.probe\.people\.0: found "zoe", expected a person: ana, mia, ben, olu$/,
  );
});
