/** What AWS raises by itself at a time. `name`: unique on its target; ours begin with SCHEDULED_PREFIX. */
export interface ScheduledCount {
  name: string;
  /** A whole second. */
  atMs: number;
  count: number;
}

/** No launch's or step's id has a point, so that no launch takes another's for its own. */
export const SCHEDULED_PREFIX = 'gobutton.';

/** As found: null where somebody has made it something else. */
export type Standing = Pick<ScheduledCount, 'name'> & { atMs: number | null; count: number | null };

/** Puts what is missing or different, takes away what is not wanted any more. */
export async function reconcile(
  standing: readonly Standing[],
  wanted: readonly ScheduledCount[],
  { put, remove }: { put: (one: ScheduledCount) => Promise<unknown>; remove: (name: string) => Promise<unknown> },
): Promise<void> {
  // First what goes: a group takes no two of one time.
  for (const { name } of standing) if (!wanted.some((one) => one.name === name)) await remove(name);
  for (const one of wanted) {
    const found = standing.find(({ name }) => name === one.name);
    if (found?.atMs !== one.atMs || found.count !== one.count) await put(one);
  }
}
