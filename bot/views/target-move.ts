import type { EntryOf } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { ScheduledStep } from '../../runbooks/launch/schedule.ts';
import { targetMove } from '../../runbooks/launch/target-move.ts';
import { nameOf } from './names.ts';
import { segmentsText } from './segments-text.ts';
import { clockOf, fit, safe, span, stamp, timeOfDay, toTarget } from './words.ts';

/** `20 min later`. */
const movedBy = (fromAtMs: number, toAtMs: number): string =>
  `${span(Math.abs(toAtMs - fromAtMs))} ${toAtMs > fromAtMs ? 'later' : 'earlier'}`;

/** By how much, to when, and what that does. */
export function movedText(launch: Launch, { targetAtMs, fromAtMs, reason, atMs }: EntryOf<'TargetMoved'>): string {
  const why = reason === '' ? '' : `: ${safe(reason, 300)}`;
  if (fromAtMs === undefined) return `moved the target to ${stamp(targetAtMs)}${why}`;
  const plan = targetMoveText(launch, fromAtMs, atMs);
  return `moved the target to ${stamp(targetAtMs)}, *${movedBy(fromAtMs, targetAtMs)}*${why}${plan === '' ? '' : `\n${plan}`}`;
}

/** What a move of the target does to the plan and to orders, a line each; '' where nothing is to come. */
function targetMoveText(launch: Launch, fromAtMs: number, nowMs: number): string {
  const { moving, staying, due, armed, short } = targetMove(launch, fromAtMs, nowMs);
  const title = ({ step }: ScheduledStep) => safe(step.title, 80);
  const lines = [
    ...named(
      ':rotating_light: *Due at once*',
      due.map((one) => `${title(one)}${one.verdict === 'put' ? ' (put to a person)' : ''}`),
    ),
    ...named(
      'Move with it',
      moving.map((one) => `${title(one)} (${toTarget(one.dueAtMs, launch.targetAtMs)})`),
    ),
    ...named(
      'Stay at their own time',
      staying.map((one) => `${title(one)} (${clockOf(one.dueAtMs)} UTC)`),
    ),
    ...named(
      ':alarm_clock: *Armed, and not moved*',
      armed.map(
        ({ shown }) =>
          `${segmentsText(launch, shown.segments)} goes by itself ${timeOfDay(shown.moment?.atMs ?? launch.targetAtMs)}`,
      ),
    ),
    ...named(
      ':hourglass_flowing_sand: *Ends before the target*',
      short.map(
        ({ id, shown, requestedBy, expiresAtMs }) =>
          `the order for ${segmentsText(launch, shown.segments)} (\`${safe(id, 60)}\`) ${timeOfDay(expiresAtMs)}; ${nameOf(launch, requestedBy)} keeps it open with \`/go renew\``,
      ),
    ),
  ];
  return lines.join('\n');
}

const named = (what: string, items: readonly string[]): string[] =>
  items.length === 0 ? [] : [`${what}: ${fit(items, 600).replaceAll('\n', ', ')}`];
