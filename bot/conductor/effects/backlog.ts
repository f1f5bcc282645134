import { isWaiting } from '../../../runbooks/launch/change-waits.ts';
import type { Entry } from '../../../runbooks/launch/entries.ts';
import type { Launch, WaitingChange } from '../../../runbooks/launch/launch.ts';
import { isExpired } from '../../../runbooks/launch/remaining.ts';
import { stepNamed } from '../../../runbooks/launch/steps.ts';
import { isPending } from '../../../runbooks/launch/voiding.ts';
import type { Pending } from './pending.ts';

/** Fewer stale posts than this are read faster one by one than as a summary. */
const FOLD_FROM = 8;

/** What the room gets, in this order, when it has missed a while: what matters now, one summary of what is past, the rest as it was recorded. */
export interface Backlog {
  now: Pending[];
  folded: Pending[];
  rest: Pending[];
}

/** `upToSeq`: an earlier leader has begun to fold these; 0: nobody. */
export function sortBacklog(waiting: readonly Pending[], launch: Launch, nowMs: number, upToSeq: number): Backlog {
  const now = waiting.filter((pending) => mattersNow(pending, launch, nowMs));
  const later = waiting.filter((pending) => !mattersNow(pending, launch, nowMs));
  const past = later.filter((pending) => isTalk(pending, launch, nowMs));
  const folded = upToSeq > 0 ? past.filter(({ effect }) => effect.seq <= upToSeq) : past.length < FOLD_FROM ? [] : past;
  const isFolded = new Set(folded);
  return { now, folded, rest: later.filter((pending) => !isFolded.has(pending)) };
}

/** What people may have to act on, or watch, at this moment. */
function mattersNow({ effect, entry }: Pending, launch: Launch, nowMs: number): boolean {
  switch (effect.kind) {
    case 'post-board':
    case 'post-stand-down':
      return true;
    case 'post-order':
      return isOpenOrder(launch, effect.orderId, nowMs);
    case 'start-live':
      return launch.shots[effect.shotId]?.closed === null;
    case 'post-entry':
      break;
    default:
      return false;
  }
  switch (entry.kind) {
    case 'HaltSet':
      return launch.halt.active && launch.halt.epoch === entry.epoch;
    case 'WaiverRequested':
      return launch.waivers[entry.waiverId]?.grantedBy === null && nowMs < entry.endsAtMs;
    case 'LiftRequested':
      return isStillWaiting(launch.lifts[entry.liftId], nowMs);
    case 'SwitchRequested':
      return isStillWaiting(launch.switchRequests[entry.requestId], nowMs);
    case 'RunbookChangeRequested':
      return isStillWaiting(launch.runbookChanges[entry.changeId], nowMs);
    case 'RosterChangeRequested':
      return isStillWaiting(launch.rosterChanges[entry.changeId], nowMs);
    case 'StepStarted':
      return launch.steps[entry.step]?.state === 'started' && stepNamed(launch.runbook, entry.step)?.do.kind === 'ask';
    case 'StepHeld':
      return launch.steps[entry.step]?.state === 'held';
    case 'StepPut':
      return launch.steps[entry.step]?.state === 'put';
    case 'StepMissed':
      return launch.missed[entry.step] !== undefined && launch.steps[entry.step]?.state !== 'skipped';
    case 'ScaleLate':
      return launch.scale[entry.target]?.state === 'late' && launch.scale[entry.target]?.desired === entry.desired;
    case 'LaunchClosed':
      return true;
    default:
      return false;
  }
}

/** What a line of a summary says as well. Results, and edits of messages that stand in the channel, it can't stand for. */
function isTalk({ effect, entry }: Pending, launch: Launch, nowMs: number): boolean {
  switch (effect.kind) {
    case 'post-entry':
      return !saysMore(entry, launch);
    case 'post-order':
      return !isOpenOrder(launch, effect.orderId, nowMs);
    case 'start-live':
      return launch.shots[effect.shotId]?.closed !== null;
    case 'post-automation':
      return launch.steps[effect.step]?.state !== 'started';
    case 'post-scale':
      return (
        launch.scale[effect.target]?.state === 'reached' || launch.scale[effect.target]?.desired !== effect.desired
      );
    default:
      return false;
  }
}

/** Entries whose post says what nothing else does, at a length that no summary has room for: a reminder's text, why a step was refused, the system's warnings. */
function saysMore(entry: Entry, launch: Launch): boolean {
  switch (entry.kind) {
    case 'StepStarted':
      return stepNamed(launch.runbook, entry.step)?.do.kind === 'remind';
    case 'StepDone':
      return entry.refused === true;
    case 'Noted':
      return 'system' in entry.by;
    default:
      return false;
  }
}

const isStillWaiting = (change: WaitingChange | undefined, nowMs: number): boolean =>
  change !== undefined && isWaiting(change, nowMs);

function isOpenOrder(launch: Launch, orderId: string, nowMs: number): boolean {
  const order = launch.orders[orderId];
  return order !== undefined && isPending(order) && !isExpired(order, nowMs);
}
