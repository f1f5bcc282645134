import { AwsError } from './aws-error.ts';

/**
 * What DynamoDB lets through (docs/facts.md#dynamodb-partition): 3,000 read and 1,000 write units a second for one
 * partition key, however much the table has to spare, and what the table has for all of its keys. Both refill steadily
 * and hold no more than a second's worth; only a provisioned table's own units are saved up, for five minutes.
 */
const KEY_UNITS = { read: 3_000, write: 1_000 } as const;
const SAVED_S = 300;
/** Beyond this many, keys that nothing has been taken from for a while are forgotten: their units are whole again. */
const KEYS_KEPT = 10_000;
const WHOLE_AGAIN_MS = 5_000;

export type Kind = keyof typeof KEY_UNITS;

export interface TableUnits {
  name: string;
  isProvisioned: boolean;
  perSecond: Record<Kind, number>;
}

/** One charge or refusal, for who counts them. `key`: the partition key's value; null: a scan. */
export interface Charge {
  table: string;
  key: string | null;
  kind: Kind;
  units: number;
  refused: boolean;
}

export class Throughput {
  readonly #nowMs: () => number;
  readonly #onCharge: ((charge: Charge) => void) | null;
  readonly #buckets = new Map<string, Bucket>();

  constructor({
    nowMs = () => performance.now(),
    onCharge = null,
  }: { nowMs?: () => number; onCharge?: ((charge: Charge) => void) | null } = {}) {
    this.#nowMs = nowMs;
    this.#onCharge = onCharge;
  }

  /** Takes `units` from the key and from the table, or nothing and returns the refusal. */
  take(table: TableUnits, key: string | null, kind: Kind, units: number): AwsError | null {
    const ofKey = key === null ? null : this.#bucket(`${table.name}\n${kind}\n${key}`, KEY_UNITS[kind], 1);
    const ofTable = this.#ofTable(table, kind);
    const why = ofKey?.take(units) === false ? 'KeyRange' : ofTable.take(units) ? null : 'Table';
    if (why === 'Table') ofKey?.give(units);
    this.#onCharge?.({ table: table.name, key, kind, units: why === null ? units : 0, refused: why !== null });
    return why === null ? null : refusal(table, kind, why);
  }

  /** What it came to beyond what was taken. A debt is paid before anything else is taken. */
  settle(table: TableUnits, key: string | null, kind: Kind, more: number): void {
    if (more <= 0) return;
    if (key !== null) this.#bucket(`${table.name}\n${kind}\n${key}`, KEY_UNITS[kind], 1).give(-more);
    this.#ofTable(table, kind).give(-more);
    this.#onCharge?.({ table: table.name, key, kind, units: more, refused: false });
  }

  #ofTable({ name, isProvisioned, perSecond }: TableUnits, kind: Kind): Bucket {
    return this.#bucket(`${name}\n${kind}`, perSecond[kind], isProvisioned ? SAVED_S : 1);
  }

  #bucket(name: string, perSecond: number, saved: number): Bucket {
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(name) ?? new Bucket(nowMs, perSecond * saved);
    if (!this.#buckets.has(name)) {
      this.#forget(nowMs);
      this.#buckets.set(name, bucket);
    }
    bucket.refill(nowMs, perSecond, saved);
    return bucket;
  }

  #forget(nowMs: number): void {
    if (this.#buckets.size < KEYS_KEPT) return;
    for (const [name, bucket] of this.#buckets)
      if (bucket.isWhole && nowMs - bucket.atMs > WHOLE_AGAIN_MS) this.#buckets.delete(name);
  }
}

class Bucket {
  atMs: number;
  #units: number;
  #most: number;

  constructor(atMs: number, units: number) {
    this.atMs = atMs;
    this.#units = units;
    this.#most = units;
  }

  get isWhole(): boolean {
    return this.#units >= 0;
  }

  refill(nowMs: number, perSecond: number, saved: number): void {
    // A table that was given more units has more to save up at once.
    if (perSecond * saved > this.#most) this.#units += perSecond * saved - this.#most;
    this.#most = perSecond * saved;
    this.#units = Math.min(this.#most, this.#units + ((nowMs - this.atMs) * perSecond) / 1_000);
    this.atMs = nowMs;
  }

  /** One call that asks for more than a second has gets it from a full bucket. */
  take(units: number): boolean {
    if (this.#units < Math.min(units, this.#most)) return false;
    this.#units -= units;
    return true;
  }

  give(units: number): void {
    this.#units = Math.min(this.#most, this.#units + units);
  }
}

const ON_DEMAND =
  'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. ' +
  'If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html';
const PROVISIONED =
  'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.';

/** In the two shapes that DynamoDB has for it: by how the table is billed, and with the reason as a list. */
function refusal({ name, isProvisioned }: TableUnits, kind: Kind, why: 'KeyRange' | 'Table'): AwsError {
  // An on-demand table that has not grown yet is short of partitions: its ranges are what is exceeded.
  const limit = why === 'Table' && isProvisioned ? 'ProvisionedThroughputExceeded' : 'KeyRangeThroughputExceeded';
  const reasons = [
    {
      reason: `Table${kind === 'read' ? 'Read' : 'Write'}${limit}`,
      resource: `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`,
    },
  ];
  return isProvisioned
    ? new AwsError('com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException', PROVISIONED, 400, {
        ThrottlingReasons: reasons,
      })
    : new AwsError('com.amazon.coral.availability#ThrottlingException', ON_DEMAND, 400, { throttlingReasons: reasons });
}
