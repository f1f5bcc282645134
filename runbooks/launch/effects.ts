import type { Entry, EntryOf, SegmentAttempt } from './entries.ts';
import type { Launch } from './launch.ts';
import { stepNamed } from './steps.ts';
import { VOID_BY_CORRECTION } from './voiding.ts';

/**
 * What must happen outside because of an entry. Derived, never stored: after a crash the record gives the
 * same effects with the same ids again. Each is idempotent, or guarded by its id where it is performed. One piece over 300
 * lines: one case for each kind of entry, so that a missing one does not compile.
 */

type EffectBody =
  /** Puts the launch on the index of those that conductors work for. */
  | { kind: 'index-launch' }
  /** Creates the pool's queues if they are missing. */
  | { kind: 'ensure-queues' }
  /** Wakes a dispatcher per segment; carries no authority. */
  | { kind: 'send-segment-orders'; shotId: string; segments: SegmentAttempt[] }
  | { kind: 'send-test-order'; testId: string }
  /** Pace, zombie and the runbook's own switches, as of `launchAfter.seq`, to the item that workers poll. */
  | { kind: 'write-switches' }
  /** The record's head, as of this entry, to the switch item: a record that is cut short later is noticed by it. */
  | { kind: 'note-head'; hash: string }
  /** Ends this halt epoch in the switch item; a newer halt stands. */
  | { kind: 'lift-halt'; epoch: number }
  /** One switch to its public mirror in SSM. */
  | { kind: 'mirror-switch'; switch: string }
  /** Has it recorded what AWS was asked for that, once it is done. */
  | { kind: 'report-mirror'; switch: string; setAtMs: number }
  /** The flag file that client apps may read from the edge. */
  | { kind: 'write-flags' }
  | { kind: 'scale'; target: string; desired: number }
  /** Runs what the runbook says of a started step. */
  | { kind: 'do-step'; step: string }
  | { kind: 'finish-step'; step: string; say: string }
  // In the channel
  | { kind: 'post-entry' }
  | { kind: 'post-board' }
  | { kind: 'post-order'; orderId: string }
  | { kind: 'refresh-order'; orderId: string }
  /** A request that waited for its second person; `askedSeq`: of the entry that was posted with its button. */
  | { kind: 'refresh-request'; changeId: string; askedSeq: number }
  /** What is left to put back once a launch is called off, with its buttons. */
  | { kind: 'post-stand-down' }
  | { kind: 'refresh-stand-down' }
  | { kind: 'post-scale'; target: string; desired: number }
  | { kind: 'finish-scale'; target: string; tookMs: number; stands?: number }
  /** How far a step's automation has come, in a message of its own. */
  | { kind: 'post-automation'; step: string }
  | { kind: 'finish-automation'; step: string }
  | { kind: 'start-live'; shotId: string }
  | { kind: 'finish-live'; shotId: string }
  | { kind: 'post-summary'; shotId: string }
  | { kind: 'post-chart'; shotId: string };

type EffectKind = EffectBody['kind'];

export type Effect = EffectBody & {
  /** `<seq>/<name>`: the same for every instance and every repair. */
  id: string;
  launchId: string;
  /** Of the entry; an older effect never overwrites what a newer one has written. */
  seq: number;
  /** Id of another effect of the entry, which must be done before. Absent: it waits for none. */
  after?: string;
  /** Performed at once by whoever appended the entry; the leader repairs it if that one died. */
  urgent: boolean;
  /** `slack` effects keep the order of the record; `cloud` effects wait for nobody. */
  lane: 'cloud' | 'slack';
};

const SLACK: ReadonlySet<EffectKind> = new Set([
  'post-entry',
  'post-board',
  'post-order',
  'refresh-order',
  'refresh-request',
  'post-stand-down',
  'refresh-stand-down',
  'post-scale',
  'finish-scale',
  'post-automation',
  'finish-automation',
  'start-live',
  'finish-live',
  'post-summary',
  'post-chart',
]);

const PUTS_BACK: ReadonlySet<Entry['kind']> = new Set([
  'LaunchClosed',
  'ScaleOrdered',
  'ScaleReached',
  'StepDone',
  'StepSkipped',
  'StepStarted',
  'SwitchRequested',
  'SwitchSet',
]);

const URGENT: ReadonlySet<EffectKind> = new Set([
  'index-launch',
  'send-segment-orders',
  'send-test-order',
  'write-switches',
  'lift-halt',
  'mirror-switch',
  'scale',
  'note-head',
]);

/** The effects of one entry, in the order in which they should start. `launchAfter`: the launch with this entry folded in (a later state is harmless). */
export function effectsOf(entry: Entry, launchAfter: Launch): Effect[] {
  return [...bodiesOf(entry, launchAfter), ...putBack(entry, launchAfter), ...noted(entry, launchAfter)].map(
    (body) => ({
      ...body,
      id: `${entry.seq}/${nameOf(body)}`,
      launchId: entry.launchId,
      seq: entry.seq,
      urgent: URGENT.has(body.kind),
      lane: SLACK.has(body.kind) ? 'slack' : 'cloud',
      ...(body.kind === 'report-mirror' ? { after: `${entry.seq}/${mirrorName(body.switch)}` } : {}),
    }),
  );
}

/** Where the record's head is kept outside of it: at a fire, halt, lift, stand-down and close, and at the end of a phase. */
export function isHeadNoted(entry: Entry, launchAfter: Launch): boolean {
  switch (entry.kind) {
    case 'FireApproved':
    case 'FireArmed':
    case 'HaltSet':
    case 'HaltLifted':
    case 'ShotClosed':
    case 'StoodDown':
    case 'LaunchClosed':
    case 'TakenOver':
      return true;
    case 'StepDone':
    case 'StepSkipped':
      return endedPhase(launchAfter, entry.step) !== null;
    default:
      return false;
  }
}

/** The phase that is over with this step; null while another step of it is to come. */
export function endedPhase(launch: Launch, step: string): { id: string; title: string } | null {
  const phase = launch.runbook.phases.find(({ steps }) => steps.some(({ id }) => id === step));
  const isOver =
    phase?.steps.every(({ id }) => launch.steps[id]?.state === 'done' || launch.steps[id]?.state === 'skipped') ??
    false;
  return phase === undefined || !isOver ? null : { id: phase.id, title: phase.title };
}

function noted(entry: Entry, launchAfter: Launch): EffectBody[] {
  return isHeadNoted(entry, launchAfter) ? [{ kind: 'note-head', hash: entry.hash }] : [];
}

const mirrorName = (name: string): string => `mirror-${name}`;

function nameOf(body: EffectBody): string {
  switch (body.kind) {
    case 'mirror-switch':
      return mirrorName(body.switch);
    case 'refresh-order':
      return `refresh-${body.orderId}`;
    case 'refresh-request':
      return `refresh-${body.changeId}`;
    default:
      return body.kind;
  }
}

function bodiesOf(entry: Entry, launch: Launch): EffectBody[] {
  switch (entry.kind) {
    case 'LaunchCreated':
    // In the other region there is nothing but the record, and no workers yet.
    case 'TakenOver':
      return [
        // This region may have had it before, and halted: what was lifted since stands in its item still.
        ...(entry.kind === 'TakenOver' && !launch.halt.active && launch.halt.epoch > 0
          ? lifted(launch.halt.epoch)
          : []),
        { kind: 'index-launch' },
        { kind: 'ensure-queues' },
        { kind: 'write-switches' },
        { kind: 'write-flags' },
        ...Object.entries(launch.scale).map(([target, { desired }]): EffectBody => ({
          kind: 'scale',
          target,
          desired,
        })),
        { kind: 'post-entry' },
        { kind: 'post-board' },
      ];

    case 'FireRequested':
      return [{ kind: 'post-order', orderId: entry.orderId }, ...voidedOrders(launch, entry.orderId)];
    case 'FireApproved':
      return [
        ...lifted(entry.lifts),
        { kind: 'send-segment-orders', shotId: entry.shotId, segments: entry.shown.segments },
        ...(entry.lifts === null ? [] : ([...mirrored('halt', entry), { kind: 'write-flags' }] satisfies EffectBody[])),
        { kind: 'start-live', shotId: entry.shotId },
        { kind: 'refresh-order', orderId: entry.orderId },
        { kind: 'post-entry' },
        ...Object.values(launch.lifts).flatMap(({ id, epoch }) => (epoch === entry.lifts ? [requestEnded(id)] : [])),
      ];
    case 'FireArmed':
    case 'FireHeld':
    case 'FireDeclined':
    case 'FireRenewed':
    case 'FireExpired':
      return [{ kind: 'refresh-order', orderId: entry.orderId }, { kind: 'post-entry' }];
    case 'ShotClosed':
      return [
        { kind: 'finish-live', shotId: entry.shotId },
        { kind: 'post-summary', shotId: entry.shotId },
        { kind: 'post-chart', shotId: entry.shotId },
      ];

    case 'HaltSet':
      return [
        ...mirrored('halt', entry),
        { kind: 'write-flags' },
        { kind: 'post-entry' },
        ...voidedOrders(launch, null),
      ];
    case 'HaltLifted':
      return [...lifted(entry.epoch), ...mirrored('halt', entry), { kind: 'write-flags' }, { kind: 'post-entry' }];
    case 'SwitchSet':
      return [
        { kind: 'write-switches' },
        ...mirrored(entry.switch, entry),
        { kind: 'write-flags' },
        { kind: 'post-entry' },
      ];

    case 'TestRequested':
      return [{ kind: 'send-test-order', testId: entry.testId }, { kind: 'post-entry' }];

    case 'StepStarted':
      return [
        { kind: 'do-step', step: entry.step },
        { kind: 'post-entry' },
        ...ofAutomation(launch, entry.step, 'post-automation'),
      ];
    case 'StepDone':
      return [{ kind: 'post-entry' }, ...ofAutomation(launch, entry.step, 'finish-automation')];
    case 'ScaleOrdered':
      return [
        ...onIndex(launch),
        { kind: 'scale', target: entry.target, desired: entry.desired },
        { kind: 'post-scale', target: entry.target, desired: entry.desired },
      ];
    case 'ScaleReached': {
      const step = launch.scale[entry.target]?.step ?? null;
      const { desired, stands } = entry;
      const say =
        stands === undefined
          ? `stands at ${desired.toLocaleString('en-US')}`
          : `stands at ${stands.toLocaleString('en-US')}, ${desired.toLocaleString('en-US')} ordered`;
      return [
        ...(step === null ? [] : ([{ kind: 'finish-step', step, say }] satisfies EffectBody[])),
        {
          kind: 'finish-scale',
          target: entry.target,
          tookMs: entry.tookMs,
          ...(stands === undefined ? {} : { stands }),
        },
        { kind: 'post-entry' },
      ];
    }

    case 'ScaleChanged':
      return [
        ...(entry.again
          ? ([{ kind: 'scale', target: entry.target, desired: entry.desired }] satisfies EffectBody[])
          : []),
        { kind: 'post-entry' },
      ];

    // What changes the content or the people may void open orders: their messages must not keep a live GO button.
    case 'TargetMoved':
    case 'CampaignSet':
    case 'AudienceSet':
    case 'SkipListSet':
    case 'RosterChanged':
    case 'PersonRemoved':
    case 'LaunchClosed':
      return [{ kind: 'post-entry' }, ...voidedOrders(launch, null)];
    case 'RunbookChanged':
      // Who may see a switch may be another now.
      return [{ kind: 'write-flags' }, { kind: 'post-entry' }, ...voidedOrders(launch, null)];
    case 'StoodDown':
      return [{ kind: 'post-stand-down' }, ...voidedOrders(launch, null)];
    case 'ShotCorrected':
      return [{ kind: 'post-entry' }, ...ordersVoidedBy(entry, launch)];

    case 'ChangeExpired':
      return [{ kind: 'post-entry' }, requestEnded(entry.changeId)];

    case 'RunbookChangeRequested':
    case 'RosterChangeRequested':
    case 'KeyChangeRequested':
    case 'KeysChanged':
    case 'GateChanged':
    case 'GateTicked':
    case 'WaiverRequested':
    case 'WaiverGranted':
    case 'ShotTimed':
    case 'TestDone':
    case 'LiftRequested':
    case 'SwitchRequested':
    case 'StepHeld':
    case 'StepPut':
    case 'StepMissed':
    case 'StepSkipped':
    case 'ScaleLate':
    case 'SurgeMeasured':
    case 'RehearsalBegun':
    case 'RehearsalTurned':
    case 'RehearsalEnded':
      return [{ kind: 'post-entry' }];
    case 'ActionSet':
    case 'ActionClosed':
    case 'PostmortemTurned':
      return [...onIndex(launch), { kind: 'post-entry' }];
    case 'Noted':
      return entry.said === true ? [] : [{ kind: 'post-entry' }];
    case 'Checkpoint':
    case 'PersonPresent':
    case 'OutcomesCounted':
    case 'QuestionAnswered':
    case 'ScaleFound':
    case 'SwitchMirrored':
      return [];
    default:
      return never(entry);
  }
}

/** Capacity is also taken down, and people told of what is to be done, after the close: the launch has work again. */
function onIndex({ closed }: Launch): EffectBody[] {
  return closed ? [{ kind: 'index-launch' }] : [];
}

/** What shows how far a launch that was called off is put back (clean-up.ts). */
function putBack({ kind }: Entry, launch: Launch): EffectBody[] {
  return launch.stoodDown !== null && PUTS_BACK.has(kind) ? [{ kind: 'refresh-stand-down' }] : [];
}

function ofAutomation(launch: Launch, step: string, kind: 'post-automation' | 'finish-automation'): EffectBody[] {
  return stepNamed(launch.runbook, step)?.do.kind === 'automation' ? [{ kind, step }] : [];
}

/** The report is the leader's, and no hurry: whoever presses waits for the write alone. */
function mirrored(name: string, { atMs }: Entry): EffectBody[] {
  return [
    { kind: 'mirror-switch', switch: name },
    { kind: 'report-mirror', switch: name, setAtMs: atMs },
  ];
}

function lifted(epoch: number | null): EffectBody[] {
  return epoch === null ? [] : [{ kind: 'lift-halt', epoch }];
}

/** What ends it without a press on its button takes that button off. Ids of requests end in the sequence of their entry. */
const requestEnded = (changeId: string): EffectBody => ({
  kind: 'refresh-request',
  changeId,
  askedSeq: Number(changeId.slice(1)),
});

function voidedOrders(launch: Launch, except: string | null): EffectBody[] {
  return Object.values(launch.orders)
    .filter((order) => order.state === 'void' && order.id !== except)
    .map((order) => ({ kind: 'refresh-order', orderId: order.id }));
}

/** Only those: a worker that died with many batches brings as many corrections, and Slack takes an edit a second. */
function ordersVoidedBy({ segments }: EntryOf<'ShotCorrected'>, launch: Launch): EffectBody[] {
  const corrected = new Set(segments.map(({ segment }) => segment));
  return Object.values(launch.orders)
    .filter(({ state, voidedBy }) => state === 'void' && voidedBy === VOID_BY_CORRECTION)
    .filter(({ shown }) => shown.segments.some(({ segment }) => corrected.has(segment)))
    .map(({ id }) => ({ kind: 'refresh-order', orderId: id }));
}

function never(entry: never): never {
  throw new Error(`EFFECTS_UNKNOWN_ENTRY: ${JSON.stringify(entry)}`);
}
