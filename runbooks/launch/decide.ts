import { answerAsGuest, answerQuestion, closeAction, setAction, turnPostmortem } from './aftermath.ts';
import { unmetPrecondition } from './authority.ts';
import { expireChange } from './change-waits.ts';
import type { Command, Decision, Given } from './commands.ts';
import { setAudience, setCampaign, setSkipList } from './content.ts';
import { missStep } from './deadlines.ts';
import { approveFire, declineFire, expireOrder, holdFire, releaseFire, requestFire } from './fire.ts';
import { reportGate } from './gates.ts';
import { approveLift, requestLift, setHalt } from './halt.ts';
import { approveKeyChange, requestKeyChange } from './keys.ts';
import type { Launch } from './launch.ts';
import { checkpoint, closeLaunch, createLaunch, moveTarget, note } from './lifecycle.ts';
import { recordOutcomes } from './outcomes.ts';
import { beHere } from './presence.ts';
import { beginRehearsal, endRehearsal, turnRehearsal } from './rehearsals.ts';
import { renewOrder } from './renewal.ts';
import { approveRosterChange, removePerson, requestRosterChange } from './roster.ts';
import { approveRunbookChange, changeRunbook } from './runbook-change.ts';
import { orderScale, reportScale, reportScaleChanged, reportScaleFound, reportScaleLate } from './scale.ts';
import { answerStep, finishStep, holdStep, putStep, runStep, skipStep, startStep } from './schedule.ts';
import { closeShot, correctShot, timeShot } from './shots.ts';
import { standDown } from './stand-down.ts';
import { measureSurge } from './surge.ts';
import { approveSwitch, reportMirror, setSwitch, turnSwitch } from './switches.ts';
import { takeOver } from './take-over.ts';
import { reportTest, requestTest } from './test-sends.ts';
import { tickGate } from './tick-gate.ts';
import { grantWaiver, requestWaiver } from './waivers.ts';

/**
 * What a command gives in this state: exactly one entry, or a refusal with a code and a sentence for people. Pure: the
 * same launch, command and time always give the same decision, and nothing happens until the entry is appended.
 */
export function decide(launch: Launch | null, command: Command, given: Given): Decision {
  const refused = unmetPrecondition(launch, command);
  if (refused !== null) return refused;
  if (command.kind === 'create-launch') return createLaunch(launch, command, given);
  // `unmetPrecondition` refuses every other command without a launch.
  return launch === null ? impossible('DECIDE_NO_LAUNCH') : decideFor(launch, command, given);
}

function decideFor(launch: Launch, command: Exclude<Command, { kind: 'create-launch' }>, given: Given): Decision {
  switch (command.kind) {
    case 'move-target':
      return moveTarget(launch, command, given);
    case 'set-campaign':
      return setCampaign(launch, command, given);
    case 'change-runbook':
      return changeRunbook(launch, command, given);
    case 'approve-runbook-change':
      return approveRunbookChange(launch, command, given);
    case 'set-audience':
      return setAudience(launch, command, given);
    case 'set-skip-list':
      return setSkipList(launch, command, given);
    case 'request-roster-change':
      return requestRosterChange(launch, command, given);
    case 'approve-roster-change':
      return approveRosterChange(launch, command, given);
    case 'expire-change':
      return expireChange(launch, command, given);
    case 'request-key-change':
      return requestKeyChange(launch, command, given);
    case 'approve-key-change':
      return approveKeyChange(launch, command, given);
    case 'take-over':
      return takeOver(launch, command, given);
    case 'remove-person':
      return removePerson(launch, command, given);
    case 'report-gate':
      return reportGate(launch, command, given);
    case 'tick-gate':
      return tickGate(launch, command, given);
    case 'request-waiver':
      return requestWaiver(launch, command, given);
    case 'grant-waiver':
      return grantWaiver(launch, command, given);
    case 'request-fire':
      return requestFire(launch, command, given);
    case 'approve-fire':
      return approveFire(launch, command, given);
    case 'decline-fire':
      return declineFire(launch, command, given);
    case 'renew-order':
      return renewOrder(launch, command, given);
    case 'expire-order':
      return expireOrder(launch, command, given);
    case 'release-fire':
      return releaseFire(launch, command, given);
    case 'hold-fire':
      return holdFire(launch, command, given);
    case 'close-shot':
      return closeShot(launch, command, given);
    case 'report-timing':
      return timeShot(launch, command, given);
    case 'correct-shot':
      return correctShot(launch, command, given);
    case 'request-test':
      return requestTest(launch, command, given);
    case 'report-test':
      return reportTest(launch, command, given);
    case 'set-halt':
      return setHalt(launch, command, given);
    case 'request-lift':
      return requestLift(launch, command, given);
    case 'approve-lift':
      return approveLift(launch, command, given);
    case 'set-switch':
      return setSwitch(launch, command, given);
    case 'approve-switch':
      return approveSwitch(launch, command, given);
    case 'turn-switch':
      return turnSwitch(launch, command, given);
    case 'start-step':
      return startStep(launch, command, given);
    case 'hold-step':
      return holdStep(launch, command, given);
    case 'put-step':
      return putStep(launch, command, given);
    case 'miss-step':
      return missStep(launch, command, given);
    case 'run-step':
      return runStep(launch, command, given);
    case 'skip-step':
      return skipStep(launch, command, given);
    case 'finish-step':
      return finishStep(launch, command, given);
    case 'answer-step':
      return answerStep(launch, command, given);
    case 'order-scale':
      return orderScale(launch, command, given);
    case 'report-scale-found':
      return reportScaleFound(launch, command, given);
    case 'report-mirror':
      return reportMirror(launch, command, given);
    case 'report-scale':
      return reportScale(launch, command, given);
    case 'report-scale-changed':
      return reportScaleChanged(launch, command, given);
    case 'report-scale-late':
      return reportScaleLate(launch, command, given);
    case 'note':
      return note(launch, command, given);
    case 'be-here':
      return beHere(launch, command, given);
    case 'record-outcomes':
      return recordOutcomes(launch, command, given);
    case 'answer-as-guest':
      return answerAsGuest(launch, command, given);
    case 'answer-question':
      return answerQuestion(launch, command, given);
    case 'set-action':
      return setAction(launch, command, given);
    case 'close-action':
      return closeAction(launch, command, given);
    case 'turn-postmortem':
      return turnPostmortem(launch, command, given);
    case 'begin-rehearsal':
      return beginRehearsal(launch, command, given);
    case 'turn-rehearsal':
      return turnRehearsal(launch, command, given);
    case 'end-rehearsal':
      return endRehearsal(launch, command, given);
    case 'measure-surge':
      return measureSurge(launch, command, given);
    case 'checkpoint':
      return checkpoint(launch, command, given);
    case 'stand-down':
      return standDown(launch, command, given);
    case 'close-launch':
      return closeLaunch(launch, command, given);
    default:
      return impossible('DECIDE_UNKNOWN_COMMAND', command);
  }
}

function impossible(code: string, _never?: never): never {
  throw Object.assign(new Error(code), { code });
}
