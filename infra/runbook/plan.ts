import { DateTime } from 'luxon';
import { stepDueAtMs, targetOf } from '../../runbooks/launch/plan-times.ts';
import type { PlanClock } from '../../runbooks/launch/plan-times.ts';
import type { Runbook, Step } from '../../runbooks/playbook/schema.ts';
import { visible } from '../visible.ts';
import { actionText } from './action-text.ts';
import { columns } from './columns.ts';

/**
 * The day of a runbook as a table: when each step is, by the clock of a zone and relative to T, what it does and whose it
 * is. Without a target only what is relative.
 */
export function planText(runbook: Runbook, targetAtMs: number | null, zone: string): string {
  const clock = targetAtMs === null ? null : { targetAtMs, compress: 1, runbook };
  const wall = (atMs: number) => DateTime.fromMillis(atMs, { zone, locale: 'en-GB' }).toFormat('ccc dd LLL yyyy HH:mm');
  const rows = runbook.phases.map(({ title, steps }) => ({
    title,
    steps: steps
      .map((step) => ({ step, atMs: clock === null ? null : stepDueAtMs(clock, step) }))
      .toSorted((a, b) => (a.atMs ?? relative(a.step)) - (b.atMs ?? relative(b.step)))
      .flatMap(({ step, atMs }) => [
        [
          ...(atMs === null ? [] : [`${wall(atMs)}${secondsOf(atMs)}`]),
          tMinusText(step, atMs, targetAtMs),
          step.title,
          `${actionText(step)}${conditions(step, clock)}`,
          ownerText(runbook, step),
        ],
        ...(step.backup?.steps ?? []).map((one) => [
          ...(atMs === null ? [] : ['']),
          '  or else',
          one.title,
          actionText(one),
          ownerText(runbook, one),
        ]),
      ]),
  }));
  const lines = columns(rows.flatMap(({ steps }) => steps));
  let next = 0;
  return [
    runbook.title,
    ...(clock === null
      ? ['T is not known: name it with --target, or write `target` into the runbook.']
      : [
          `T  ${wall(clock.targetAtMs)} ${zone}`,
          ...Object.keys(runbook.targets ?? {}).map(
            (market) => `T of ${market}  ${wall(targetOf(clock, market))} ${zone}${ownZone(runbook, market, zone)}`,
          ),
        ]),
    ...rows.flatMap(({ title, steps }) => {
      const from = next;
      next += steps.length;
      return ['', title, ...lines.slice(from, next).map((line) => `  ${line}`)];
    }),
  ]
    .map(visible)
    .join('\n');
}

/** What it waits for, and by when it must have worked. */
function conditions({ after = [], deadline, for: market }: Step, clock: PlanClock | null): string {
  const atMs = deadline === undefined || clock === null ? null : stepDueAtMs(clock, { at: deadline, for: market });
  const by = deadline === undefined ? null : tMinusText({ at: deadline, for: market }, atMs, clock?.targetAtMs ?? null);
  return `${after.length === 0 ? '' : `, after ${after.join(', ')}`}${by === null ? '' : `, by ${by}`}`;
}

const relative = ({ at }: Step): number => (typeof at === 'number' ? at : Number.POSITIVE_INFINITY);

/** Most plans are in minutes. */
const secondsOf = (atMs: number): string => {
  const seconds = Math.floor(atMs / 1_000) % 60;
  return seconds === 0 ? '' : `:${String(seconds).padStart(2, '0')}`;
};

/** `T-6h`, `T of de -30m`; a time of its own by how far it is from T. */
function tMinusText(
  { at, for: market }: Pick<Step, 'at' | 'for'>,
  atMs: number | null,
  targetAtMs: number | null,
): string {
  if (typeof at === 'number') return market === undefined ? `T${signed(at)}` : `T of ${market} ${signed(at)}`.trim();
  return atMs === null || targetAtMs === null ? 'its own time' : `(T${signed(atMs - targetAtMs)})`;
}

const UNITS: readonly [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** `-6h`, `+1h30m`, nothing for T itself. */
function signed(ms: number): string {
  let left = Math.abs(ms);
  const parts = UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    // A day before the event is spoken of in hours.
    return count === 0 ? [] : [`${count}${unit}`];
  });
  return parts.length === 0 ? '' : `${ms < 0 ? '-' : '+'}${parts.join('')}`;
}

/** What the clock shows where the market's moment was written for. */
function ownZone(runbook: Runbook, market: string, zone: string): string {
  const own = runbook.targets?.[market];
  if (own === undefined || own.zone === zone) return '';
  return ` = ${DateTime.fromMillis(own.atMs, { zone: own.zone }).toFormat('HH:mm')} ${own.zone}`;
}

function ownerText({ people, groups = [] }: Runbook, step: Pick<Step, 'owner' | 'backup_owner'>): string {
  const nameOf = (one: string | undefined) =>
    people.find(({ id }) => id === one)?.name ?? groups.find(({ id }) => id === one)?.title ?? '';
  const [owner, backup] = [nameOf(step.owner), nameOf(step.backup_owner)];
  return backup === '' ? owner : `${owner === '' ? 'on-call' : owner}, else ${backup}`;
}
