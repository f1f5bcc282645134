import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import pLimit from 'p-limit';
import { READ_BACK_TIMEOUT_MS } from './clients.ts';
import { CloudError, isConditionFailure } from './cloud-error.ts';

/** Table `<prefix>-claims`, key `k` = claimKey(...). One small item per batch and attempt, no index. */
export interface Claim {
  key: string;
  bootId: string;
  token: string;
  claimedAtMs: number;
  sendUntilMs: number;
  /** claimed → accounted (by its holder) | closed (by a closer); closed → accounted when the holder's account comes later. */
  state: 'claimed' | 'accounted' | 'closed';
  account: Account | null;
  /** What a closer had written before the holder's account came; null or absent: no closer was there. */
  closedAccount?: Account | null;
}

/** At most 1 KB: packed device states (see account-codec.ts), and how often each failure reason occurred. */
export interface Account { states: Uint8Array; reasons: Record<string, number> }

export interface ClaimStore {
  /** Put if absent. A lost answer is read back: our own token is success. */
  claim(key: string, holder: { bootId: string; token: string; claimedAtMs: number; sendUntilMs: number }): Promise<{ won: true } | { won: false; holder: Claim }>;
  /** Conditional on the token. `wasClosed`: a closer had given it up; the totals need a correction entry. */
  account(key: string, token: string, account: Account): Promise<{ ok: true; wasClosed: Account | null } | { ok: false }>;
  /**
   * Closer: creates an unclaimed item as closed, or turns a claimed, unaccounted one into closed. `won: false` returns what stands there.
   * `onlyIf` names what the closer saw, because the two get different states (late or halted, and uncertain): if it has
   * changed meanwhile the answer is `won: false` with the claim as it is now (`claim.state` 'claimed' is possible then). Absent: either.
   */
  close(key: string, account: Account, onlyIf?: 'unclaimed' | 'claimed'): Promise<{ won: true } | { won: false; claim: Claim }>;
  /** Strongly consistent when `consistent`; missing keys are absent from the map. Any number of keys. */
  read(keys: readonly string[], consistent: boolean): Promise<Map<string, Claim>>;
}

const KEYS_PER_READ = 100;
const READS_AT_ONCE = 8;
const READ_TRIES = 10;

/**
 * One small item per key `k`: `bootId`, `token`, `claimedAtMs`, `sendUntilMs`, `state`, and the account as `states` and
 * `reasons`. What a closer wrote stays in `closedStates`, `closedReasons` and `closeToken` when the holder's account comes
 * later, so that a lost answer can be told apart from somebody else's write at every step.
 */
export function createClaimStore({ dynamo, table }: { dynamo: DynamoDBClient; table: string }): ClaimStore {
  async function readBack(key: string, cause: unknown): Promise<Item> {
    const read = new GetItemCommand({ TableName: table, Key: { k: { S: key } }, ConsistentRead: true });
    const answer = await dynamo.send(read, { abortSignal: AbortSignal.timeout(READ_BACK_TIMEOUT_MS) }).catch((readError: unknown) => {
      throw new CloudError('CLAIMS_UNAVAILABLE', `cannot write or read claim ${key}`, { cause: new AggregateError([cause, readError]) });
    });
    if (answer.Item !== undefined) return answer.Item;
    if (isConditionFailure(cause)) throw new CloudError('CLAIMS_INCONSISTENT', `claim ${key} failed its condition and is not there`, { cause });
    throw new CloudError('CLAIMS_UNAVAILABLE', `cannot write claim ${key}`, { cause });
  }

  async function readPage(keys: string[], consistent: boolean, into: Map<string, Claim>): Promise<void> {
    let rest: Item[] = keys.map((key) => ({ k: { S: key } }));
    for (let tries = 1; rest.length > 0; tries++) {
      const answer = await dynamo.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: rest, ConsistentRead: consistent } } }));
      for (const item of answer.Responses?.[table] ?? []) {
        const claim = toClaim(item);
        into.set(claim.key, claim);
      }
      rest = answer.UnprocessedKeys?.[table]?.Keys ?? [];
      if (rest.length === 0) return;
      if (tries === READ_TRIES) throw new CloudError('CLAIMS_UNAVAILABLE', `${rest.length} claims were left unread ${tries} times`);
      await sleep(Math.min(1_000, 25 * 2 ** tries));
    }
  }

  return {
    async claim(key, holder) {
      const item = {
        k: { S: key }, bootId: { S: holder.bootId }, token: { S: holder.token }, state: { S: 'claimed' },
        claimedAtMs: { N: String(holder.claimedAtMs) }, sendUntilMs: { N: String(holder.sendUntilMs) },
      };
      try {
        await dynamo.send(new PutItemCommand({ TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(k)' }));
        return { won: true };
      } catch (error) {
        const standing = toClaim(await readBack(key, error));
        return standing.token === holder.token ? { won: true } : { won: false, holder: standing };
      }
    },

    async account(key, token, account) {
      try {
        const answer = await dynamo.send(new UpdateItemCommand({
          TableName: table, Key: { k: { S: key } }, ReturnValues: 'ALL_NEW',
          UpdateExpression: 'SET #state = :accounted, states = :states, reasons = :reasons',
          ConditionExpression: '#token = :token AND #state <> :accounted',
          ExpressionAttributeNames: { '#state': 'state', '#token': 'token' },
          ExpressionAttributeValues: { ':accounted': { S: 'accounted' }, ':token': { S: token }, ...accountValues(account) },
        }));
        return { ok: true, wasClosed: closedAccount(answer.Attributes ?? {}) };
      } catch (error) {
        const item = await readBack(key, error);
        const standing = toClaim(item);
        if (standing.token === token && standing.state === 'accounted' && sameAccount(standing.account, account)) return { ok: true, wasClosed: closedAccount(item) };
        if (isConditionFailure(error)) return { ok: false };
        throw new CloudError('CLAIMS_UNAVAILABLE', `cannot account for ${key}`, { cause: error });
      }
    },

    async close(key, account, onlyIf) {
      const closeToken = randomUUID();
      const condition = { unclaimed: 'attribute_not_exists(k)', claimed: '#state = :claimed' };
      try {
        await dynamo.send(new UpdateItemCommand({
          TableName: table, Key: { k: { S: key } },
          UpdateExpression: 'SET #state = :closed, closedStates = :states, closedReasons = :reasons, closeToken = :closeToken',
          ConditionExpression: onlyIf === undefined ? `${condition.unclaimed} OR ${condition.claimed}` : condition[onlyIf],
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: {
            ':closed': { S: 'closed' }, ':closeToken': { S: closeToken }, ...accountValues(account),
            ...(onlyIf === 'unclaimed' ? {} : { ':claimed': { S: 'claimed' } }),
          },
        }));
        return { won: true };
      } catch (error) {
        const item = await readBack(key, error);
        if (item['closeToken']?.S === closeToken) return { won: true };
        const claim = toClaim(item);
        if (!isConditionFailure(error) && claim.state === 'claimed') throw new CloudError('CLAIMS_UNAVAILABLE', `cannot close ${key}`, { cause: error });
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

const accountValues = (account: Account): Item => ({ ':states': { B: account.states }, ':reasons': { S: JSON.stringify(account.reasons) } });

function toAccount(states: AttributeValue | undefined, reasons: AttributeValue | undefined): Account | null {
  if (states?.B === undefined) return null;
  return { states: Uint8Array.from(states.B), reasons: JSON.parse(reasons?.S ?? '{}') as Record<string, number> };
}

const closedAccount = (item: Item) => toAccount(item['closedStates'], item['closedReasons']);

function toClaim(item: Item): Claim {
  return {
    key: item['k']?.S ?? '',
    bootId: item['bootId']?.S ?? '',
    token: item['token']?.S ?? '',
    claimedAtMs: Number(item['claimedAtMs']?.N ?? 0),
    sendUntilMs: Number(item['sendUntilMs']?.N ?? 0),
    state: item['state']?.S as Claim['state'],
    account: toAccount(item['states'], item['reasons']) ?? closedAccount(item),
    closedAccount: closedAccount(item),
  };
}

function sameAccount(a: Account | null, b: Account): boolean {
  return a !== null && Buffer.compare(a.states, b.states) === 0 && JSON.stringify(a.reasons) === JSON.stringify(b.reasons);
}
