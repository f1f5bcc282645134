import type { EntryOf } from '../launch/entries.ts';
import { rehearsalTargets } from '../launch/rehearsal-report.ts';
import { allOf, shotsIn } from './told.ts';
import type { Told } from './told.ts';

/** How long the 99th of a hundred devices waited in a shot, against what the runbook asks for; `timed` is the entry that says so. */
export interface Speed {
  shotId: string;
  p99Ms: number;
  withinMs: number;
  timed: EntryOf<'ShotTimed'>;
}

/** Of each shot that nothing has cut off. None where the runbook asks for nothing (`rehearsal.p99_within`). */
export function speedsIn(told: Pick<Told, 'entries' | 'last'>): Speed[] {
  const { p99WithinMs: withinMs } = rehearsalTargets(told.last.runbook);
  if (withinMs === null) return [];
  return shotsIn(told).flatMap(({ id, haltedAtMs }) => {
    const timed = allOf(told, 'ShotTimed').find(({ shotId }) => shotId === id);
    const p99Ms = timed?.timing.p99Ms ?? null;
    return timed === undefined || p99Ms === null || haltedAtMs !== null ? [] : [{ shotId: id, p99Ms, withinMs, timed }];
  });
}

export const isTooSlow = ({ p99Ms, withinMs }: Speed): boolean => p99Ms > withinMs;
