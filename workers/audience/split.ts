import { createHash } from 'node:crypto';
import { AudienceError } from '../../contract/audience-error.ts';
import type { Split } from '../../runbooks/launch/entries.ts';

/**
 * Who gets which variant, and who is held out: the first 12 hexadecimal digits of sha256 of `<salt>/<user>` are a number below 2^48, and
 * its place among the shares decides, the hold-out first, then the variants as the campaign has them. So a user has the same on every
 * device, in every segment and in every compile with these shares, and anybody can work it out again (docs/runbook.md#variants-and-hold-out).
 */
const ALL = 2 ** 48;

/** What `v` of a row is for who is held out; variant number k, from 0, has k + 1. Without a split everybody has 1. */
export const HELD_OUT = 0;
/** Name in manifests of the variant that rows with this `v` have; null: the campaign has none. */
export function variantAt(split: Split | null, v: number): string | null {
  return split === null || split.variants.length === 0 ? null : (split.variants[v - 1]?.id ?? null);
}

/** `v` of a row whose user is `u`, as SQL. */
export function variantSql(split: Split | null): string {
  if (split === null) return '1';
  const number = `('0x' || left(sha256('${checkedSalt(split.salt)}/' || u), 12))::BIGINT`;
  const ends = endsOf(split).map(({ v, below }) => `WHEN ${number} < ${below} THEN ${v}`);
  return `(CASE ${ends.join(' ')} ELSE ${Math.max(1, split.variants.length)} END)`;
}

/** Whether a user of this id gets nothing, on purpose: the rule of `variantSql`, for one. */
export function isHeldOut(split: Split, user: string): boolean {
  const number = Number.parseInt(createHash('sha256').update(`${split.salt}/${user}`).digest('hex').slice(0, 12), 16);
  return number < Math.round(split.holdOut * ALL);
}

/** Where each share ends; the last one takes the rest, so that rounding leaves nobody out. */
function endsOf({ variants, holdOut }: Split): { v: number; below: number }[] {
  const shares = [holdOut, ...variants.map(({ share }) => share)];
  let sum = 0;
  return shares.map((share, v) => ({ v, below: Math.round((sum += share) * ALL) })).filter(({ below }) => below < ALL);
}

/** An id of a campaign, which has nothing that SQL would read. */
function checkedSalt(salt: string): string {
  if (/^[a-z0-9-]{1,40}$/.test(salt)) return salt;
  throw new AudienceError(
    'ARGUMENT_INVALID',
    `split: found the salt ${JSON.stringify(salt)}, expected the id of a campaign`,
  );
}
