import { expect, test } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { H, library, MIN, of, play, room, T, twice } from './for-tests.ts';

/** The Super Bowl day as it goes wrong: each shows its gate, what the room reads, and what the backup plan did. */

const QUOTA = '“Google has granted the event quota in writing”';

/** A quota that Google grants, or does not: somebody writes down the word, and there is a plan for the day without it. */
const withQuota = () =>
  library('superbowl', (text) =>
    text
      .replace(
        'gates:\n',
        'gates:\n  - { id: quota, title: Google has granted the event quota in writing, owner: mia, evidence: note, holds_for: launch }\n',
      )
      .replace(
        '      - id: edge-up\n',
        `      - id: quota-word
        title: The word of Google's
        at: T-7h
        owner: mia
        backup_owner: ben
        do: { kind: remind, say: "Tick the gate with what they have written." }
        deadline: T-3h
        verify: quota
        backup:
          say: Android goes at the pace that everybody has
          steps: [{ id: slow-android, title: Android at 10k, owner: ana, do: { kind: ask, say: "\`/go pace android 10k\`: is it set?" } }]
      - id: edge-up\n`,
      ),
  );

test('a quota that is missing is told at its deadline with its backup, keeps GO from being asked for, and opens with the word of it', async () => {
  const day = await play(withQuota(), {
    gates: [{ gate: 'quota', status: 'unknown', fromMs: -8 * H, toMs: 15 * MIN }],
  });
  expect(of(day, 'StepMissed')).toMatchObject([
    { step: 'quota-word', atMs: T - 3 * H, why: `${QUOTA} is not green: not ticked yet` },
  ]);
  expect(room(day)).toContain('Backup: Android goes at the pace that everybody has');
  expect(of(day, 'StepPut').filter(({ step }) => step === 'slow-android')).toHaveLength(1);
  expect(of(day, 'StepDone').filter(({ step }) => step === 'slow-android')).toHaveLength(1);
  expect(room(day)).toContain(
    `Every gate must be green or waived to ask for fire, but ${QUOTA} is unknown (not ticked yet)`,
  );
  expect(of(day, 'GateTicked').find(({ gate }) => gate === 'quota')).toMatchObject({
    green: true,
    by: { person: 'mia' },
    note: 'Looked at, and it is so.',
    atMs: T + 15 * MIN,
  });
  expect(of(day, 'FireRequested').map(({ atMs }) => atMs >= T + 15 * MIN)).toEqual([true]);
  expect(twice(day)).toEqual([]);
});

/** The plan, with a rehearsal the day before that its gate wants of this very audience. */
const withRehearsal = () =>
  library('superbowl', (text) =>
    text
      .replace('ready_within: 3h', 'ready_within: 2h')
      .replace(
        'gates:\n',
        'gates:\n  - { id: rehearsed, title: The day was rehearsed, probe: { kind: rehearsed, within: 2d, same_audience: true } }\n',
      )
      .replace(
        '      - { id: kickoff,',
        `      - id: dress
        title: Dress rehearsal
        at: T-1d
        owner: ana
        backup_owner: ben
        do: { kind: remind, say: "\`/go rehearse infrastructure\`" }
        deadline: T-16h
        verify: rehearsed
        backup: { say: Rehearse once more before the fleets go up for good. }
      - { id: kickoff,`,
      ),
  );

test('an audience that is changed after its rehearsal closes the gate, the backup says to rehearse again, and once that is done GO can be asked for', async () => {
  const plan = withRehearsal();
  const chosen = { rehearsals: [-28 * H], audiences: [-24 * H] };
  const day = await play(plan, chosen);
  expect(of(day, 'AudienceSet').map(({ atMs, audience: { hash } }) => [(atMs - T) / H, hash.slice(0, 8)])).toEqual([
    [expect.any(Number), '00000000'],
    [-24, '00000001'],
  ]);
  expect(room(day)).toContain('set the audience to 00000001: 200,000 devices in 2 segments');
  expect(of(day, 'StepMissed')).toMatchObject([
    {
      step: 'dress',
      atMs: T - 16 * H,
      why: expect.stringContaining('“The day was rehearsed” is red: the last rehearsal') as string,
    },
  ]);
  expect(room(day)).toContain('the audience is another one since');
  expect(room(day)).toContain('Backup: Rehearse once more before the fleets go up for good.');
  expect(of(day, 'FireRequested')).toEqual([]);

  const again = await play(plan, { ...chosen, rehearsals: [-28 * H, -12 * H] });
  expect(of(again, 'RehearsalEnded').map(({ report }) => [report.outcome, report.audienceHash.slice(0, 8)])).toEqual([
    ['ready', '00000000'],
    ['ready', '00000001'],
  ]);
  expect(Object.keys(again.launch.shots)).toHaveLength(1);
  expect(twice(again)).toEqual([]);
});

test('a rehearsal that is too slow says what had not come, its backup is read, and the one after it opens the gate', async () => {
  const day = await play(withRehearsal(), {
    rehearsals: [-24 * H, -12 * H],
    fleets: [{ fleet: 'edge', fromMs: -24 * H, toMs: -20 * H }],
  });
  expect(of(day, 'RehearsalTurned').map(({ outcome, atMs }) => [outcome, (atMs - T) / H])).toEqual([
    ['late', -22],
    ['ready', expect.any(Number)],
  ]);
  expect(room(day)).toContain('was not ready within 2 h');
  expect(room(day)).toContain('edge has not come to 40');
  expect(of(day, 'StepMissed')).toMatchObject([
    { step: 'dress', why: expect.stringContaining('it was not ready in 2 h') as string },
  ]);
  expect(room(day)).toContain('Backup: Rehearse once more before the fleets go up for good.');
  // Each rehearsal has put back what it raised, and the plan raises it for the day.
  expect(of(day, 'ScaleOrdered').flatMap(({ target, desired }) => (target === 'edge' ? [desired] : []))).toEqual([
    40, 8, 40, 8, 40, 8,
  ]);
  expect(of(day, 'FireApproved').map(({ atMs }) => atMs > T)).toEqual([true]);
  expect(twice(day)).toEqual([]);
});

test('a day that is called off sends nothing, puts back what it had raised, each once, and closes with what it came to', async () => {
  const day = await play(library('superbowl'), { standDownMs: -30 * MIN });
  expect(of(day, 'StoodDown')).toMatchObject([{ reason: 'the event is called off', orders: [], sent: null }]);
  expect(Object.keys(day.launch.shots)).toEqual([]);
  expect(of(day, 'StepStarted').map(({ step, atMs }) => [step, (atMs - T) / MIN])).toEqual([
    ['kickoff', -480],
    ['edge-up', -360],
    ['workers-up', -240],
    ['load', -210],
    ['prime', -180],
    ['test', -120],
    ['look', -110],
    ['checklist', -60],
    ['workers-down', -28],
    ['edge-down', -28],
  ]);
  expect(Object.entries(day.launch.scale).map(([id, { desired, state }]) => [id, desired, state])).toEqual([
    ['edge', 8, 'reached'],
    ['workers', 0, 'reached'],
  ]);
  expect(room(day)).toContain('Nothing was sent. Nothing can be fired in it any more.');
  expect(room(day)).toContain('Everything is back. Closed the launch: the event is called off. Nothing was sent.');
  expect(of(day, 'LaunchClosed')).toMatchObject([{ by: { system: 'conductor' } }]);
  expect(twice(day)).toEqual([]);
});

test('a day takes less than five seconds, whatever goes wrong with it', { ...secondTry(A_WAIT) }, async () => {
  const startedMs = performance.now();
  const day = await play(library('superbowl'), {
    fleets: [{ fleet: 'edge', fromMs: -8 * H, toMs: -H }],
    bot: [{ fromMs: -2 * H, toMs: -H / 2 }],
    moves: [{ atMs: -H, byMs: 20 * MIN }],
  });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(day.launch.closed).toBe(false);
});
