import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import pLimit from 'p-limit';
import { countsOf } from '../../runbooks/launch/counts.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import type { DynamoCalls } from './calls/calls.ts';
import { READ_BACK_TIMEOUT_MS } from './clients.ts';
import { CloudError, isConditionFailure } from './cloud-error.ts';

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

/** At most 1 KB: packed device states (see account-codec.ts), and how often each failure reason occurred. */
export interface Account {
  states: Uint8Array;
  reasons: Counts;
}

export interface Holder {
  bootId: string;
  token: string;
  claimedAtMs: number;
  sendUntilMs: number;
  mark?: number;
}

/** What a holder goes by: its lease, and who was there before it. */
type HeldLease = Pick<Claim, 'sendUntilMs' | 'mark' | 'parts'>;

export interface ClaimStore {
  /** Put if absent. A lost answer is read back: our own token is success, with what stands there (by a `takeOver` of ours, behind other holders). */
  claim(key: string, holder: Holder): Promise<{ won: true; claim: HeldLease } | { won: false; holder: Claim }>;
  /**
   * Another holder after the one that was `seen`, if the item still stands exactly so. `word`: what is said of the one
   * before, null when it had handed on (`seen.state` is `open`).
   */
  takeOver(
    key: string,
    seen: Claim,
    word: Account | null,
    holder: Holder,
  ): Promise<{ won: true; claim: HeldLease } | { won: false; claim: Claim }>;
  /** A longer lease, or a higher mark, for the present holder; neither ever shrinks. False: it is not the holder any more, or has more already. */
  renew(key: string, token: string, lease: { sendUntilMs: number; mark: number }): Promise<boolean>;
  /** The holder gives back what its account leaves out. False: it is not the holder any more; its account is a late one then. */
  handOn(key: string, token: string, account: Account): Promise<boolean>;
  /** By its token, for the present holder or an earlier one. `wasClosed`: it had been given up; the totals need a correction entry. `holder`: the how many-th it was, from 1. */
  account(
    key: string,
    token: string,
    account: Account,
  ): Promise<{ ok: true; wasClosed: Account | null; holder: number } | { ok: false }>;
  /** Closer: ends the batch if it still stands as `seen` (null: unclaimed). `won: false` returns what stands there now. */
  close(key: string, account: Account, seen: Claim | null): Promise<{ won: true } | { won: false; claim: Claim }>;
  /** Strongly consistent when `consistent`; missing keys are absent from the map. Any number of keys. */
  read(keys: readonly string[], consistent: boolean): Promise<Map<string, Claim>>;
}

const KEYS_PER_READ = 100;
const READS_AT_ONCE = 8;
const READ_TRIES = 10;

/**
 * Attributes: `bootId`, `token`, `claimedAtMs`, `sendUntilMs`, `mark`, `state`, the holder's account as `states` and
 * `reasons`, a closer's as `closedStates`, `closedReasons` and `closeToken`, and `parts`, a list of maps with the same names.
 * Every write can be told from somebody else's by a token, so that a lost answer is no question.
 */
export function createClaimStore({ calls, table }: { calls: DynamoCalls; table: string }): ClaimStore {
  async function readBack(key: string, cause: unknown): Promise<Item> {
    const read = { TableName: table, Key: { k: { S: key } }, ConsistentRead: true };
    const answer = await calls('GetItem', read, { signal: AbortSignal.timeout(READ_BACK_TIMEOUT_MS) }).catch(
      (readError: unknown) => {
        throw new CloudError('CLAIMS_UNAVAILABLE', `cannot write or read claim ${key}`, {
          cause: new AggregateError([cause, readError]),
        });
      },
    );
    if (answer.Item !== undefined) return answer.Item;
    if (isConditionFailure(cause))
      throw new CloudError('CLAIMS_INCONSISTENT', `claim ${key} failed its condition and is not there`, { cause });
    throw new CloudError('CLAIMS_UNAVAILABLE', `cannot write claim ${key}`, { cause });
  }

  async function readPage(keys: string[], consistent: boolean, into: Map<string, Claim>): Promise<void> {
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

  /** A holder that has another one behind it: its place in the chain does not change any more. */
  async function accountForPart(
    key: string,
    standing: Claim,
    token: string,
    account: Account,
    cause: unknown,
  ): ReturnType<ClaimStore['account']> {
    const at = standing.parts.findIndex((part) => part.token === token);
    const part = standing.parts[at];
    if (part === undefined) {
      if (isConditionFailure(cause)) return { ok: false };
      throw new CloudError('CLAIMS_UNAVAILABLE', `cannot account for ${key}`, { cause });
    }
    const done = { ok: true as const, wasClosed: part.closedAccount, holder: at + 1 };
    if (part.account !== null) return sameAccount(part.account, account) ? done : { ok: false };
    try {
      await calls('UpdateItem', {
        TableName: table,
        Key: { k: { S: key } },
        UpdateExpression: `SET parts[${at}].#states = :states, parts[${at}].reasons = :reasons`,
        ConditionExpression: `parts[${at}].#token = :token AND attribute_not_exists(parts[${at}].#states)`,
        ExpressionAttributeNames: { '#states': 'states', '#token': 'token' },
        ExpressionAttributeValues: { ':token': { S: token }, ...withColons(accountValues(account)) },
      });
      return done;
    } catch (error) {
      const now = toClaim(await readBack(key, error)).parts[at]?.account ?? null;
      if (sameAccount(now, account)) return done;
      if (isConditionFailure(error)) return { ok: false };
      throw new CloudError('CLAIMS_UNAVAILABLE', `cannot account for ${key}`, { cause: error });
    }
  }

  return {
    async claim(key, holder) {
      const item = { k: { S: key }, state: { S: 'claimed' }, ...holderValues(holder) };
      try {
        await calls('PutItem', { TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(k)' });
        return {
          won: true,
          claim: { sendUntilMs: holder.sendUntilMs, mark: holder.mark ?? Number.POSITIVE_INFINITY, parts: [] },
        };
      } catch (error) {
        const standing = toClaim(await readBack(key, error));
        return standing.token === holder.token && standing.state === 'claimed'
          ? { won: true, claim: standing }
          : { won: false, holder: standing };
      }
    },

    async takeOver(key, seen, word, holder) {
      const names = { '#state': 'state', '#token': 'token', '#mark': 'mark' };
      const part: Item = {
        bootId: { S: seen.bootId },
        token: { S: seen.token },
        ...(word === null ? {} : closedValues(word)),
      };
      const parts =
        word === null
          ? seen.parts
          : [...seen.parts, { bootId: seen.bootId, token: seen.token, account: null, closedAccount: word }];
      const values = Object.fromEntries(
        Object.entries(holderValues({ mark: Number.POSITIVE_INFINITY, ...holder })).map(([name, value]) => [
          `:${name}`,
          value,
        ]),
      );
      try {
        await calls('UpdateItem', {
          TableName: table,
          Key: { k: { S: key } },
          UpdateExpression: `SET #state = :claimed, bootId = :bootId, #token = :token, claimedAtMs = :claimedAtMs, sendUntilMs = :sendUntilMs, #mark = :mark${
            word === null ? '' : ', parts = list_append(if_not_exists(parts, :none), :part)'
          }`,
          ConditionExpression: seenAs(seen),
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: {
            ...seenValues(seen),
            ':claimed': { S: 'claimed' },
            ...values,
            ...(word === null ? {} : { ':none': { L: [] }, ':part': { L: [{ M: part }] } }),
          },
        });
        return {
          won: true,
          claim: { sendUntilMs: holder.sendUntilMs, mark: holder.mark ?? Number.POSITIVE_INFINITY, parts },
        };
      } catch (error) {
        const claim = toClaim(await readBack(key, error));
        // An earlier try of ours may have come through only now, with the lease that was asked for then.
        if (claim.token === holder.token && claim.state === 'claimed') return { won: true, claim };
        if (isConditionFailure(error)) return { won: false, claim };
        throw new CloudError('CLAIMS_UNAVAILABLE', `cannot take over ${key}`, { cause: error });
      }
    },

    async renew(key, token, { sendUntilMs, mark }) {
      try {
        await calls('UpdateItem', {
          TableName: table,
          Key: { k: { S: key } },
          UpdateExpression: 'SET sendUntilMs = :until, #mark = :mark',
          // An earlier renewal that comes through late must not take back what the holder writes by since then.
          ConditionExpression: `#token = :token AND #state = :claimed AND sendUntilMs <= :until${Number.isFinite(mark) ? ' AND #mark BETWEEN :none AND :mark' : ''}`,
          ExpressionAttributeNames: { '#state': 'state', '#token': 'token', '#mark': 'mark' },
          ExpressionAttributeValues: {
            ':until': { N: String(sendUntilMs) },
            ':mark': numberOf(mark),
            ':token': { S: token },
            ':claimed': { S: 'claimed' },
            ...(Number.isFinite(mark) ? { ':none': { N: '0' } } : {}),
          },
        });
        return true;
      } catch (error) {
        // A renewal that is not known to be in must be tried again: the holder writes by what it knows.
        if (isConditionFailure(error)) return false;
        throw new CloudError('CLAIMS_UNAVAILABLE', `cannot renew ${key}`, { cause: error });
      }
    },

    async handOn(key, token, account) {
      const part: Item = { bootId: { S: '' }, token: { S: token }, ...accountValues(account) };
      try {
        await calls('UpdateItem', {
          TableName: table,
          Key: { k: { S: key } },
          UpdateExpression:
            'SET #state = :open, #token = :nobody, bootId = :nobody, parts = list_append(if_not_exists(parts, :none), :part)',
          ConditionExpression: '#token = :token AND #state = :claimed',
          ExpressionAttributeNames: { '#state': 'state', '#token': 'token' },
          ExpressionAttributeValues: {
            ':open': { S: 'open' },
            ':nobody': { S: '' },
            ':none': { L: [] },
            ':part': { L: [{ M: part }] },
            ':token': { S: token },
            ':claimed': { S: 'claimed' },
          },
        });
        return true;
      } catch (error) {
        const claim = toClaim(await readBack(key, error));
        if (
          claim.parts.some(
            (one) => one.token === token && one.closedAccount === null && sameAccount(one.account, account),
          )
        )
          return true;
        if (isConditionFailure(error)) return false;
        throw new CloudError('CLAIMS_UNAVAILABLE', `cannot hand on ${key}`, { cause: error });
      }
    },

    async account(key, token, account) {
      try {
        // As it was before: what others have said of it, and not our own word back.
        const { Attributes: before = {} } = await calls('UpdateItem', {
          TableName: table,
          Key: { k: { S: key } },
          ReturnValues: 'ALL_OLD',
          UpdateExpression: 'SET #state = :accounted, #states = :states, reasons = :reasons',
          ConditionExpression: '#token = :token AND #state <> :accounted',
          ExpressionAttributeNames: { '#state': 'state', '#token': 'token', '#states': 'states' },
          ExpressionAttributeValues: {
            ':accounted': { S: 'accounted' },
            ':token': { S: token },
            ...withColons(accountValues(account)),
          },
        });
        return { ok: true, wasClosed: closedAccount(before), holder: (before['parts']?.L ?? []).length + 1 };
      } catch (error) {
        const standing = toClaim(await readBack(key, error));
        const isThere =
          standing.token === token && standing.state === 'accounted' && sameAccount(standing.account, account);
        if (!isThere) return accountForPart(key, standing, token, account, error);
        return { ok: true, wasClosed: standing.closedAccount ?? null, holder: standing.parts.length + 1 };
      }
    },

    async close(key, account, seen) {
      const closeToken = randomUUID();
      try {
        await calls('UpdateItem', {
          TableName: table,
          Key: { k: { S: key } },
          UpdateExpression:
            'SET #state = :closed, closedStates = :closedStates, closedReasons = :closedReasons, closeToken = :closeToken',
          ConditionExpression: seen === null ? 'attribute_not_exists(k)' : seenAs(seen),
          ExpressionAttributeNames: {
            '#state': 'state',
            ...(seen === null ? {} : { '#token': 'token', '#mark': 'mark' }),
          },
          ExpressionAttributeValues: {
            ':closed': { S: 'closed' },
            ':closeToken': { S: closeToken },
            ...withColons(closedValues(account)),
            ...(seen === null ? {} : seenValues(seen)),
          },
        });
        return { won: true };
      } catch (error) {
        const item = await readBack(key, error);
        if (item['closeToken']?.S === closeToken) return { won: true };
        const claim = toClaim(item);
        if (!isConditionFailure(error) && (claim.state === 'claimed' || claim.state === 'open'))
          throw new CloudError('CLAIMS_UNAVAILABLE', `cannot close ${key}`, { cause: error });
        return { won: false, claim };
      }
    },

    async read(keys, consistent) {
      // BatchGetItem refuses a key that is named twice.
      const distinct = [...new Set(keys)];
      const found = new Map<string, Claim>();
      const limit = pLimit(READS_AT_ONCE);
      const pages = [];
      for (let at = 0; at < distinct.length; at += KEYS_PER_READ) pages.push(distinct.slice(at, at + KEYS_PER_READ));
      await Promise.all(pages.map((page) => limit(() => readPage(page, consistent, found))));
      return found;
    },
  };
}

type Item = Record<string, AttributeValue>;

/**
 * The item stands exactly as it was read. Items from before leases have no mark. Near the end of the window all leases end
 * with it: then only the number of holders tells what one handed on from what the next one did.
 */
const SEEN =
  '#state = :seenState AND #token = :seenToken AND sendUntilMs = :seenUntil AND (attribute_not_exists(#mark) OR #mark = :seenMark) AND ';
const seenAs = ({ parts }: Claim): string =>
  `${SEEN}${parts.length === 0 ? 'attribute_not_exists(parts)' : 'size(parts) = :seenParts'}`;

const seenValues = (seen: Claim): Item => ({
  ':seenState': { S: seen.state },
  ':seenToken': { S: seen.token },
  ':seenUntil': { N: String(seen.sendUntilMs) },
  ':seenMark': numberOf(seen.mark),
  ...(seen.parts.length === 0 ? {} : { ':seenParts': { N: String(seen.parts.length) } }),
});

/** DynamoDB knows no Infinity. */
const ALL = -1;
const numberOf = (mark: number): AttributeValue => ({ N: String(Number.isFinite(mark) ? mark : ALL) });

const holderValues = (holder: Holder): Item => ({
  bootId: { S: holder.bootId },
  token: { S: holder.token },
  claimedAtMs: { N: String(holder.claimedAtMs) },
  sendUntilMs: { N: String(holder.sendUntilMs) },
  ...(holder.mark === undefined ? {} : { mark: numberOf(holder.mark) }),
});

const accountValues = (account: Account): Item => ({
  states: { B: account.states },
  reasons: { S: JSON.stringify(account.reasons) },
});
const closedValues = (account: Account): Item => ({
  closedStates: { B: account.states },
  closedReasons: { S: JSON.stringify(account.reasons) },
});
const withColons = (values: Item): Item =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));

function toAccount(states: AttributeValue | undefined, reasons: AttributeValue | undefined): Account | null {
  if (states?.B === undefined) return null;
  return {
    states: Uint8Array.from(states.B),
    reasons: countsOf(Object.entries(JSON.parse(reasons?.S ?? '{}') as Counts)),
  };
}

const ownAccount = (item: Item) => toAccount(item['states'], item['reasons']);
const closedAccount = (item: Item) => toAccount(item['closedStates'], item['closedReasons']);

const STATES: readonly Claim['state'][] = ['claimed', 'open', 'accounted', 'closed'];

/** What a newer version may have written is nobody's to take, close or count by guess. */
function stateIn(item: Item): Claim['state'] {
  const found = item['state']?.S;
  const state = STATES.find((one) => one === found);
  if (state !== undefined) return state;
  throw new CloudError(
    'CLAIM_UNKNOWN',
    `claim ${item['k']?.S ?? ''} has state ${JSON.stringify(found ?? null)}, and this version of gobutton knows ${STATES.join(', ')}: it was written by a newer one. Update this process`,
  );
}

function toClaim(item: Item): Claim {
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

function sameAccount(a: Account | null, b: Account): boolean {
  return (
    a !== null && Buffer.compare(a.states, b.states) === 0 && JSON.stringify(a.reasons) === JSON.stringify(b.reasons)
  );
}
