import { describe, expect, test } from 'vitest';
import { audience, sampleRunbook, Scene, segmentTotals } from '../../test/properties/scene.ts';
import { effectsOf, endedPhase, isHeadNoted } from './effects.ts';
import { ENTRY_VERSION } from './entries.ts';
import type { Entry, EntryKind, EntryOf } from './entries.ts';
import type { Launch } from './launch.ts';

/** What an effect is, in a word: `!` for one that is performed at once, `#` for one in the channel, and what it says besides. */
function word(effect: ReturnType<typeof effectsOf>[number]): string {
  const { id, kind, launchId: _launch, seq, urgent, lane, ...more } = effect;
  const name = id.startsWith(`${seq}/`) ? id.slice(`${seq}/`.length) : `UNNUMBERED ${id}`;
  const said = Object.values(more).map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value)));
  const shown = name === kind || name.startsWith('mirror-') || name.startsWith('refresh-') ? name : `OTHER ${name}`;
  return [`${lane === 'slack' ? '#' : ''}${urgent ? '!' : ''}${shown}`, ...said].join(' ');
}

const entry = <K extends EntryKind>(kind: K, more: Partial<EntryOf<K>> = {}): Entry =>
  ({
    kind,
    v: ENTRY_VERSION,
    launchId: 'L',
    seq: 7,
    atMs: 0,
    by: { person: 'ana' },
    token: '',
    prev: '',
    hash: 'h7',
    ...more,
  }) as Entry;

const effects = (launch: Launch, one: Entry): string[] => effectsOf(one, launch).map(word);

const segments = [{ segment: 'us-ios', attempt: 1 }];
const shown = { segments } as EntryOf<'FireApproved'>['shown'];
const POSTED = ['#post-entry'];

/** By kind of entry, so that a new one without a row does not compile. The launch is a ready one in which nothing has happened. */
const FOLLOWS: { [K in EntryKind]: { more?: Partial<EntryOf<K>>; what?: string; gives: string[] }[] } = {
  LaunchCreated: [
    { gives: ['!index-launch', 'ensure-queues', '!write-switches', 'write-flags', '#post-entry', '#post-board'] },
  ],
  TakenOver: [
    {
      gives: [
        '!index-launch',
        'ensure-queues',
        '!write-switches',
        'write-flags',
        '#post-entry',
        '#post-board',
        '!note-head h7',
      ],
    },
  ],
  FireRequested: [{ more: { orderId: 'F1' }, gives: ['#post-order F1'] }],
  FireApproved: [
    {
      more: { orderId: 'F1', shotId: 'S1', shown, lifts: null },
      gives: [
        '!send-segment-orders S1 [{"segment":"us-ios","attempt":1}]',
        '#start-live S1',
        '#refresh-F1 F1',
        '#post-entry',
        '!note-head h7',
      ],
    },
    {
      what: 'that lifts a halt, before it wakes anybody',
      more: { orderId: 'F1', shotId: 'S1', shown, lifts: 4 },
      gives: [
        '!lift-halt 4',
        '!send-segment-orders S1 [{"segment":"us-ios","attempt":1}]',
        '!mirror-halt halt',
        'report-mirror halt 0 7/mirror-halt',
        'write-flags',
        '#start-live S1',
        '#refresh-F1 F1',
        '#post-entry',
        '!note-head h7',
      ],
    },
  ],
  FireArmed: [{ more: { orderId: 'F1' }, gives: ['#refresh-F1 F1', '#post-entry', '!note-head h7'] }],
  FireHeld: [{ more: { orderId: 'F1' }, gives: ['#refresh-F1 F1', '#post-entry'] }],
  FireDeclined: [{ more: { orderId: 'F1' }, gives: ['#refresh-F1 F1', '#post-entry'] }],
  FireRenewed: [{ more: { orderId: 'F1' }, gives: ['#refresh-F1 F1', '#post-entry'] }],
  ChangeExpired: [{ more: { changeId: 'L5' }, gives: ['#post-entry', '#refresh-L5 L5 5'] }],
  FireExpired: [{ more: { orderId: 'F1' }, gives: ['#refresh-F1 F1', '#post-entry'] }],
  ShotClosed: [
    { more: { shotId: 'S1' }, gives: ['#finish-live S1', '#post-summary S1', '#post-chart S1', '!note-head h7'] },
  ],
  ShotCorrected: [{ more: { segments: [] }, gives: POSTED }],
  ShotTimed: [{ gives: POSTED }],
  HaltSet: [
    {
      gives: ['!mirror-halt halt', 'report-mirror halt 0 7/mirror-halt', 'write-flags', '#post-entry', '!note-head h7'],
    },
  ],
  LiftRequested: [{ gives: POSTED }],
  HaltLifted: [
    {
      more: { epoch: 4 },
      gives: [
        '!lift-halt 4',
        '!mirror-halt halt',
        'report-mirror halt 0 7/mirror-halt',
        'write-flags',
        '#post-entry',
        '!note-head h7',
      ],
    },
  ],
  SwitchRequested: [{ gives: POSTED }],
  SwitchSet: [
    {
      more: { switch: 'pace.ios' },
      gives: [
        '!write-switches',
        '!mirror-pace.ios pace.ios',
        'report-mirror pace.ios 0 7/mirror-pace.ios',
        'write-flags',
        '#post-entry',
      ],
    },
  ],
  SwitchMirrored: [{ gives: [] }],
  TestRequested: [{ more: { testId: 'T1' }, gives: ['!send-test-order T1', '#post-entry'] }],
  TestDone: [{ gives: POSTED }],
  StepStarted: [{ more: { step: 'remind' }, gives: ['do-step remind', '#post-entry'] }],
  StepHeld: [{ gives: POSTED }],
  StepPut: [{ gives: POSTED }],
  StepMissed: [{ gives: POSTED }],
  StepSkipped: [{ more: { step: 'remind' }, gives: POSTED }],
  StepDone: [{ more: { step: 'remind' }, gives: POSTED }],
  ScaleOrdered: [
    { more: { target: 'workers', desired: 1_200 }, gives: ['!scale workers 1200', '#post-scale workers 1200'] },
  ],
  ScaleFound: [{ gives: [] }],
  ScaleReached: [
    { more: { target: 'workers', desired: 1_200, tookMs: 9 }, gives: ['#finish-scale workers 9', '#post-entry'] },
    {
      what: 'where another count stands than was ordered',
      more: { target: 'workers', desired: 1_200, tookMs: 9, stands: 1_500 },
      gives: ['#finish-scale workers 9 1500', '#post-entry'],
    },
  ],
  ScaleChanged: [
    { what: 'that people are told of', more: { target: 'workers', desired: 2, again: false }, gives: POSTED },
    {
      what: 'that is set again',
      more: { target: 'workers', desired: 2, again: true },
      gives: ['!scale workers 2', '#post-entry'],
    },
  ],
  ScaleLate: [{ gives: POSTED }],
  SurgeMeasured: [{ gives: POSTED }],
  RehearsalBegun: [{ gives: POSTED }],
  RehearsalTurned: [{ gives: POSTED }],
  RehearsalEnded: [{ gives: POSTED }],
  Noted: [{ gives: POSTED }, { what: 'that stands in the channel already', more: { said: true }, gives: [] }],
  OutcomesCounted: [{ gives: [] }],
  QuestionAnswered: [{ gives: [] }],
  ActionSet: [{ gives: POSTED }],
  ActionClosed: [{ gives: POSTED }],
  PostmortemTurned: [{ gives: POSTED }],
  PersonPresent: [{ gives: [] }],
  Checkpoint: [{ gives: [] }],
  TargetMoved: [{ gives: POSTED }],
  CampaignSet: [{ gives: POSTED }],
  AudienceSet: [{ gives: POSTED }],
  SkipListSet: [{ gives: POSTED }],
  RunbookChangeRequested: [{ gives: POSTED }],
  RunbookChanged: [{ gives: ['write-flags', ...POSTED] }],
  RosterChangeRequested: [{ gives: POSTED }],
  RosterChanged: [{ gives: POSTED }],
  PersonRemoved: [{ gives: POSTED }],
  KeyChangeRequested: [{ gives: POSTED }],
  KeysChanged: [{ gives: POSTED }],
  GateChanged: [{ gives: POSTED }],
  GateTicked: [{ gives: POSTED }],
  WaiverRequested: [{ gives: POSTED }],
  WaiverGranted: [{ gives: POSTED }],
  StoodDown: [{ gives: ['#post-stand-down', '!note-head h7'] }],
  LaunchClosed: [{ gives: ['#post-entry', '!note-head h7'] }],
};

const rows = (Object.keys(FOLLOWS) as EntryKind[]).flatMap((kind) =>
  FOLLOWS[kind].map(({ what = '', more = {}, gives }) => ({ kind, what, more, gives })),
);

describe('what follows outside from an entry', () => {
  test.each(rows)('$kind $what', ({ kind, more, gives }) => {
    expect(effects(Scene.ready().state, entry(kind, more as Partial<Entry>))).toEqual(gives);
  });

  test('each effect names its launch and is numbered by its entry, the same for every process that derives it', () => {
    const scene = Scene.ready();
    const note = scene.does({ kind: 'note', by: 'olu', text: 'rain' });
    const first = effectsOf(note, scene.state);
    expect(first).toMatchObject([{ id: `${note.seq}/post-entry`, launchId: note.launchId, seq: note.seq }]);
    expect(effectsOf(note, scene.state)).toEqual(first);
  });

  test('what AWS was asked for a mirror is reported once it is written', () => {
    const [write, report] = effectsOf(entry('SwitchSet', { switch: 'pace.ios' }), Scene.ready().state).slice(1);
    expect([write?.id, write?.after]).toEqual(['7/mirror-pace.ios', undefined]);
    expect([report?.id, report?.after, report?.urgent]).toEqual(['7/report-mirror', '7/mirror-pace.ios', false]);
  });

  test('a kind of entry that nobody knows is an error with a code', () => {
    expect(() => effectsOf(entry('Rewritten' as 'Noted'), Scene.ready().state)).toThrow('EFFECTS_UNKNOWN_ENTRY');
  });
});

describe('an order that can no longer be pressed has no GO button', () => {
  const skipList = { hash: 's', key: 'k', tokens: 1 };
  const late = segmentTotals('us-ios', 1, 500, { late: 300 });
  const ENDS: { by: string; scene?: () => Scene; does: (scene: Scene) => Entry }[] = [
    { by: 'a halt', does: (scene) => (scene.halt(), last(scene)) },
    {
      by: 'a change of the text',
      does: (scene) =>
        scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, sound: 'tada' } }),
    },
    {
      by: 'another audience',
      does: (scene) => scene.does({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash: 'b' } }),
    },
    {
      by: 'a skip list that takes the place of the one that was shown',
      scene: () => {
        const scene = Scene.ready();
        scene.does({ kind: 'set-skip-list', by: 'ana', skipList: { ...skipList, hash: 'first' } });
        return scene;
      },
      does: (scene) => scene.does({ kind: 'set-skip-list', by: 'ana', skipList }),
    },
    {
      by: 'a change of the roster',
      does: (scene) => {
        const { changeId } = scene.gives('RosterChangeRequested', {
          kind: 'request-roster-change',
          by: 'ana',
          people: scene.state.people.filter(({ id }) => id !== 'olu'),
          reason: 'went home',
        });
        return scene.does({ kind: 'approve-roster-change', by: 'mia', changeId });
      },
    },
    {
      by: 'the removal of who asked',
      does: (scene) => scene.does({ kind: 'remove-person', person: 'ana', reason: 'left the workspace' }),
    },
    { by: 'the end of the launch', does: (scene) => scene.does({ kind: 'close-launch', by: 'ana', reason: 'rain' }) },
    {
      by: 'a late account of the devices that it is for',
      scene: () => {
        const scene = Scene.ready();
        scene.closes(scene.fired(['us-ios']), { 'us-ios': { late: 400 } });
        return scene;
      },
      does: (scene) =>
        scene.does({
          kind: 'correct-shot',
          shotId: Object.keys(scene.state.shots)[0] ?? '',
          segments: [late],
          batch: 'b',
        }),
    },
    {
      by: 'an order that took its place after it had run out',
      does: (scene) => {
        scene.nowMs += 3_600_000;
        return scene.does(scene.request('mia', ['us-ios']));
      },
    },
  ];

  test.each(ENDS)('after $by its message is drawn again, once', ({ scene: begin = () => Scene.ready(), does }) => {
    const scene = begin();
    const order = scene.asked(['us-ios']);
    const cause = does(scene);
    expect(scene.order(order.id).state).toBe('void');
    const redrawn = effects(scene.state, cause).filter((effect) => effect.startsWith('#refresh-'));
    expect(redrawn).toEqual([`#refresh-${order.id} ${order.id}`]);
  });

  test('a late account draws no other order again: there may be hundreds of both', () => {
    const scene = Scene.ready();
    const shot = scene.fired(['us-ios']);
    scene.closes(shot, { 'us-ios': { late: 400 } });
    const corrects = (left: number, batch: string): string[] => {
      const segments = [segmentTotals('us-ios', 1, 500, { late: left })];
      const correction = scene.does({ kind: 'correct-shot', shotId: shot.id, segments, batch });
      return effects(scene.state, correction);
    };
    // Both end by something else.
    scene.asked(['us-ios']);
    scene.asked(['br-ios']);
    scene.does({ kind: 'set-campaign', by: 'mia', campaign: { ...scene.state.campaign, sound: 'tada' } });
    scene.does({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
    expect(corrects(300, 'a')).toEqual(POSTED);
    // This one by a correction, and that of another segment is not about it.
    const order = scene.asked(['us-ios']);
    expect(corrects(200, 'b')).toEqual([...POSTED, `#refresh-${order.id} ${order.id}`]);
    const elsewhere = entry('ShotCorrected', { shotId: shot.id, segments: [segmentTotals('br-ios', 1, 500)] });
    expect(effects(scene.state, elsewhere)).toEqual(POSTED);
  });

  test('an order whose request is performed late is posted as it stands by then, and not drawn twice', () => {
    const scene = Scene.ready();
    const asked = scene.does(scene.request('mia', ['br-ios']));
    scene.halt();
    expect(effects(scene.state, asked)).toEqual([expect.stringContaining('#post-order')]);
  });

  test('an order that still waits keeps it', () => {
    const scene = Scene.ready();
    scene.asked(['us-ios']);
    const asked = scene.does(scene.request('mia', ['br-ios']));
    expect(effects(scene.state, asked)).toEqual([expect.stringContaining('#post-order')]);
    const moved = scene.does({ kind: 'move-target', by: 'ana', targetAtMs: scene.nowMs + 60_000, reason: 'overtime' });
    expect(effects(scene.state, moved)).toEqual(POSTED);
  });
});

describe('capacity and steps', () => {
  test('an automation has a message of its own, from its start to its end', () => {
    const act = { kind: 'automation', document: 'lingo-warm-cache' };
    const step = { id: 'warm', title: 'Warm the cache', at: 'T-1h', do: act };
    const { state } = Scene.created(sampleRunbook({ phases: [{ id: 'p', title: 'P', steps: [step] }] }));
    expect(effects(state, entry('StepStarted', { step: 'warm' }))).toEqual([
      'do-step warm',
      '#post-entry',
      '#post-automation warm',
    ]);
    expect(effects(state, entry('StepDone', { step: 'warm' }))).toEqual(['#post-entry', '#finish-automation warm']);
  });

  test('capacity that is taken down after the close brings the launch back on the index', () => {
    const launch = { ...Scene.ready().state, closed: true };
    expect(effects(launch, entry('ScaleOrdered', { target: 'workers', desired: 0 }))[0]).toBe('!index-launch');
  });

  test.each([
    { reached: { desired: 1_200 }, say: 'stands at 1,200' },
    { reached: { desired: 1_200, stands: 1_500 }, say: 'stands at 1,500, 1,200 ordered' },
  ])('the step that ordered it is done: $say', ({ reached, say }) => {
    const scene = Scene.created();
    scene.does({ kind: 'order-scale', by: null, target: 'workers', desired: 2, step: 'scale-up', reason: '' });
    expect(effects(scene.state, entry('ScaleReached', { target: 'workers', tookMs: 9, ...reached }))[0]).toBe(
      `finish-step scale-up ${say}`,
    );
  });
});

test('what is put back after a stand-down is shown where its buttons stand; before one nothing is', () => {
  const scene = Scene.ready();
  const { state } = scene;
  scene.does({ kind: 'stand-down', by: 'ana', reason: 'rain' });
  const shows = (launch: Launch) =>
    (Object.keys(FOLLOWS) as EntryKind[]).filter((kind) =>
      effects(launch, entry(kind, FOLLOWS[kind][0]?.more)).includes('#refresh-stand-down'),
    );
  expect(shows(state)).toEqual([]);
  expect(shows(scene.state).toSorted()).toEqual([
    'LaunchClosed',
    'ScaleOrdered',
    'ScaleReached',
    'StepDone',
    'StepSkipped',
    'StepStarted',
    'SwitchRequested',
    'SwitchSet',
  ]);
});

describe('the head of the record is kept outside of it', () => {
  const NOTED: EntryKind[] = [
    'FireApproved',
    'FireArmed',
    'HaltSet',
    'HaltLifted',
    'ShotClosed',
    'StoodDown',
    'LaunchClosed',
    'TakenOver',
  ];
  const steps = (states: Record<string, 'started' | 'put' | 'skipped' | 'done'>): Launch => ({
    ...Scene.ready().state,
    steps: Object.fromEntries(Object.entries(states).map(([id, state]) => [id, { state, atMs: 0, say: '' }])),
  });

  test('at a fire, halt, lift and close, and at no other entry by itself', () => {
    const kinds = Object.keys(FOLLOWS) as EntryKind[];
    const noted = kinds.filter((kind) => isHeadNoted(entry(kind), Scene.ready().state));
    expect(noted.toSorted()).toEqual(NOTED.toSorted());
  });

  test.each([
    { say: 'all of it is done or skipped', of: { 'scale-up': 'done', remind: 'skipped', ask: 'done' }, isOver: true },
    { say: 'a step has not begun', of: { 'scale-up': 'done', remind: 'done' }, isOver: false },
    { say: 'a step runs', of: { 'scale-up': 'done', remind: 'started', ask: 'done' }, isOver: false },
    { say: 'a step waits for a person', of: { 'scale-up': 'put', remind: 'done', ask: 'done' }, isOver: false },
  ] as const)('the end of a phase: $say', ({ of, isOver }) => {
    const launch = steps(of);
    expect(endedPhase(launch, 'remind')).toEqual(isOver ? { id: 'ready', title: 'Get ready' } : null);
    for (const kind of ['StepDone', 'StepSkipped'] as const)
      expect(isHeadNoted(entry(kind, { step: 'remind' }), launch)).toBe(isOver);
    expect(effects(launch, entry('StepDone', { step: 'ask' })).includes('!note-head h7')).toBe(isOver);
  });

  test('a phase of its own ends with its own steps, and a step that no phase has ends none', () => {
    const launch = steps({ window: 'done' });
    expect(endedPhase(launch, 'window')).toEqual({ id: 'go', title: 'Go' });
    expect(endedPhase(launch, 'ask')).toBeNull();
    expect(endedPhase(launch, 'nowhere')).toBeNull();
  });
});

function last(scene: Scene): Entry {
  const newest = scene.entries.at(-1);
  if (newest === undefined) throw new Error('unexpected');
  return newest;
}

test('a GO that lifts a halt takes the button off a lift that waited, and leaves those of earlier halts', () => {
  const scene = Scene.ready();
  scene.closes(scene.fired(['us-ios']), { 'us-ios': { halted: 9 } });
  scene.halt();
  const { liftId: first } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  scene.does({ kind: 'approve-lift', by: 'mia', liftId: first });
  scene.halt();
  const { liftId, seq } = scene.gives('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  scene.fired(['us-ios'], { lift: true });
  const approved = scene.entries.findLast(({ kind }) => kind === 'FireApproved');
  if (approved === undefined) throw new Error('not approved');
  const refreshed = effectsOf(approved, scene.state).filter(({ kind }) => kind === 'refresh-request');
  expect(refreshed).toMatchObject([{ changeId: liftId, askedSeq: seq }]);
});
