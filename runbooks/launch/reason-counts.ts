/**
 * Counts by a provider's reason. That may be any text, `constructor` and `__proto__` too: in an ordinary object those are
 * there already, or are lost. So one that is counted into has no prototype.
 */
export type ReasonCounts = Record<string, number>;

export function noReasons(): ReasonCounts {
  return Object.create(null) as ReasonCounts;
}

/** `into`: of `noReasons`. */
export function addReason(into: ReasonCounts, reason: string, times: number): void {
  into[reason] = (into[reason] ?? 0) + times;
}

export function addReasons(into: ReasonCounts, more: Readonly<ReasonCounts>): void {
  for (const [reason, times] of Object.entries(more)) addReason(into, reason, times);
}
