import { z } from 'zod';

/**
 * What crosses between bot and workers: queue messages, the worker report, the audience manifest, the
 * claim. Queue messages are wake-ups and carry no authority: whoever receives one reads the record.
 */

const attempt = z.number().int().min(1).max(99_999);

/**
 * Whoever may write to a queue may write anything, so an id has a length that it can't exceed. Real ones are shorter: a
 * launch is a runbook's id and a day, 51 characters and a number; a shot `S` and its sequence; a segment 40; a batch its segment and a number.
 */
const ID_CHARS = { launch: 80, shot: 20, test: 20, segment: 40, batch: 60 } as const;
const idOf = (of: keyof typeof ID_CHARS) => z.string().min(1).max(ID_CHARS[of]);

/** Longer than any message of ours: not even looked into. */
export const MESSAGE_CHARS = 1_024;

/** FIFO queue `<pool>-segments.fifo`. Dedup id and group id: launch/segment/attempt. */
export const segmentOrder = z.strictObject({
  v: z.literal(1),
  launchId: idOf('launch'),
  shotId: idOf('shot'),
  segment: idOf('segment'),
  attempt,
});
export type SegmentOrder = z.output<typeof segmentOrder>;

/** Same FIFO queue: asks one worker for test copies of the launch's content. Dedup id and group: launch/test/<id>. */
export const testOrder = z.strictObject({ v: z.literal(1), launchId: idOf('launch'), testId: idOf('test') });
export type TestOrder = z.output<typeof testOrder>;

/** Standard queue of the batch's platform, `<pool>-batches-ios` or `-android`: neither provider's pace can hold up the other's batches. */
export const batchMessage = z.strictObject({
  v: z.literal(1),
  launchId: idOf('launch'),
  shotId: idOf('shot'),
  segment: idOf('segment'),
  attempt,
  batch: idOf('batch'),
});
export type BatchMessage = z.output<typeof batchMessage>;

/** The claim's partition key: one item per batch and attempt, never the order's or the shot's id. */
export function claimKey(launchId: string, segment: string, attemptNumber: number, batch: string): string {
  return `${launchId}/${segment}/${attemptNumber}/${batch}`;
}

export function segmentDedupId(order: Pick<SegmentOrder, 'launchId' | 'segment' | 'attempt'>): string {
  return `${order.launchId}/${order.segment}/${order.attempt}`;
}

export const queueNames = (pool: string) => ({
  segments: `${pool}-segments.fifo`,
  batches: { ios: `${pool}-batches-ios`, android: `${pool}-batches-android` },
  deadLetters: `${pool}-batches-dlq`,
  segmentDeadLetters: `${pool}-segments-dlq.fifo`,
});

/** A frozen range of devices inside one shard and one segment. */
export const manifestBatch = z.strictObject({
  id: z.string(),
  shard: z.string(),
  start: z.number().int().min(0),
  count: z.number().int().min(1),
});
export type ManifestBatch = z.output<typeof manifestBatch>;

/** `audiences/<hash>/manifest.json`; `hash` is the sha256 over the canonical JSON of everything but `hash`. */
export const manifest = z.strictObject({
  v: z.literal(1),
  hash: z.string(),
  devices: z.number().int().min(1),
  batchSize: z.number().int().min(1),
  /** Locale index in shards → locale. */
  locales: z.array(z.string()),
  localeCounts: z.record(z.string(), z.number().int()),
  /** `key` is the object's name beside the manifest: its folder is called by the hash, which covers the keys. */
  shards: z.array(
    z.strictObject({
      id: z.string(),
      platform: z.enum(['ios', 'android']),
      key: z.string(),
      bytes: z.number().int(),
      sha256: z.string(),
      devices: z.number().int().min(1),
    }),
  ),
  segments: z.array(
    z.strictObject({
      id: z.string(),
      platform: z.enum(['ios', 'android']),
      devices: z.number().int().min(1),
      /** Devices per locale. Absent: compiled before this was counted. */
      localeCounts: z.record(z.string(), z.number().int()).optional(),
      batches: z.array(manifestBatch),
    }),
  ),
});
export type Manifest = z.output<typeof manifest>;

const count = z.number().int().min(0);

/** A provider's reason may be any text, and a `z.record` leaves out `__proto__`. */
const countsByReason = z.custom<Record<string, number>>(
  (found) =>
    typeof found === 'object' &&
    found !== null &&
    !Array.isArray(found) &&
    Object.values(found).every((times) => count.safeParse(times).success),
  'expected counts by reason',
);

/** What one worker boot has done for one shot and platform since GO: cumulative, so that any one snapshot replaces all earlier ones. */
export const platformCounts = z.strictObject({
  written: count,
  accepted: count,
  failed: count,
  uncertain: count,
  halted: count,
  late: count,
  skipped: count,
  reasons: countsByReason,
  /** Times of accepted answers in ms since GO: HdrHistogram V2, compressed, base64. */
  histogram: z.string(),
  /** Accepted per 100 ms slot since GO, sparse: [slot, count]. */
  curve: z.array(z.tuple([z.number().int(), count])),
});
export type PlatformCounts = z.output<typeof platformCounts>;

export const shotSnapshot = z.strictObject({
  shotId: z.string(),
  platforms: z.strictObject({ ios: platformCounts, android: platformCounts }),
  firstWriteAtMs: z.number().nullable(),
  lastWriteAtMs: z.number().nullable(),
});
export type ShotSnapshot = z.output<typeof shotSnapshot>;

const duration = z.number().min(0);

/**
 * What nearly everybody gets from a provider just now, and no device's fate. `reason`: its own word (TooManyRequests, QUOTA_EXCEEDED,
 * Http502), or NoAnswer. `refused`: answers of that kind in it. `waiting`: devices of claimed batches that wait in this lane.
 * `againInMs`: until the next try; 0: one is under way.
 */
export const laneWeather = z.strictObject({
  state: z.enum(['slow', 'stopped']),
  reason: z.string(),
  forMs: duration,
  refused: count,
  waiting: count,
  againInMs: duration,
});
export type LaneWeather = z.output<typeof laneWeather>;

/** `connections`: given up as sick since the lane opened. `reason`: of the last one. */
export const laneSick = z.strictObject({ connections: count, reason: z.string() });
export type LaneSick = z.output<typeof laneSick>;

/**
 * What a lane has met where the provider should be, of its newest connection. `streams`: as SETTINGS say; null: no limit, or nobody
 * is there. `obeysTable`: it gives its header table up, as we ask; null: not known. `answered`: it took our credential. `problem`:
 * what stands between us now, one of the probe's findings (workers/probe/findings.ts).
 */
export const lanePeer = z.strictObject({
  tls: z.string().max(60).nullable(),
  streams: count.nullable(),
  obeysTable: z.boolean().nullable(),
  answered: z.boolean(),
  problem: z.strictObject({ code: z.string().max(40), say: z.string().max(500) }).nullable(),
});
export type LanePeer = z.output<typeof lanePeer>;

/** Written by every worker about every second (every 250 ms while a shot runs), keyed by launch and boot. */
export const workerReport = z.strictObject({
  v: z.literal(1),
  launchId: z.string(),
  /** New for every start of the process. */
  bootId: z.string(),
  host: z.string(),
  pid: z.number().int(),
  atMs: z.number(),
  startedAtMs: z.number(),
  /** loading → priming → ready → (sending → ready)* → draining → gone */
  state: z.enum(['loading', 'priming', 'ready', 'sending', 'draining', 'gone']),
  say: z.string(),
  audienceHash: z.string().nullable(),
  skipListHash: z.string().nullable(),
  shardsLoaded: count,
  shardsTotal: count,
  lanes: z.array(
    z.strictObject({
      provider: z.enum(['apns', 'fcm']),
      connections: count,
      primed: count,
      streams: count,
      inFlight: count,
      credentialAgeMs: z.number().nullable(),
      credentialLeftMs: z.number().nullable(),
      /** Null: none; absent: an older worker's report. */
      weather: laneWeather.nullable().optional(),
      sick: laneSick.nullable().optional(),
      peer: lanePeer.nullable().optional(),
    }),
  ),
  switchReadAgoMs: z.number().nullable(),
  /** How far the worker's own clock is ahead of the store's, and how exactly that is known. Null: not yet; absent: an older worker. All other times of a report are the store's. */
  clock: z.strictObject({ aheadMs: z.number(), errorMs: z.number() }).nullable().optional(),
  /** The newest schema version of entries that it reads. Absent: a worker from before leases, which reads up to 2. */
  reads: count.optional(),
  rssMb: z.number(),
  /** Messages on the queues that are nobody's of this launch, since this boot; `last`: what was wrong with the last one. Absent: an older worker's report. */
  foreign: z.strictObject({ orders: count, batches: count, last: z.string().max(200) }).optional(),
  shots: z.array(shotSnapshot),
  /** Running shots that this worker sends nothing more of to a platform, because `bad` of its last `of` answers refused what is sent. Absent: none, or an older worker. */
  stopped: z
    .array(
      z.strictObject({
        shotId: z.string(),
        platform: z.enum(['ios', 'android']),
        reason: z.string(),
        bad: count,
        of: count,
      }),
    )
    .optional(),
});
export type WorkerReport = z.output<typeof workerReport>;

/**
 * Who is there of a launch's pool, written about every second by the launch's leader and signed with its key; every worker
 * reads it, and nothing else of the others. Small, as it is read by all: 8 characters a worker (`rollName`), so that 500
 * workers are one step of 4 KB and a little.
 */
export const rollItem = z.strictObject({
  v: z.literal(1),
  launchId: z.string(),
  atMs: z.number(),
  /** In the order in which they started. */
  workers: z
    .string()
    .regex(/^(?:[\w-]{8})*$/)
    .max(64_000),
  /** Workers of older versions, which sign no report: counted, and no more of them than the runbook's pool has room for. */
  others: count,
});
export type RollItem = z.output<typeof rollItem>;
