import type { KnownBlock } from '@slack/types';
import { namedChange } from '../../runbooks/launch/change-waits.ts';
import { isHeadNoted } from '../../runbooks/launch/effects.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import { gateNamed } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { ownerOf } from '../../runbooks/launch/owners.ts';
import { runningShots, segmentsMeant } from '../../runbooks/launch/remaining.ts';
import { stepNamed } from '../../runbooks/launch/steps.ts';
import { copiesText, describeEntry, leftBehindText } from '../../runbooks/record/describe.ts';
import { askedAfterwards } from './aftermath.ts';
import { armedText, heldMessage, ofOrder, renewedText } from './armed.ts';
import { context, message, section } from './blocks.ts';
import { changesBlocks } from './campaign-changes.ts';
import { contactsBlocks } from './contacts.ts';
import type { Message } from './message.ts';
import { actorOf, mentionsOfRole, nameOf, namesOf, ownerName, platformName, switchWords } from './names.ts';
import { rehearsalBegunMessage, rehearsalReportMessage, rehearsalTurnedMessage } from './rehearsal.ts';
import { liftMessage, rosterMessage, rosterNames, switchMessage, waiverMessage } from './requests.ts';
import { runbookChangedMessage, runbookChangeMessage } from './runbook-change.ts';
import { shotSegments, targetsText } from './segments-text.ts';
import { closedAfterStandDown } from './stand-down.ts';
import { stepEndMessage } from './step-end.ts';
import { stepHeldMessage, stepMissedMessage, stepPutMessage, stepStartedMessage } from './step-message.ts';
import { movedText } from './target-move.ts';
import { reopenedText } from './ticks.ts';
import { otherSplit } from './variants.ts';
import { headText } from './words.ts';
import { count, fit, safe, short, span, stamp, timeOfDay } from './words.ts';

/**
 * The channel's post for one entry, `launch` being the state after it; null where the channel gets no post of its
 * own: measured gates and checkpoints (board and timeline have them), fire orders and the ends of shots (order
 * message, summary with its figures), and the plain end of a step. One piece over 300 lines: a case a kind.
 */
export function entryMessage(launch: Launch, entry: Entry): Message | null {
  const said = bodyOf(launch, entry);
  return said === null || !isHeadNoted(entry, launch)
    ? said
    : { ...said, blocks: [...said.blocks, context(headText(entry.seq, entry.hash))] };
}

function bodyOf(launch: Launch, entry: Entry): Message | null {
  switch (entry.kind) {
    case 'GateChanged':
    case 'Checkpoint':
    case 'PersonPresent':
    // The message of its task says it.
    case 'OutcomesCounted':
    // The document has it; a form of many answers would fill the channel.
    case 'QuestionAnswered':
    case 'ScaleFound':
    case 'SwitchMirrored':
    // A message of its own, which is kept up to date.
    case 'StoodDown':
    case 'FireRequested':
    case 'ShotClosed':
    case 'ShotTimed':
    // The live message says who pressed GO.
    case 'FireApproved':
      return null;
    case 'WaiverRequested':
      return waiverMessage(launch, entry.waiverId);
    case 'LiftRequested':
      return liftMessage(launch, entry.liftId);
    case 'SwitchRequested':
      return switchMessage(launch, entry.requestId);
    case 'RunbookChangeRequested':
      return runbookChangeMessage(launch, entry.changeId);
    case 'RunbookChanged':
      return runbookChangedMessage(launch, entry);
    case 'RosterChangeRequested':
      return rosterMessage(launch, entry.changeId);
    case 'RosterChanged':
      return line(
        launch,
        entry,
        ':small_blue_diamond:',
        `${describe(launch, entry)}. On the roster now: ${rosterNames(launch, entry.changeId)}`,
      );
    case 'KeyChangeRequested':
      return line(
        launch,
        entry,
        ':key:',
        `${describe(launch, entry)}. A second person approves it with \`npm run go -- keys approve\`; if nobody here knows of it, halt and find out.`,
      );
    case 'StepDone':
      return stepEndMessage(launch, entry);
    case 'StepHeld':
      return stepHeldMessage(launch, entry.step, entry.why);
    case 'StepMissed':
      return stepMissedMessage(launch, entry.step, entry.deadlineAtMs, entry.why);
    case 'StepPut':
      return stepPutMessage(launch, entry.step, entry.why);
    case 'StepStarted':
      return stepStartedMessage(launch, entry.step, entry.late, entry.atMs);
    case 'HaltSet':
      return halted(launch, entry);
    case 'LaunchCreated':
      return line(
        launch,
        entry,
        ':wave:',
        `created *${safe(entry.name, 120)}* from runbook \`${entry.runbook.id}\`, target ${stamp(entry.targetAtMs)}. \`/go help\` shows what to type.\nWhat people write in this channel joins the launch's record, with who and when, edits and deletions too; so does what they wrote in the 14 days before. Their words stay readable for the days that this account keeps them (90, unless it says otherwise). Nothing of any other channel is recorded.`,
      );
    case 'TargetMoved':
      return line(launch, entry, ':alarm_clock:', movedText(launch, entry));
    case 'Noted':
      return 'person' in entry.by
        ? line(launch, entry, ':memo:', describe(launch, entry))
        : line(launch, entry, ':warning:', safe(entry.text ?? '', 2_500));
    case 'FireArmed':
      return line(launch, entry, ':alarm_clock:', armedText(launch, entry.orderId));
    case 'FireHeld':
      return heldMessage(launch, entry);
    case 'FireRenewed':
      return line(launch, entry, ':hourglass_flowing_sand:', renewedText(launch, entry));
    case 'FireDeclined':
    case 'FireExpired':
      return line(launch, entry, ':no_entry_sign:', `${describe(launch, entry)}${ofOrder(launch, entry.orderId)}`);
    case 'ChangeExpired':
      return line(
        launch,
        entry,
        ':no_entry_sign:',
        `the ${safe(namedChange(launch, entry.changeId) ?? 'change', 160)} (${entry.changeId}) expired without a second person; nothing was changed`,
      );
    case 'GateTicked':
      return line(
        launch,
        entry,
        entry.green ? ':white_check_mark:' : ':red_circle:',
        `${entry.green ? 'ticked' : 'unticked'} *${gateTitle(launch, entry.gate)}*${notItsOwner(launch, entry)}${entry.note === '' ? '' : `: ${safe(entry.note, 400)}`}`,
      );
    case 'WaiverGranted':
      return line(
        launch,
        entry,
        ':large_yellow_circle:',
        `granted the waiver for *${gateTitle(launch, launch.waivers[entry.waiverId]?.gate ?? entry.waiverId)}*`,
      );
    case 'TestDone':
      return line(
        launch,
        entry,
        entry.results.length > 0 && entry.results.every((result) => result.accepted)
          ? ':white_check_mark:'
          : ':warning:',
        `Test copies: ${tested(launch, entry)}`,
      );
    case 'TestRequested':
      return line(
        launch,
        entry,
        ':iphone:',
        `sends test copies to ${fit(
          entry.to.map((id) => nameOf(launch, id)),
          1_000,
        ).replaceAll('\n', ', ')}${safe(
          copiesText(entry, (id) => nameOf(launch, id)),
          600,
        )}`,
      );
    case 'HaltLifted':
      return line(launch, entry, ':unlock:', 'lifted the halt. Nothing is sent by itself: `/go fire` asks again.');
    case 'SwitchSet':
      // Once it is called off, the end of the step says it, with what is left.
      if (launch.stoodDown !== null && !('person' in entry.by)) return null;
      return line(
        launch,
        entry,
        ':control_knobs:',
        `${'person' in entry.by ? 'set' : 'Set'} ${switchWords(entry.switch, entry.value)}${entry.reason === '' ? '' : `: ${safe(entry.reason, 400)}`}`,
      );
    case 'ScaleLate':
      return line(
        launch,
        entry,
        ':warning:',
        `*${targetTitle(launch, entry.target)}* is late: ${count(entry.running)} of ${count(entry.desired)} running, ${count(entry.ready)} ready. Backup: ${safe(entry.backup, 400)}`,
      );
    case 'ScaleOrdered':
      return line(launch, entry, ':chart_with_upwards_trend:', describe(launch, entry));
    // The order's own message ends with a tick; a post of its own is for those who stopped watching it.
    case 'ScaleReached':
      return entry.tookMs < SCALE_SEEN_MS
        ? null
        : line(
            launch,
            entry,
            ':chart_with_upwards_trend:',
            `*${targetTitle(launch, entry.target)}* stands at ${count(entry.stands ?? entry.desired)} after ${span(entry.tookMs)}`,
          );
    case 'ScaleChanged':
      return line(
        launch,
        entry,
        ':warning:',
        `*${targetTitle(launch, entry.target)}* was lowered to ${count(entry.found)} by somebody else; ${count(entry.desired)} were ordered. ${entry.again ? 'It is set again.' : `It is left so: \`/go scale ${entry.target} ${entry.desired}\` sets it again.`}`,
      );
    case 'CampaignSet': {
      const said = line(
        launch,
        entry,
        ':pencil2:',
        `changed the text of the push (content \`${short(entry.contentHash)}\`). Open orders and test copies of the old text are void.${reopenedText(launch, 'content')}${otherSplit(launch)}`,
      );
      const before = launch.campaignBefore;
      return before === undefined
        ? said
        : message(said.text, [...(said.blocks as KnownBlock[]), ...changesBlocks(before, entry.campaign)]);
    }
    case 'StepSkipped':
      return line(
        launch,
        entry,
        ':fast_forward:',
        `skipped *${stepTitle(launch, entry.step)}*${entry.reason === '' ? '' : `: ${safe(entry.reason, 400)}`}`,
      );
    case 'ShotCorrected': {
      const left = leftBehindText(
        launch,
        entry.segments.map(({ segment }) => segment),
        (command) => `\`${command}\``,
      );
      return line(
        launch,
        entry,
        ':small_blue_diamond:',
        `${describe(launch, entry)}${left === '' ? '' : `\n:arrow_forward: A late account: ${safe(left, 1_000)}`}`,
      );
    }
    case 'TakenOver':
      return line(
        launch,
        entry,
        ':twisted_rightwards_arrows:',
        `took the launch over: it is sent from \`${entry.to}\` from now on, as *${nameOf(launch, entry.requestedBy)}* had asked${entry.reason === '' ? '' : `: ${safe(entry.reason, 400)}`}\nNothing was sent so far, and \`${entry.from}\` can’t send any more. GO buttons of before are void: ask again with \`/go fire\`.`,
      );
    case 'AudienceSet':
      return line(
        launch,
        entry,
        ':small_blue_diamond:',
        `${describe(launch, entry)}.${targetsText(launch, entry.audience.segments)}${reopenedText(launch, 'audience')}`,
      );
    case 'RehearsalBegun':
      return rehearsalBegunMessage(launch, entry);
    case 'RehearsalTurned':
      return rehearsalTurnedMessage(launch, entry);
    case 'RehearsalEnded':
      return rehearsalReportMessage(launch, entry);
    case 'ActionSet':
    case 'ActionClosed':
    case 'PostmortemTurned':
      return line(launch, entry, ':memo:', describe(launch, entry));
    case 'SurgeMeasured':
    case 'SkipListSet':
    case 'KeysChanged':
    case 'PersonRemoved':
      return line(launch, entry, ':small_blue_diamond:', describe(launch, entry));
    case 'LaunchClosed':
      return withQuestions(
        launch,
        launch.stoodDown === null
          ? line(launch, entry, ':small_blue_diamond:', describe(launch, entry))
          : closedAfterStandDown(launch, entry),
      );
    default: {
      const unknown: never = entry;
      throw new Error(`ENTRY_UNKNOWN ${JSON.stringify(unknown)}`);
    }
  }
}

/** What a rehearsal has shown stands in its report. */
const withQuestions = (launch: Launch, said: Message): Message =>
  launch.rehearses === null ? message(said.text, [...(said.blocks as KnownBlock[]), ...askedAfterwards(launch)]) : said;

const stepTitle = (launch: Launch, step: string): string => safe(stepNamed(launch.runbook, step)?.title ?? step, 120);
const describe = (launch: Launch, entry: Entry): string =>
  safe(describeEntry(entry, namesOf(launch), launch.orders), 2_500);

function line(launch: Launch, entry: Entry, sign: string, what: string): Message {
  // What the system reports has no doer that would say anything to people; a switch that was set by hand in AWS has.
  const who = 'person' in entry.by || entry.by.system === 'ssm' ? actorOf(launch, entry.by) : null;
  return message(who === null ? what.replaceAll('*', '') : `${who} ${describe(launch, entry)}`, [
    section(`${sign} ${who === null ? '' : `*${who}* `}${what}`),
  ]);
}

/** A scale order that took longer than this gets a post when it is there. */
const SCALE_SEEN_MS = 60_000;

/** A tick by somebody else counts, and is marked. */
function notItsOwner(launch: Launch, entry: Extract<Entry, { kind: 'GateTicked' }>): string {
  const owner = gateNamed(launch, entry.gate)?.owner;
  return owner === undefined || ('person' in entry.by && ownerOf(launch, owner).people.includes(entry.by.person))
    ? ''
    : ` (its owner is ${ownerName(launch, owner)})`;
}

const gateTitle = (launch: Launch, id: string): string => safe(gateNamed(launch, id)?.title ?? id, 120);
const targetTitle = (launch: Launch, id: string): string =>
  safe(launch.runbook.scale_targets.find((target) => target.id === id)?.title ?? id, 120);

function tested(launch: Launch, { results }: Extract<Entry, { kind: 'TestDone' }>): string {
  const failed = results
    .filter((result) => !result.accepted)
    .map(
      (result) =>
        `${nameOf(launch, result.person)} ${platformName[result.platform]}${result.locale === undefined ? '' : ` (${safe(result.locale, 40)})`}: ${safe(result.reason, 100)}`,
    );
  return `${results.length - failed.length} of ${count(results.length)} reached their phone${failed.length === 0 ? '' : `\n${fit(failed, 2_000)}`}`;
}

/** A halt has cut off something, or is at it: who asks to resume may ask for that, too. */
const hasRest = (launch: Launch, nowMs: number): boolean =>
  runningShots(launch).some(({ haltedAtMs }) => haltedAtMs !== null) ||
  segmentsMeant(launch, 'cut-off', nowMs).length > 0;

function halted(launch: Launch, entry: Extract<Entry, { kind: 'HaltSet' }>): Message {
  const reason = entry.reason === '' ? '' : `: ${safe(entry.reason, 400)}`;
  const onCall = mentionsOfRole(launch, 'on-call');
  const shots = Object.values(launch.shots).filter(({ haltedAtMs }) => haltedAtMs === entry.pressedAtMs);
  const cut = shots.map((shot) => `${shotSegments(launch, shot)} (\`${safe(shot.id, 60)}\`)`);
  const order = launch.runbook.on_halt === undefined ? [] : [context(safe(launch.runbook.on_halt, 1_000))];
  return message(`HALT by ${actorOf(launch, entry.by)}`, [
    section(
      `:octagonal_sign: *HALT* by *${actorOf(launch, entry.by)}* ${timeOfDay(entry.pressedAtMs)}${reason}${cut.length === 0 ? '' : `\n*Cut off:* ${cut.join('; ')}`}\nNothing goes out any more; only test copies that are asked for from now on do. Two people lift it: \`/go resume\`${hasRest(launch, entry.atMs) ? ', or `/go resume fire` to send what was cut off as well' : ''}.${onCall === '' ? '' : `\n${onCall}`}`,
    ),
    ...order,
    ...contactsBlocks(launch.runbook),
  ]);
}
