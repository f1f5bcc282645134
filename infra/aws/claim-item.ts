import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { countsOf } from '../../runbooks/launch/counts.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import { BY_NEWER } from '../../runbooks/launch/fold-error.ts';
import { CloudError } from './cloud-error.ts';

/**
 * Table `<prefix>-claims`, key `k` = claimKey(...): one item per batch and attempt, no index. It is a chain of holders, each
 * with a lease; what one leaves unwritten is the next one's. Almost always there is one: a put before it sends, an update after
 * (docs/decisions/leases.md).
 *
 *   (none) → claimed → accounted           its holder has sent it all
 *            claimed → open → claimed …    its holder has handed the rest on, another one takes it
 *            claimed → claimed …           its lease ended, another one took over what the lease did not cover
 *   (none), claimed, open → closed         a closer has given it up
 */
export interface Claim {
  key: string;
  /** The present holder; '' when there is none (`open`, and `closed` without ever having been claimed). */
  bootId: string;
  token: string;
  claimedAtMs: number;
  /** The end of the present lease, in the store's time. */
  sendUntilMs: number;
  /** Devices of the batch below this number may be written under the lease; Infinity: all of them, as in items from before leases. */
  mark: number;
  state: 'claimed' | 'open' | 'accounted' | 'closed';
  /** The present or last holder's word, or else the closer's. */
  account: Account | null;
  /** What a closer had written before the holder's account came; null or absent: no closer was there. */
  closedAccount?: Account | null;
  /** Earlier holders, in order. */
  parts: Part[];
}

/** A holder that has another one behind it. `closedAccount`: the word of whoever took over; null: it handed on by itself. `account`: its own word, which may come late, or never. */
export interface Part {
  bootId: string;
  token: string;
  account: Account | null;
  closedAccount: Account | null;
}

/**
 * Packed device states (see account-codec.ts), and how often each failure reason occurred: at most 1 KB. `goneAt`: since when tokens are no longer
 * valid, packed too (gone-times.ts), beyond that; absent: of none of them is known when, or an older version wrote it.
 */
export interface Account {
  states: Uint8Array;
  reasons: Counts;
  goneAt?: Uint8Array;
}

export interface Holder {
  bootId: string;
  token: string;
  claimedAtMs: number;
  sendUntilMs: number;
  mark?: number;
}

/**
 * Attributes: `bootId`, `token`, `claimedAtMs`, `sendUntilMs`, `mark`, `state`, the holder's account as `states`,
 * `reasons` and `goneAt`, a closer's as `closedStates`, `closedReasons` and `closeToken`, and `parts`, a list of maps with the same names.
 */
export type Item = Record<string, AttributeValue>;

/**
 * The item stands exactly as it was read. Items from before leases have no mark. Near the end of the window all leases end
 * with it: then only the number of holders tells what one handed on from what the next one did.
 */
const SEEN =
  '#state = :seenState AND #token = :seenToken AND sendUntilMs = :seenUntil AND (attribute_not_exists(#mark) OR #mark = :seenMark) AND ';
export const seenAs = ({ parts }: Claim): string =>
  `${SEEN}${parts.length === 0 ? 'attribute_not_exists(parts)' : 'size(parts) = :seenParts'}`;

export const seenValues = (seen: Claim): Item => ({
  ':seenState': { S: seen.state },
  ':seenToken': { S: seen.token },
  ':seenUntil': { N: String(seen.sendUntilMs) },
  ':seenMark': numberOf(seen.mark),
  ...(seen.parts.length === 0 ? {} : { ':seenParts': { N: String(seen.parts.length) } }),
});

/** DynamoDB knows no Infinity. */
const ALL = -1;
export const numberOf = (mark: number): AttributeValue => ({ N: String(Number.isFinite(mark) ? mark : ALL) });

export const holderValues = (holder: Holder): Item => ({
  bootId: { S: holder.bootId },
  token: { S: holder.token },
  claimedAtMs: { N: String(holder.claimedAtMs) },
  sendUntilMs: { N: String(holder.sendUntilMs) },
  ...(holder.mark === undefined ? {} : { mark: numberOf(holder.mark) }),
});

export const accountValues = (account: Account): Item => ({
  states: { B: account.states },
  reasons: { S: JSON.stringify(account.reasons) },
  ...(account.goneAt === undefined ? {} : { goneAt: { B: account.goneAt } }),
});
export const closedValues = (account: Account): Item => ({
  closedStates: { B: account.states },
  closedReasons: { S: JSON.stringify(account.reasons) },
});
export const withColons = (values: Item): Item =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));

function toAccount(
  states: AttributeValue | undefined,
  reasons: AttributeValue | undefined,
  goneAt?: AttributeValue,
): Account | null {
  if (states?.B === undefined) return null;
  return {
    states: Uint8Array.from(states.B),
    reasons: countsOf(Object.entries(JSON.parse(reasons?.S ?? '{}') as Counts)),
    ...(goneAt?.B === undefined ? {} : { goneAt: Uint8Array.from(goneAt.B) }),
  };
}

const ownAccount = (item: Item) => toAccount(item['states'], item['reasons'], item['goneAt']);
export const closedAccount = (item: Item) => toAccount(item['closedStates'], item['closedReasons']);

const STATES: readonly Claim['state'][] = ['claimed', 'open', 'accounted', 'closed'];

/** What a newer version may have written is nobody's to take, close or count by guess. */
function stateIn(item: Item): Claim['state'] {
  const found = item['state']?.S;
  const state = STATES.find((one) => one === found);
  if (state !== undefined) return state;
  throw new CloudError(
    'CLAIM_UNKNOWN',
    `claim ${item['k']?.S ?? ''} has state ${JSON.stringify(found ?? null)}, and this version of gobutton knows ${STATES.join(', ')}: ${BY_NEWER}`,
  );
}

export function toClaim(item: Item): Claim {
  const mark = Number(item['mark']?.N ?? ALL);
  return {
    key: item['k']?.S ?? '',
    bootId: item['bootId']?.S ?? '',
    token: item['token']?.S ?? '',
    claimedAtMs: Number(item['claimedAtMs']?.N ?? 0),
    sendUntilMs: Number(item['sendUntilMs']?.N ?? 0),
    mark: mark === ALL ? Number.POSITIVE_INFINITY : mark,
    state: stateIn(item),
    account: ownAccount(item) ?? closedAccount(item),
    closedAccount: closedAccount(item),
    parts: (item['parts']?.L ?? []).map(({ M: part = {} }) => ({
      bootId: part['bootId']?.S ?? '',
      token: part['token']?.S ?? '',
      account: ownAccount(part),
      closedAccount: closedAccount(part),
    })),
  };
}

const NO_BYTES = new Uint8Array();

export function sameAccount(a: Account | null, b: Account): boolean {
  return (
    a !== null &&
    Buffer.compare(a.states, b.states) === 0 &&
    JSON.stringify(a.reasons) === JSON.stringify(b.reasons) &&
    Buffer.compare(a.goneAt ?? NO_BYTES, b.goneAt ?? NO_BYTES) === 0
  );
}
