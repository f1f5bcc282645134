import { describe, expect, test } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import { Scene, segmentTotals, setsLeft, T0_MS } from '../../test/properties/scene.ts';
import type { Command } from './commands.ts';
import type { Entry, EntryKind } from './entries.ts';
import { fold } from './evolve.ts';
import { planOf } from './plan-changes.ts';
import { commandOf, decidedPart, vouchProblem } from './vouch.ts';

/** Every move that takes two people, halts, and counts of shots, as they come in a launch. */
function everyMove(): Scene {
  const scene = Scene.ready();
  const reason = 'because';
  const waiver = { gate: 'workers', segments: ['us-ios'], worst: 2, reason, endsAtMs: scene.nowMs + 60_000 };
  const { waiverId } = scene.gives('WaiverRequested', { kind: 'request-waiver', by: 'ana', ...waiver });
  scene.does({ kind: 'grant-waiver', by: 'mia', waiverId });
  const changed = (more: object): Command => {
    const plan = { ...planOf(scene.state.runbook), ...more };
    return { kind: 'change-runbook', by: 'ana', plan, runbookHash: 'new', lines: ['sale.yaml:3'], reason };
  };
  scene.does(changed({ title: 'Big night' }));
  const later = scene.does(changed({ order_expires_after: 600_000 }));
  scene.does({ kind: 'approve-runbook-change', by: 'mia', ...idOf(later, 'changeId') });
  const { people } = scene.state;
  const roster: Command = { kind: 'request-roster-change', by: 'ana', people: people.slice(0, 3), reason };
  scene.does({ kind: 'approve-roster-change', by: 'mia', ...idOf(scene.does(roster), 'changeId') });
  const keys: Command = { kind: 'request-key-change', by: 'ana', keys: [...scene.state.keys], reason };
  scene.does({ kind: 'approve-key-change', by: 'mia', ...idOf(scene.does(keys), 'changeId') });
  const shot = scene.fired(['us-ios']);
  scene.halt();
  scene.closes(scene.shot(shot.id), { 'us-ios': { halted: 100, uncertain: 9 } });
  const late = [segmentTotals('us-ios', 1, 500, { halted: 102, uncertain: 7 })];
  scene.does({ kind: 'correct-shot', shotId: shot.id, segments: late, batch: 'b1' });
  scene.does({
    kind: 'approve-lift',
    by: 'mia',
    ...idOf(scene.does({ kind: 'request-lift', by: 'ana', reason }), 'liftId'),
  });
  for (const source of ['ssm', 'cli', 'slack'] as const) {
    const epoch = scene.state.halt.epoch + 1;
    scene.does({ kind: 'set-halt', by: null, source, epoch, reason, pressedAtMs: scene.nowMs });
  }
  // A resume: it lifts the halt, and is for those who are left.
  scene.fired(['us-ios'], { lift: true, sets: setsLeft(scene.state) });
  return scene;
}

function idOf<K extends 'changeId' | 'liftId'>(entry: Entry, field: K): Record<K, string> {
  return { [field]: (entry as unknown as Record<K, string>)[field] } as Record<K, string>;
}

const scene = everyMove();
const steps = scene.entries.map((entry, index) => ({ entry, before: fold(scene.entries.slice(0, index)) }));
const vouched = steps.flatMap(({ entry, before }) => (before === null ? [] : [{ kind: entry.kind, entry, before }]));
const judged = vouched.filter(({ entry }) => commandOf(entry) !== null);
const JUDGED: EntryKind[] = [
  'WaiverRequested',
  'WaiverGranted',
  'RunbookChangeRequested',
  'RunbookChanged',
  'RosterChangeRequested',
  'RosterChanged',
  'KeyChangeRequested',
  'KeysChanged',
  'FireRequested',
  'FireApproved',
  'HaltSet',
  'ShotClosed',
  'ShotCorrected',
  'LiftRequested',
  'HaltLifted',
];

describe('an entry is decided again by the rules', () => {
  test('whatever takes two people, each halt, and each count of a shot; ticks and audiences have no say', () => {
    expect([...new Set(judged.map(({ kind }) => kind))].toSorted()).toEqual(JUDGED.toSorted());
  });

  test.each(vouched.map((one) => ({ name: `${one.entry.seq} ${one.kind}`, ...one })))(
    'what the rules gave holds: $name',
    ({ entry, before }) => expect(vouchProblem(before, entry, sha256)).toBeNull(),
  );

  // The second person reads it.
  const ANOTHER = { changes: [{ where: 'title', before: 'Big night', after: 'Super Bowl', line: 'sale.yaml:3' }] };
  // Each by a field that only the right command carries on: were it not asked for, or lost, nothing would differ.
  const CHANGED: Partial<Record<EntryKind, object[]>> = {
    WaiverRequested: [{ reason: '' }, { gate: 'credentials' }, { endsAtMs: 0 }, { waiverId: 'W99' }],
    WaiverGranted: [{ by: { person: 'ana' } }, { waiverId: 'W99' }],
    RunbookChangeRequested: [{ by: { person: 'mia' } }, { reason: '' }, { changeId: 'B99' }, { changes: [] }, ANOTHER],
    RunbookChanged: [{ by: { person: 'mia' } }, { reason: '' }, { changeId: 'B99' }, { voids: {} }, ANOTHER],
    RosterChangeRequested: [{ people: [] }, { reason: '' }],
    RosterChanged: [{ by: { person: 'ana' } }, { changeId: 'P99' }],
    KeyChangeRequested: [{ keys: [] }, { reason: '' }],
    KeysChanged: [{ by: { person: 'ana' } }, { changeId: 'K99' }],
    FireRequested: [
      { by: { person: 'olu' } },
      { measured: [] },
      { devices: 1 },
      { lifts: 7 },
      { expiresAtMs: T0_MS * 2 },
      { shownHash: 'f'.repeat(64) },
    ],
    FireApproved: [
      { by: { person: 'ana' } },
      { measured: [] },
      { pressedAtMs: 0 },
      { shownHash: 'f'.repeat(64) },
      { orderId: 'F99' },
      { haltEpoch: 9 },
      { observed: { haltEpoch: 9, halted: false } },
      { observed: { haltEpoch: 0, halted: true } },
    ],
    HaltSet: [{ epoch: 0 }, { by: { person: 'eve' } }],
    ShotClosed: [{ segments: [] }, { shotId: 'S99' }, { cause: 'late', by: { system: 'worker' } }],
    ShotCorrected: [{ segments: [] }, { batch: '', by: { system: 'worker' } }, { shotId: 'S99' }],
    LiftRequested: [{ epoch: 9 }, { by: { person: 'olu' } }],
    HaltLifted: [{ by: { person: 'ana' } }, { liftId: 'L99' }],
  };
  const firsts = JUDGED.flatMap((kind) => {
    const found = judged.find((one) => one.kind === kind);
    return found === undefined ? [] : (CHANGED[kind] ?? []).map((more) => ({ ...found, more }));
  });
  test.each(firsts)('a forged one does not: $kind with $more', ({ entry, before, more }) => {
    expect(vouchProblem(before, { ...entry, ...more } as Entry, sha256)).toMatch(
      /^the rules refuse it: .+ \(\w+\)$|^it is not what the rules give$/,
    );
  });

  test('a refusal says which rule', () => {
    const request = judged.find(({ kind }) => kind === 'FireApproved');
    if (request === undefined) throw new Error('unexpected');
    expect(vouchProblem(request.before, { ...request.entry, by: { person: 'ana' } } as Entry, sha256)).toMatch(
      /asked for this fire, so a second person must press GO.*\(SAME_PERSON\)$/,
    );
  });
});

describe('what only people can cause', () => {
  const PEOPLES = JUDGED.filter((kind) => !['HaltSet', 'ShotClosed', 'ShotCorrected'].includes(kind));
  test.each(PEOPLES)('%s by the system is forged', (kind) => {
    const found = judged.find((one) => one.kind === kind);
    if (found === undefined) throw new Error('unexpected');
    expect(vouchProblem(found.before, { ...found.entry, by: { system: 'conductor' } } as Entry, sha256)).toBe(
      'it is by the system, and only people can do this',
    );
  });

  test('a halt is halted again by whoever may halt from outside; by another system it has no say, and no halt is one too many', () => {
    const halt = judged.find(({ kind }) => kind === 'HaltSet');
    if (halt === undefined) throw new Error('unexpected');
    const sourceOf = (system: string) => commandOf({ ...halt.entry, by: { system } } as Entry);
    for (const source of ['ssm', 'cli', 'slack', 'conductor'])
      expect(sourceOf(source)).toMatchObject({ kind: 'set-halt', by: null, source });
    for (const source of ['worker', 'closer']) expect(sourceOf(source)).toBeNull();
    expect(commandOf({ ...halt.entry, by: { person: 'ben' } })).toMatchObject({ by: 'ben', source: 'slack' });
    expect(vouchProblem(halt.before, { ...halt.entry, by: { system: 'worker' } } as Entry, sha256)).toBeNull();
  });

  test('talk by the system is not, nor is what it does by itself', () => {
    const talk = Scene.ready();
    const before = talk.state;
    expect(vouchProblem(before, talk.does({ kind: 'note', by: null, text: 'rain' }), sha256)).toBeNull();
  });
});

describe('a record from before requests and approvals held what they were decided by', () => {
  test('is judged by the gates as unknown, and by the halt that the entry names', () => {
    const fired = judged.filter(({ kind }) => kind === 'FireApproved').at(0)?.entry;
    if (fired?.kind !== 'FireApproved') throw new Error('unexpected');
    const { measured: _measured, observed: _observed, ...older } = fired;
    expect(commandOf({ ...older, haltEpoch: 3 } as Entry)).toMatchObject({
      measured: [],
      observedHaltEpoch: 3,
      observedHalted: false,
    });
    const asked = judged.find(({ kind }) => kind === 'FireRequested')?.entry;
    if (asked?.kind !== 'FireRequested') throw new Error('unexpected');
    const { measured: _asked, ...request } = asked;
    expect(commandOf(request as Entry)).toMatchObject({ measured: [], lift: false });
    expect(commandOf(request as Entry)).not.toHaveProperty('sets');
  });

  test('entries are judged by the rules of their own version', () => {
    const old = Scene.ready();
    old.closes(old.fired(['us-ios']), { 'us-ios': { halted: 5 } });
    const before = old.state;
    const asking = old.gives('FireRequested', old.request('ana', ['us-ios']));
    const { sets: _sets, ...shown } = asking.shown;
    const unfrozen = { ...asking, shown, shownHash: sha256(JSON.stringify(shown)) } as Entry;
    expect(vouchProblem(before, { ...unfrozen, v: 3 }, sha256)).toMatch(/SET_MISSING/);
    expect(vouchProblem(before, { ...unfrozen, v: 2 } as Entry, sha256)).not.toMatch(/SET_MISSING/);
  });

  test('a reason that nobody can see stands in entries of before version 8, and in no later one', () => {
    const scene8 = Scene.ready();
    const { id } = [...scene8.state.people].find(({ roles }) => roles.includes('on-call')) ?? { id: '' };
    const request = {
      kind: 'request-waiver',
      by: id,
      gate: 'workers',
      segments: 'all',
      worst: 1,
      endsAtMs: scene8.nowMs + 60_000,
    } as const;
    const before = scene8.state;
    const asked = scene8.gives('WaiverRequested', { ...request, reason: 'known' });
    const unseen = { ...asked, reason: '\u200B' } as Entry;
    expect(vouchProblem(before, unseen, sha256)).toMatch(/REASON_MISSING/);
    expect(vouchProblem(before, { ...unseen, v: 7 } as Entry, sha256)).toBeNull();
    expect(vouchProblem(before, { ...unseen, reason: ' ', v: 7 } as Entry, sha256)).toMatch(/REASON_MISSING/);
  });
});

test('of an entry, what the shell has added is left out, and nothing else', () => {
  const { v, launchId, seq, token, prev, hash, key, sig, ...decided } = scene.entries[1] as Entry;
  expect([v, launchId, seq, token, prev, hash, key, sig].every((part) => part !== undefined)).toBe(true);
  expect(decidedPart(scene.entries[1] as Entry)).toEqual(decided);
});
