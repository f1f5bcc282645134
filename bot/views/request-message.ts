import { own } from '../../runbooks/launch/decision.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Message } from './message.ts';
import { liftMessage, rosterMessage, switchMessage } from './requests.ts';
import { runbookChangeMessage } from './runbook-change.ts';

/** A request that waits, or waited, for its second person, as its message shows it now. Null: there is none by this id. */
export function requestMessage(launch: Launch, changeId: string): Message | null {
  if (own(launch.lifts, changeId) !== undefined) return liftMessage(launch, changeId);
  if (own(launch.switchRequests, changeId) !== undefined) return switchMessage(launch, changeId);
  if (own(launch.rosterChanges, changeId) !== undefined) return rosterMessage(launch, changeId);
  if (own(launch.runbookChanges, changeId) !== undefined) return runbookChangeMessage(launch, changeId);
  return null;
}
