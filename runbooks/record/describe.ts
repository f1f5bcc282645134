import { own } from '../launch/decision.ts';
import type {
  Actor,
  CopiesAsked,
  Entry,
  EntryOf,
  SegmentAttempt,
  SegmentTotals,
  ShotTiming,
  RehearsalReport,
  SurgeFigures,
  Split,
  Totals,
} from '../launch/entries.ts';
import { DEVICE_STATES } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { fireCommand, takenBack } from '../launch/order-words.ts';
import { missedSegments } from '../launch/reach.ts';
import type { Missed } from '../launch/reach.ts';
import { leftBehindOf, remainingDevices, runningShotOf } from '../launch/remaining.ts';
import { sumTotals, sumVariants } from '../launch/totals.ts';
import { splitOf, splitText } from '../launch/variants.ts';
import { switchValueText } from '../launch/words.ts';
import { planChangesText, voidsText } from './plan-words.ts';
import { NAMED_SEGMENTS, segmentList } from './segment-words.ts';

/** The words of the record, in one voice. One piece over 300 lines: a case for each kind of entry, and what those share. */

/** Person id → name as people know it. */
export type Names = ReadonlyMap<string, string>;

export const number = (value: number): string => value.toLocaleString('en-US');

export function actorName(actor: Actor, names: Names): string {
  return 'person' in actor ? (names.get(actor.person) ?? actor.person) : actor.system;
}

/** Somebody by their Slack account; a name that they gave themselves has it beside it. */
export const guestName = (guest: string, slackNames: Names): string =>
  `${slackNames.get(guest) ?? (/^m\d+$/.test(guest) ? `the writer of ${guest}` : guest)}, not on the roster`;

/** The first 8 characters: enough to compare by eye, the whole hash stands in the record. */
export const shortHash = (hash: string): string => hash.slice(0, 8);

/** The table of shots names them. */
const segmentCount = (segments: readonly SegmentAttempt[]): string =>
  segments.length > NAMED_SEGMENTS ? `${segments.length} segments` : segmentList(segments);

/** Non-zero states in a fixed order, failures split by reason: `190 accepted, 8 failed (8 Unregistered), 2 late`. */
export function describeTotals(totals: Totals): string {
  const parts = DEVICE_STATES.filter((state) => totals[state] > 0).map((state) => {
    const reasons = Object.entries(totals.reasons)
      .toSorted((a, b) => b[1] - a[1])
      .map(([reason, count]) => `${number(count)} ${reason}`);
    return `${number(totals[state])} ${state}${state === 'failed' && reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`;
  });
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

/** `178 accepted, 2 failed (2 Unregistered). variant a: 90 accepted; variant b: 88 accepted, 2 failed (2 Unregistered)` */
export function resultText(segments: readonly SegmentTotals[]): string {
  const apart = sumVariants(segments).map(({ variant, totals }) => `variant ${variant}: ${describeTotals(totals)}`);
  return `${describeTotals(sumTotals(segments))}${after(apart.join('; '))}`;
}

/** Of so many devices nobody knows any more. */
export function uncountedText({ shots }: Pick<EntryOf<'OutcomesCounted'>, 'shots'>): string {
  const untold = shots.reduce((sum, one) => sum + one.untold, 0);
  return untold === 0 ? '' : ` (${number(untold)} devices have no account any more)`;
}

/** `, 10,000 held out, on purpose`; '' for nobody. */
export const heldOutText = (devices: number): string =>
  devices === 0 ? '' : `, ${number(devices)} held out, on purpose`;

const splitWords = (split: Split | null, before: string): string =>
  split === null ? '' : `${before}${splitText(split)}`;

const missedOf: Record<Missed, (totals: Totals) => [count: number, what: string]> = {
  refused: ({ failed }) => [failed, 'refused'],
  unanswered: ({ uncertain }) => [uncertain, 'without an answer'],
  unsent: ({ halted, late }) => [halted + late, 'not sent'],
};

/** `NOT REACHED: us-ios (495 of 500 refused)`: segments of which next to nobody was reached; '' for none. */
export function missedText(segments: readonly SegmentTotals[], wasHalted: boolean): string {
  const missed = missedSegments(segments, wasHalted).map(({ segment, attempt, devices, totals, how }) => {
    const [count, what] = missedOf[how](totals);
    return `${segmentList([{ segment, attempt }])} (${number(count)} of ${number(devices)} ${what})`;
  });
  return missed.length === 0 ? '' : `NOT REACHED: ${missed.join(', ')}`;
}

/** Who of these segments a further order would go to, and the command that goes to exactly those; '' for nobody. */
export function stillToSendText(launch: Launch, segments: readonly string[]): string {
  const left = segments.filter((segment) => remainingDevices(launch, segment) > 0);
  const devices = left.reduce((sum, segment) => sum + remainingDevices(launch, segment), 0);
  if (devices === 0) return '';
  const who = `${number(devices)} ${devices === 1 ? 'device' : 'devices'} of ${left.length > 4 ? `${left.length} segments` : left.join(', ')}`;
  if (launch.stoodDown !== null) return `${who} were within reach when the launch was stood down`;
  return launch.closed
    ? `${who} were within reach when the launch was closed`
    : `${who} can still be sent to: ${fireCommand(launch, left)}`;
}

/** `first sent after 0.11 s, accepted p50 1.20 s, p95 1.80 s, p99 2.05 s, last sent after 2.10 s, 95,000/s (best second 120,000)` */
export function describeTiming(timing: ShotTiming): string {
  const seconds = (ms: number | null): string => (ms === null ? '-' : `${(ms / 1000).toFixed(2)} s`);
  return `first sent after ${seconds(timing.firstWriteMs)}, accepted p50 ${seconds(timing.p50Ms)}, p95 ${seconds(timing.p95Ms)}, p99 ${seconds(timing.p99Ms)}, last sent after ${seconds(timing.lastWriteMs)}, ${number(Math.round(timing.perSecond))}/s (best second ${number(Math.round(timing.peakPerSecond))})`;
}

/** What late accounts have left to a further order of these segments, as sentences; '' for nothing. `quote` sets commands apart. */
export function leftBehindText(
  launch: Launch,
  segments: readonly string[],
  quote: (command: string) => string = (command) => command,
): string {
  if (launch.stoodDown !== null) return '';
  return leftBehindOf(launch)
    .filter(({ segment }) => segments.includes(segment))
    .map(({ segment, devices }) => {
      const isRunning = runningShotOf(launch, segment) !== undefined;
      const command = quote(`/go ${launch.halt.active ? 'resume fire' : 'fire'} ${segment}`);
      return `${number(devices)} ${devices === 1 ? 'device' : 'devices'} of ${segment} are within reach again, ${isRunning ? 'and the shot that runs does not send to them' : 'and no running order has them'}; ${command} sends to them${isRunning ? ' once that shot is closed' : ''}.`;
    })
    .join(' ');
}

/** Of test copies: in which texts, on which platform, and what goes to phones that would never get it. */
export function copiesText(
  { locales, platform, also, alsoOn = [] }: CopiesAsked,
  name: (person: string) => string,
): string {
  const only = locales === undefined ? '' : `, in ${locales.join(', ')}`;
  const on = platform === undefined ? '' : `, on ${platform === 'ios' ? 'iOS' : 'Android'} alone`;
  const extra =
    also === undefined
      ? ''
      : `; ${also.locales.join(', ')} to the phones of ${name(also.person)}, as none of theirs has ${also.locales.length === 1 ? 'it' : 'them'}`;
  const further = alsoOn
    .map(
      (one) =>
        `; ${one.locales.join(', ')} to ${one.platform === 'ios' ? 'the iPhone' : 'the Android phone'} of ${name(one.person)} too`,
    )
    .join('');
  return `${only}${on}${extra}${further}`;
}

/** What had gone out when a launch was called off. */
export function sentText(sent: EntryOf<'StoodDown'>['sent']): string {
  if (sent === null) return 'Nothing was sent';
  const doubt = sent.uncertain === 0 ? '' : `, ${number(sent.uncertain)} uncertain`;
  return `Sent before: ${sent.segments.join(', ')} (${number(sent.accepted)} accepted${doubt})`;
}

/** `infrastructure, 6,000,000 devices, ready after 2,520 s; edge after 1,800 s`, and of one that has sent its figures. */
function describeRehearsal(report: RehearsalReport): string {
  const seconds = (ms: number | null): string => (ms === null ? 'never' : `after ${number(Math.round(ms / 1000))} s`);
  const { what, devices, readyMs, fleets, askToGoMs, timing, totals, refused } = report;
  return [
    `${what}, ${number(devices)} devices, ready ${seconds(readyMs)}`,
    ...fleets.map(({ target, to, tookMs }) => `${target} at ${number(to)} ${seconds(tookMs)}`),
    ...(askToGoMs === null ? [] : [`GO ${seconds(askToGoMs)} of being asked`]),
    ...(timing === null ? [] : [describeTiming(timing)]),
    ...(totals === null ? [] : [describeTotals(totals), `${number(refused)} tokens refused for good`]),
  ].join('; ');
}

/** What was measured of a surge: `opened by 4.5 %, edge: 50 an open, 250 a unit`. */
function surgeText({ openRate, unpacedPerSecond, fleets }: Omit<SurgeFigures, 'source'>): string {
  const some = (value: number | undefined, what: string) =>
    value === undefined ? [] : [`${value.toLocaleString('en-US', { maximumFractionDigits: 3 })} ${what}`];
  return [
    ...(openRate === undefined
      ? []
      : [`opened by ${(openRate * 100).toLocaleString('en-US', { maximumFractionDigits: 2 })} %`]),
    ...some(unpacedPerSecond, 'pushes a second without a pace'),
    ...fleets.map(
      ({ target, perUnit, perOpen, perDelivery }) =>
        `${target}: ${[...some(perOpen, 'requests an open'), ...some(perDelivery, 'requests a delivery'), ...some(perUnit, 'requests a second and unit')].join(', ') || 'nothing new'}`,
    ),
  ].join('; ');
}

const CLOSE_CAUSE = {
  complete: 'every batch is accounted for',
  'not-after': 'its time was over',
  halt: 'it was halted',
} as const;

const TURNED = {
  draft: 'made the postmortem a draft again',
  review: 'put the postmortem to review',
  done: 'called the postmortem done',
} as const;

const because = (reason: string): string => (reason === '' ? '' : `: ${reason}`);

const after = (text: string): string => (text === '' ? '' : `. ${text}`);

/** One plain sentence for an entry, without its time and without who did it. Markdown-free. `orders`: of its launch, then or later. */
export function describeEntry(entry: Entry, names: Names, orders: Launch['orders']): string {
  const person = (id: string): string => names.get(id) ?? id;
  switch (entry.kind) {
    case 'LaunchCreated':
      return `created the launch "${entry.name}" from runbook ${entry.runbook.id} (${shortHash(entry.runbookHash)}), content ${shortHash(entry.contentHash)}`;
    case 'TargetMoved':
      return `moved the target to ${new Date(entry.targetAtMs).toISOString()}${entry.fromAtMs === undefined ? '' : `, from ${new Date(entry.fromAtMs).toISOString()}`}${because(entry.reason)}`;
    case 'CampaignSet':
      return `set the campaign to content ${shortHash(entry.contentHash)} (${Object.keys(entry.campaign.locales).join(', ')}${splitWords(splitOf(entry.campaign), '; ')})`;
    case 'AudienceSet':
      return `set the audience to ${shortHash(entry.audience.hash)}: ${number(entry.audience.devices)} devices in ${entry.audience.segments.length} segments${heldOutText(entry.audience.heldOut ?? 0)}${splitWords(entry.audience.split ?? null, '; of the users ')}`;
    case 'SkipListSet':
      return `set the skip list to ${shortHash(entry.skipList.hash)}: ${number(entry.skipList.tokens)} tokens${entry.refusedIn === undefined ? '' : `, with those that were refused in ${entry.refusedIn.launchId}`}`;
    case 'RunbookChangeRequested':
      return `asked for a change of the runbook (${entry.changeId}) to ${shortHash(entry.runbookHash)}: ${planChangesText(entry.changes)}${because(entry.reason)}`;
    case 'RunbookChanged':
      return `${entry.changeId === null ? 'changed the runbook' : `approved the change of the runbook (${entry.changeId})`} to ${shortHash(entry.runbookHash)}: ${planChangesText(entry.changes)}${because(entry.reason)}. ${voidsText(entry.voids)}`;
    case 'RosterChangeRequested':
      return `asked for a change of the roster (${entry.changeId}) to ${entry.people.map((one) => `${one.name} (${one.roles.join(', ')})`).join('; ')}${because(entry.reason)}`;
    case 'RosterChanged':
      return `approved the change of the roster (${entry.changeId})`;
    case 'ChangeExpired':
      return `request ${entry.changeId} expired without a second person; nothing was changed`;
    case 'KeyChangeRequested':
      return `asked for a change of the record's keys (${entry.changeId}) to ${entry.keys.map(({ role, key }) => `${role} …${key.slice(-9)}`).join(', ')}${because(entry.reason)}`;
    case 'KeysChanged':
      return `approved the change of the record's keys (${entry.changeId})`;
    case 'TakenOver':
      return `took the launch over from ${entry.from} to ${entry.to}, as ${person(entry.requestedBy)} had asked${because(entry.reason)}`;
    case 'PersonRemoved':
      return `removed ${person(entry.person)} from the roster${because(entry.reason)}`;
    case 'GateChanged':
      return `gate ${entry.measured.gate} is ${entry.measured.status}: ${entry.measured.say}`;
    case 'GateTicked':
      return `${entry.green ? 'ticked' : 'unticked'} the gate ${entry.gate}${because(entry.note)}`;
    case 'WaiverRequested':
      return `asked to waive the gate ${entry.gate} (${entry.waiverId}) for ${entry.segments === 'all' ? 'all segments' : entry.segments.join(', ')}${entry.worst === null ? '' : `, up to ${number(entry.worst)}`}, until ${new Date(entry.endsAtMs).toISOString()}${because(entry.reason)}`;
    case 'WaiverGranted':
      return `granted the waiver ${entry.waiverId}`;
    case 'FireRequested':
      return `asked to fire ${segmentList(entry.shown.segments)} to ${number(entry.devices)} devices (${entry.orderId}, content ${shortHash(entry.shown.contentHash)}, audience ${shortHash(entry.shown.audienceHash)})${entry.lifts === null ? '' : `, lifting halt ${entry.lifts}`}${entry.shown.moment === undefined ? '' : `, to go by itself at ${new Date(entry.shown.moment.atMs).toISOString()}`}`;
    case 'FireArmed':
      return `armed ${entry.orderId}`;
    case 'FireHeld':
      return `order ${entry.orderId} did not go at its moment${because(entry.reason)}`;
    case 'FireApproved':
      return `${entry.armed === undefined ? `pressed GO on ${entry.orderId}` : `fired ${entry.orderId}, armed by ${person(entry.armed.by)}`}: shot ${entry.shotId}, ${segmentCount(entry.shown.segments)}${entry.lifts === null ? '' : `, lifting halt ${entry.lifts}`}${entry.redGates.length === 0 ? '' : `, in spite of ${entry.redGates.map((gate) => gate.gate).join(', ')}`}`;
    case 'FireDeclined':
      return `${takenBack(own(orders, entry.orderId))} ${entry.orderId}${because(entry.reason)}`;
    case 'FireRenewed':
      return `renewed ${entry.orderId} until ${new Date(entry.expiresAtMs).toISOString()}`;
    case 'FireExpired':
      return `order ${entry.orderId} expired without a second person`;
    case 'ShotClosed':
      return `shot ${entry.shotId} (${segmentCount(entry.segments)}) closed because ${CLOSE_CAUSE[entry.cause]}: ${resultText(entry.segments)}${after(missedText(entry.segments, entry.cause === 'halt'))}`;
    case 'ShotTimed':
      return `speed of shot ${entry.shotId}: ${describeTiming(entry.timing)}`;
    case 'ShotCorrected':
      return `corrected shot ${entry.shotId} (${segmentCount(entry.segments)}) after a late account of batch ${entry.batch}: ${resultText(entry.segments)}`;
    case 'TestRequested':
      return `asked for test copies (${entry.testId}) of content ${shortHash(entry.contentHash)} to ${entry.to.map(person).join(', ')}${copiesText(entry, person)}`;
    case 'TestDone': {
      const accepted = entry.results.filter((result) => result.accepted).length;
      const failed = entry.results
        .filter((result) => !result.accepted)
        .map((result) => `${person(result.person)} ${result.platform}: ${result.reason}`);
      return `test ${entry.testId}: ${accepted} of ${entry.results.length} copies accepted${failed.length === 0 ? '' : ` (${failed.join('; ')})`}`;
    }
    case 'HaltSet':
      return `pressed HALT (halt ${entry.epoch})${because(entry.reason)}`;
    case 'LiftRequested':
      return `asked to lift halt ${entry.epoch} (${entry.liftId})${because(entry.reason)}`;
    case 'HaltLifted':
      return `lifted halt ${entry.epoch} (${entry.liftId})`;
    case 'SwitchRequested':
      return `asked to set ${entry.switch} to ${switchValueText(entry.value)} (${entry.requestId})${because(entry.reason)}`;
    case 'SwitchSet':
      return `set ${entry.switch} to ${switchValueText(entry.value)}${because(entry.reason)}`;
    case 'SwitchMirrored':
      return `the public parameter of ${entry.switch} says ${entry.value} since ${(entry.tookMs / 1000).toFixed(1)} s after entry ${entry.of}`;
    case 'StepStarted':
      return `started the step ${entry.step}${entry.late ? ' (late)' : ''}`;
    case 'StepHeld':
      return `held the step ${entry.step}: ${entry.why}`;
    case 'StepPut':
      return `put the step ${entry.step} to a person: ${entry.why}`;
    case 'StepMissed':
      return `the step ${entry.step} missed its deadline: ${entry.why}`;
    case 'StepSkipped':
      return `skipped the step ${entry.step}${because(entry.reason)}`;
    case 'StepDone':
      if ('person' in entry.by) return `answered the step ${entry.step}: ${entry.say}`;
      return entry.refused === true
        ? `the step ${entry.step} was refused${because(entry.say)}`
        : `finished the step ${entry.step}${because(entry.say)}`;
    case 'ScaleOrdered':
      return `ordered ${entry.target} to ${number(entry.desired)}${because(entry.reason)}`;
    case 'ScaleFound':
      return `${entry.target} stood at ${number(entry.found.desired)} before${entry.found.min === null ? '' : `, between ${number(entry.found.min)} and ${number(entry.found.max ?? 0)}`}${entry.found.targets.map(({ resource, min, max }) => `, ${resource} scaled between ${number(min)} and ${number(max)}`).join('')}`;
    case 'ScaleReached':
      return `${entry.target} stands at ${number(entry.stands ?? entry.desired)} after ${(entry.tookMs / 1000).toFixed(1)} s${entry.stands === undefined ? '' : `, ${number(entry.desired)} ordered`}`;
    case 'ScaleChanged':
      return `${entry.target} was lowered to ${number(entry.found)} by somebody else, ${number(entry.desired)} ordered: ${entry.again ? 'it is set again' : 'it is left so'}`;
    case 'ScaleLate':
      return `${entry.target} is late: ${number(entry.running)} of ${number(entry.desired)} running, ${number(entry.ready)} ready. Backup: ${entry.backup}`;
    case 'RehearsalBegun':
      return entry.sentIn === undefined
        ? `began to rehearse the infrastructure (${entry.rehearsalId}): ${entry.fleets.map(({ target, to }) => `${target} to ${number(to)}`).join(', ')}; nothing is sent`
        : `began a ${entry.what} rehearsal as a launch of its own, ${entry.sentIn}`;
    case 'RehearsalTurned':
      return entry.outcome === 'ready'
        ? `rehearsal ${entry.rehearsalId}: everything is ready; fleets go back`
        : `rehearsal ${entry.rehearsalId} ${entry.outcome === 'late' ? 'was not ready in time' : 'was stopped'}${because(entry.why)}; fleets go back`;
    case 'RehearsalEnded':
      return `rehearsal ${entry.rehearsalId} ended: ${describeRehearsal(entry.report)}`;
    case 'SurgeMeasured':
      return `entered what was measured of the surge (${entry.source}): ${surgeText(entry)}${entry.unconfirmed === true ? '; on-call has to confirm it' : ''}`;
    case 'Noted':
      return `noted: ${entry.text ?? `what message m${entry.item?.seq} of the channel's chain says`}`;
    case 'OutcomesCounted':
      return `had the outcomes of ${entry.shots.map(({ shotId }) => shotId).join(', ')} counted by language${uncountedText(entry)}${entry.refused === null ? '' : `; ${number(entry.refused.tokens)} refused tokens lie at ${entry.refused.key}`}`;
    case 'QuestionAnswered':
      return `answered “${entry.question}”${entry.words === undefined ? '' : `: ${entry.words}`}`;
    case 'ActionSet':
      return `set the action ${entry.actionId} (${entry.when}, by ${person(entry.owner)}, due ${entry.due}): ${entry.words}`;
    case 'ActionClosed':
      return `closed the action ${entry.actionId}${because(entry.words)}`;
    case 'PostmortemTurned':
      return TURNED[entry.to];
    case 'PersonPresent':
      return 'is there';
    case 'Checkpoint':
      return `sealed the channel's ${entry.channelSeq === 1 ? 'first message' : `first ${number(entry.channelSeq)} messages`} (${shortHash(entry.channelHash)})`;
    case 'StoodDown':
      return `stood the launch down${because(entry.reason)}. ${sentText(entry.sent)}${entry.orders.length === 0 ? '' : `; void: ${entry.orders.join(', ')}`}`;
    case 'LaunchClosed':
      return `closed the launch${because(entry.reason)}`;
    default: {
      const unknown: never = entry;
      throw new Error(`RECORD_ENTRY_UNKNOWN ${JSON.stringify(unknown)}`);
    }
  }
}
