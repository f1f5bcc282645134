import { z } from 'zod';
import { counts } from '../runbooks/launch/counts.ts';

/** What workers say of themselves: the worker report, and in it what each has done for each shot. */

const count = z.number().int().min(0);

/** What one worker boot has done for one shot and platform since GO: cumulative, so that any one snapshot replaces all earlier ones. */
export const platformCounts = z.strictObject({
  written: count,
  accepted: count,
  failed: count,
  uncertain: count,
  halted: count,
  late: count,
  skipped: count,
  reasons: counts,
  /** Times of accepted answers in ms since GO: HdrHistogram V2, compressed, base64. */
  histogram: z.string(),
  /** Accepted per 100 ms slot since GO, sparse: [slot, count]. */
  curve: z.array(z.tuple([z.number().int(), count])),
});
export type PlatformCounts = z.output<typeof platformCounts>;

export const shotSnapshot = z.strictObject({
  shotId: z.string(),
  platforms: z.strictObject({ ios: platformCounts, android: platformCounts }),
  /** Of batches that are done, by variant. Absent: the shot has none, or an older worker. */
  variants: z
    .array(z.strictObject({ variant: z.string().max(20), accepted: count, failed: count, others: count }))
    .optional(),
  firstWriteAtMs: z.number().nullable(),
  lastWriteAtMs: z.number().nullable(),
});
export type ShotSnapshot = z.output<typeof shotSnapshot>;
export type VariantCounts = NonNullable<ShotSnapshot['variants']>[number];

const duration = z.number().min(0);

/**
 * What nearly everybody gets from a provider just now, and no device's fate. `reason`: its own word (TooManyRequests, QUOTA_EXCEEDED,
 * Http502), or NoAnswer. `refused`: answers of that kind in it. `waiting`: devices of claimed batches that wait in this lane.
 * `againInMs`: until the next try; 0: one is under way.
 */
const laneWeather = z.strictObject({
  state: z.enum(['slow', 'stopped']),
  reason: z.string(),
  forMs: duration,
  refused: count,
  waiting: count,
  againInMs: duration,
});
export type LaneWeather = z.output<typeof laneWeather>;

/** `connections`: given up as sick since the lane opened. `reason`: of the last one. */
const laneSick = z.strictObject({ connections: count, reason: z.string() });
export type LaneSick = z.output<typeof laneSick>;

/**
 * What a lane has met where the provider should be, of its newest connection. `streams`: as SETTINGS say; null: no limit, or nobody
 * is there. `obeysTable`: it gives its header table up, as we ask; null: not known. `answered`: it took our credential. `problem`:
 * what stands between us now, one of the probe's findings (workers/probe/findings.ts).
 */
const lanePeer = z.strictObject({
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
      /** Id of the key that the oldest credential of an open connection was made with. Null: none is open; absent: an older worker's report. */
      key: z.string().max(320).nullable().optional(),
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
  /** Which gobutton it is: the commit. Absent: it doesn't know, or an older worker. */
  version: z.string().max(60).optional(),
  rssMb: z.number(),
  /** Messages on the queues that are nobody's of this launch, since this boot; `last`: what was wrong with the last one. Absent: an older worker's report. */
  foreign: z.strictObject({ orders: count, batches: count, last: z.string().max(200) }).optional(),
  /** Whether ECS leaves this task alone, as long as a launch is under way. Absent: not a task of ECS, or an older worker. */
  protection: z.strictObject({ on: z.boolean(), problem: z.string().max(400).nullable() }).optional(),
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
