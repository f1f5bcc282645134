/** Which devices of a batch an attempt is for. The first: all. A later one: who was left when it was asked for (frozen-sets.ts). */
export interface AttemptSet {
  /** Per device of the batch: OUTSIDE, SEND, or SETTLED. */
  members: Uint8Array;
  /** Devices that are part of the attempt. */
  size: number;
}

export const OUTSIDE = 0;

export const SEND = 1;

/** Part of the attempt, but an account that came after the approval says that it was answered: counted as skipped, never sent again. */
export const SETTLED = 2;

export function wholeBatch(count: number): AttemptSet {
  return { members: new Uint8Array(count).fill(SEND), size: count };
}
