import { aftermath, haltedBy, told } from './aftermath.ts';
import { aheadAgain } from './ahead-again.ts';
import { changeExpired, endIn } from './change-waits.ts';
import { ENTRY_VERSION } from './entries.ts';
import type { Entry, EntryOf } from './entries.ts';
import { approved, armed, closedShot, correctedShot, timedShot, halted, requested } from './evolve-fire.ts';
import { BY_NEWER, foldError, must, personIn, personOrStep } from './fold-error.ts';
import { ticksHolding } from './gates.ts';
import type { Launch, StepState } from './launch.ts';
import { nameOf } from './people.ts';
import { runbookChanged, without } from './plan-voids.ts';
import { scaleGoal } from './scale-goal.ts';
import { coversOf } from './skip-cover.ts';
import { takenOver } from './take-over.ts';
import { turnOrder, VOID_BY_STAND_DOWN, voidAllOpen, voidOrders, voidStale } from './voiding.ts';

/**
 * The state after one more entry. Total over every sequence that `decide` can give; a sequence that it can't have given
 * (a gap, another launch's entry, a reference to nothing) is an error with a code that begins with FOLD_. One piece over
 * 300 lines: one case for each kind of entry, so that a missing one does not compile.
 */
export function evolve(launch: Launch | null, entry: Entry): Launch {
  if (!(entry.v >= 1 && entry.v <= ENTRY_VERSION)) {
    throw foldError(
      'FOLD_SCHEMA_VERSION',
      entry,
      `it has schema version ${String(entry.v)}, and this version of gobutton reads 1 to ${ENTRY_VERSION}: ${BY_NEWER}`,
    );
  }
  const expected = (launch?.seq ?? 0) + 1;
  if (entry.seq !== expected) throw foldError('FOLD_SEQ_GAP', entry, `sequence ${entry.seq}, expected ${expected}`);
  if (launch === null) {
    if (entry.kind !== 'LaunchCreated') throw foldError('FOLD_NO_LAUNCH', entry, 'expected LaunchCreated first');
    return created(entry);
  }
  if (entry.launchId !== launch.id)
    throw foldError('FOLD_OTHER_LAUNCH', entry, `an entry of ${entry.launchId}, expected ${launch.id}`);
  if (entry.kind === 'LaunchCreated') throw foldError('FOLD_CREATED_TWICE', entry, 'the launch exists already');
  // Nobody who can read what stands there writes so, and each version's entries are judged by its own rules: an older one's would get around what has been asked since.
  if (entry.v < launch.entryVersion)
    throw foldError(
      'FOLD_SCHEMA_VERSION',
      entry,
      `it has schema version ${entry.v}, and an entry before it has ${launch.entryVersion}: versions never go down within a record`,
    );
  return { ...launch, ...change(launch, entry), seq: entry.seq, headHash: entry.hash, entryVersion: entry.v };
}

/** The state after these entries, from the beginning. Null for none. */
export function fold(entries: Iterable<Entry>): Launch | null {
  let launch: Launch | null = null;
  for (const entry of entries) launch = evolve(launch, entry);
  return launch;
}

/** A count that comes at once stood there before: it says nothing of how long it takes. */
const THERE_BEFORE_MS = 10_000;

function created(entry: EntryOf<'LaunchCreated'>): Launch {
  const { name, channelId, teamId = null, runbook, runbookHash, targetAtMs, compress, contentHash, keys = [] } = entry;
  return {
    id: entry.launchId,
    name,
    channelId,
    region: runbook.regions?.home ?? null,
    teamId,
    runbook,
    runbookHash,
    createdAtMs: entry.atMs,
    targetAtMs,
    compress,
    seq: entry.seq,
    headHash: entry.hash,
    entryVersion: entry.v,
    people: runbook.people,
    keys,
    keyChanges: {},
    campaign: runbook.campaign,
    contentHash,
    audience: null,
    // Who is to get nothing gets no rehearsal either.
    skipList: entry.rehearses?.skipList ?? null,
    ticks: {},
    noted: [],
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
    halt: { active: false, epoch: 0, by: null, reason: '', atMs: entry.atMs },
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
    rehearses: entry.rehearses ?? null,
    rehearsals: {},
    surge: null,
    stoodDown: null,
    closed: false,
    postmortem: { state: 'draft', answers: [], guests: [], actions: {}, halters: [], closedAtMs: null },
  };
}

/** What an entry changes. One case per kind; a missing one does not compile. */
function change(launch: Launch, entry: Exclude<Entry, { kind: 'LaunchCreated' }>): Partial<Launch> {
  switch (entry.kind) {
    case 'TargetMoved':
      return targetMoved(launch, entry);
    case 'CampaignSet': {
      const { campaign, contentHash } = entry;
      // A tick said that a person had looked; they have not looked at this.
      return {
        campaign,
        campaignBefore: launch.campaign,
        contentHash,
        ticks: ticksHolding(launch, 'content'),
        orders: voidStale({ ...launch, campaign, contentHash }, `${who(launch, entry)} changed the content`),
      };
    }
    case 'AudienceSet': {
      const { audience } = entry;
      const ticks = launch.audience === null ? launch.ticks : ticksHolding(launch, 'audience');
      return {
        audience,
        ticks,
        orders: voidStale({ ...launch, audience }, `${who(launch, entry)} changed the audience`),
      };
    }
    case 'SkipListSet': {
      const { adds, refusedIn } = entry;
      const skipList = { ...entry.skipList, covers: coversOf(launch.skipList, adds) };
      // Another list in its place need not hold any of them.
      const before = adds === undefined ? {} : launch.refusedSkipped;
      const more = refusedIn === undefined ? {} : { [refusedIn.launchId]: refusedIn.tokens };
      return {
        skipList,
        refusedSkipped: { ...before, ...more },
        orders: voidStale({ ...launch, skipList }, `${who(launch, entry)} changed the skip list`),
      };
    }
    case 'RunbookChangeRequested': {
      const { changeId: id, plan, runbookHash, changes, reason, atMs } = entry;
      const waits = { id, plan, runbookHash, changes, by: personIn(entry), atMs, reason, open: true, ...endIn(entry) };
      return { runbookChanges: { ...launch.runbookChanges, [id]: waits } };
    }
    case 'RunbookChanged':
      return runbookChanged(launch, entry, `${who(launch, entry)} changed the runbook`);
    case 'RosterChangeRequested': {
      const { changeId: id, people, reason } = entry;
      const waits = { id, people, by: personIn(entry), reason, open: true, ...endIn(entry) };
      return { rosterChanges: { ...launch.rosterChanges, [id]: waits } };
    }
    case 'RosterChanged': {
      const { people } = must(launch.rosterChanges, entry.changeId, entry);
      return { people, ...voidAllOpen(launch, () => true, `${who(launch, entry)} approved a change of the roster`) };
    }
    case 'ChangeExpired':
      return changeExpired(launch, entry);
    case 'KeyChangeRequested': {
      const { changeId: id, keys, reason } = entry;
      return { keyChanges: { ...launch.keyChanges, [id]: { id, keys, by: personIn(entry), reason, open: true } } };
    }
    case 'KeysChanged': {
      const { keys } = must(launch.keyChanges, entry.changeId, entry);
      return {
        keys,
        keyChanges: Object.fromEntries(
          Object.entries(launch.keyChanges).map(([id, change]) => [id, { ...change, open: false }]),
        ),
      };
    }
    case 'PersonRemoved': {
      const { person } = entry;
      return {
        people: launch.people.filter(({ id }) => id !== person),
        ...voidAllOpen(
          launch,
          (by, people) => by === person || people.some(({ id }) => id === person),
          `${nameOf(launch, person)} was removed from the roster`,
        ),
      };
    }
    case 'TakenOver':
      return takenOver(launch, entry);
    case 'GateChanged':
      return { gateChanges: { ...launch.gateChanges, [entry.measured.gate]: entry.measured } };
    case 'GateTicked': {
      const { gate, green, note, atMs } = entry;
      return { ticks: { ...launch.ticks, [gate]: { green, by: personIn(entry), atMs, note } } };
    }
    case 'WaiverRequested': {
      const { waiverId: id, gate, segments, worst, reason, endsAtMs } = entry;
      return {
        waivers: {
          ...launch.waivers,
          [id]: { id, gate, segments, worst, reason, endsAtMs, requestedBy: personIn(entry), grantedBy: null },
        },
      };
    }
    case 'WaiverGranted':
      return {
        waivers: {
          ...launch.waivers,
          [entry.waiverId]: { ...must(launch.waivers, entry.waiverId, entry), grantedBy: personIn(entry) },
        },
      };
    case 'FireRequested':
      return requested(launch, entry);
    case 'FireApproved':
      return approved(launch, entry);
    case 'FireDeclined':
      return { orders: turnOrder(launch, entry, ['open', 'armed'], { state: 'declined' }) };
    case 'FireExpired':
      return { orders: turnOrder(launch, entry, ['open'], { state: 'expired' }) };
    case 'FireRenewed':
      return { orders: turnOrder(launch, entry, ['open'], { state: 'open', expiresAtMs: entry.expiresAtMs }) };
    case 'FireArmed':
      return armed(launch, entry);
    case 'FireHeld':
      return {
        orders: turnOrder(launch, entry, ['open', 'armed'], { state: 'open', armed: null, held: entry.reason }),
      };
    case 'ShotClosed':
      return closedShot(launch, entry);
    case 'ShotCorrected':
      return correctedShot(launch, entry);
    case 'ShotTimed':
      return timedShot(launch, entry);
    case 'TestRequested': {
      const { testId, to, contentHash, locales, platform, also, alsoOn, step } = entry;
      return {
        tests: {
          ...launch.tests,
          [testId]: {
            requestedBy: personOrStep(entry),
            to,
            ...(step === undefined ? {} : { step }),
            ...(locales === undefined ? {} : { locales }),
            ...(platform === undefined ? {} : { platform }),
            ...(also === undefined ? {} : { also }),
            ...(alsoOn === undefined ? {} : { alsoOn }),
            contentHash,
            haltEpoch: launch.halt.epoch,
            results: null,
          },
        },
      };
    }
    case 'TestDone':
      return {
        tests: {
          ...launch.tests,
          [entry.testId]: { ...must(launch.tests, entry.testId, entry), results: entry.results },
        },
      };
    case 'HaltSet':
      return { ...halted(launch, entry), ...aftermath(launch, haltedBy(launch, entry)) };
    case 'LiftRequested': {
      const { liftId: id, epoch, reason } = entry;
      return {
        lifts: { ...launch.lifts, [id]: { id, epoch, by: personIn(entry), reason, open: true, ...endIn(entry) } },
      };
    }
    case 'HaltLifted': {
      const lift = must(launch.lifts, entry.liftId, entry);
      if (entry.epoch !== launch.halt.epoch)
        throw foldError('FOLD_IMPOSSIBLE', entry, `lifts epoch ${entry.epoch}, expected ${launch.halt.epoch}`);
      return {
        halt: { ...launch.halt, active: false, by: personIn(entry), reason: lift.reason, atMs: entry.atMs },
        lifts: { ...launch.lifts, [lift.id]: { ...lift, open: false } },
      };
    }
    case 'SwitchRequested': {
      const { requestId: id, switch: name, value, reason } = entry;
      return {
        switchRequests: {
          ...launch.switchRequests,
          [id]: { id, switch: name, value, by: personIn(entry), reason, open: true, ...endIn(entry) },
        },
      };
    }
    case 'SwitchSet': {
      // A request that waited for this switch is about a state that is gone.
      const switchRequests = Object.fromEntries(
        Object.entries(launch.switchRequests).map(([id, request]) => [
          id,
          request.switch === entry.switch ? { ...request, open: false } : request,
        ]),
      );
      return {
        switchRequests,
        switches: { ...launch.switches, [entry.switch]: { value: entry.value, seq: entry.seq, by: entry.by } },
      };
    }
    case 'SwitchMirrored':
      return { mirrored: [...(launch.mirrored ?? []), entry.of] };
    case 'StepStarted':
      return step(launch, entry, 'started', entry.late ? 'late' : '');
    case 'StepHeld':
      return step(launch, entry, 'held', entry.why);
    case 'StepPut':
      return step(launch, entry, 'put', entry.why);
    case 'StepMissed': {
      const { step: id, atMs, why } = entry;
      return { missed: { ...launch.missed, [id]: { atMs, why } } };
    }
    case 'StepSkipped':
      return step(launch, entry, 'skipped', entry.reason);
    case 'StepDone':
      return entry.refused === true
        ? step(launch, entry, 'done', `refused: ${entry.say}`, { refused: true })
        : step(launch, entry, 'done', entry.say);
    case 'ScaleOrdered': {
      const { target, desired, atMs, step: stepId, seq } = entry;
      return {
        scale: {
          ...launch.scale,
          [target]: {
            desired,
            lowers: entry.lowers === true,
            orderedAtMs: atMs,
            step: stepId,
            state: 'moving',
            seq,
            setAgain: 0,
            told: null,
            ...(entry.rehearsal === undefined ? {} : { rehearsal: entry.rehearsal }),
          },
        },
      };
    }
    case 'ScaleFound':
      return { scaleFound: { ...launch.scaleFound, [entry.target]: entry.found } };
    case 'ScaleReached': {
      const { target, desired: to, tookMs } = entry;
      const before = must(launch.scale, target, entry);
      const scale = { ...launch.scale, [target]: { ...before, state: 'reached' as const } };
      const took = { tookMs, to, isRehearsal: before.rehearsal !== undefined };
      const isRaised = !before.lowers && tookMs >= THERE_BEFORE_MS;
      // What was found is put back with this: the next order begins with what it finds then.
      const isBack = !scaleGoal(launch, target).holds;
      return {
        scale,
        ...(isRaised ? { scaleTook: { ...launch.scaleTook, [target]: took } } : {}),
        scaleFound: Object.fromEntries(Object.entries(launch.scaleFound).filter(([id]) => id !== target || !isBack)),
      };
    }
    case 'ScaleChanged': {
      const { target, again, found, atMs, seq } = entry;
      const state = must(launch.scale, target, entry);
      return {
        scale: {
          ...launch.scale,
          [target]: again
            ? { ...state, state: 'moving', orderedAtMs: atMs, seq, setAgain: state.setAgain + 1 }
            : { ...state, told: found },
        },
      };
    }
    case 'ScaleLate':
      return {
        scale: { ...launch.scale, [entry.target]: { ...must(launch.scale, entry.target, entry), state: 'late' } },
      };
    case 'PersonPresent':
      return { present: { ...launch.present, [personIn(entry)]: entry.atMs } };
    case 'RehearsalBegun': {
      const { rehearsalId: id, what, fleets, readyWithinMs, atMs, sentIn = null, step } = entry;
      const of = step === undefined ? {} : { step };
      const begun = { id, what, by: personOrStep(entry), ...of, begunAtMs: atMs, fleets, readyWithinMs, sentIn };
      return { rehearsals: { ...launch.rehearsals, [id]: { ...begun, turned: null, report: null, endedAtMs: null } } };
    }
    case 'RehearsalTurned': {
      const { rehearsalId: id, outcome, why, atMs } = entry;
      const turned = { ...must(launch.rehearsals, id, entry), turned: { outcome, why, atMs } };
      return { rehearsals: { ...launch.rehearsals, [id]: turned } };
    }
    case 'RehearsalEnded': {
      const { rehearsalId: id, report, atMs } = entry;
      const ended = { ...must(launch.rehearsals, id, entry), report, endedAtMs: atMs };
      return { rehearsals: { ...launch.rehearsals, [id]: ended } };
    }
    case 'SurgeMeasured':
      return { surge: surgeMeasured(launch, entry) };
    case 'Noted':
      return entry.item === undefined ? {} : { noted: [...launch.noted, entry.item.seq] };
    case 'Checkpoint':
      return {};
    case 'StoodDown': {
      const { reason, orders, sent, atMs } = entry;
      return {
        stoodDown: { by: personIn(entry), atMs, reason, orders, sent },
        orders: voidOrders(launch, () => true, VOID_BY_STAND_DOWN),
      };
    }
    case 'LaunchClosed':
      return {
        closed: true,
        orders: voidOrders(launch, () => true, 'the launch was closed'),
        ...aftermath(launch, { closedAtMs: entry.atMs }),
      };
    case 'OutcomesCounted':
      return {};
    case 'QuestionAnswered':
    case 'ActionSet':
    case 'ActionClosed':
    case 'PostmortemTurned':
      return aftermath(launch, told(launch, entry));
    default:
      return unknownKind(entry);
  }
}

/** What waited for its time, or was too late, has it ahead again. */
function targetMoved(launch: Launch, { targetAtMs, atMs }: EntryOf<'TargetMoved'>): Partial<Launch> {
  const { steps, missed } = aheadAgain({ ...launch, targetAtMs }, atMs);
  return { targetAtMs, steps: without(launch.steps, steps), missed: without(launch.missed, missed) };
}

function step(
  launch: Launch,
  entry: Entry & { step: string },
  state: StepState['state'],
  say: string,
  more: Pick<StepState, 'refused'> = {},
): Partial<Launch> {
  return { steps: { ...launch.steps, [entry.step]: { state, atMs: entry.atMs, say, ...more } } };
}

/** A figure that is not named stays as it was. */
function surgeMeasured(launch: Launch, entry: EntryOf<'SurgeMeasured'>): Launch['surge'] {
  const { source, openRate, unpacedPerSecond, fleets, atMs, unconfirmed } = entry;
  const { unconfirmed: _, ...before } = launch.surge ?? {};
  return {
    ...before,
    ...(unconfirmed === true ? { unconfirmed } : {}),
    ...(openRate === undefined ? {} : { openRate }),
    ...(unpacedPerSecond === undefined ? {} : { unpacedPerSecond }),
    fleets: {
      ...launch.surge?.fleets,
      ...Object.fromEntries(
        fleets.map(({ target, ...figures }) => [target, { ...launch.surge?.fleets[target], ...figures }]),
      ),
    },
    source,
    by: personIn(entry),
    atMs,
  };
}

function who(launch: Launch, { by }: Entry): string {
  return 'person' in by ? nameOf(launch, by.person) : `the ${by.system}`;
}

function unknownKind(entry: never): never {
  throw foldError('FOLD_UNKNOWN_KIND', entry, 'an entry of a kind that this version does not know');
}
