import pLimit from 'p-limit';
import { KEYS_PER_READ, readKeys } from './batch-get.ts';
import type { DynamoCalls } from './calls/calls.ts';
import { toClaim } from './claim-item.ts';
import type { Claim } from './claim-item.ts';
import { CloudError } from './cloud-error.ts';

const READS_AT_ONCE = 8;
const READ_TRIES = 10;

interface Claims {
  calls: DynamoCalls;
  table: string;
}

/** Any number of claims by key, pages beside each other; missing ones are absent. Rejects when some stay unread. */
export async function readClaims(
  claims: Claims,
  keys: readonly string[],
  consistent: boolean,
): Promise<Map<string, Claim>> {
  // BatchGetItem refuses a key that is named twice.
  const distinct = [...new Set(keys)];
  const found = new Map<string, Claim>();
  const limit = pLimit(READS_AT_ONCE);
  const pages = [];
  for (let at = 0; at < distinct.length; at += KEYS_PER_READ) pages.push(distinct.slice(at, at + KEYS_PER_READ));
  await Promise.all(pages.map((page) => limit(() => readPage(claims, page, consistent, found))));
  return found;
}

async function readPage(
  { calls, table }: Claims,
  keys: string[],
  consistent: boolean,
  into: Map<string, Claim>,
): Promise<void> {
  const unread = (count: number) =>
    new CloudError('CLAIMS_UNAVAILABLE', `${count} claims were left unread ${READ_TRIES} times`);
  const items = await readKeys(
    { table, tries: READ_TRIES, unread },
    keys.map((key) => ({ k: { S: key } })),
    (rest) => calls('BatchGetItem', { RequestItems: { [table]: { Keys: rest, ConsistentRead: consistent } } }),
  );
  for (const item of items) {
    const claim = toClaim(item);
    into.set(claim.key, claim);
  }
}
