import { about, listed } from './line.ts';
import type { Line } from './line.ts';

/** How far a host's clock is ahead of the store's; null: not known yet. */
export interface FoundClock {
  host: string;
  aheadMs: number | null;
  errorMs: number;
}

/** As the ready-made runbook's gate has it. */
const WITHIN_MS = 1_000;

export function judgeClocks(clocks: readonly FoundClock[]): Line {
  const line = about('clocks.hosts', 'Clocks');
  const needed = `within ${WITHIN_MS / 1_000} s of the store's`;
  const known = clocks.flatMap(({ host, aheadMs, errorMs }) => (aheadMs === null ? [] : [{ host, aheadMs, errorMs }]));
  // Beyond what the store's whole seconds leave open.
  const off = known.filter(({ aheadMs, errorMs }) => Math.abs(aheadMs) - errorMs > WITHIN_MS);
  if (off.length > 0)
    return line.wrong({
      found: listed(
        off.map(
          ({ host, aheadMs }) =>
            `${host} is ${(Math.abs(aheadMs) / 1_000).toFixed(1)} s ${aheadMs > 0 ? 'ahead' : 'behind'}`,
        ),
        4,
      ),
      needed,
      fix: 'Set these clocks (chrony or NTP)',
    });
  if (known.length === 0)
    return line.unknown({ found: 'the store has told nobody its time', needed, fix: 'See whether DynamoDB answers' });
  if (known.length < clocks.length)
    return line.unknown({
      found: `${known.length} of ${clocks.length} hosts have compared theirs`,
      needed,
      fix: 'Run this again in a minute: a worker that has just come has compared nothing, and an older version tells nothing',
    });
  return line.ok({ found: `${known.length} host${known.length === 1 ? '' : 's'}`, needed });
}
