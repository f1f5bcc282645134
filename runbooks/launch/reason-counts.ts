/**
 * Counts by a provider's reason. That may be any text, `constructor` and `__proto__` too: in an ordinary object those are
 * there already, or are lost. So one that is counted into has no prototype.
 */
export type ReasonCounts = Record<string, number>;

export function noReasons(): ReasonCounts {
  return Object.create(null) as ReasonCounts;
}

/** A provider has some thirty reasons. What goes beyond is counted as one, so that an account or a report never grows too large to be written. */
const REASONS = 64;
const REASON_CHARS = 80;
const OTHER = 'Other';

/** `into`: of `noReasons`. */
export function addReason(into: ReasonCounts, reason: string, times: number): void {
  const short = reason.length <= REASON_CHARS ? reason : `${reason.slice(0, REASON_CHARS - 1)}…`;
  const name = into[short] !== undefined || Object.keys(into).length < REASONS ? short : OTHER;
  into[name] = (into[name] ?? 0) + times;
}

export function addReasons(into: ReasonCounts, more: Readonly<ReasonCounts>): void {
  for (const [reason, times] of Object.entries(more)) addReason(into, reason, times);
}
