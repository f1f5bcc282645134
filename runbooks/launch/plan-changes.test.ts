import { expect, test } from 'vitest';
import { sampleRunbook } from '../../test/properties/scene.ts';
import { loadRunbook } from '../playbook/load.ts';
import type { Runbook, Step } from '../playbook/schema.ts';
import { planDifferences, planOf } from './plan-changes.ts';

const before = sampleRunbook();
const differ = (after: Runbook, from = before) => planDifferences(planOf(from), planOf(after));
/** `where before → after`, with ∅ for what is not there. */
const said = (after: Runbook, from = before) =>
  differ(after, from).map((one) => `${one.where} ${one.before ?? '∅'} → ${one.after ?? '∅'}`);

test('each key is told as the file writes it: durations, times before T, moments with a zone', () => {
  const [ready, go] = before.phases;
  if (ready === undefined || go === undefined) throw new Error('no phases');
  const [first, ...rest] = ready.steps;
  if (first === undefined) throw new Error('no steps');
  const target = { atMs: Date.UTC(2027, 1, 14, 23, 30), zone: 'America/New_York' };
  expect(
    said({
      ...before,
      targets: { de: target },
      order_expires_after: 90_000,
      phases: [
        {
          ...ready,
          steps: [{ ...first, at: -21_600_000, do: { ...first.do, to: 4_000 } as Step['do'] }, ...rest],
        },
        go,
      ],
    }),
  ).toEqual([
    'order_expires_after 15m → 90s',
    'phases.ready.steps.scale-up.at T-4h → T-6h',
    'phases.ready.steps.scale-up.do.to 2 → 4,000',
    'targets ∅ → { de: 2027-02-14 18:30 America/New_York }',
  ]);
});

const anyOf = (more: object) => ({ ...before, ...more }) as Runbook;

test.each([
  [0, '0s'],
  [500, '500ms'],
  [1_000, '1s'],
  [5_400_000, '90m'],
  [172_800_000, '2d'],
])('a duration of %i ms is told as %s', (ms, told) => {
  expect(said(anyOf({ order_expires_after: ms }))).toEqual([`order_expires_after 15m → ${told}`]);
});

test.each([
  [0, 'T'],
  [300_000, 'T+5m'],
  [-1_500, 'T-1500ms'],
])('a step at %i ms is told as %s', (at, told) => {
  const [ready, ...rest] = before.phases;
  const steps = (ready?.steps ?? []).map((step) => (step.id === 'remind' ? { ...step, at } : step));
  expect(said(anyOf({ phases: [{ ...ready, steps }, ...rest] }))).toEqual([
    `phases.ready.steps.remind.at T-1h → ${told}`,
  ]);
});

test('what has no name is told whole: lists of words, lists beside a word, lists that are empty', () => {
  const [web, sale] = [
    { id: 'web', title: 'Web', people: ['ana'] },
    { id: 'sale', title: 'Sale', people: ['mia', 'ben'] },
  ];
  const groups = anyOf({ groups: [web] });
  expect(said(groups)).toEqual(['groups.web ∅ → { id: web, title: Web, people: [ana] }']);
  expect(said(anyOf({ groups: [web, sale] }), groups)).toHaveLength(1);
  expect(said(anyOf({ groups: [{ ...web, people: ['ben'] }] }), groups)).toEqual(['groups.web.people [ana] → [ben]']);
  expect(said(anyOf({ groups: [] }))).toEqual(['groups ∅ → []']);
  expect(said(anyOf({ groups: 'all' }), groups)).toEqual(['groups [{ id: web, title: Web, people: [ana] }] → all']);
});

test('a key that is there without a value is not there', () => {
  expect(said(anyOf({ fire: undefined, title: 'Big night' }))).toEqual(['title Super Bowl push → Big night']);
  const added = { id: 'calm', title: 'Calm', hard: false, owner: undefined };
  expect(said(anyOf({ gates: [...before.gates, added] }))).toEqual([
    'gates.calm ∅ → { id: calm, title: Calm, hard: false }',
  ]);
});

test('a value that no file can hold is told as it is', () => {
  expect(said(anyOf({ summary: null }), anyOf({ summary: 'One push' }))).toEqual(['summary One push → null']);
});

test('of what is gone the path leads to what it stood in', () => {
  const [credentials, ...others] = before.gates;
  const paths = (after: object, from?: Runbook) => differ(anyOf(after), from).map(({ path }) => path);
  expect(paths({ gates: others })).toStrictEqual([['gates']]);
  const timed = anyOf({ gates: [{ ...credentials, stale_after: 1 }, ...others] });
  expect(paths({ gates: [{ ...credentials, stale_after: undefined }, ...others] }, timed)).toStrictEqual([
    ['gates', 0],
  ]);
});

test('gates, steps and switches are compared by id: another order of gates is no difference, and what is new or gone is told whole', () => {
  const [credentials, ...others] = before.gates;
  if (credentials === undefined) throw new Error('no gates');
  expect(said({ ...before, gates: before.gates.toReversed() })).toEqual([]);
  expect(said({ ...before, gates: others })).toEqual([
    'gates.credentials { id: credentials, title: Credentials are fresh, hard: true, probe: { kind: credentials } } → ∅',
  ]);
  expect(said(before, { ...before, gates: others })).toEqual([
    'gates.credentials ∅ → { id: credentials, title: Credentials are fresh, hard: true, probe: { kind: credentials } }',
  ]);
});

test('steps of the same time begin in the order of the runbook, so another order of steps or phases is told', () => {
  const reversed = before.phases.map((phase) => ({ ...phase, steps: phase.steps.toReversed() }));
  expect(differ({ ...before, phases: reversed.toReversed() })).toEqual([
    {
      where: 'phases.ready.steps',
      names: ['phases', 'ready', 'steps'],
      path: ['phases', 1, 'steps'],
      before: '[scale-up, remind, ask]',
      after: '[ask, remind, scale-up]',
    },
    { where: 'phases', names: ['phases'], path: ['phases'], before: '[ready, go]', after: '[go, ready]' },
  ]);
  const shorter = before.phases.map((phase) => ({ ...phase, steps: phase.steps.slice(1) }));
  expect(differ({ ...before, phases: shorter }).map(({ where }) => where)).toEqual([
    'phases.ready.steps.scale-up',
    'phases.go.steps.window',
  ]);
});

test('a list in which an id stands twice is compared as it stands, so that none of the two is passed over', () => {
  const twice = [...before.switches, { id: 'sale', title: 'Another', two_people: false }];
  expect(differ({ ...before, switches: twice }).map(({ where }) => where)).toEqual(['switches']);
});

test('another kind of probe or action is told whole, not key by key', () => {
  const gates = before.gates.map((gate) =>
    gate.id === 'queues' ? { ...gate, probe: { kind: 'credentials' as const } } : gate,
  );
  expect(said({ ...before, gates })).toEqual([
    'gates.queues.probe { kind: queue-empty, queue: batches } → { kind: credentials }',
  ]);
});

test('people and texts are no part of the plan', () => {
  const changed = { ...before, people: before.people.slice(1), campaign: { ...before.campaign, id: 'other' } };
  expect(said(changed)).toEqual([]);
});

test('the path of a difference leads to its line, in a file that is included too', () => {
  const text = (least: string) => `version: 1
id: sale
title: Sale
include: [shared.yaml]
pool: { name: p, scale_target: workers, workers: 1 }
gates:
  - id: fresh
    title: Fresh
    probe: { kind: credentials }
  - id: quiet
    title: Quiet
    stale_after: ${least}
phases:
  - id: go
    title: Go
    steps: [{ id: window, title: Window, at: T, do: { kind: fire-window } }]
campaign:
  id: sale
  default_locale: en
  locales: { en: { title: Sale, body: Now } }
  apns: { topic: com.example.shop }
`;
  const shared = (max: number) => `people:
  - { id: ana, name: Ana Ortiz, roles: [on-call] }
  - { id: mia, name: Mia Chen, roles: [marketer] }
scale_targets:
  - id: workers
    kind: ecs-service
    cluster: c
    service: s${max}
`;
  const load = (least: string, max: number) => {
    const loaded = loadRunbook(text(least), 'runbooks/sale.yaml', {
      included: new Map([['shared.yaml', shared(max)]]),
    });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded;
  };
  const [old, now] = [load('4h', 1), load('2h', 2)];
  expect(differ(now.runbook, old.runbook).map((one) => [one.where, now.lineOf(one.path)])).toEqual([
    ['gates.quiet.stale_after', 'runbooks/sale.yaml:12'],
    ['scale_targets.workers.service', 'runbooks/shared.yaml:8'],
  ]);
  // Of what is gone, the line of what it stood in.
  const gone = { ...now.runbook, gates: now.runbook.gates.slice(0, 1) };
  expect(differ(gone, now.runbook).map(({ path }) => now.lineOf(path))).toEqual(['runbooks/sale.yaml:6']);
});
