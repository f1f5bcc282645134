import type { EntryOf } from '../launch/entries.ts';
import { rehearsalTargets } from '../launch/rehearsal-report.ts';
import { said } from './document.ts';
import type { Statement } from './document.ts';
import { allOf, shotsIn, took } from './told.ts';
import type { Factor, Noticed, Told } from './told.ts';

/** How fast shots were, against what the runbook asks for: what is slower was noticed and is asked about, what is not is worth keeping. */

/** How long the 99th of a hundred devices waited in a shot; `timed` is the entry that says so. */
interface Speed {
  shotId: string;
  p99Ms: number;
  withinMs: number;
  timed: EntryOf<'ShotTimed'>;
}

/** Of each shot that nothing has cut off. None where the runbook asks for nothing (`rehearsal.p99_within`). */
function speedsIn(told: Pick<Told, 'entries' | 'last'>): Speed[] {
  const { p99WithinMs: withinMs } = rehearsalTargets(told.last.runbook);
  if (withinMs === null) return [];
  return shotsIn(told).flatMap(({ id, haltedAtMs }) => {
    const timed = allOf(told, 'ShotTimed').find(({ shotId }) => shotId === id);
    const p99Ms = timed?.timing.p99Ms ?? null;
    return timed === undefined || p99Ms === null || haltedAtMs !== null ? [] : [{ shotId: id, p99Ms, withinMs, timed }];
  });
}

const isTooSlow = ({ p99Ms, withinMs }: Speed): boolean => p99Ms > withinMs;

export function slowShotsNoticed(told: Told): Noticed[] {
  return speedsIn(told)
    .filter(isTooSlow)
    .map(({ shotId, p99Ms, withinMs, timed }) => ({
      atMs: timed.atMs,
      what: `${shotId} was slower than asked for`,
      part: `the speed of ${shotId}`,
      by: 'the count at its close',
      looked: `99 of 100 within ${took(p99Ms)}, and ${took(withinMs)} were asked for`,
      after: 'at its close',
      proof: [`e${timed.seq}`],
    }));
}

export function slowShotsFactors(told: Told): Factor[] {
  return speedsIn(told)
    .filter(isTooSlow)
    .map(({ shotId, p99Ms, withinMs, timed }) => ({
      text: `${shotId} reached 99 of 100 within ${took(p99Ms)}; ${took(withinMs)} were asked for.`,
      proof: [`e${timed.seq}`],
      question: `What kept the last ones of ${shotId} waiting?`,
    }));
}

export function speedsKept(told: Told): Statement[] {
  return speedsIn(told)
    .filter((speed) => !isTooSlow(speed))
    .map(({ shotId, p99Ms, withinMs, timed }) =>
      said(`${shotId} reached 99 of 100 within ${took(p99Ms)}, as asked for (${took(withinMs)}).`, timed),
    );
}
