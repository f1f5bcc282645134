import { createHash } from 'node:crypto';
import { z } from 'zod';

const count = z.number().int().min(0);

/**
 * Who is there of a launch's pool, written about every second by the launch's leader and signed with its key; every worker
 * reads it, and nothing else of the others. Small, as it is read by all: 8 characters a worker (`rollName`), so that 500
 * workers are one step of 4 KB and a little.
 */
export const rollItem = z.strictObject({
  v: z.literal(1),
  launchId: z.string(),
  atMs: z.number(),
  /** In the order in which they started. */
  workers: z
    .string()
    .regex(/^(?:[\w-]{8})*$/)
    .max(64_000),
  /** Workers of older versions, which sign no report: counted, and no more of them than the runbook's pool has room for. */
  others: count,
});
export type RollItem = z.output<typeof rollItem>;

/** How a worker is called on the roll: 48 bits of its boot id's hash. */
export function rollName(bootId: string): string {
  return createHash('sha256').update(bootId).digest().subarray(0, 6).toString('base64url');
}
