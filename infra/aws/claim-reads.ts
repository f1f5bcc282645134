import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { DynamoCalls } from './calls/calls.ts';
import { toClaim } from './claim-item.ts';
import type { Claim, Item } from './claim-item.ts';
import { CloudError } from './cloud-error.ts';

const KEYS_PER_READ = 100;
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
  let rest: Item[] = keys.map((key) => ({ k: { S: key } }));
  for (let tries = 1; rest.length > 0; tries++) {
    const answer = await calls('BatchGetItem', {
      RequestItems: { [table]: { Keys: rest, ConsistentRead: consistent } },
    });
    for (const item of answer.Responses?.[table] ?? []) {
      const claim = toClaim(item);
      into.set(claim.key, claim);
    }
    rest = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    if (rest.length === 0) return;
    if (tries === READ_TRIES)
      throw new CloudError('CLAIMS_UNAVAILABLE', `${rest.length} claims were left unread ${tries} times`);
    await sleep(Math.min(1_000, 25 * 2 ** tries));
  }
}
