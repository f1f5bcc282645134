import { owed } from './clean-up.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { EntryOf } from './entries.ts';
import type { Launch } from './launch.ts';
import { nameOf } from './people.ts';
import { runningShots, shotsText } from './remaining.ts';
import { sumTotals } from './totals.ts';
import { isPending } from './voiding.ts';
import { clock } from './words.ts';

/**
 * The ad doesn't air, the game is called off. One decision ends all that could still send: open and armed orders are void
 * (voiding.ts), and nothing is fired, armed or started by the plan from then on (authority.ts). What the launch has raised is
 * put back (clean-up.ts); then it is closed, by the system or ahead of that by a person. There is no way back.
 */
export function standDown(launch: Launch, command: CommandOf<'stand-down'>, { nowMs }: Given): Decision {
  const running = runningShots(launch);
  const sending = running.filter(({ haltedAtMs }) => haltedAtMs === null);
  if (sending.length > 0)
    return refuse(
      'SHOT_RUNNING',
      `Shot ${shotsText(sending)} is being sent. Stop it with /go halt, which ends every order too; once it is counted, stand down.`,
    );
  if (running.length > 0)
    return refuse(
      'SHOT_RUNNING',
      `Shot ${shotsText(running)} was halted and is still being counted; it closes within half a minute, and the halt holds meanwhile. Then stand down.`,
    );
  return accept(byPerson(command.by), nowMs, {
    kind: 'StoodDown',
    reason: command.reason,
    orders: Object.values(launch.orders)
      .filter(isPending)
      .map(({ id }) => id),
    sent: sentSoFar(launch),
  });
}

/** What every shot so far came to; null where there was none. */
function sentSoFar(launch: Launch): EntryOf<'StoodDown'>['sent'] {
  const shots = Object.values(launch.shots);
  if (shots.length === 0) return null;
  const { accepted, uncertain } = sumTotals(shots.flatMap(({ totals }) => totals ?? []));
  const segments = new Set(shots.flatMap((shot) => shot.segments.map(({ segment }) => segment)));
  return { segments: [...segments], accepted, uncertain };
}

/** Why nothing is asked, pressed or started any more; null while the launch stands. */
export function stoodDownProblem(launch: Launch): Refusal | null {
  const { stoodDown } = launch;
  if (stoodDown === null) return null;
  const reason = stoodDown.reason === '' ? '' : ` (${stoodDown.reason})`;
  return refuse(
    'STOOD_DOWN',
    `${nameOf(launch, stoodDown.by)} stood ${launch.name} down at ${clock(stoodDown.atMs)}${reason}: nothing can be fired in it any more. /go stand-down shows what is left to put back; /go create begins a new launch.`,
  );
}

/** Called off, and all that it had raised is back or left on purpose: nothing is left to do in it. */
export function isPutBack(launch: Launch): boolean {
  return launch.stoodDown !== null && !launch.closed && owed(launch).length === 0;
}
