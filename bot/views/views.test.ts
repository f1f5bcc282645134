import { describe, expect, it } from 'vitest';
import { sha256 } from '../../infra/aws/sha256.ts';
import { blocksTooLong, messageBlockProblems, viewProblems } from '../../infra/local/slack/block-kit/validate.ts';
import type { Json } from '../../infra/local/slack/state/model.ts';
import type { AudienceRef, Entry, EntryBody, PlanChange, RehearsalReport } from '../../runbooks/launch/entries.ts';
import type { FireOrder, GateLine, Launch } from '../../runbooks/launch/launch.ts';
import { planOf } from '../../runbooks/launch/plan-changes.ts';
import { noTotals } from '../../runbooks/launch/totals.ts';
import { fingerprintOf } from '../../runbooks/playbook/operator-key.ts';
import { runbook as runbookSchema } from '../../runbooks/playbook/schema.ts';
import type { Campaign, Person } from '../../runbooks/playbook/schema.ts';
import { SUBCOMMANDS } from '../commands/go.ts';
import { reportOf, snapshotOf, countsOf } from '../conductor/for-tests.ts';
import { actionModal, actionsMessage, answersModal, dueMessage, readingModal, unheardMessage } from './aftermath.ts';
import * as answers from './answers.ts';
import { message, section } from './blocks.ts';
import { boardMessage } from './board.ts';
import { compileMessage } from './compile.ts';
import type { CompileRun } from './compile.ts';
import { entryMessage } from './entry-message.ts';
import { helpMessage } from './help.ts';
import { momentsMessage } from './market-moments.ts';
import type { Message } from './message.ts';
import { CAMPAIGN_LOCALES, campaignModal, createModal, waiverModal } from './modals.ts';
import { actorOf } from './names.ts';
import { orderMessage } from './order.ts';
import { peopleMessage } from './people.ts';
import { readinessMessage } from './readiness.ts';
import { askSkip } from './refused-tokens.ts';
import { askRehearsal, askSending, rehearsalsMessage } from './rehearsal.ts';
import { liftMessage, rosterMessage, switchMessage, waiverMessage } from './requests.ts';
import { segmentsText } from './segments-text.ts';
import { stepsMessage } from './steps.ts';
import { forecastMessage, surgeModal } from './surge.ts';
import { textsModal } from './texts-modal.ts';
import { clip, count, fit, safe, span, stamp, toTarget } from './words.ts';

const NOW = 1_800_000_000_000;
const long = (what: string, n: number) => `${what} <!channel> & *bold* ${'🏈é'.repeat(n)}`.slice(0, n);
const COMPILE: CompileRun = {
  number: 1,
  by: 'p0',
  users: long('s3://bucket/uploads/', 500),
  table: long('table', 500),
  options: [],
  accepts: false,
  askedAtMs: NOW,
  taskArn: null,
  startedAtMs: null,
  isStopping: false,
  progress: { say: long('joining', 2_000), percent: 12.5, leftMs: 90_000 },
  end: null,
};

const each = <T>(n: number, make: (index: number) => T): T[] =>
  Array.from({ length: Math.max(1, n) }, (_, index) => make(index));

/** `size` 1 is an ordinary launch; 200 has more of everything than Slack can show, in texts as long as a runbook allows. */
function launchOf(size: number): Launch {
  const text = (what: string, n: number) => (size === 1 ? what : long(what, n));
  const locales = Object.fromEntries(
    each(size, (i) => [
      i === 0 ? 'en' : `en-x${String(i).padStart(3, '0')}`,
      { title: text('Title', 200), body: text('Body', 3_000) },
    ]),
  );
  const campaign: Campaign = {
    id: 'c',
    locales,
    default_locale: 'en',
    sound: 'default',
    data: {},
    apns: { topic: 't', priority: 10 },
    fcm: { priority: 'high' },
  };
  const runbook = runbookSchema.parse({
    version: 1,
    id: 'big',
    title: text('Runbook', 120),
    people: each(size + 2, (i) => ({
      id: `p${i}`,
      name: text(`Person ${i}`, 80),
      roles: [i === 0 ? 'on-call' : 'marketer'],
      slack: [`U00000${i}`],
    })),
    pool: { name: 'pool', scale_target: 'workers', workers: 3 },
    campaign,
    gates: each(size, (i) => ({
      id: `g${i}`,
      title: text(`Gate ${i}`, 120),
      owner: 'p0',
      help: text('Help', 300),
      ...(i % 2 === 0 ? {} : { probe: { kind: 'payload-size' } }),
    })),
    scale_targets: [{ id: 'workers', kind: 'ecs-service', cluster: 'c', service: 's' }],
    target: '2027-02-14T23:30Z',
    targets: Object.fromEntries(
      each(size, (i) => [`segment-${i}-${'x'.repeat(60)}`.slice(0, 60), `2027-02-14T${10 + (i % 10)}:30Z`]),
    ),
    phases: each(size, (i) => ({
      id: `ph${i}`,
      title: text('Phase', 200),
      steps: [
        {
          id: `s${i}`,
          title: text(`Step ${i}`, 120),
          at: `T-${i + 1}m`,
          owner: 'p0',
          do: { kind: 'remind', say: text('Say', 1_000) },
        },
      ],
    })),
    switches: each(size, (i) => ({ id: `sw${i}`, title: 'Switch', two_people: true })),
    on_halt: text('On halt', 1_000),
    playbook: `https://example.com/${'p'.repeat(480)}`,
    contacts: Array.from({ length: 20 }, (_, i) => ({
      name: text(`Contact ${i}`, 80),
      for: text('Capacity', 200),
      phone: '+1 206 555 0100',
      link: `https://example.com/?a&b=${'c'.repeat(470)}`,
    })),
  });
  const segments = each(size, (i) => ({
    id: size === 1 ? 'us-ios' : `segment-${i}-${'x'.repeat(60)}`,
    platform: i % 2 === 0 ? ('ios' as const) : ('android' as const),
    devices: 1_000_000,
    batches: 1_000,
  }));
  const audience: AudienceRef = {
    hash: 'a'.repeat(64),
    manifestKey: 'k',
    devices: segments.length * 1_000_000,
    segments,
    locales: Object.fromEntries(Object.keys(locales).map((locale, i) => [locale, 1_000_000 - i])),
  };
  const shown = {
    launchId: 'big',
    segments: segments.map(({ id }) => ({ segment: id, attempt: 2 })),
    contentHash: 'c'.repeat(64),
    audienceHash: audience.hash,
    skipListHash: 'd'.repeat(64),
    collapseId: 'x',
    notAfterMs: { ios: 60_000, android: 600_000 },
    expiresAfterMs: 1,
    priority: { apns: 10 as const, fcm: 'high' as const },
    uncertain: 'leave' as const,
  };
  const order: FireOrder = {
    id: 'F1',
    requestedBy: 'p0',
    requestedAtMs: NOW - 1_000,
    shown,
    shownHash: 'e'.repeat(64),
    devices: audience.devices,
    expiresAtMs: NOW + 600_000,
    lifts: 3,
    state: 'open',
    armed: null,
    held: null,
    voidedBy: null,
  };
  return {
    id: 'big',
    name: text('Launch', 300),
    channelId: 'C1',
    region: null,
    teamId: null,
    runbook,
    runbookHash: 'b'.repeat(64),
    createdAtMs: NOW,
    targetAtMs: NOW + 750_000,
    compress: 1,
    seq: 1_234,
    headHash: 'f'.repeat(64),
    entryVersion: 3,
    people: runbook.people,
    keys: [],
    keyChanges: {},
    campaign,
    contentHash: 'c'.repeat(64),
    audience,
    skipList: { hash: 'd'.repeat(64), key: 'k', tokens: 12_345 },
    ticks: { g0: { green: true, by: 'p1', atMs: NOW, note: text('Note', 1_000) } },
    gateChanges: {},
    waivers: Object.fromEntries(
      each(size, (i) => [
        `W${i}`,
        {
          id: `W${i}`,
          gate: `g${i}`,
          segments: segments.map(({ id }) => id),
          worst: 3,
          reason: text('Reason', 2_000),
          endsAtMs: NOW,
          requestedBy: 'p0',
          grantedBy: null,
        },
      ]),
    ),
    orders: { F1: order },
    usedNonces: [],
    leftBehind: {},
    rehearses: null,
    rehearsals: Object.fromEntries(
      each(size, (i) => [
        `R${i}`,
        {
          id: `R${i}`,
          what: 'infrastructure' as const,
          by: 'p0',
          begunAtMs: NOW,
          fleets: [{ target: 'workers', to: 2 }],
          readyWithinMs: 1,
          sentIn: null,
          turned: null,
          report: i === 0 ? null : { ...REPORT, what: 'infrastructure' as const },
          endedAtMs: i === 0 ? null : NOW,
        },
      ]),
    ),
    surge: {
      source: text('Source', 2_000),
      by: 'p0',
      atMs: NOW,
      openRate: 0.1,
      unpacedPerSecond: 1_000_000,
      fleets: { workers: { perUnit: 1, perOpen: 50 } },
    },
    correctedSeq: {},
    shots: Object.fromEntries(
      each(size, (i) => [
        `S${i}`,
        {
          id: `S${i}`,
          orderId: 'F1',
          requestedBy: 'p0',
          approvedBy: 'p1',
          segments: shown.segments,
          shown,
          shownHash: order.shownHash,
          audience,
          skipList: null,
          campaign,
          approvedSeq: 9,
          pressedAtMs: NOW - 2_500,
          notAfterAtMs: { ios: NOW, android: NOW },
          haltEpoch: 0,
          redGates: [],
          haltedAtMs: null,
          closed: null,
          totals: null,
          corrected: [],
          timing: null,
        },
      ]),
    ),
    attempts: {},
    tests: {},
    halt: { active: true, epoch: 3, by: 'p1', reason: text('Reason', 2_000), atMs: NOW },
    lifts: { L1: { id: 'L1', epoch: 3, by: 'p0', reason: text('Reason', 2_000), open: true } },
    switches: Object.fromEntries(
      each(size, (i) => [`sw${i}`, { value: text('Value', 300), seq: 1, by: { person: 'p0' } }]),
    ),
    switchRequests: {
      R1: { id: 'R1', switch: 'sw0', value: text('Value', 2_000), by: 'p0', reason: text('Reason', 2_000), open: true },
    },
    runbookChanges: {
      B1: {
        id: 'B1',
        plan: planOf(runbook),
        runbookHash: 'x',
        changes: planChanges(200),
        by: 'p0',
        atMs: NOW,
        reason: text('Reason', 2_000),
        open: true,
      },
    },
    rosterChanges: {
      P1: {
        id: 'P1',
        people: runbook.people.map((person) => ({ ...person, id: `${person.id}x` })),
        by: 'p0',
        reason: text('Reason', 2_000),
        open: true,
      },
    },
    steps: {},
    missed: {},
    scaleFound: {},
    scaleTook: {},
    scale: {},
    present: {},
    stoodDown: null,
    closed: false,
    noted: [],
    postmortem: { state: 'draft', answers: [], guests: [], actions: {}, halters: [], closedAtMs: null },
  };
}

function planChanges(size: number): PlanChange[] {
  return Array.from({ length: size }, (_, i) => ({
    where: `gates.g${i}.probe`,
    before: i % 3 === 0 ? null : long('Before', 2_000),
    after: i % 3 === 1 ? null : long('After', 2_000),
    line: 'superbowl.yaml:120',
  }));
}

const gatesOf = (launch: Launch, status: GateLine['status']): GateLine[] =>
  launch.runbook.gates.map((gate, i) => ({
    id: gate.id,
    title: gate.title,
    hard: false,
    manual: gate.probe === undefined,
    status,
    value: i,
    say: long('Say', launch.people.length > 10 ? 2_000 : 40),
    sinceMs: 1,
    wanted: long('Wanted', launch.people.length > 10 ? 2_000 : 40),
    owner: 'p0',
  }));

const REPORT: RehearsalReport = {
  rehearsalId: 'R9',
  what: 'limited',
  launchId: 'big',
  outcome: 'late',
  why: long('Why', 5_000),
  devices: 6_000_000,
  audienceHash: 'a'.repeat(64),
  readyMs: 12_000_000,
  fleets: Array.from({ length: 60 }, (_, i) => ({ target: `fleet-${i}`, to: 4_000, tookMs: 900_000 })),
  askToGoMs: 40_000,
  timing: {
    firstWriteMs: 93,
    p50Ms: 410,
    p95Ms: 655,
    p99Ms: 702,
    lastWriteMs: 731,
    perSecond: 2_052,
    peakPerSecond: 1_377,
  },
  totals: { ...noTotals(), accepted: 5_900_000, failed: 100_000, reasons: { Unregistered: 100_000 } },
  refused: 100_000,
};

const SILENT = {
  launchId: 'big',
  what: 'silent' as const,
  sample: { segments: Array.from({ length: 60 }, (_, i) => `segment-${i}`) },
  atMost: 6_000_000,
  audienceHash: 'a'.repeat(64),
  manifestKey: 'k',
  skipList: null,
};

const BODIES: EntryBody[] = [
  {
    kind: 'LaunchCreated',
    name: long('Name', 300),
    channelId: 'C1',
    runbook: launchOf(1).runbook,
    runbookHash: 'x',
    targetAtMs: NOW,
    compress: 1,
    contentHash: 'x',
  },
  { kind: 'TargetMoved', targetAtMs: NOW, reason: long('Reason', 5_000) },
  { kind: 'WaiverRequested', waiverId: 'W0', gate: 'g0', segments: 'all', worst: 1, reason: '', endsAtMs: NOW },
  { kind: 'WaiverGranted', waiverId: 'W0' },
  { kind: 'FireDeclined', orderId: 'F1', reason: long('Reason', 5_000) },
  { kind: 'HaltSet', epoch: 3, reason: long('Reason', 5_000), pressedAtMs: NOW },
  { kind: 'LiftRequested', liftId: 'L1', epoch: 3, reason: '' },
  { kind: 'HaltLifted', liftId: 'L1', epoch: 3 },
  { kind: 'SwitchRequested', requestId: 'R1', switch: 'sw0', value: 'x', reason: '' },
  { kind: 'SwitchSet', switch: 'zombie', value: true, reason: long('Reason', 5_000), requestId: null },
  {
    kind: 'RunbookChangeRequested',
    changeId: 'B1',
    plan: planOf(launchOf(1).runbook),
    runbookHash: 'x',
    changes: planChanges(200),
    reason: '',
  },
  {
    kind: 'RunbookChanged',
    changeId: null,
    plan: planOf(launchOf(1).runbook),
    runbookHash: 'x',
    changes: planChanges(200),
    voids: {
      orders: Array.from({ length: 200 }, (_, i) => `F${i}`),
      ticks: Array.from({ length: 200 }, (_, i) => `g${i}`),
      waivers: [],
      requests: [],
      steps: Array.from({ length: 200 }, (_, i) => `s${i}`),
      missed: [],
    },
    reason: long('Reason', 5_000),
  },
  { kind: 'RosterChangeRequested', changeId: 'P1', people: launchOf(200).people, reason: '' },
  { kind: 'StepHeld', step: 's0', dueAtMs: NOW, after: ['g0'], why: long('Why', 5_000) },
  {
    kind: 'RehearsalBegun',
    rehearsalId: 'R9',
    what: 'infrastructure',
    fleets: [{ target: 'workers', to: 4_000 }],
    readyWithinMs: 10_800_000,
  },
  { kind: 'RehearsalTurned', rehearsalId: 'R9', outcome: 'late', why: long('Why', 5_000) },
  { kind: 'RehearsalEnded', rehearsalId: 'R9', report: REPORT },
  { kind: 'RehearsalEnded', rehearsalId: 'R9', report: { ...REPORT, what: 'silent' } },
  { kind: 'SurgeMeasured', source: long('Source', 2_000), openRate: 0.1, fleets: [{ target: 'workers', perOpen: 50 }] },
  { kind: 'StepMissed', step: 's0', deadlineAtMs: NOW, why: long('Why', 5_000) },
  { kind: 'StepPut', step: 's0', dueAtMs: NOW, why: long('Why', 5_000) },
  { kind: 'StepStarted', step: 's0', dueAtMs: NOW, late: true },
  { kind: 'ScaleLate', target: 'workers', desired: 3, running: 1, ready: 0, backup: long('Backup', 300) },
  {
    kind: 'TestDone',
    testId: 'T1',
    contentHash: 'x',
    results: Array.from({ length: 500 }, () => ({
      person: 'p0',
      platform: 'ios' as const,
      accepted: false,
      reason: long('Reason', 100),
      tookMs: 1,
    })),
  },
  { kind: 'Noted', text: long('Note', 3_000) },
  { kind: 'StoodDown', reason: long('Reason', 5_000), orders: ['F1'], sent: null },
  { kind: 'LaunchClosed', reason: '' },
];

describe.each([1, 200])('views of a launch of size %i', (size) => {
  const launch = launchOf(size);
  const reports = [
    reportOf(launch, 'b1', NOW, { state: 'ready', shots: [snapshotOf('S0', countsOf([1, 2]), countsOf([3]))] }),
  ];
  const entry = (body: EntryBody): Entry => ({
    ...body,
    v: 1,
    launchId: 'big',
    seq: 1,
    atMs: NOW,
    by: { person: 'p0' },
    token: 't',
    prev: '',
    hash: '',
  });
  const order = launch.orders['F1'] as FireOrder;
  const withActions: Launch = {
    ...launch,
    postmortem: {
      ...launch.postmortem,
      actions: Object.fromEntries(
        each(size, (i) => [
          `A${i}`,
          {
            id: `A${i}`,
            when: 'next' as const,
            words: long('Words', 3_000),
            owner: 'p0',
            due: '2027-03-01',
            closed: i % 2 === 0 ? null : { by: 'p0', atMs: NOW },
          },
        ]),
      ),
    },
  };
  const views: [string, Message][] = [
    ['board, red', boardMessage(launch, gatesOf(launch, 'red'), reports, NOW)],
    [
      'board, green',
      boardMessage({ ...launch, halt: { ...launch.halt, active: false } }, gatesOf(launch, 'green'), [], NOW),
    ],
    ['order, red', orderMessage(launch, order, gatesOf(launch, 'red'), NOW)],
    ['order, green', orderMessage(launch, order, gatesOf(launch, 'green'), NOW)],
    ...(['approved', 'declined', 'expired', 'void'] as const).map((state): [string, Message] => [
      `order ${state}`,
      orderMessage(launch, { ...order, state, voidedBy: long('Why', 2_000) }, [], NOW),
    ]),
    ['readiness, red', readinessMessage(launch, gatesOf(launch, 'red'), 90_000_000)],
    ['readiness, waived', readinessMessage(launch, gatesOf(launch, 'waived'), 90_000_000)],
    [
      'readiness, with what is left of earlier launches',
      readinessMessage(launch, gatesOf(launch, 'red'), 90_000_000, [withActions]),
    ],
    ['readiness, green', readinessMessage(launch, gatesOf(launch, 'green'), 90_000_000)],
    ['steps', stepsMessage(launch, NOW)],
    ['markets', momentsMessage(launch, NOW)],
    ['forecast', forecastMessage(launch)],
    ['rehearsals', rehearsalsMessage(launch)],
    ['rehearsal, asked', askRehearsal(launch, 'U1', NOW)],
    ['silent rehearsal, asked', askSending(launch, SILENT, { slackId: 'U1', untilMs: NOW })],
    ['people', peopleMessage(launch)],
    ['actions', actionsMessage(withActions)],
    ['no actions', actionsMessage(launch)],
    ['due', dueMessage(launch, Object.values(withActions.postmortem.actions))],
    [
      'who has not answered',
      unheardMessage(
        launch,
        each(size, (i) => `p${i}`),
      ),
    ],
    ['waiver', waiverMessage(launch, 'W0')],
    ['lift', liftMessage(launch, 'L1')],
    ['switch', switchMessage(launch, 'R1')],
    ['roster', rosterMessage(launch, 'P1')],
    ['unknown', waiverMessage(launch, long('x', 500))],
    ['refused tokens', askSkip(launch, { ...launch, id: long('launch', 90) })],
    ['skip list', compileMessage(launch, { ...COMPILE, refusedIn: { launchId: long('launch', 90), tokens: 9_999 } })],
    ['compile', compileMessage(launch, COMPILE)],
    ['compile, stopping', compileMessage(launch, { ...COMPILE, isStopping: true })],
    ['help', helpMessage(SUBCOMMANDS, null, launch.name, launch.runbook)],
    ...SUBCOMMANDS.map((sub): [string, Message] => [`help ${sub.name}`, helpMessage(SUBCOMMANDS, sub, null)]),
    ['refused', answers.refused('GATES_RED', long('Say', 9_000))],
    ['stranger', answers.stranger(launch)],
    ['no launch', answers.noLaunch(Array.from({ length: 90 }, (_, i) => `runbook-${i}-${'x'.repeat(60)}`))],
    ['failed', answers.failed('abc123')],
    ['usage', answers.usageMessage(safe(long('Problem', 900)), ['a', 'b'], 'does')],
    ...BODIES.flatMap((body): [string, Message][] => {
      const view = entryMessage(launch, entry(body));
      return view === null ? [] : [[`entry ${body.kind}`, view]];
    }),
  ];

  it.each(views)('%s: Slack would take it', (_, view) => {
    expect(messageBlockProblems(view.blocks)).toEqual([]);
    expect(blocksTooLong(view.blocks as unknown as Json[])).toBe(false);
    expect(view.text.length).toBeGreaterThan(0);
    expect(view.text.length).toBeLessThanOrEqual(4_000);
    // In plain_text Slack shows it as it is.
    const mrkdwn = [
      view.text,
      ...(JSON.stringify(view.blocks).match(/"type":"mrkdwn","text":"(?:[^"\\]|\\.)*"/g) ?? []),
    ];
    expect(mrkdwn.filter((text) => text.includes('<!channel>')).length).toBe(0);
  });

  it('forms: Slack would take them', () => {
    const locales = Object.keys(launch.campaign.locales).slice(0, CAMPAIGN_LOCALES);
    const runbooks = Array.from({ length: Math.min(size, 100) }, (_, i) => ({
      id: `r${i}-${'x'.repeat(100)}`,
      title: long('Runbook', 300),
    }));
    for (const view of [
      createModal(runbooks, 'C1', NOW),
      createModal([], 'C1', NOW),
      waiverModal(launch, 'g0', 'C1', { value: 3, say: long('Say', 2_000) }),
      surgeModal(launch, 'C1'),
      actionModal(launch, 'C1'),
      readingModal(),
      answersModal(
        launch,
        'C1',
        each(size * 2, (i) => ({ id: `q:${i}`, question: long('Question', 2_500), mine: long('Mine', 3_000) })),
      ),
      answersModal(launch, 'C1', []),
      campaignModal(launch, locales, 'C1', null),
      campaignModal(launch, locales, 'C1', launch.campaign),
    ]) {
      expect(viewProblems(view)).toEqual([]);
    }
  });

  it('whoever gives words is told how long they are kept, and how they are deleted', () => {
    const asked = { id: 'q:1', question: 'What helped?', mine: null };
    const said = JSON.stringify(answersModal(launch, 'C1', [asked]).blocks.at(-1));
    expect(said).toContain('keeps your words for 90 days, or for as long as was set for this deployment');
    expect(said).toContain('`/go forget`');
    expect(JSON.stringify(actionModal(launch, 'C1').blocks.at(-1))).toContain('stays in the record for good');
  });

  it('an order names the gates that are waived, and switches that the plan has set', () => {
    const waived = { id: 'g0', title: 'Rehearsed', hard: false, status: 'waived', value: 1, say: 'waived' } as never;
    expect(JSON.stringify(orderMessage(launch, order, [waived], NOW).blocks)).toContain('*Waived*\\n• *Rehearsed*');
    expect(JSON.stringify(orderMessage(launch, order, [], NOW).blocks)).not.toContain('*Waived*');
    expect(actorOf(launch, { system: 'conductor' })).toBe('the plan');
  });

  it('a waiver says what its figure counts, asked for and granted', () => {
    const gates = [{ id: 'g0', title: 'Workers', probe: { kind: 'workers-ready' } }];
    const counted = { ...launch, runbook: { ...launch.runbook, gates } } as unknown as Launch;
    expect(JSON.stringify(waiverMessage(counted, 'W0').blocks)).toContain('up to 3 (missing workers)');
    expect(JSON.stringify(waiverModal(counted, 'g0', 'C1', { value: 3, say: '' }).blocks)).toContain(
      'It is 3 (missing workers) now; larger is worse.',
    );
  });

  it('the list of commands has whole sentences, and no half of a code', () => {
    const text = JSON.stringify(helpMessage(SUBCOMMANDS, null, null).blocks);
    expect(text).not.toContain('…');
    expect((text.match(/`/g) ?? []).length % 2).toBe(0);
  });

  it('an open order carries exactly one GO and, in another block, Decline; a decided one carries no button', () => {
    const buttons = (view: Message) => JSON.stringify(view.blocks).match(/"action_id":"[^"]+"/g) ?? [];
    const acting = (view: Message) => buttons(view).filter((one) => one !== '"action_id":"order.texts"');
    expect(acting(orderMessage(launch, order, [], NOW)).toSorted()).toEqual([
      '"action_id":"fire.decline"',
      '"action_id":"fire.go"',
    ]);
    expect(JSON.stringify(orderMessage(launch, order, gatesOf(launch, 'red').slice(0, 1), NOW))).toContain(
      'GO anyway, 1 red',
    );
    expect(acting(orderMessage(launch, { ...order, state: 'approved' }, [], NOW))).toEqual([]);
    expect(acting(orderMessage(launch, order, [], order.expiresAtMs + 1))).toEqual([]);
    expect(buttons(boardMessage(launch, [], [], NOW))).toContain('"action_id":"halt.press"');
  });
});

describe('the order message', () => {
  it('forecasts by the pace where that is what takes time, and promises nothing that only the workers can keep', () => {
    const launch = launchOf(1);
    const withPace = (ios_per_second: number): string =>
      JSON.stringify(
        orderMessage(
          { ...launch, runbook: { ...launch.runbook, delivery: { ...launch.runbook.delivery, ios_per_second } } },
          launch.orders['F1'] as FireOrder,
          [],
          NOW,
        ),
      );
    expect(withPace(100_000)).toContain("*iOS*: 10 s at 100,000/s (the runbook's pace)");
    expect(withPace(0)).toContain('*iOS*: as fast as the workers can ·');
    expect(withPace(2_000_000)).toContain(
      "*iOS*: as fast as the workers can, at most 2,000,000/s (the runbook's pace)",
    );
  });

  it('shows every locale of a usual campaign, and counts per segment and platform', () => {
    const launch = launchOf(40);
    const text = JSON.stringify(orderMessage(launch, launch.orders['F1'] as FireOrder, [], NOW));
    for (const locale of Object.keys(launch.campaign.locales)) expect(text).toContain(`\`${locale}\``);
    expect(text).toContain('40,000,000 devices');
    expect(text).toContain('*iOS 20,000,000*');
    expect(text).toContain('*Android 20,000,000*');
    expect(text).toContain('all 40 segments (only what was not sent)');
  });
});

describe('an order for some of the segments', () => {
  const base = launchOf(1);
  const locales = Object.fromEntries(
    ['en', 'de', 'ja'].map((locale) => [locale, { title: `Title ${locale}`, body: `Body ${locale}` }]),
  );
  const segments = [
    { id: 'us-ios', platform: 'ios' as const, devices: 50_000, batches: 50, locales: { en: 49_000, de: 1_000 } },
    { id: 'us-android', platform: 'android' as const, devices: 80_000, batches: 80, locales: { en: 80_000 } },
    { id: 'jp-ios', platform: 'ios' as const, devices: 9_000, batches: 9, locales: { ja: 9_000 } },
  ];
  const campaign = { ...base.campaign, locales };
  const audience: AudienceRef = {
    ...(base.audience as AudienceRef),
    devices: 139_000,
    segments,
    locales: { en: 129_000, de: 1_000, ja: 9_000 },
  };
  const launch: Launch = {
    ...base,
    campaign,
    audience,
    shots: {},
    halt: { ...base.halt, active: false },
    switches: {
      'pace.android': { value: 20_000, seq: 4, by: { person: 'p0' } },
      zombie: { value: true, seq: 5, by: { person: 'p1' } },
      sw0: { value: 'late', seq: 6, by: { person: 'p0' } },
    },
  };
  const shown = {
    ...(base.orders['F1'] as FireOrder).shown,
    segments: ['us-ios', 'us-android'].map((segment) => ({ segment, attempt: 1 })),
  };
  const order: FireOrder = { ...(base.orders['F1'] as FireOrder), shown, devices: 130_000, lifts: null };
  const textOf = (view: Message) => JSON.stringify(view.blocks);

  it('shows the texts that these segments get with their counts, and none that nobody of them reads', () => {
    const text = textOf(orderMessage(launch, order, [], NOW));
    expect(text).toContain('`en` 129,000  *⁨Title en⁩* ⁨Body en⁩');
    expect(text).toContain('`de` 1,000  ');
    expect(text).not.toContain('Title ja');
    expect(text).toContain('Nobody here reads `ja`.');
    const old = {
      ...audience,
      segments: segments.map(({ id, platform, devices, batches }) => ({ id, platform, devices, batches })),
    };
    expect(textOf(orderMessage({ ...launch, audience: old }, order, [], NOW))).toMatch(
      /Title ja.*is not known: the audience was compiled by an older version/,
    );
  });

  it('says what else shapes it: the pace with the time that follows, the switches, and who set them', () => {
    const text = textOf(orderMessage(launch, order, [], NOW));
    expect(text).toMatch(/\*Android\*: \d+ s, rising to 20,000\/s within 1 min \(pace set by Person 0\)/);
    expect(text).toContain('zombie mode *on* (set by Person 1), sw0 *late* (set by Person 0)');
  });

  it('mentions exactly those whose GO counts, and never the one who asked', () => {
    const people = [
      ...launch.people,
      {
        ...(launch.people[0] as Launch['people'][number]),
        id: 'olu',
        name: 'Olu',
        roles: ['observer' as const],
        slack: ['UOBSERVER'],
      },
    ];
    const text = textOf(orderMessage({ ...launch, people }, order, [], NOW));
    expect(text.match(/<@[^>]+>/g)).toEqual(
      people.filter(({ id }) => id !== 'p0' && id !== 'olu').map(({ slack }) => `<@${slack[0] ?? ''}>`),
    );
  });

  it('unfolds every text, and keeps texts and counts once it was sent, as they were sent', () => {
    const shot = {
      ...(base.shots['S0'] as Launch['shots'][string]),
      orderId: 'F1',
      segments: shown.segments,
      audience,
      campaign,
    };
    const attempts = Object.fromEntries(
      segments
        .slice(0, 2)
        .map(({ id, devices }) => [id, [{ attempt: 1, shotId: 'S0', devices, closed: false, totals: null }]]),
    );
    const changed = { ...campaign, locales: { ...locales, en: { title: 'Another', body: 'Other' } } };
    const view = orderMessage(
      { ...launch, campaign: changed, contentHash: 'other', shots: { S0: shot }, attempts },
      { ...order, state: 'approved' },
      [],
      NOW,
    );
    for (const part of ['`en` 129,000', 'Title en', '*iOS 50,000*', '*Android 80,000*'])
      expect(textOf(view)).toContain(part);
    expect(textOf(view)).not.toContain('Another');
    for (const one of [view, orderMessage(launch, order, [], NOW)])
      expect(one.blocks.filter((block) => block.type === 'section').every((block) => block.expand === true)).toBe(true);
  });

  it('says when texts are shortened, and has them whole behind a button', () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [
        `en-x${i}`,
        { title: `Title ${i} & <b>`, body: `${'word '.repeat(60)}end ${i}` },
      ]),
    );
    const big: Launch = { ...launch, campaign: { ...campaign, locales: many, default_locale: 'en-x0' } };
    const whole: Launch = {
      ...big,
      audience: { ...audience, locales: Object.fromEntries(Object.keys(many).map((locale) => [locale, 1])) },
    };
    const view = orderMessage(
      whole,
      { ...order, shown: { ...shown, segments: segments.map(({ id }) => ({ segment: id, attempt: 1 })) } },
      [],
      NOW,
    );
    expect(textOf(view)).toContain('Some texts are shortened here.');
    expect(messageBlockProblems(view.blocks)).toEqual([]);
    for (const locale of Object.keys(many)) expect(textOf(view)).toContain(`\`${locale}\` 1  `);
    const modal = textsModal(whole, {
      ...order,
      shown: { ...shown, segments: segments.map(({ id }) => ({ segment: id, attempt: 1 })) },
    });
    expect(viewProblems(modal)).toEqual([]);
    for (const i of [0, 39]) expect(JSON.stringify(modal)).toContain(`word end ${i}"`);
    const huge = Object.fromEntries(
      Object.keys(many).map((locale) => [locale, { title: '&'.repeat(200), body: '<'.repeat(3_000) }]),
    );
    expect(
      viewProblems(textsModal({ ...whole, campaign: { ...campaign, locales: huge, default_locale: 'en-x0' } }, order)),
    ).toEqual([]);
  });

  it('a halt calls on-call people', () => {
    const view = entryMessage(launch, {
      kind: 'HaltSet',
      epoch: 4,
      reason: '',
      pressedAtMs: NOW,
      v: 1,
      launchId: 'big',
      seq: 1,
      atMs: NOW,
      by: { person: 'p1' },
      token: 't',
      prev: '',
      hash: '',
    });
    expect(JSON.stringify(view?.blocks).match(/<@[^>]+>/g)).toEqual(['<@U000000>']);
  });
});

describe('which segments', () => {
  const launch = launchOf(1);
  const refs = ['us', 'de', 'jp', 'br'].flatMap((market) =>
    (['ios', 'android'] as const).map((platform) => ({
      id: `${market}-${platform}`,
      platform,
      devices: 10,
      batches: 1,
    })),
  );
  const of = (ids: readonly string[], attempt = 1) => ids.map((segment) => ({ segment, attempt }));
  const ids = refs.map(({ id }) => id);
  const text = (segments: { segment: string; attempt: number }[]) =>
    segmentsText({ ...launch, audience: { ...(launch.audience as AudienceRef), segments: refs } }, segments);
  it('is said in few words, whatever their number', () => {
    expect(text(of(['us-ios', 'de-ios']))).toBe('us-ios, de-ios');
    expect(text(of(ids))).toBe('all 8 segments');
    expect(text(of(ids.filter((id) => id.endsWith('ios'))))).toBe('all 4 iOS segments');
    expect(text(of(ids.slice(0, 5)))).toBe('5 segments: us, de, jp-ios');
    expect(text([...of(ids.slice(0, 4), 2), ...of(ids.slice(4))])).toBe(
      'all 8 segments (4 of them: only what was not sent)',
    );
    expect(text(of(['us-ios'], 2))).toBe('us-ios (only what was not sent)');
  });
});

describe('an order while everything is halted', () => {
  it('says so on its button, unless it is the order that lifts the halt', () => {
    const launch = launchOf(1);
    const order = launch.orders['F1'] as FireOrder;
    const go = (one: FireOrder) => JSON.stringify(orderMessage(launch, one, [], NOW).blocks.at(-2));
    expect(go({ ...order, lifts: null })).toContain('GO is blocked: halted');
    expect(go({ ...order, lifts: null })).toContain('"style":"danger"');
    expect(go({ ...order, lifts: launch.halt.epoch })).toContain(':large_green_square: GO"');
  });
});

describe('a roster', () => {
  it('shows operator keys by fingerprint, and a change of it says all that changes', () => {
    const key = `MCowBQYDK2VwAyEA${'A'.repeat(42)}E=`;
    const mia: Person = {
      id: 'mia',
      name: 'Mia',
      roles: ['marketer'],
      slack: ['U0MIA'],
      operator_keys: [key],
      devices: [],
    };
    const launch = { ...launchOf(1), people: [mia] };
    const print = fingerprintOf(key, sha256);
    expect(print).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(JSON.stringify(peopleMessage(launch))).toContain(print);
    const edited: Person = { ...mia, name: 'Mia C.', roles: ['on-call'], slack: ['U0NEW'], operator_keys: [] };
    const text = JSON.stringify(
      rosterMessage(
        {
          ...launch,
          rosterChanges: {
            P1: { id: 'P1', people: [edited, { ...mia, id: 'eve', name: 'Eve' }], by: 'mia', reason: '', open: true },
          },
        },
        'P1',
      ),
    );
    for (const part of [
      'is called Mia C.',
      'marketer → on-call',
      'gets <@U0NEW>',
      'loses <@U0MIA>',
      `loses operator key \`${print}`,
      `Eve: marketer (<@U0MIA>), operator key \`${print}`,
    ])
      expect(text).toContain(part);
  });
});

describe('words', () => {
  it('are safe, cut without breaking entities or emoji, and the same for everybody', () => {
    expect(safe('a<b>&c')).toBe('a&lt;b&gt;&amp;c');
    expect(safe('<'.repeat(10), 10)).toBe('&lt;&lt;…');
    expect(clip('🏈🏈🏈', 5)).toBe('🏈🏈…');
    expect(clip('abc', 3)).toBe('abc');
    // No half of a word or of a figure: "ar a" is no platform, and 5 is not 512.
    expect(clip('the largest is ar android 512', 18)).toBe('the largest is ar…');
    expect(clip('the largest is ar android 512', 20)).toBe('the largest is ar…');
    expect(safe('the largest is ar android 512', 27)).toBe('the largest is ar android…');
    expect(clip('token ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 40)).toBe('token ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456…');
    // Half a command is none.
    expect(safe('Backup: by hand: `/go scale workers 40 now`, then look', 36)).toBe('Backup: by hand:…');
    expect(safe('`/go ready` first, and after that look', 30)).toBe('`/go ready` first, and after…');
    expect(safe('`/go scale workers 40 now`', 16)).toBe('`/go scale…');
    expect(clip(`it\`s ${'so '.repeat(40)}`, 90)).toHaveLength(89);
    expect(count(1_234_567)).toBe('1,234,567');
    expect(stamp(NOW)).toBe(
      '<!date^1800000000^{date_short_pretty} {time_secs}|2027-01-15 08:00:00 UTC> (08:00:00 UTC)',
    );
    expect([
      span(800),
      span(45_000),
      span(4_800_000),
      span(90_061_000),
      toTarget(NOW, NOW + 60_000),
      toTarget(NOW, NOW - 3_000),
    ]).toEqual(['800 ms', '45 s', '1 h 20 min', '1 d 1 h', 'T-1 min', 'T+3 s']);
    expect(fit(['a'.repeat(50), 'b'.repeat(50), 'c'.repeat(50)], 100)).toBe(`${'a'.repeat(50)}\n… and 2 more`);
    expect(
      message(
        'x',
        Array.from({ length: 80 }, () => section('y'.repeat(3_000))),
      ).blocks,
    ).toHaveLength(50);
  });
});
