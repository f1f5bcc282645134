import type { SkipListRef } from './entries.ts';

/**
 * Which skip lists a launch's list holds all of. A list that was set as an addition to the one before only takes people away, so an
 * order that showed the one before stands, and a shot that was approved with it may go on with the longer one.
 */
export function coversOf(before: SkipListRef | null, adds: string | null | undefined): (string | null)[] {
  return adds === undefined || adds !== (before?.hash ?? null) ? [] : chainOf(before);
}

/** Does `list` hold everything that was on the list with this hash (null: there was none)? */
export function covers(list: SkipListRef | null, hash: string | null): boolean {
  return chainOf(list).includes(hash);
}

/** May a shot with the list `wanted` be served from memory that has the list `held` applied, where the launch has come to `present`? */
export function servesFor(present: SkipListRef | null, held: string | null, wanted: string | null): boolean {
  const chain = chainOf(present);
  const at = chain.indexOf(held);
  return held === wanted || (at !== -1 && chain.indexOf(wanted) > at);
}

/** The list itself, then what it holds, newest first. */
function chainOf(list: SkipListRef | null): (string | null)[] {
  return list === null ? [null] : [list.hash, ...(list.covers ?? [])];
}
