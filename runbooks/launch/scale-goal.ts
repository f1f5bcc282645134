import type { Launch } from './launch.ts';

/** Where an order wants a target to stand. Tasks, capacity units or write units, as the target counts. */
export interface ScaleGoal {
  count: number;
  /** False: what runs above the count is left running. */
  lowers: boolean;
  /** The count is held against the target's own scaling. False: what was found before our first order is put back, and its own scaling has it again. */
  holds: boolean;
}

/**
 * An order raises and holds. One that lowers to what ran before our first order, or below, needs nothing of ours any more:
 * it puts back minimum, maximum and scalable targets, and its count keeps within them.
 */
export function scaleGoal(launch: Launch, target: string): ScaleGoal {
  const { desired = 0, lowers = false } = launch.scale[target] ?? {};
  const isTable = launch.runbook.scale_targets.some(({ id, kind }) => id === target && kind === 'dynamodb-table');
  // A table can't be without any capacity.
  const least = isTable ? 1 : 0;
  const found = launch.scaleFound[target];
  if (!lowers || found === undefined || desired > found.desired)
    return { count: Math.max(least, desired), lowers, holds: true };
  // The target of the count itself comes first, before those of indexes.
  const min = found.min ?? found.targets[0]?.min ?? least;
  const max = found.max ?? found.targets[0]?.max ?? Number.MAX_SAFE_INTEGER;
  return { count: Math.max(least, Math.min(max, Math.max(min, desired))), lowers, holds: false };
}
