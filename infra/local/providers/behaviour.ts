import { z } from 'zod';
import { affected, mayBeDelivered } from './ailments.ts';

/**
 * How the providers behave. Every field can be changed while they run (POST /config); what a change means
 * for requests on their way is nothing: it holds from the next request on.
 */
const whole = z.number().int().min(0);

export const behaviour = z.strictObject({
  /** Mean time from a whole request to its answer, ms. 0 (default): answered at once. */
  latencyMs: z.number().min(0).max(60_000).default(0),
  /** Answers are spread evenly over latencyMs ± this, ms; never below 0. Default 0. */
  latencySpreadMs: z.number().min(0).max(60_000).default(0),
  /**
   * Answers leave in steps of so many ms, at most a fifth of latencyMs, none early: what is due in one step a connection writes together, since
   * a write costs as much as judging ten pushes. 1: as finely as timers go. Default 4.
   */
  latencyStepMs: z.number().int().min(1).max(1_000).default(4),
  /** While true no answer leaves: requests are taken, and answered when it ends. Default false. */
  silent: z.boolean().default(false),
  /**
   * APNs: streams a connection may open after its first authenticated request. Default 1,000, as seen
   * (docs/facts.md#apns-streams).
   */
  streamLimit: z.number().int().min(1).max(100_000).default(1000),
  /** APNs: streams before the first authenticated request; documented: 1 (docs/facts.md#apns-first-stream). */
  firstStreamLimit: z.number().int().min(1).max(100_000).default(1),
  /** APNs: streams after a rejected device token, until the next success; seen: 1. 0: a rejected token lowers nothing. */
  streamLimitAfterRejection: whole.max(100_000).default(1),
  /** FCM: streams of a connection. Default 100, as firebase-admin assumes (docs/facts.md#fcm-streams). */
  fcmStreamLimit: z.number().int().min(1).max(100_000).default(100),
  /** Answered requests after which a connection gets GOAWAY (both providers). 0 (default): never. */
  goawayAfterRequests: whole.default(0),
  /** A connection without open streams for so long gets GOAWAY, ms. 0 (default): never. */
  idleMs: whole.default(0),
  /**
   * APNs: pushes to one device within a minute before 429 TooManyRequests. Apple names no number
   * (docs/facts.md#apns-device-rate). 0: no limit. Default 20.
   */
  apnsPerDevicePerMinute: whole.default(20),
  /** FCM: the same; documented: 240 a minute (docs/facts.md#fcm-device-rate). 0: no limit. */
  fcmPerDevicePerMinute: whole.default(240),
  /**
   * FCM: messages of the project in a minute that begins with its first message, then 429 QUOTA_EXCEEDED
   * (docs/facts.md#fcm-quota). 0 (default): no limit.
   */
  fcmQuotaPerMinute: whole.default(0),
  /** Requests a second, per provider, above which answers are `overloadStatus`. 0 (default): never. */
  overloadPerSecond: whole.default(0),
  /** It is counted in windows of so long, ms: in a short one a part of each moment's requests is refused, in a second all of its rest. Default 1,000. */
  overloadWindowMs: z.number().int().min(1).max(60_000).default(1_000),
  overloadStatus: z.union([z.literal(503), z.literal(429)]).default(503),
  /** `retry-after` of these answers, s. null (default): APNs and 503 have none, FCM's 429 has 60. */
  overloadRetryAfterSeconds: whole.nullable().default(null),
  /**
   * A node of the provider that is ill: connections to it answer at once with `how` (see ailments.ts), whatever is asked, and keep their number of streams.
   * It is every `every`th by order of acceptance (so 4, 8, 12 … of 4), of those that came to `address`, or the one with this `number` alone; after
   * `afterRequests` requests in health. What takes a sick one's place has the next number. Seen: 1 of 4 took 67 % of an
   * audience (docs/facts.md#h2-sick-connection). null (default): none.
   */
  sick: z
    .strictObject({
      ...affected,
      every: z.number().int().min(1).default(1),
      number: z.number().int().min(1).nullable().default(null),
      address: z.string().nullable().default(null),
      afterRequests: whole.default(0),
    })
    .check(mayBeDelivered)
    .nullable()
    .default(null),
  /**
   * Weather: what everybody gets, with the usual latency, for `forMs` from the first request that meets it (null, default: until it is changed), and of
   * all requests this share, evenly (default 1). Token endpoint and phones are not concerned. Seen:
   * docs/facts.md#h2-front-ends. null (default): fair.
   */
  storm: z
    .strictObject({
      ...affected,
      share: z.number().min(0).max(1).default(1),
      forMs: whole.nullable().default(null),
    })
    .check(mayBeDelivered)
    .nullable()
    .default(null),
  /**
   * One request in `every`, per provider, is answered with `how`; the others as usual. Seen:
   * docs/facts.md#apns-sporadic-refusal. null (default): none.
   */
  sporadic: z
    .strictObject({ ...affected, every: z.number().int().min(1) })
    .check(mayBeDelivered)
    .nullable()
    .default(null),
  /** APNs topics that the key may send to; null (default): any. Others: 400 TopicDisallowed. */
  topics: z.array(z.string()).nullable().default(null),
  /**
   * APNs: another JWT on a connection within this time of the first use of the one before is 429
   * TooManyProviderTokenUpdates, ms. Documented: 20 min (docs/facts.md#apns-token-updates).
   */
  providerTokenUpdateMs: whole.default(20 * 60_000),
  /** The providers' clock is so far ahead of the machine's, ms: hours can pass in a test. Default 0. */
  clockAheadMs: whole.default(0),
});
export type Behaviour = z.output<typeof behaviour>;
export type BehaviourInput = z.input<typeof behaviour>;

/** Only what is given, without defaults: for a change to what there is. */
export const behaviourChange = z.strictObject(
  Object.fromEntries(Object.entries(behaviour.shape).map(([name, field]) => [name, field.unwrap().optional()])),
) as unknown as z.ZodType<Partial<Behaviour>>;
