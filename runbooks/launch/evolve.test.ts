import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { ENTRY_VERSION } from './entries.ts';
import type { Entry, EntryKind } from './entries.ts';
import { evolve, fold } from './evolve.ts';
import type { Launch } from './launch.ts';

const first = (scene: Scene): Entry => {
  const [entry] = scene.entries;
  if (entry === undefined) throw new Error('unexpected');
  return entry;
};

test('a fold of nothing is no launch, and of the record is the launch', () => {
  const scene = Scene.ready();
  scene.fired();
  expect(fold([])).toBeNull();
  expect(fold(scene.entries)).toEqual(scene.state);
});

test('a sequence that decide cannot have written is an error with a code', () => {
  const scene = Scene.ready();
  const order = scene.asked(['us-ios']);
  const { state } = scene;
  const next = { ...first(scene), seq: state.seq + 1 };
  const bad = (changes: object): Entry =>
    ({
      v: ENTRY_VERSION,
      launchId: state.id,
      seq: state.seq + 1,
      atMs: scene.nowMs,
      by: { person: 'mia' },
      token: 't',
      prev: '',
      hash: '',
      ...changes,
    }) as Entry;
  for (const [entry, code] of [
    [bad({ kind: 'Noted', text: '', seq: state.seq + 2 }), 'FOLD_SEQ_GAP'],
    [bad({ kind: 'Noted', text: '', seq: state.seq }), 'FOLD_SEQ_GAP'],
    [bad({ kind: 'Noted', text: '', launchId: 'other' }), 'FOLD_OTHER_LAUNCH'],
    [bad({ kind: 'Noted', text: '', v: ENTRY_VERSION + 1 }), 'FOLD_SCHEMA_VERSION'],
    [bad({ kind: 'Noted', text: '', v: ENTRY_VERSION - 1 }), 'FOLD_SCHEMA_VERSION'],
    [bad({ kind: 'Noted', text: '', v: 0 }), 'FOLD_SCHEMA_VERSION'],
    [bad({ kind: 'Rewritten' }), 'FOLD_UNKNOWN_KIND'],
    [next, 'FOLD_CREATED_TWICE'],
    [bad({ kind: 'FireDeclined', orderId: 'F99', reason: '' }), 'FOLD_MISSING'],
    [bad({ kind: 'ShotClosed', shotId: 'constructor', cause: 'complete', segments: [] }), 'FOLD_MISSING'],
    [bad({ kind: 'HaltLifted', liftId: 'L1', epoch: 1 }), 'FOLD_MISSING'],
    [bad({ kind: 'LiftRequested', liftId: 'L1', epoch: 1, reason: '', by: { system: 'cli' } }), 'FOLD_IMPOSSIBLE'],
  ] satisfies [Entry, string][]) {
    expect(() => evolve(state, entry)).toThrow(expect.objectContaining({ code }));
  }
  scene.does({ kind: 'decline-fire', by: 'mia', orderId: order.id, reason: '' });
  expect(() => evolve(scene.state, bad({ kind: 'FireExpired', orderId: order.id, seq: scene.state.seq + 1 }))).toThrow(
    expect.objectContaining({ code: 'FOLD_IMPOSSIBLE' }),
  );
  expect(() => evolve(null, bad({ kind: 'Noted', text: '', seq: 1 }))).toThrow(
    expect.objectContaining({ code: 'FOLD_NO_LAUNCH' }),
  );
});

describe('an entry changes', () => {
  const ANA = { person: 'ana' };
  const { state: ready } = Scene.ready();
  const keys = [{ role: 'bot' as const, key: 'k' }];
  const waiver = { gate: 'workers', segments: 'all' as const, worst: 3, reason: 'r', endsAtMs: 9 };
  const scale = {
    desired: 2,
    lowers: false,
    orderedAtMs: 1,
    step: 'scale-up',
    state: 'moving' as const,
    seq: 1,
    setAgain: 0,
    told: null,
  };
  const found = { desired: 1, min: null, max: null, targets: [], indexes: {} };
  /** Something of everything, so that what an entry leaves alone shows. */
  const launch: Launch = {
    ...ready,
    ticks: { 'copy-read': { green: true, by: 'mia', atMs: 1, note: '' } },
    gateChanges: { queues: { gate: 'queues', status: 'green', value: 0, say: '', atMs: 1 } },
    waivers: { W1: { id: 'W1', ...waiver, requestedBy: 'ana', grantedBy: null } },
    rosterChanges: { P1: { id: 'P1', people: ready.people.slice(0, 2), by: 'mia', reason: 'r', open: true } },
    keyChanges: { K1: { id: 'K1', keys, by: 'mia', reason: 'r', open: true } },
    tests: { T1: { requestedBy: 'mia', to: ['ana'], contentHash: 'c', haltEpoch: 0, results: null } },
    halt: { active: true, epoch: 2, by: 'ben', reason: 'wrong link', atMs: 1 },
    lifts: { L1: { id: 'L1', epoch: 2, by: 'mia', reason: 'link is right', open: true } },
    switches: { sale: { value: 'on', seq: 1, by: { system: 'ssm' } } },
    switchRequests: {
      R1: { id: 'R1', switch: 'dark', value: true, by: 'mia', reason: 'r', open: true },
      R2: { id: 'R2', switch: 'sale', value: 'off', by: 'mia', reason: 'r', open: true },
    },
    steps: {
      remind: { state: 'put', atMs: 1, say: '' },
      ask: { state: 'done', atMs: 1, say: '' },
      window: { state: 'put', atMs: 1, say: '' },
    },
    scale: { workers: scale, others: { ...scale, desired: 7 } },
    scaleFound: { workers: found, others: found },
  };
  const seq = launch.seq + 1;
  const atMs = ready.createdAtMs;
  const changedBy = (more: object, before = launch): Partial<Launch> => {
    const entry = {
      v: ENTRY_VERSION,
      launchId: launch.id,
      seq,
      atMs,
      by: ANA,
      token: '',
      prev: '',
      hash: 'h',
      ...more,
    } as Entry;
    const { seq: at, headHash, entryVersion, ...after } = evolve(before, entry);
    expect([at, headHash, entryVersion]).toEqual([seq, 'h', ENTRY_VERSION]);
    return Object.fromEntries(
      Object.entries(after).filter(([part, value]) => !isDeepStrictEqual(value, before[part as keyof Launch])),
    );
  };

  const measured = { gate: 'workers', status: 'red' as const, value: 1, say: '', atMs };
  const results = [{ person: 'ana', platform: 'ios' as const, accepted: true, reason: '', tookMs: 4 }];
  const ROWS: { kind: EntryKind; more: object; gives: Partial<Launch> }[] = [
    { kind: 'Noted', more: { text: 'x' }, gives: {} },
    { kind: 'Checkpoint', more: { channelSeq: 1, channelHash: '' }, gives: {} },
    {
      kind: 'RosterChangeRequested',
      more: { changeId: 'P2', people: [], reason: 'x' },
      gives: {
        rosterChanges: { ...launch.rosterChanges, P2: { id: 'P2', people: [], by: 'ana', reason: 'x', open: true } },
      },
    },
    {
      kind: 'KeyChangeRequested',
      more: { changeId: 'K2', keys: [], reason: 'x' },
      gives: { keyChanges: { ...launch.keyChanges, K2: { id: 'K2', keys: [], by: 'ana', reason: 'x', open: true } } },
    },
    {
      kind: 'KeysChanged',
      more: { changeId: 'K1' },
      gives: { keys, keyChanges: { K1: { id: 'K1', keys, by: 'mia', reason: 'r', open: false } } },
    },
    { kind: 'GateChanged', more: { measured }, gives: { gateChanges: { ...launch.gateChanges, workers: measured } } },
    {
      kind: 'GateTicked',
      more: { gate: 'other', green: false, note: 'n' },
      gives: { ticks: { ...launch.ticks, other: { green: false, by: 'ana', atMs, note: 'n' } } },
    },
    {
      kind: 'WaiverRequested',
      more: { waiverId: 'W2', ...waiver },
      gives: { waivers: { ...launch.waivers, W2: { id: 'W2', ...waiver, requestedBy: 'ana', grantedBy: null } } },
    },
    {
      kind: 'WaiverGranted',
      more: { waiverId: 'W1', by: { person: 'mia' } },
      gives: { waivers: { W1: { id: 'W1', ...waiver, requestedBy: 'ana', grantedBy: 'mia' } } },
    },
    {
      kind: 'TestRequested',
      more: { testId: 'T2', to: ['mia'], contentHash: 'd' },
      gives: {
        tests: {
          ...launch.tests,
          T2: { requestedBy: 'ana', to: ['mia'], contentHash: 'd', haltEpoch: 2, results: null },
        },
      },
    },
    {
      kind: 'TestDone',
      more: { testId: 'T1', contentHash: 'c', results },
      gives: { tests: { T1: { requestedBy: 'mia', to: ['ana'], contentHash: 'c', haltEpoch: 0, results } } },
    },
    {
      kind: 'LiftRequested',
      more: { liftId: 'L2', epoch: 2, reason: 'x' },
      gives: { lifts: { ...launch.lifts, L2: { id: 'L2', epoch: 2, by: 'ana', reason: 'x', open: true } } },
    },
    {
      kind: 'HaltLifted',
      more: { liftId: 'L1', epoch: 2 },
      gives: {
        halt: { active: false, epoch: 2, by: 'ana', reason: 'link is right', atMs },
        lifts: { L1: { id: 'L1', epoch: 2, by: 'mia', reason: 'link is right', open: false } },
      },
    },
    {
      kind: 'SwitchRequested',
      more: { requestId: 'R3', switch: 'dark', value: false, reason: 'x' },
      gives: {
        switchRequests: {
          ...launch.switchRequests,
          R3: { id: 'R3', switch: 'dark', value: false, by: 'ana', reason: 'x', open: true },
        },
      },
    },
    {
      kind: 'SwitchSet',
      more: { switch: 'dark', value: true, reason: '', requestId: 'R1' },
      gives: {
        switches: { ...launch.switches, dark: { value: true, seq, by: ANA } },
        switchRequests: {
          ...launch.switchRequests,
          R1: { id: 'R1', switch: 'dark', value: true, by: 'mia', reason: 'r', open: false },
        },
      },
    },
    ...(
      [
        ['StepStarted', { late: false }, 'started', ''],
        ['StepStarted', { late: true }, 'started', 'late'],
        ['StepHeld', { after: ['shot'], why: 'nothing sent' }, 'held', 'nothing sent'],
        ['StepPut', { why: 'too late' }, 'put', 'too late'],
        ['StepSkipped', { reason: 'rain' }, 'skipped', 'rain'],
        ['StepDone', { say: 'stands at 2' }, 'done', 'stands at 2'],
        ['StepDone', { say: 'no', refused: true }, 'done', 'refused: no'],
      ] as const
    ).map(([kind, more, state, say]) => ({
      kind,
      more: { step: 'scale-up', ...more },
      gives: {
        steps: {
          ...launch.steps,
          'scale-up': { state, atMs, say, ...('refused' in more ? { refused: true as const } : {}) },
        },
      },
    })),
    {
      kind: 'StepMissed',
      more: { step: 'scale-up', deadlineAtMs: 1, why: 'it has not started' },
      gives: { missed: { 'scale-up': { atMs, why: 'it has not started' } } },
    },
    ...([true, undefined] as const).map((lowers) => ({
      kind: 'ScaleOrdered' as const,
      more: { target: 'workers', desired: 4, step: null, reason: '', lowers },
      gives: {
        scale: {
          ...launch.scale,
          workers: {
            desired: 4,
            lowers: lowers === true,
            orderedAtMs: atMs,
            step: null,
            state: 'moving' as const,
            seq,
            setAgain: 0,
            told: null,
          },
        },
      },
    })),
    {
      kind: 'ScaleFound',
      more: { target: 'new', found },
      gives: { scaleFound: { ...launch.scaleFound, new: found } },
    },
    {
      kind: 'ScaleReached',
      more: { target: 'workers', desired: 2, tookMs: 1 },
      gives: { scale: { ...launch.scale, workers: { ...scale, state: 'reached' } } },
    },
    {
      kind: 'ScaleChanged',
      more: { target: 'workers', desired: 2, found: 1, again: true },
      gives: { scale: { ...launch.scale, workers: { ...scale, orderedAtMs: atMs, seq, setAgain: 1 } } },
    },
    {
      kind: 'ScaleChanged',
      more: { target: 'workers', desired: 2, found: 1, again: false },
      gives: { scale: { ...launch.scale, workers: { ...scale, told: 1 } } },
    },
    {
      kind: 'ScaleLate',
      more: { target: 'workers', desired: 2, running: 1, ready: 0, backup: '' },
      gives: { scale: { ...launch.scale, workers: { ...scale, state: 'late' } } },
    },
    {
      kind: 'StoodDown',
      more: { reason: 'rain', orders: [], sent: null },
      gives: { stoodDown: { by: 'ana', atMs, reason: 'rain', orders: [], sent: null } },
    },
    {
      kind: 'LaunchClosed',
      more: { reason: '' },
      gives: { closed: true, postmortem: { ...launch.postmortem, closedAtMs: atMs } },
    },
  ];

  test.each(ROWS)('$kind: $more', ({ kind, more, gives }) => expect(changedBy({ kind, ...more })).toEqual(gives));

  test('what was found before is put back with the order that lowers to it, and of that target alone', () => {
    const lowered = { ...launch, scale: { ...launch.scale, workers: { ...scale, desired: 1, lowers: true } } };
    expect(changedBy({ kind: 'ScaleReached', target: 'workers', desired: 1, tookMs: 1 }, lowered).scaleFound).toEqual({
      others: found,
    });
  });

  test('a target that moves gives steps that were put to a person their time again, where it is ahead', () => {
    // The remind step is due an hour before the target, the window at the target.
    const moved = (targetAtMs: number) => changedBy({ kind: 'TargetMoved', targetAtMs, reason: '' });
    const { remind, ask, window } = launch.steps;
    expect(moved(atMs + 3_600_001)).toEqual({ targetAtMs: atMs + 3_600_001, steps: { ask } });
    expect(moved(atMs + 3_599_999)).toEqual({ targetAtMs: atMs + 3_599_999, steps: { remind, ask } });
    expect(moved(atMs + 1)).toEqual({ targetAtMs: atMs + 1, steps: { remind, ask } });
    expect(moved(atMs)).toEqual({ targetAtMs: atMs });
    expect(window).toBeDefined();
  });

  test('another text or audience unticks what a person has looked at; the first audience does not', () => {
    const { audience } = launch;
    if (audience === null) throw new Error('unexpected');
    expect(changedBy({ kind: 'CampaignSet', campaign: launch.campaign, contentHash: 'c' })).toEqual({
      contentHash: 'c',
      campaignBefore: launch.campaign,
      ticks: {},
    });
    const other = { ...audience, hash: 'b' };
    expect(changedBy({ kind: 'AudienceSet', audience: other })).toEqual({ audience: other, ticks: {} });
    const without = { ...launch, audience: null };
    expect(changedBy({ kind: 'AudienceSet', audience: other }, without)).toEqual({ audience: other });
  });

  test('a person who is removed is off the roster, and what they asked for is over', () => {
    const {
      people,
      orders: _orders,
      rosterChanges,
      ...rest
    } = changedBy({ kind: 'PersonRemoved', person: 'mia', reason: '' });
    expect(people?.map(({ id }) => id)).toEqual(['ana', 'ben', 'olu']);
    expect(rosterChanges?.['P1']?.open).toBe(false);
    expect(Object.keys(rest).toSorted()).toEqual(['keyChanges', 'lifts', 'switchRequests']);
  });

  test('a changed roster is that of the request, and nothing waits any more', () => {
    const { people, waivers } = changedBy({ kind: 'RosterChanged', changeId: 'P1', by: { person: 'ben' } });
    expect([people, waivers]).toEqual([launch.people.slice(0, 2), {}]);
  });

  test.each([
    ['Mia Chen', { person: 'mia' }],
    ['the ssm', { system: 'ssm' }],
  ])('what voids an order says that it was %s', (name, by) => {
    const scene = Scene.ready();
    const { id } = scene.asked(['us-ios']);
    const voided = (more: object) => {
      const entry = {
        v: ENTRY_VERSION,
        launchId: launch.id,
        seq: scene.state.seq + 1,
        atMs,
        by,
        token: '',
        prev: '',
        hash: '',
      };
      return evolve(scene.state, { ...entry, ...more } as Entry).orders[id]?.voidedBy;
    };
    expect(voided({ kind: 'CampaignSet', campaign: launch.campaign, contentHash: 'c' })).toBe(
      `${name} changed the content`,
    );
    expect(voided({ kind: 'AudienceSet', audience: { ...launch.audience, hash: 'b' } })).toBe(
      `${name} changed the audience`,
    );
    expect(voided({ kind: 'SkipListSet', skipList: { hash: 's', key: 'k', tokens: 1 } })).toBe(
      `${name} changed the skip list`,
    );
    expect(voided({ kind: 'LaunchClosed', reason: '' })).toBe('the launch was closed');
    expect(voided({ kind: 'PersonRemoved', person: 'ana', reason: '' })).toBe('Ana Ortiz was removed from the roster');
  });
});

test('a record of the first version is read, and says so of itself', () => {
  const old = { ...first(Scene.created()), v: 1 as const };
  expect(evolve(null, old).entryVersion).toBe(1);
  expect(() => evolve(null, { ...old, v: 0 } as unknown as Entry)).toThrow('FOLD_SCHEMA_VERSION');
});

test('a lift of another halt than the present one is an entry that nobody can have written', () => {
  const scene = Scene.ready();
  scene.halt();
  const { liftId } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  const before = scene.state;
  const lifted = scene.gives('HaltLifted', { kind: 'approve-lift', by: 'mia', liftId });
  expect(() => evolve(before, { ...lifted, epoch: 2 })).toThrow('FOLD_IMPOSSIBLE');
});

test('a skip list is that of the entry, with what it covers', () => {
  const scene = Scene.ready();
  scene.does({ kind: 'set-skip-list', by: 'ana', skipList: { hash: 'one', key: 'k', tokens: 3 }, adds: null });
  expect(scene.state.skipList).toEqual({ hash: 'one', key: 'k', tokens: 3, covers: [null] });
});

test('a launch begins with what its first entry says, and nothing of it has happened yet', () => {
  const scene = Scene.created();
  const created = first(scene);
  if (created.kind !== 'LaunchCreated') throw new Error('unexpected');
  const { teamId: _team, keys: _keys, ...older } = created;
  expect(evolve(null, older as Entry)).toMatchObject({ teamId: null, keys: [] });
  expect(evolve(null, { ...created, teamId: 'T0' })).toEqual({
    id: created.launchId,
    name: 'Super Bowl',
    channelId: 'C0WARROOM',
    region: null,
    teamId: 'T0',
    runbook: created.runbook,
    runbookHash: 'r',
    createdAtMs: created.atMs,
    targetAtMs: created.targetAtMs,
    compress: 1,
    seq: 1,
    headHash: created.hash,
    entryVersion: ENTRY_VERSION,
    people: created.runbook.people,
    keys: created.keys,
    keyChanges: {},
    campaign: created.runbook.campaign,
    contentHash: created.contentHash,
    audience: null,
    skipList: null,
    ticks: {},
    present: {},
    gateChanges: {},
    waivers: {},
    orders: {},
    shots: {},
    usedNonces: [],
    attempts: {},
    leftBehind: {},
    correctedSeq: {},
    tests: {},
    halt: { active: false, epoch: 0, by: null, reason: '', atMs: created.atMs },
    lifts: {},
    switches: {},
    switchRequests: {},
    runbookChanges: {},
    rosterChanges: {},
    steps: {},
    missed: {},
    scale: {},
    scaleFound: {},
    scaleTook: {},
    stoodDown: null,
    surge: null,
    rehearses: null,
    rehearsals: {},
    closed: false,
    noted: [],
    postmortem: { state: 'draft', answers: [], guests: [], actions: {}, halters: [], closedAtMs: null },
  });
});
