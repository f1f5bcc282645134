import { z } from 'zod';

/**
 * Times or devices by a name that came from outside: a provider's reason, a language, an answer. That may be any text,
 * `constructor` and `__proto__` too: in an ordinary object those are there already, or are lost. So counts have no prototype,
 * and are read by `timesOf` where they may have come from somewhere else (JSON.parse gives an ordinary object).
 */
export type Counts = Record<string, number>;

export function noCounts(): Counts {
  return Object.create(null) as Counts;
}

/** `into`: of `noCounts`. */
export function addCount(into: Counts, name: string, times: number): void {
  into[name] = (into[name] ?? 0) + times;
}

export function countsOf(pairs: Iterable<readonly [name: string, times: number]>): Counts {
  const counts = noCounts();
  for (const [name, times] of pairs) addCount(counts, name, times);
  return counts;
}

export function timesOf(counts: Readonly<Counts>, name: string): number {
  return Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0;
}

const whole = z.number().int().min(0);

/** Counts out of a report or a file. Not a `z.record`: that leaves out `__proto__` without a word, and gives the rest a prototype. */
export const counts = z
  .custom<Counts>(
    (found) =>
      typeof found === 'object' &&
      found !== null &&
      !Array.isArray(found) &&
      Object.values(found).every((times) => whole.safeParse(times).success),
    'expected counts by name',
  )
  .transform((found) => countsOf(Object.entries(found)));

/** A provider has some thirty reasons. What goes beyond is counted as one, so that an account or a report never grows too large to be written. */
const REASONS = 64;
const REASON_CHARS = 80;
const OTHER = 'Other';

/** `into`: of `noCounts`. */
export function addReason(into: Counts, reason: string, times: number): void {
  const short = reason.length <= REASON_CHARS ? reason : `${reason.slice(0, REASON_CHARS - 1)}…`;
  addCount(into, into[short] !== undefined || Object.keys(into).length < REASONS ? short : OTHER, times);
}

export function addReasons(into: Counts, more: Readonly<Counts>): void {
  for (const [reason, times] of Object.entries(more)) addReason(into, reason, times);
}

/** What was counted before and is another thing now. A reason that has no place of its own was counted as `Other`. */
export function takeReasons(from: Counts, less: Readonly<Counts>): void {
  for (const [reason, times] of Object.entries(less)) {
    const name = from[reason] === undefined ? OTHER : reason;
    const left = (from[name] ?? 0) - times;
    if (left > 0) from[name] = left;
    else delete from[name];
  }
}
