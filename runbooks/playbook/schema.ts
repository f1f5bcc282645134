import { z } from 'zod';
import { readNumber } from '../typed/number.ts';
import type { NumberKind } from '../typed/number.ts';
import { readOperatorKey } from './operator-key.ts';

/**
 * The runbook: the plan of one live event as data. YAML is read by `load.ts`, which adds file:line to
 * every error; this file says what is allowed and gives the types that the launch core works with.
 * Durations in YAML are written like `90s`, `15m`, `4h`; here they are already milliseconds.
 */

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected lower-case letters, digits and dashes, at most 40');

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longer than any plan; sums of such times are still dates. */
const LONGEST_MS = 400 * 86_400_000;

/** What the loader found, as it was written unless it is plain: `600,000`, `0.6m`, and `10.000`, which is refused. */
const number = (kind: NumberKind) =>
  z.union([z.number(), z.string()], 'expected a number').transform((written, context) => {
    const read = readNumber(typeof written === 'number' ? plainDigits(written) : written, kind);
    if (read.ok) return read.value;
    context.addIssue({ code: 'custom', message: `expected ${read.expected}` });
    return z.NEVER;
  });
const count = (least: number, most?: number) => number(most === undefined ? { least } : { least, most });
const share = () => number({ least: 0, most: 1, fractions: true });
const plainDigits = (value: number): string =>
  value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 });

const TWO_READINGS = 'expected at most two digits after the point: some read `1.500` as 1,500, others as 1.5';
/** Not a number: read differently in two countries. */
function figureOf(digits: string): number {
  const read = readNumber(digits, { fractions: true });
  return read.ok ? read.value : Number.NaN;
}

// Also for what YAML reads as a number: `10` in quotes would be no duration either.
const DURATION = 'expected a duration like 500ms, 90s, 15m, 4h or 1d';
const T_MINUS = 'expected a time relative to the target like T-4h, T-90s, T or T+10m';

/** Text like `90s` or `4h` to milliseconds. */
export const duration = z
  .string(DURATION)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, DURATION)
  .transform((text) => {
    const parts = /^([\d.]+)([a-z]+)$/.exec(text);
    return figureOf(parts?.[1] ?? '') * (UNIT_MS[parts?.[2] ?? ''] ?? Number.NaN);
  })
  .refine((ms) => !Number.isNaN(ms), TWO_READINGS)
  .refine((ms) => ms <= LONGEST_MS, 'expected at most 400d');

/** Text like `T-4h`, `T-90s`, `T+10m` or `T` to milliseconds relative to the target time (negative is before). */
export const tMinus = z
  .string(T_MINUS)
  .regex(/^T([+-]\d+(\.\d+)?(ms|s|m|h|d))?$/, T_MINUS)
  .transform((text) => {
    const parts = /^T([+-])?([\d.]+)?([a-z]+)?$/.exec(text);
    if (parts?.[2] === undefined) return 0;
    return (parts[1] === '-' ? -1 : 1) * figureOf(parts[2]) * (UNIT_MS[parts[3] ?? ''] ?? Number.NaN);
  })
  .refine((ms) => !Number.isNaN(ms), TWO_READINGS)
  .refine((ms) => Math.abs(ms) <= LONGEST_MS, 'expected at most 400d before or after the target');

export const role = z.enum(['on-call', 'marketer', 'observer']);

const operatorKey = z.string().transform((text, context) => {
  const read = readOperatorKey(text);
  if (read.ok) return read.key;
  context.addIssue({ code: 'custom', message: `expected ${read.expected}` });
  return z.NEVER;
});

/** One human, whatever they act with. `device` names where test copies go. */
const person = z.strictObject({
  id,
  name: z.string().min(1).max(80),
  roles: z.array(role).min(1),
  slack: z.array(z.string().regex(/^[UW][A-Z0-9]{2,20}$/, 'expected a Slack user id like U012ABCDEF')).default([]),
  /** Ed25519 public keys for the command line (break glass), as PEM or base64 of the SPKI DER; here in the one spelling. */
  operator_keys: z.array(operatorKey).default([]),
  devices: z
    .array(
      z.strictObject({
        platform: z.enum(['ios', 'android']),
        token: z.string().min(8),
        locale: z.string().default('en'),
      }),
    )
    .default([]),
});

const probe = z.discriminatedUnion('kind', [
  /** Ready workers with the launch's audience and skip list loaded. `at_least` 0 means: what the sizing asks for. */
  z.strictObject({ kind: z.literal('workers-ready'), at_least: count(0).default(0) }),
  /** Share (0–1) of connections with an authenticated answer. */
  z.strictObject({ kind: z.literal('primed-share'), at_least: share().default(0.9) }),
  /** Messages visible in a queue of the launch's pool. Ignored while a shot runs. */
  z.strictObject({ kind: z.literal('queue-empty'), queue: z.enum(['segments', 'batches', 'dead-letters']) }),
  /** On every worker, the credential of each open connection has over 10 min left. */
  z.strictObject({ kind: z.literal('credentials') }),
  /** Every locale's payload is at most 4,096 bytes on both platforms. */
  z.strictObject({ kind: z.literal('payload-size') }),
  /** A test copy of the present content was accepted by the provider for at least one device per platform in use. */
  z.strictObject({ kind: z.literal('test-send') }),
  /** A scale target stands at its last ordered count. */
  z.strictObject({ kind: z.literal('scaled'), target: id }),
  /** Every worker confirmed reading the switch item within this time. */
  z.strictObject({ kind: z.literal('switch-reach'), within: duration.default(800) }),
  /** The own clock of every worker and of the bot is at most this far from the store's. */
  z.strictObject({ kind: z.literal('clocks'), within: duration.default(1_000) }),
  /** Each provider of the audience's platforms was met by a ready worker, took its credential and answered; no worker that would send found otherwise. */
  z.strictObject({ kind: z.literal('providers') }),
  /** Bot and workers run one version of gobutton. */
  z.strictObject({ kind: z.literal('versions') }),
]);

const gate = z.strictObject({
  id,
  title: z.string().min(1).max(120),
  /** Hard gates block the press too and can't be waived. */
  hard: z.boolean().default(false),
  owner: id.optional(),
  /** Absent: a manual gate, ticked by a person. */
  probe: probe.optional(),
  /** Of a manual gate: it can be ticked green only once a copy of this very text has reached somebody's phone. */
  after: z.literal('test-copies').optional(),
  help: z.string().max(300).optional(),
});

/** When somebody else lowers a count that we hold: `set-again`, three times an order, then people are told; or `tell` them at once. */
const ifChanged = z.enum(['set-again', 'tell']).default('set-again');

const scaleTarget = z.discriminatedUnion('kind', [
  z.strictObject({
    id,
    kind: z.literal('ecs-service'),
    cluster: z.string(),
    service: z.string(),
    title: z.string().optional(),
    if_changed: ifChanged,
  }),
  z.strictObject({
    id,
    kind: z.literal('auto-scaling-group'),
    group: z.string(),
    title: z.string().optional(),
    if_changed: ifChanged,
  }),
  z.strictObject({
    id,
    kind: z.literal('dynamodb-table'),
    table: z.string(),
    title: z.string().optional(),
    if_changed: ifChanged,
  }),
]);

/** A number that two countries read differently is none, whatever the switch takes it for. */
const switchValue = z.union([z.string(), z.boolean(), z.number()]).transform((value, context) => {
  if (typeof value !== 'string') return value;
  const read = readNumber(value, { fractions: true });
  if (read.ok) return read.value;
  if (read.code !== 'NUMBER_TWO_READINGS') return value;
  context.addIssue({ code: 'custom', message: `expected ${read.expected}` });
  return z.NEVER;
});

const step = z.strictObject({
  id,
  title: z.string().min(1).max(120),
  at: tMinus,
  owner: id.optional(),
  /** What the step does. `remind` only tells people; `fire-window` opens the moment: nothing fires by itself, ever. */
  do: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('scale'),
      target: id,
      /** Desired count: tasks, capacity units (instances times their weights), or write units. The first order of a target never lowers what runs; a later, lower one does, and puts back what was found. */
      to: count(0),
      /** After this long without arriving, the channel is told what the backup is. */
      late_after: duration.default(300_000),
      backup: z.string().max(300).default('ask on-call to scale by hand in the console'),
    }),
    z.strictObject({ kind: z.literal('remind'), say: z.string().min(1).max(1000) }),
    z.strictObject({ kind: z.literal('checklist') }),
    z.strictObject({ kind: z.literal('switch'), switch: id, value: switchValue }),
    z.strictObject({ kind: z.literal('fire-window'), say: z.string().max(1000).optional() }),
  ]),
  /** A step later than this is put to a person instead of run. Default 10 min; 0: always ask. */
  catch_up_within: duration.default(600_000),
});

const text = z.strictObject({ title: z.string().min(1).max(200), body: z.string().min(1).max(3000) });

const campaign = z.strictObject({
  id,
  /** Locale → text. Devices of a locale that is not here get `default_locale` only if `fallback` says so at compile time. */
  locales: z.record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'expected a locale like en or pt-BR'), text),
  default_locale: z.string(),
  deep_link: z.string().max(500).optional(),
  sound: z.string().max(60).default('default'),
  /** Extra constant data for the client app. */
  data: z.record(z.string(), z.string()).default({}),
  apns: z.strictObject({ topic: z.string().min(1), priority: z.union([z.literal(10), z.literal(5)]).default(10) }),
  fcm: z
    .strictObject({ channel_id: z.string().max(60).optional(), priority: z.enum(['high', 'normal']).default('high') })
    .prefault({}),
});

const delivery = z.strictObject({
  /** How long after GO a device may still be written to, by platform. Later: dropped and recorded as late. */
  ios_not_after: duration.default(60_000),
  android_not_after: duration.default(600_000),
  /** Devices per batch; frozen in the manifest. */
  batch_size: count(1, 2_000).default(1_000),
  /** How long a lease of a batch lasts before it is renewed. */
  send_within: duration.default(5_000),
  /** Android: messages per second for the whole pool, and the ramp up to it. 0: no limit. */
  android_per_second: count(0).default(10_000),
  android_ramp: duration.default(60_000),
  /** iOS: pushes per second for the whole pool. 0: no limit. */
  ios_per_second: count(0).default(0),
  /** A written event quota from Google allows a burst without the ramp; its reference is recorded. */
  android_event_quota: z.strictObject({ reference: z.string().min(1), per_second: count(1) }).optional(),
  uncertain: z.enum(['leave', 'resend']).default('leave'),
  /** The provider keeps a push for a device that is offline for this long. 0: now or never. */
  expires_after: duration.default(14_400_000),
});

export const runbook = z.strictObject({
  version: z.literal(1),
  id,
  title: z.string().min(1).max(120),
  summary: z.string().max(1000).optional(),
  people: z.array(person).min(2),
  /** Worker pool: the ECS service that sends, also the prefix of its queues. */
  pool: z.strictObject({ name: id, scale_target: id, workers: count(1), ready_at_least: count(1).optional() }),
  audience: z
    .strictObject({
      /** The columns that cut the audience into segments; a segment's id is their values joined by `-`, e.g. `us-ios`. */
      segment_by: z
        .array(z.enum(['market', 'platform']))
        .min(1)
        .default(['market', 'platform']),
    })
    .prefault({}),
  campaign,
  delivery: delivery.prefault({}),
  /** How long a fire order may wait for its second person. */
  order_expires_after: duration.default(900_000),
  gates: z.array(gate).min(1),
  scale_targets: z.array(scaleTarget).default([]),
  phases: z.array(z.strictObject({ id, title: z.string().min(1), steps: z.array(step).min(1) })).min(1),
  /** The runbook's own switches beside halt, pace and zombie. */
  switches: z.array(z.strictObject({ id, title: z.string(), two_people: z.boolean().default(false) })).default([]),
  on_halt: z.string().max(1000).optional(),
});

/** Where test copies go. A record holds a reference in the token's place; records from before hold the token. */
type PersonDevice =
  | z.output<typeof person>['devices'][number]
  | { platform: 'ios' | 'android'; ref: string; locale: string };
export type Person = Omit<z.output<typeof person>, 'devices'> & { devices: PersonDevice[] };
export type Runbook = Omit<z.output<typeof runbook>, 'people'> & { people: Person[] };
export type Gate = z.output<typeof gate>;
export type Probe = z.output<typeof probe>;
export type Step = z.output<typeof step>;
export type ScaleTarget = z.output<typeof scaleTarget>;
export type Campaign = z.output<typeof campaign>;
export type Role = z.output<typeof role>;
export type Delivery = z.output<typeof delivery>;
