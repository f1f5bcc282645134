import { expect, test } from 'vitest';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { dayText } from './day-text.ts';
import * as days from './for-tests.ts';
import { H, of, room, T } from './for-tests.ts';
import type { Mishaps } from './mishaps.ts';
import type { Day, DayOptions } from './simulate.ts';

const NEVER_COMES = { fleet: 'edge', fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };

const loaded = (change?: days.Change): Runbook => days.library('superbowl', change);
const play = (mishaps: Partial<Mishaps> = {}, more: Partial<DayOptions> = {}, runbook = loaded()): Promise<Day> =>
  days.play(runbook, mishaps, { targetAtMs: T, ...more });

/** Steps that have begun, each with its time before or after T. */
const begun = (day: Day): string[] => of(day, 'StepStarted').map(({ step, atMs }) => `${step} ${(atMs - T) / H}`);
const EVERY_STEP = [
  'kickoff',
  'edge-up',
  'workers-up',
  'load',
  'prime',
  'test',
  'look',
  'checklist',
  'window',
  'workers-down',
  'edge-down',
];

test('on a good day every step runs once at its time, the push goes out, and the fleets go back', async () => {
  const day = await play();
  expect(begun(day).slice(0, 9)).toEqual([
    'kickoff -8',
    'edge-up -6',
    'workers-up -4',
    'load -3.5',
    'prime -3',
    'test -2',
    `look ${-110 / 60}`,
    'checklist -1',
    'window 0',
  ]);
  expect(of(day, 'StepDone').map(({ step, refused = false }) => [step, refused])).toEqual(
    EVERY_STEP.map((step) => [step, false]),
  );
  expect(of(day, 'StepMissed')).toEqual([]);
  const [shot, ...others] = Object.values(day.launch.shots);
  expect(shot?.closed?.cause).toBe('complete');
  expect(others).toEqual([]);
  expect(
    Object.fromEntries(Object.entries(day.launch.scale).map(([id, { desired, state }]) => [id, [desired, state]])),
  ).toEqual({
    workers: [0, 'reached'],
    edge: [8, 'reached'],
  });
  expect(room(day)).toContain('API servers stands at 40 after 4 min');
  expect(dayText(day, 'UTC')).toContain('`en` 200,000  Did you see that? 👀 Do your lesson.');
  expect(dayText(day, 'UTC')).toMatch(/done 11: War room opens, .*\nshots 1$/s);
});

test('a fleet that never comes is told as late while there is time, missed at its deadline, and its backup is offered and run once', async () => {
  const day = await play({ fleets: [NEVER_COMES] });
  expect(of(day, 'ScaleLate').map(({ target, atMs }) => [target, (atMs - T) / H])).toEqual([['edge', -5.5]]);
  expect(of(day, 'StepMissed')).toMatchObject([
    { step: 'edge-up', atMs: T - 2 * H, why: '“API servers stand at game-day size” is red: 8 of 40 running' },
  ]);
  expect(of(day, 'StepPut').map(({ step }) => step)).toContain('clients-quiet');
  expect(begun(day).filter((one) => one.startsWith('clients-quiet'))).toHaveLength(1);
  expect(day.launch.switches['zombie']?.value).toBe(true);
  expect(room(day)).toContain(
    "was to be verified by 21:30:00 UTC (T-2 h), and is not: “API servers stand at game-day size” is red: 8 of 40 running\n@Ana Ortiz · @Ben Okafor, for when its owner is away\nBackup: raise the group's maximum by hand",
  );
  // GO is refused for that gate, and nothing is taken down.
  expect(Object.keys(day.launch.shots)).toEqual([]);
  expect(day.launch.steps['edge-down']?.state).toBe('held');
  expect(room(day)).toContain('is due and waits: nothing has been sent yet');
});

test('a scale-up with a deadline is told as late while a quarter of its time is left, however patient its order is', async () => {
  const patient = loaded((text) => text.replace('to: 40, late_after: 30m', 'to: 40, late_after: 6h'));
  const day = await play({ fleets: [NEVER_COMES] }, {}, patient);
  expect(of(day, 'ScaleLate').map(({ atMs }) => (atMs - T) / H)).toEqual([-3]);
});

test('a bot that dies at T-2h and is back at T-30m has run nothing twice, and puts what is too late to people', async () => {
  const day = await play({ bot: [{ fromMs: -2 * H, toMs: -H / 2 }] });
  const steps = of(day, 'StepStarted').map(({ step }) => step);
  expect(new Set(steps).size).toBe(steps.length);
  expect(
    of(day, 'StepPut')
      .map(({ step, atMs }) => [step, (atMs - T) / H])
      .slice(0, 3),
  ).toEqual([
    ['test', -0.5],
    ['look', -0.5],
    ['checklist', -0.5],
  ]);
  expect(day.entries.filter(({ atMs }) => atMs >= T - 2 * H && atMs < T - H / 2)).toEqual([]);
  expect(Object.keys(day.launch.shots)).toHaveLength(1);
});

test('of two bots one dies and the day goes on, and no step runs twice while both are there', async () => {
  const day = await play({ bot: [{ fromMs: -2 * H, toMs: -H / 2 }] }, { bots: 2 });
  expect(
    of(day, 'StepStarted')
      .map(({ step }) => step)
      .toSorted(),
  ).toEqual(EVERY_STEP.toSorted());
  expect(begun(day)).toContain('checklist -1');
  expect(Object.keys(day.launch.shots)).toHaveLength(1);
});

test('a kickoff that moves by 20 minutes twice moves what has not begun, and nothing runs twice', async () => {
  const moves = [
    { atMs: -H, byMs: H / 3 },
    { atMs: -H / 2, byMs: H / 3 },
  ];
  const day = await play({ moves });
  expect(of(day, 'TargetMoved').map(({ targetAtMs }) => (targetAtMs - T) / H)).toEqual([1 / 3, 2 / 3]);
  expect(of(day, 'StepStarted').map(({ step }) => step)).toEqual(EVERY_STEP);
  const window = of(day, 'StepStarted').find(({ step }) => step === 'window');
  expect(window?.atMs).toBe(T + (2 * H) / 3);
  expect(of(day, 'FireApproved')[0]?.atMs).toBeGreaterThan(T + (2 * H) / 3);
  expect(room(day)).toContain('moved the target to');
});

test('while nobody does anything, nothing is sent, and no fleet is taken down or offered', async () => {
  const day = await play({}, { isAway: true });
  expect(Object.keys(day.launch.shots)).toEqual([]);
  expect(of(day, 'StepStarted').map(({ step }) => step)).toEqual(EVERY_STEP.slice(0, 9));
  expect(of(day, 'StepHeld').map(({ step, why }) => `${step}: ${why}`)).toEqual([
    'workers-down: nothing has been sent yet',
    'edge-down: nothing has been sent yet',
  ]);
});

test('a gate that is red at the time keeps GO from being asked for, and the asker reads which', async () => {
  const day = await play({ gates: [{ gate: 'queues', status: 'red', fromMs: -H, toMs: H }] });
  expect(room(day)).toMatch(/is told: .*“No message waits in a queue” is red \(so chosen for this day\)/);
  expect(of(day, 'FireRequested')[0]?.atMs).toBeGreaterThanOrEqual(T + H);
  expect(Object.keys(day.launch.shots)).toHaveLength(1);
});

test('a manual gate that is chosen red is unticked then, and ticked again afterwards', async () => {
  const day = await play({ gates: [{ gate: 'app-quiet', status: 'red', fromMs: -H, toMs: -H / 2 }] });
  expect(
    of(day, 'GateTicked')
      .filter(({ gate }) => gate === 'app-quiet')
      .map(({ green, atMs }) => [green, (atMs - T) / H]),
  ).toEqual([
    [true, -1.5],
    [false, -1],
    [true, -0.5],
  ]);
});

test('of two markets each is asked for at its own T', async () => {
  const runbook = loaded((text) =>
    text.replace(
      'people:',
      'target: 2027-02-14 18:30 America/New_York\ntargets: { de: 2027-02-14 20:00 Europe/Berlin, us: 2027-02-14 20:00 America/New_York }\n\npeople:',
    ),
  );
  const day = await play({}, {}, runbook);
  expect(Object.values(day.launch.shots).map(({ segments }) => segments.map(({ segment }) => segment))).toEqual([
    ['de-ios', 'de-android'],
    ['us-ios', 'us-android'],
  ]);
});

/** The plan, with a gate that wants a rehearsal. */
const rehearsed = () =>
  loaded((text) =>
    text
      .replace('ready_within: 3h', 'ready_within: 2h')
      .replace(
        'gates:\n',
        'gates:\n  - { id: rehearsed, title: The day was rehearsed, probe: { kind: rehearsed, within: 2d } }\n',
      ),
  );

test('a rehearsal the day before raises the fleets, puts them back and opens its gate; nothing is sent by it', async () => {
  const day = await play({ rehearsals: [-24 * H] }, {}, rehearsed());
  const [ended] = of(day, 'RehearsalEnded');
  expect(ended?.report).toMatchObject({
    outcome: 'ready',
    fleets: [
      { target: 'workers', to: 2 },
      { target: 'edge', to: 40 },
    ],
  });
  expect((ended?.report.readyMs ?? 0) / 60_000).toBeLessThan(10);
  const scaled = of(day, 'ScaleOrdered').filter(({ rehearsal }) => rehearsal !== undefined);
  expect(scaled.map(({ target, desired }) => `${target} ${desired}`)).toEqual([
    'workers 2',
    'edge 40',
    'workers 0',
    'edge 8',
  ]);
  expect(of(day, 'FireApproved').map(({ atMs }) => atMs > T)).toEqual([true]);
  expect(begun(day).slice(0, 3)).toEqual(['kickoff -8', 'edge-up -6', 'workers-up -4']);
});

test('variants and a hold-out are in the simulated audience, every variant is read on a phone, and the push goes out', async () => {
  const runbook = loaded((text) =>
    text
      .replace(
        '  id: big-game\n',
        '  id: big-game\n  variants: [{ id: a, share: 0.45 }, { id: b, share: 0.45 }]\n  hold_out: 0.1\n',
      )
      .replaceAll(/^(    \S+: \{ title: .*) \}$/gm, '$1, variants: { b: { title: Now } } }'),
  );
  const day = await play({}, {}, runbook);
  expect(room(day)).not.toContain('The audience was compiled with');
  expect(day.launch.audience).toMatchObject({
    devices: 180_000,
    heldOut: 20_000,
    locales: { 'en/a': 90_000, 'en/b': 90_000 },
  });
  expect(of(day, 'TestDone')[0]?.results.map(({ locale }) => locale)).toEqual(expect.arrayContaining(['en/a', 'en/b']));
  expect(Object.values(day.launch.shots).map(({ closed }) => closed?.cause)).toEqual(['complete']);
});

test('a hold-out alone is in the simulated audience', async () => {
  const runbook = loaded((text) => text.replace('  id: big-game\n', '  id: big-game\n  hold_out: 0.1\n'));
  const day = await play({}, {}, runbook);
  expect(day.launch.audience).toMatchObject({ devices: 180_000, heldOut: 20_000, locales: { en: 180_000 } });
  expect(Object.values(day.launch.shots)).toHaveLength(1);
});

test('where nobody in the runbook has a phone somebody gets one of each platform, which is said, and the copy is read there', async () => {
  const runbook = loaded();
  const people = runbook.people.map((person) => ({ ...person, devices: [] }));
  const day = await play({}, {}, { ...runbook, people });
  expect(day.said[0]?.lines).toEqual([
    'Nobody in the runbook has a phone for test copies; here Ana Ortiz has an iPhone and an Android phone.',
  ]);
  // Whoever has three languages wonders else why nobody reads two of them.
  expect(day.said[1]?.lines).toEqual(['The audience is made up, and everybody in it reads en.']);
  expect(day.launch.ticks['copy-read']?.green).toBe(true);
  expect(Object.values(day.launch.shots)).toHaveLength(1);
});

test('an automation is followed to its end; one that fails turns its step red and brings its backup', async () => {
  const step = `      - { id: warm, title: Warm the cache, owner: ana, backup_owner: ben, at: T-3h, deadline: T-2h, do: { kind: automation, document: lingo-warm-cache }, backup: { say: Warm it by hand. } }\n`;
  const runbook = loaded((text) => text.replace(/^( +)- id: workers-up\n/m, (line) => `${step}${line}`));
  const good = await play({}, {}, runbook);
  expect(of(good, 'StepDone').find(({ step: id }) => id === 'warm')?.say).toBe('1 step in 4 min, execution warm');
  expect(of(good, 'StepMissed')).toEqual([]);
  const bad = await play({ automations: ['warm'] }, {}, runbook);
  expect(room(bad)).toContain('was refused: AWS ended it as Failed, in its step run: so chosen for this day');
  expect(of(bad, 'StepMissed').map(({ step: id }) => id)).toEqual(['warm']);
  expect(room(bad)).toContain('Backup: Warm it by hand.');
});

test('a gate about regions is green on a simulated day, and what is chosen for it holds', async () => {
  const regional = loaded((text) =>
    text
      .replace('audience:\n', 'regions: { home: us-east-1, standby: us-west-2 }\naudience:\n')
      .replace('gates:\n', 'gates:\n  - { id: here, title: This region has it, hard: true, probe: { kind: home } }\n'),
  );
  const day = await play({ gates: [{ gate: 'here', status: 'red', fromMs: -H, toMs: H }] }, {}, regional);
  expect(room(day)).toContain('“This region has it” is red (so chosen for this day');
  expect(of(day, 'FireApproved').map(({ atMs }) => atMs >= T + H)).toEqual([true]);
});
