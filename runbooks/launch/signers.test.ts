import { describe, expect, test } from 'vitest';
import { publicHalf } from '../../infra/aws/keyring.ts';
import { BOT_KEY, testKey, WORKER_KEY } from '../../test/keys.ts';
import { ANA, people, Scene } from '../../test/properties/scene.ts';
import { ENTRY_VERSION } from './entries.ts';
import type { Entry, EntryKind } from './entries.ts';
import { holderOf, needsKey, signedText, signerProblem, trustProblem } from './signers.ts';

const [bot, worker, stranger] = [BOT_KEY, WORKER_KEY, testKey(9)].map(publicHalf) as [string, string, string];
const MIA = people[1]?.operator_keys[0] ?? '';
const { state: launch } = Scene.ready();

const problem = (kind: EntryKind, more: object, before = launch) =>
  signerProblem(before, {
    v: ENTRY_VERSION,
    launchId: launch.id,
    seq: 9,
    atMs: 1,
    kind,
    by: { system: 'conductor' },
    ...more,
  } as Entry);
const ana = { by: { person: 'ana' }, key: ANA.key };

/** Every kind, and who besides the bot may write it: a worker, a person's own key (with the least role), both or nobody. */
const BESIDES: Record<EntryKind, { worker?: true; own?: 'on-call' | 'marketer' | 'observer' }> = {
  LaunchCreated: {},
  TargetMoved: {},
  CampaignSet: {},
  AudienceSet: { own: 'marketer' },
  SkipListSet: { own: 'marketer' },
  RunbookChangeRequested: {},
  RunbookChanged: {},
  RosterChangeRequested: {},
  RosterChanged: {},
  PersonRemoved: {},
  KeyChangeRequested: { own: 'on-call' },
  KeysChanged: { own: 'marketer' },
  TakenOver: { own: 'marketer' },
  GateChanged: {},
  GateTicked: {},
  WaiverRequested: {},
  WaiverGranted: {},
  FireRequested: { own: 'marketer' },
  FireApproved: { own: 'marketer' },
  FireArmed: { own: 'marketer' },
  FireHeld: {},
  FireDeclined: { own: 'marketer' },
  FireRenewed: {},
  ChangeExpired: {},
  FireExpired: {},
  ShotClosed: { worker: true },
  ShotCorrected: { worker: true },
  ShotTimed: { worker: true },
  TestRequested: {},
  TestDone: { worker: true },
  HaltSet: { own: 'observer' },
  LiftRequested: { own: 'marketer' },
  HaltLifted: { own: 'marketer' },
  SwitchRequested: {},
  SwitchSet: {},
  SwitchMirrored: {},
  StepStarted: {},
  StepHeld: {},
  StepPut: {},
  StepMissed: {},
  StepSkipped: {},
  StepDone: {},
  ScaleOrdered: {},
  ScaleFound: {},
  ScaleReached: {},
  ScaleChanged: {},
  ScaleLate: {},
  SurgeMeasured: {},
  RehearsalBegun: {},
  RehearsalTurned: {},
  RehearsalEnded: {},
  Noted: {},
  OutcomesCounted: {},
  QuestionAnswered: {},
  ActionSet: {},
  ActionClosed: {},
  PostmortemTurned: {},
  PersonPresent: {},
  Checkpoint: {},
  StoodDown: {},
  LaunchClosed: {},
};

describe('who may write which entry', () => {
  const kinds = Object.keys(BESIDES) as EntryKind[];

  test.each(kinds.map((kind) => ({ kind, ...BESIDES[kind] })))('$kind', ({ kind, worker: mayWorker, own }) => {
    expect(problem(kind, { key: bot })).toBeNull();
    expect(problem(kind, { key: worker }) === null).toBe(mayWorker === true);
    expect(problem(kind, { key: stranger })).toBe('it is signed by a key that this record does not know');
    const order = ['observer', 'marketer', 'on-call'] as const;
    for (const role of order) {
      const before = { ...launch, people: people.map((one) => (one.id === 'ana' ? { ...one, roles: [role] } : one)) };
      const isEnough = own !== undefined && order.indexOf(role) >= order.indexOf(own);
      expect(problem(kind, ana, before) === null).toBe(isEnough);
    }
  });

  test("a worker's key writes for no person, and a person's own for nobody else", () => {
    expect(problem('ShotClosed', { key: worker, by: { person: 'ana' } })).toMatch(/in the name of a person/);
    expect(problem('HaltSet', { ...ana, by: { person: 'mia' } })).toMatch(/ana's own key in the name of somebody else/);
    expect(problem('HaltSet', { ...ana, by: { system: 'conductor' } })).toMatch(/in the name of somebody else/);
    expect(problem('Noted', ana)).toMatch(/ana's own key, which can't write Noted/);
    expect(problem('ShotTimed', { key: bot, by: { person: 'ana' } })).toBeNull();
    // The roles are those of the very person, whoever else stands before them on the roster.
    expect(problem('HaltLifted', { by: { person: 'mia' }, key: MIA })).toBeNull();
    expect(problem('KeyChangeRequested', { by: { person: 'mia' }, key: MIA })).toMatch(/whose roles don't allow it/);
  });

  test("a person's own key signs for the proof by that very key alone", () => {
    const via = { kind: 'operator', publicKey: ANA.key };
    expect(problem('FireApproved', { ...ana, via })).toBeNull();
    expect(problem('FireApproved', { ...ana, via: { ...via, publicKey: MIA } })).toMatch(/its proof is of another/);
    expect(problem('FireApproved', { ...ana, via: { kind: 'slack', slackId: ANA.slack, publicKey: ANA.key } })).toMatch(
      /proof is of another/,
    );
  });

  test('nobody signs nothing, but for a halt from the command line, and that must look like one', () => {
    const halt = { epoch: 1, pressedAtMs: 5, reason: '', by: { system: 'cli' } };
    expect(problem('HaltSet', halt)).toBeNull();
    expect(problem('HaltSet', { ...halt, epoch: 0, pressedAtMs: 0, atMs: 0 })).toBeNull();
    for (const wrong of [{ epoch: -1 }, { epoch: 0.5 }, { pressedAtMs: '5' }, { atMs: Number.NaN }, { reason: 7 }])
      expect(problem('HaltSet', { ...halt, ...wrong })).toMatch(/its values are none of a halt/);
    for (const by of [{ system: 'ssm' }, { system: 'slack' }, { person: 'ana' }])
      expect(problem('HaltSet', { ...halt, by })).toBe('nobody has signed it');
    expect(problem('HaltLifted', { by: { system: 'cli' } })).toBe('nobody has signed it');
    expect(problem('Noted', { key: '' })).toBe('nobody has signed it');
    expect(needsKey({ kind: 'HaltSet', by: { system: 'cli' } })).toBe(false);
    expect(needsKey({ kind: 'Noted', by: { system: 'cli' } })).toBe(true);
  });

  test('a record that names no keys is not asked', () => {
    expect(problem('Noted', { key: stranger }, { ...launch, keys: [] })).toBeNull();
  });

  test('a launch is begun by a bot whose key it names, or names none', () => {
    const keys = [
      { role: 'bot', key: bot },
      { role: 'worker', key: worker },
    ];
    const first = (more: object) =>
      signerProblem(null, { kind: 'LaunchCreated', by: { person: 'ana' }, ...more } as Entry);
    expect(first({ keys, key: bot })).toBeNull();
    for (const key of [worker, stranger, undefined])
      expect(first({ keys, key })).toBe('a launch is begun by a bot whose key it names');
    expect([first({ keys: [], key: stranger }), first({})]).toEqual([null, null]);
    expect(signerProblem(null, { kind: 'Noted', keys, key: worker } as unknown as Entry)).toBeNull();
  });
});

describe('whose key it is', () => {
  test('a bot, a worker, a person on the roster as it stands, or nobody', () => {
    expect([bot, worker, ANA.key, MIA, stranger].map((key) => holderOf(launch, key))).toEqual([
      'bot',
      'worker',
      { person: 'ana' },
      { person: 'mia' },
      null,
    ]);
    expect(holderOf({ ...launch, people: [] }, ANA.key)).toBeNull();
  });

  test('a process believes the keys that it was told of, each in its role', () => {
    const trusted = { bot: [bot], worker: [worker] };
    expect(trustProblem(launch.keys, trusted)).toBeNull();
    expect(trustProblem([], trusted)).toBeNull();
    expect(trustProblem([{ role: 'bot', key: worker }], trusted)).toBe(
      `it names a bot key that this process was not told to trust (${worker})`,
    );
  });
});

test('the text under a signature says what it is', () => {
  expect(signedText('abc')).toBe('gobutton entry v2\nabc');
});
