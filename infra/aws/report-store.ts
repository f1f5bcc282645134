import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { workerReport } from '../../contract/report.ts';
import type { WorkerReport } from '../../contract/report.ts';
import type { Signer } from './keyring.ts';
import { sha256 } from './sha256.ts';
import { itemsOf } from './table-items.ts';
import { TABLES } from './tables.ts';
import { vouch } from './vouched.ts';
import type { Vouched } from './vouched.ts';
import { withSignal } from './with-signal.ts';

/** A report, and the text and signature that it was read from. */
export interface ProvenReport extends Vouched {
  report: WorkerReport;
}

/** All that stands there, by whomever. `unreadable`: names of items that are no report. */
export interface Reports {
  reports: ProvenReport[];
  unreadable: string[];
}

export interface ReportStore {
  put(report: WorkerReport, signer: Signer | null, signal?: AbortSignal): Promise<void>;
  all(launchId: string): Promise<Reports>;
  drop(launchId: string, bootId: string): Promise<void>;
}

/**
 * Workers to a partition key, and the most keys: at four reports a second of some 8 KB a key has room for 27 (1,000
 * writes a second, docs/facts.md#dynamodb-partition).
 */
const WORKERS_A_KEY = 8;
const MOST_KEYS = 16;
/** So long it is believed how many a launch has. It never changes for a launch; but an index item may have been lost and rewritten. */
const KEYS_KNOWN_MS = 10_000;

/** What nobody has written anew for so long is of a launch that is over: DynamoDB deletes it. No clock is a month off. */
const KEPT_SECONDS = 30 * 86_400;

/**
 * Worker reports, one item a boot. Those of a large pool lie under several partition keys, all of which one key could not take:
 * by how many workers the launch is planned for, which its index item says (`plannedOf`), so that writers and readers agree.
 * The first key is there for every launch and is always read.
 */
export function createReportStore({
  dynamo,
  table,
  plannedOf,
}: {
  dynamo: DynamoDBClient;
  table: string;
  plannedOf: (launchId: string) => Promise<number | null>;
}): ReportStore {
  const known = new Map<string, { keys: number; atMs: number }>();
  const read = new Map<string, Map<string, ProvenReport>>();
  const under = new Map<string, Shared<Reports>>();

  async function keysOf(launchId: string): Promise<number> {
    const standing = known.get(launchId);
    if (standing !== undefined && performance.now() - standing.atMs < KEYS_KNOWN_MS) return standing.keys;
    const planned = await plannedOf(launchId);
    if (planned === null) return standing?.keys ?? 1;
    const keys = Math.min(MOST_KEYS, Math.max(1, Math.ceil(planned / WORKERS_A_KEY)));
    known.set(launchId, { keys, atMs: performance.now() });
    return keys;
  }

  const query = (pk: string) => itemsOf({ dynamo, table }, pk);

  async function readAll(launchId: string): Promise<Reports> {
    const keys = await keysOf(launchId);
    const pages = await Promise.all(
      Array.from({ length: keys }, async (_, nth) =>
        (await query(keyName(launchId, nth))).map((item) => ({ item, nth })),
      ),
    );
    const before = read.get(launchId);
    const now = new Map<string, ProvenReport>();
    const unreadable: string[] = [];
    // One that lies where it belongs comes last and stays: it may also lie where it belonged before.
    const items = pages.flat().sort((a, b) => Number(isHome(a, keys)) - Number(isHome(b, keys)));
    for (const { item } of items) {
      const text = item['body']?.S ?? '';
      const sk = item['sk']?.S ?? '';
      // What has not changed since the last read need not be looked into again.
      const same = before?.get(sk);
      const report = same?.text === text ? same.report : parse(text);
      // Under a name that is not its own it would count beside the real one.
      if (report === null || report.bootId !== sk || report.launchId !== launchId) unreadable.push(sk);
      else now.set(sk, { report, text, key: item['key']?.S ?? '', sig: item['sig']?.S ?? '' });
    }
    if (now.size === 0) read.delete(launchId);
    else read.set(launchId, now);
    return { reports: [...now.values()], unreadable };
  }

  return {
    async put(report, signer, signal) {
      const { text, key, sig } = vouch('report', JSON.stringify(report), signer);
      const pk = keyName(report.launchId, nthKey(report.bootId, await keysOf(report.launchId)));
      const proof = key === '' ? {} : { key: { S: key }, sig: { S: sig } };
      await dynamo.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            pk: { S: pk },
            sk: { S: report.bootId },
            body: { S: text },
            ...proof,
            [TABLES.live.ttl]: { N: String(Math.floor(Date.now() / 1_000) + KEPT_SECONDS) },
          },
        }),
        withSignal(signal),
      );
    },

    all(launchId) {
      const shared = under.get(launchId) ?? new Shared(() => readAll(launchId));
      under.set(launchId, shared);
      return shared.get();
    },

    async drop(launchId, bootId) {
      const keys = new Set([0, nthKey(bootId, await keysOf(launchId))]);
      await Promise.all(
        [...keys].map((nth) =>
          dynamo.send(
            new DeleteItemCommand({ TableName: table, Key: { pk: { S: keyName(launchId, nth) }, sk: { S: bootId } } }),
          ),
        ),
      );
    },
  };
}

const isHome = ({ item, nth }: { item: Record<string, AttributeValue>; nth: number }, keys: number) =>
  nth === nthKey(item['sk']?.S ?? '', keys);
const keyName = (launchId: string, nth: number) => (nth === 0 ? `reports/${launchId}` : `reports/${launchId}/${nth}`);
const nthKey = (bootId: string, keys: number) =>
  keys === 1 ? 0 : Number.parseInt(sha256(bootId).slice(0, 8), 16) % keys;

/** Null: it is none. One of a newer version, with fields that we don't know, is one. */
function parse(text: string): WorkerReport | null {
  try {
    const found: unknown = JSON.parse(text);
    const checked = workerReport.safeParse(found);
    return checked.success || checked.error.issues.every(({ code }) => code === 'unrecognized_keys')
      ? (found as WorkerReport)
      : null;
  } catch {
    return null;
  }
}

/**
 * One read under way, and one to follow: who asks while it runs gets the next one, together with all others who do, and so
 * never an answer to a question that was asked before its own. A second's worth of looks is two reads instead of ten.
 */
class Shared<T> {
  readonly #read: () => Promise<T>;
  #running: Promise<T> | null = null;
  #next: Promise<T> | null = null;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  get(): Promise<T> {
    if (this.#running === null) return this.#start();
    this.#next ??= this.#running
      .then(
        () => null,
        () => null,
      )
      .then(() => {
        this.#next = null;
        return this.#start();
      });
    return this.#next;
  }

  #start(): Promise<T> {
    const running = this.#read().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }
}
