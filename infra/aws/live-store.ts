import { randomUUID } from 'node:crypto';
import { DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { WorkerReport } from '../../contract/report.ts';
import type { Measured } from '../../runbooks/launch/entries.ts';
import { CloudError, isConditionFailure } from './cloud-error.ts';
import { createGateStore } from './gate-store.ts';
import type { Signer } from './keyring.ts';
import { createReportStore } from './report-store.ts';
import type { Reports } from './report-store.ts';
import { signedReports } from './signed-reports.ts';
import type { ReadSigned } from './signed-reports.ts';
import { itemsAt, itemsOf } from './table-items.ts';
import type { Vouched } from './vouched.ts';

/**
 * What is true now and may be lost: worker reports, gate measurements, leases, who serves which pool, what
 * effects are done. Table `<prefix>-live`, key `pk` + `sk`. Nothing here decides whether a push goes out.
 * One piece over 300 lines: one table, and all that is read and written of it.
 */
export interface LiveStore {
  /** `signer`: whose report it is; without one it counts for nothing. */
  putReport(report: WorkerReport, signer?: Signer | null, signal?: AbortSignal): Promise<void>;
  /** As they lie there, by whomever: what anything is said, measured or done by are `signedReports`. */
  reports(launchId: string): Promise<WorkerReport[]>;
  /** The same with their signatures, and what else lies there. */
  provenReports(launchId: string): Promise<Reports>;
  /** Those that workers of the launch have signed. `trusted`: as for its record. */
  signedReports: ReadSigned;
  dropReport(launchId: string, bootId: string): Promise<void>;
  /** The roll of a launch (contract/roll.ts). Eventually consistent: every worker reads it every second. */
  putRoll(launchId: string, roll: Vouched): Promise<void>;
  roll(launchId: string): Promise<Vouched | null>;
  /** `signer`: whose measurements they are; without one they are only shown. */
  putGates(launchId: string, measured: Measured[], signer?: Signer | null): Promise<void>;
  /** `isOurs`: which of them count; absent: whatever stands there. */
  gates(launchId: string, isOurs?: (said: Vouched) => boolean): Promise<Measured[]>;
  /** True while `holder` has the lease (taken or renewed for `ttlMs`). `isGone` says of another holder whether it is known to have ended: its lease is free then. */
  lease(
    name: string,
    holder: string,
    ttlMs: number,
    nowMs: number,
    isGone?: (holder: string) => boolean,
    version?: string | null,
  ): Promise<boolean>;
  /** Which gobutton has or had the lease; null: it did not say, or nobody. */
  leaseVersion(name: string): Promise<string | null>;
  release(name: string, holder: string): Promise<void>;
  /** The launch that a pool serves; workers read it at boot. */
  assignPool(pool: string, launchId: string): Promise<void>;
  poolLaunch(pool: string): Promise<string | null>;
  /** Index of launches, newest first. */
  putLaunch(launch: LaunchIndexItem): Promise<void>;
  launches(): Promise<LaunchIndexItem[]>;
  /** Outbox marks: ours to do until `ttlMs` has passed without a renewal, or until `isGone` says of us that we have ended. */
  claimEffect(
    launchId: string,
    effectId: string,
    holder: string,
    ttlMs: number,
    nowMs: number,
    isGone?: (holder: string) => boolean,
  ): Promise<EffectClaim>;
  /** False: it is done, or another instance has claimed it since. */
  renewEffect(launchId: string, effectId: string, token: string, ttlMs: number, nowMs: number): Promise<boolean>;
  finishEffect(launchId: string, effectId: string, result: string): Promise<void>;
  effectResult(launchId: string, effectId: string): Promise<string | null>;
  /** Results of all effects by id, and facts by name, as they lie beside them. */
  results(launchId: string): Promise<Map<string, string>>;
  /** The same of these alone, by keys: what has none is missing. */
  resultsOf(launchId: string, names: readonly string[]): Promise<Map<string, string>>;
}

/** `result` is what doing it gave (a message's ts, say). `again`: somebody has claimed it before and may have begun. `token` renews it. */
interface EffectClaim {
  mine: boolean;
  done: boolean;
  result: string | null;
  again: boolean;
  token: string;
}

/** `workers`: how many the launch is planned for; absent: written by an older bot. */
export interface LaunchIndexItem {
  launchId: string;
  name: string;
  channelId: string;
  pool: string;
  createdAtMs: number;
  closed: boolean;
  workers?: number;
  runbook?: string;
  /** Of one that is closed: when there is something to say in its channel. Absent: never. */
  remindAtMs?: number;
  /** How many of its actions are open. Absent: none is known of. */
  openActions?: number;
}

/** Items hold their value as JSON in `body`; leases and effect marks have attributes of their own for the conditions. */
export function createLiveStore({
  dynamo,
  table,
  nowMs,
}: {
  dynamo: DynamoDBClient;
  table: string;
  /** The store's time, epoch ms. */ nowMs?: () => number;
}): LiveStore {
  const put = async (pk: string, sk: string, body: unknown) => {
    await dynamo.send(
      new PutItemCommand({ TableName: table, Item: { ...key(pk, sk), body: { S: JSON.stringify(body) } } }),
    );
  };

  async function get(pk: string, sk: string): Promise<Item | undefined> {
    return (await dynamo.send(new GetItemCommand({ TableName: table, Key: key(pk, sk), ConsistentRead: true }))).Item;
  }

  async function all<T>(pk: string): Promise<T[]> {
    const items = await itemsOf({ dynamo, table }, pk);
    return items.map((item) => JSON.parse(item['body']?.S ?? 'null') as T);
  }

  const gates = createGateStore({ dynamo, table });
  const reports = createReportStore({
    dynamo,
    table,
    async plannedOf(launchId) {
      const body = (await get('launches', launchId))?.['body']?.S;
      return body === undefined ? null : ((JSON.parse(body) as LaunchIndexItem).workers ?? null);
    },
  });

  return {
    putReport: (report, signer = null, signal) => reports.put(report, signer, signal),
    reports: async (launchId) => (await reports.all(launchId)).reports.map(({ report }) => report),
    provenReports: (launchId) => reports.all(launchId),
    signedReports: signedReports((launchId) => reports.all(launchId), nowMs),
    dropReport: (launchId, bootId) => reports.drop(launchId, bootId),

    async putRoll(launchId, { text, key: by, sig }) {
      await dynamo.send(
        new PutItemCommand({
          TableName: table,
          Item: { ...key(`roll/${launchId}`, 'now'), body: { S: text }, key: { S: by }, sig: { S: sig } },
        }),
      );
    },
    async roll(launchId) {
      const { Item: item } = await dynamo.send(
        new GetItemCommand({ TableName: table, Key: key(`roll/${launchId}`, 'now') }),
      );
      return item === undefined
        ? null
        : { text: item['body']?.S ?? '', key: item['key']?.S ?? '', sig: item['sig']?.S ?? '' };
    },

    putGates: (launchId, measured, signer = null) => gates.put(launchId, measured, signer),
    gates: (launchId, isOurs) => gates.all(launchId, isOurs),

    async lease(name, holder, ttlMs, nowMs, isGone, version = null) {
      const take = (condition: string, value: AttributeValue) =>
        held(
          dynamo.send(
            new PutItemCommand({
              TableName: table,
              Item: {
                ...leaseKey(name),
                holder: { S: holder },
                untilMs: { N: String(nowMs + ttlMs) },
                ...(version === null ? {} : { version: { S: version } }),
              },
              ConditionExpression: `attribute_not_exists(pk) OR holder = :holder OR ${condition}`,
              ExpressionAttributeValues: { ':holder': { S: holder }, ':value': value },
            }),
          ),
        );
      if (await take('untilMs < :value', { N: String(nowMs) })) return true;
      if (isGone === undefined) return false;
      const { pk, sk } = leaseKey(name);
      const other = (await get(pk.S, sk.S))?.['holder']?.S;
      return other !== undefined && isGone(other) && take('holder = :value', { S: other });
    },
    async leaseVersion(name) {
      const { pk, sk } = leaseKey(name);
      return (await get(pk.S, sk.S))?.['version']?.S ?? null;
    },
    async release(name, holder) {
      await held(
        dynamo.send(
          new DeleteItemCommand({
            TableName: table,
            Key: leaseKey(name),
            ConditionExpression: 'holder = :holder',
            ExpressionAttributeValues: { ':holder': { S: holder } },
          }),
        ),
      );
    },

    assignPool: (pool, launchId) => put('pools', pool, { launchId }),
    async poolLaunch(pool) {
      const body = (await get('pools', pool))?.['body']?.S;
      return body === undefined ? null : (JSON.parse(body) as { launchId: string }).launchId;
    },

    putLaunch: (launch) => put('launches', launch.launchId, launch),
    launches: async () => (await all<LaunchIndexItem>('launches')).sort((a, b) => b.createdAtMs - a.createdAtMs),

    async claimEffect(launchId, effectId, holder, ttlMs, nowMs, isGone) {
      const pk = `effects/${launchId}`;
      // The token, not the holder, says whose it is: two loops of one process must not both do it.
      const token = randomUUID();
      const take = (condition: string, value: AttributeValue) =>
        won(
          dynamo.send(
            new UpdateItemCommand({
              TableName: table,
              Key: key(pk, effectId),
              ReturnValues: 'ALL_OLD',
              UpdateExpression: 'SET holder = :holder, #token = :token, untilMs = :until',
              ConditionExpression: `attribute_not_exists(pk) OR (attribute_not_exists(#result) AND ${condition})`,
              ExpressionAttributeNames: { '#token': 'token', '#result': 'result' },
              ExpressionAttributeValues: {
                ':holder': { S: holder },
                ':token': { S: token },
                ':until': { N: String(nowMs + ttlMs) },
                ':value': value,
              },
            }),
          ),
        );
      const taken = (before: Item) => ({
        mine: true,
        done: false,
        result: null,
        again: before['holder'] !== undefined,
        token,
      });
      const first = await take('untilMs < :value', { N: String(nowMs) });
      if (first !== null) return taken(first);
      const standing = await get(pk, effectId);
      const result = standing?.['result']?.S ?? null;
      const other = standing?.['holder']?.S;
      if (result === null && other !== undefined && isGone?.(other) === true) {
        const second = await take('#token = :value', standing?.['token'] ?? { S: '' });
        if (second !== null) return taken(second);
      }
      return {
        mine: result === null && standing?.['token']?.S === token,
        done: result !== null,
        result,
        again: true,
        token,
      };
    },
    async renewEffect(launchId, effectId, token, ttlMs, nowMs) {
      return held(
        dynamo.send(
          new UpdateItemCommand({
            TableName: table,
            Key: key(`effects/${launchId}`, effectId),
            UpdateExpression: 'SET untilMs = :until',
            ConditionExpression: '#token = :token AND attribute_not_exists(#result)',
            ExpressionAttributeNames: { '#token': 'token', '#result': 'result' },
            ExpressionAttributeValues: { ':token': { S: token }, ':until': { N: String(nowMs + ttlMs) } },
          }),
        ),
      );
    },
    async finishEffect(launchId, effectId, result) {
      await dynamo.send(
        new UpdateItemCommand({
          TableName: table,
          Key: key(`effects/${launchId}`, effectId),
          UpdateExpression: 'SET #result = :result',
          ExpressionAttributeNames: { '#result': 'result' },
          ExpressionAttributeValues: { ':result': { S: result } },
        }),
      );
    },
    effectResult: async (launchId, effectId) => (await get(`effects/${launchId}`, effectId))?.['result']?.S ?? null,

    results: async (launchId) => resultsIn(await itemsOf({ dynamo, table }, `effects/${launchId}`)),
    resultsOf: async (launchId, names) => resultsIn(await itemsAt({ dynamo, table }, `effects/${launchId}`, names)),
  };
}

type Item = Record<string, AttributeValue>;

const resultsIn = (items: readonly Item[]): Map<string, string> =>
  new Map(
    items.flatMap(({ sk, result }) => (sk?.S === undefined || result?.S === undefined ? [] : [[sk.S, result.S]])),
  );

const key = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });

/** A partition key each: every worker asks for those of a shot's close every second, and boots ask for hundreds of priming pushes at once. The bots' own stays where older bots look for it. */
const leaseKey = (name: string) => (name.includes('/') ? key(`lease/${name}`, 'held') : key('leases', name));

async function held(write: Promise<unknown>): Promise<boolean> {
  return (await won(write)) !== null;
}

/** What stood there before, as far as it was asked for; null if the condition did not hold. */
async function won(write: Promise<unknown>): Promise<Item | null> {
  try {
    return ((await write) as { Attributes?: Item }).Attributes ?? {};
  } catch (error) {
    if (isConditionFailure(error)) return null;
    throw new CloudError('LIVE_UNAVAILABLE', 'cannot write the live table', { cause: error });
  }
}
