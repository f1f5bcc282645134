import { SHOT } from '../playbook/rules/waits.ts';
import type { Step } from '../playbook/schema.ts';
import { own } from './decision.ts';
import type { Launch } from './launch.ts';
import { missedAsAWhole } from './reach.ts';
import { lastAttempt, remainingDevices, runningShots } from './remaining.ts';

/** As a reason why something waits. */
export const NOTHING_SENT = 'nothing has been sent yet';

/**
 * Why this step must not take down now what the launch has raised, and is not offered either: null, it may. A plan is written
 * for the day on which everything goes as planned; when the moment moves, its steps go on.
 */
export function keepsFleet(launch: Launch, step: Pick<Step, 'do' | 'after'>): string | null {
  const isSent = Object.keys(launch.shots).length > 0;
  if (step.after?.includes(SHOT) === true && !isSent && launch.stoodDown === null) return NOTHING_SENT;
  if (step.do.kind !== 'scale') return null;
  const standing = own(launch.scale, step.do.target)?.desired;
  if (standing === undefined || step.do.to >= standing) return null;
  if (runningShots(launch).length > 0) return 'a shot is running';
  if (launch.stoodDown !== null) return null;
  if (!isSent) return NOTHING_SENT;
  const missed = missedAndLeft(launch);
  return missed.length === 0
    ? null
    : `next to nobody of ${missed.length > NAMED ? plural(missed.length, 'segment') : missed.join(', ')} was reached, and ${plural(
        missed.reduce((sum, id) => sum + remainingDevices(launch, id), 0),
        'device',
      )} can still be sent to`;
}

const NAMED = 4;

/** Segments that their last shot missed as a whole, though not by a halt, and that a further order would send to. */
function missedAndLeft(launch: Launch): string[] {
  return (launch.audience?.segments ?? [])
    .map(({ id }) => id)
    .filter((id) => {
      const last = lastAttempt(launch, id);
      if (last === undefined || last.totals === null || remainingDevices(launch, id) === 0) return false;
      return missedAsAWhole(last.totals.totals, own(launch.shots, last.shotId)?.closed?.cause === 'halt') !== null;
    });
}

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
