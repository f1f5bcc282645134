import { randomUUID } from 'node:crypto';
import type { DynamoCalls } from './calls/calls.ts';
import {
  accountValues,
  closedAccount,
  closedValues,
  holderValues,
  numberOf,
  sameAccount,
  seenAs,
  seenValues,
  toClaim,
  withColons,
} from './claim-item.ts';
import type { Account, Claim, Holder, Item } from './claim-item.ts';
import { readClaims } from './claim-reads.ts';
import { READ_BACK_TIMEOUT_MS } from './clients.ts';
import { CloudError, isConditionFailure } from './cloud-error.ts';

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

/**
 * Table `<prefix>-claims`; claim-item.ts has its items and their states.
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
        UpdateExpression: `SET parts[${at}].#states = :states, parts[${at}].reasons = :reasons${
          account.goneAt === undefined ? '' : `, parts[${at}].goneAt = :goneAt`
        }`,
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
          UpdateExpression: `SET #state = :accounted, #states = :states, reasons = :reasons${
            account.goneAt === undefined ? '' : ', goneAt = :goneAt'
          }`,
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

    read: (keys, consistent) => readClaims({ calls, table }, keys, consistent),
  };
}
