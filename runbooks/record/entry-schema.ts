import { z } from 'zod';
import type { Entry, EntryBody, EntryKind } from '../launch/entries.ts';
import { ACTION_WHENS, DEVICE_STATES, ENTRY_VERSION, PLATFORMS, POSTMORTEM_STATES } from '../launch/entries.ts';
import type { Campaign, Person, Plan, Runbook } from '../playbook/schema.ts';

/**
 * The entries as a schema, for people's own analysis of what `npm run record -- export` writes. It is the types of entries.ts once
 * more, and does not compile where the two differ. One piece over 300 lines: a row for each kind of entry, and what those share.
 */

const ms = z.int().meta({ description: 'Milliseconds since 1970, UTC.' });
const hash = z.string();
const item = z
  .object({ seq: z.int(), hash })
  .meta({ description: 'Where the words lie: a message of the channel chain, by its seq and hash.' });
const counts = z.record(z.string(), z.int()).meta({ description: 'How many, by name.' });
const platform = z.enum(PLATFORMS as ['ios', 'android']);
const byPlatform = z.object({ ios: z.int(), android: z.int() });
const switchValue = z.union([z.string(), z.boolean(), z.number()]);
const attempt = z.object({ segment: z.string(), attempt: z.int() });
const role = z.enum(['bot', 'worker']);
const recordKey = z.object({ role, key: z.string() });

/** What has a page of its own: the schema says what must be there, and leaves the rest to that page. */
const whole = <T>(description: string, required: string[]) =>
  z
    .custom<T>((value) => value instanceof Object && required.every((name) => Object.hasOwn(value, name)))
    .meta({ type: 'object', required, description });
const person = whole<Person>('A person of the roster (docs/runbook.md), without device tokens.', [
  'id',
  'name',
  'roles',
]);
const campaign = whole<Campaign>('The texts and what goes with them (docs/runbook.md).', ['id', 'locales']);
const runbook = whole<Runbook>('The runbook as it was loaded (docs/runbook.md).', [
  'version',
  'id',
  'title',
  'campaign',
]);

const plan = whole<Plan>('The runbook without `people` and `campaign` (docs/runbook.md).', ['version', 'id', 'title']);
const nullable = z.union([z.string(), z.null()]);
const planChange = z.object({ where: z.string(), before: nullable, after: nullable, line: z.string() });
const ids = z.array(z.string());
const awsCalls = z
  .array(z.object({ call: z.string(), requestId: z.string() }))
  .meta({ description: 'What AWS was asked for it, and the id of each request.' });

const via = z.union([
  z.object({
    kind: z.literal('slack'),
    slackId: z.string(),
    teamId: z.exactOptional(z.string()),
    channelId: z.exactOptional(z.string()),
  }),
  z.object({
    kind: z.literal('operator'),
    publicKey: z.string(),
    signature: z.string(),
    nonce: z.string(),
    signedAtMs: ms,
    expiresAtMs: ms,
  }),
]);

const split = z.object({
  salt: z.string(),
  variants: z.array(z.object({ id: z.string(), share: z.number() })),
  holdOut: z.number(),
});
const audience = z.object({
  hash,
  manifestKey: z.string(),
  devices: z.int(),
  segments: z.array(
    z.object({
      id: z.string(),
      platform,
      devices: z.int(),
      batches: z.int(),
      locales: z.exactOptional(counts),
      variants: z.exactOptional(counts),
      heldOut: z.exactOptional(z.int()),
    }),
  ),
  locales: counts,
  split: z.exactOptional(split),
  heldOut: z.exactOptional(z.int()),
  sampleOf: z.exactOptional(z.string()),
});
const skipList = z.object({
  hash,
  key: z.string(),
  tokens: z.int(),
  covers: z.exactOptional(z.array(z.union([z.string(), z.null()]))),
});
const sample = z.union([
  z.object({ first: z.int() }),
  z.object({ share: z.number() }),
  z.object({ segments: z.array(z.string()) }),
]);
const sentWhat = z.enum(['limited', 'silent']);
const rehearses = z.object({
  launchId: z.string(),
  what: sentWhat,
  sample,
  atMost: z.int(),
  audienceHash: hash,
  manifestKey: z.string(),
  skipList: z.union([skipList, z.null()]),
});

const shown = z
  .object({
    launchId: z.string(),
    segments: z.array(attempt),
    sets: z.exactOptional(z.array(z.object({ ...attempt.shape, devices: z.int(), hash, seq: z.int() }))),
    contentHash: hash,
    audienceHash: hash,
    skipListHash: z.union([z.string(), z.null()]),
    collapseId: z.string(),
    notAfterMs: byPlatform,
    expiresAfterMs: z.int(),
    priority: z.object({
      apns: z.union([z.literal(5), z.literal(10)]),
      fcm: z.enum(['high', 'normal']),
    }),
    uncertain: z.enum(['leave', 'resend']),
    silent: z.exactOptional(z.literal(true)),
    moment: z.exactOptional(z.object({ atMs: ms, withinMs: z.int() })),
  })
  .meta({ description: 'All that an approval is bound to; its hash is shownHash.' });
const measured = z.object({
  gate: z.string(),
  status: z.enum(['green', 'red', 'unknown']),
  value: z.union([z.number(), z.null()]),
  say: z.string(),
  atMs: ms,
});
const observed = z.object({ haltEpoch: z.int(), halted: z.boolean() });

const totals = z.object({
  ...(Object.fromEntries(DEVICE_STATES.map((state) => [state, z.int()])) as Record<
    (typeof DEVICE_STATES)[number],
    z.ZodInt
  >),
  reasons: counts,
  reachable: z.exactOptional(z.int()),
});
const segmentTotals = z.array(
  z.object({
    ...attempt.shape,
    devices: z.int(),
    totals,
    variants: z.exactOptional(z.array(z.object({ variant: z.string(), devices: z.int(), totals }))),
  }),
);
const maybeMs = z.union([z.number(), z.null()]);
const timing = z.object({
  firstWriteMs: maybeMs,
  p50Ms: maybeMs,
  p95Ms: maybeMs,
  p99Ms: maybeMs,
  lastWriteMs: maybeMs,
  perSecond: z.number(),
  peakPerSecond: z.number(),
});

const copies = {
  to: z.array(z.string()),
  locales: z.exactOptional(z.array(z.string())),
  platform: z.exactOptional(platform),
  also: z.exactOptional(z.object({ person: z.string(), locales: z.array(z.string()) })),
  alsoOn: z.exactOptional(z.array(z.object({ platform, person: z.string(), locales: z.array(z.string()) }))),
};
const found = z.object({
  desired: z.int(),
  min: z.union([z.int(), z.null()]),
  max: z.union([z.int(), z.null()]),
  targets: z.array(
    z.object({
      resource: z.string(),
      dimension: z.string(),
      min: z.int(),
      max: z.int(),
      suspended: z.object({ in: z.boolean(), out: z.boolean(), scheduled: z.boolean() }),
    }),
  ),
  indexes: counts,
});
const rehearsalWhat = z.enum(['infrastructure', ...sentWhat.options]);
const outcome = z.enum(['ready', 'late', 'stopped']);
const report = z.object({
  rehearsalId: z.string(),
  what: rehearsalWhat,
  launchId: z.string(),
  outcome,
  why: z.string(),
  devices: z.int(),
  audienceHash: hash,
  readyMs: maybeMs,
  fleets: z.array(z.object({ target: z.string(), to: z.int(), tookMs: maybeMs })),
  askToGoMs: maybeMs,
  timing: z.union([timing, z.null()]),
  totals: z.union([totals, z.null()]),
  refused: z.int(),
  skipTokens: z.exactOptional(z.int()),
  skipListHash: z.exactOptional(z.union([z.string(), z.null()])),
});

type BodyOf<K extends EntryKind> = Omit<Extract<EntryBody, { kind: K }>, 'kind'>;

const reason = z.string();
const orderId = z.string();
const shotId = z.string();
const target = z.string();
const step = z.string();

const BODIES = {
  LaunchCreated: z.object({
    name: z.string(),
    channelId: z.string(),
    runbook,
    runbookHash: hash,
    targetAtMs: ms,
    compress: z.number(),
    contentHash: hash,
    teamId: z.exactOptional(z.string()),
    keys: z.exactOptional(z.array(recordKey)),
    rehearses: z.exactOptional(rehearses),
  }),
  TargetMoved: z.object({ targetAtMs: ms, fromAtMs: z.exactOptional(ms), reason }),
  CampaignSet: z.object({ campaign, contentHash: hash }),
  AudienceSet: z.object({ audience }),
  SkipListSet: z.object({
    skipList,
    adds: z.exactOptional(z.union([z.string(), z.null()])),
    refusedIn: z.exactOptional(z.object({ launchId: z.string(), tokens: z.int() })),
  }),
  RunbookChangeRequested: z.object({
    changeId: z.string(),
    plan,
    runbookHash: hash,
    changes: z.array(planChange),
    reason,
    expiresAtMs: z.exactOptional(ms),
  }),
  RunbookChanged: z.object({
    changeId: nullable,
    plan,
    runbookHash: hash,
    changes: z.array(planChange),
    voids: z.object({ orders: ids, ticks: ids, waivers: ids, requests: ids, steps: ids, missed: ids }),
    reason,
  }),
  RosterChangeRequested: z.object({
    changeId: z.string(),
    people: z.array(person),
    reason,
    expiresAtMs: z.exactOptional(ms),
  }),
  RosterChanged: z.object({ changeId: z.string() }),
  ChangeExpired: z.object({ changeId: z.string() }),
  PersonRemoved: z.object({ person: z.string(), reason }),
  KeyChangeRequested: z.object({ changeId: z.string(), keys: z.array(recordKey), reason }),
  KeysChanged: z.object({ changeId: z.string() }),
  TakenOver: z.object({ from: z.string(), to: z.string(), requestedBy: z.string(), requestVia: via, via, reason }),
  GateChanged: z.object({ measured }),
  GateTicked: z.object({ gate: z.string(), green: z.boolean(), note: z.string() }),
  WaiverRequested: z.object({
    waiverId: z.string(),
    gate: z.string(),
    segments: z.union([z.array(z.string()), z.literal('all')]),
    worst: z.union([z.number(), z.null()]),
    reason,
    endsAtMs: ms,
  }),
  WaiverGranted: z.object({ waiverId: z.string() }),
  FireRequested: z.object({
    orderId,
    shown,
    shownHash: hash,
    devices: z.int(),
    expiresAtMs: ms,
    via,
    measured: z.exactOptional(z.array(measured)),
    lifts: z.union([z.int(), z.null()]),
  }),
  FireApproved: z.object({
    orderId,
    shotId,
    shown,
    shownHash: hash,
    via,
    pressedAtMs: ms,
    notAfterAtMs: byPlatform,
    haltEpoch: z.int(),
    lifts: z.union([z.int(), z.null()]),
    redGates: z.array(measured),
    measured: z.exactOptional(z.array(measured)),
    observed: z.exactOptional(observed),
    armed: z.exactOptional(z.object({ by: z.string(), seq: z.int() })),
  }),
  FireArmed: z.object({ orderId, shownHash: hash, via, pressedAtMs: ms, haltEpoch: z.int(), observed }),
  FireHeld: z.object({ orderId, reason }),
  FireDeclined: z.object({ orderId, reason }),
  FireRenewed: z.object({ orderId, expiresAtMs: ms }),
  FireExpired: z.object({ orderId }),
  ShotClosed: z.object({ shotId, cause: z.enum(['complete', 'not-after', 'halt']), segments: segmentTotals }),
  ShotCorrected: z.object({ shotId, segments: segmentTotals, batch: z.string() }),
  ShotTimed: z.object({ shotId, timing }),
  TestRequested: z.object({ testId: z.string(), contentHash: hash, step: z.exactOptional(z.string()), ...copies }),
  TestDone: z.object({
    testId: z.string(),
    contentHash: hash,
    results: z.array(
      z.object({
        person: z.string(),
        platform,
        accepted: z.boolean(),
        reason,
        tookMs: z.number(),
        locale: z.exactOptional(z.string()),
      }),
    ),
  }),
  HaltSet: z.object({ epoch: z.int(), reason, pressedAtMs: ms }),
  LiftRequested: z.object({ liftId: z.string(), epoch: z.int(), reason, expiresAtMs: z.exactOptional(ms) }),
  HaltLifted: z.object({ liftId: z.string(), epoch: z.int() }),
  SwitchRequested: z.object({
    requestId: z.string(),
    switch: z.string(),
    value: switchValue,
    reason,
    expiresAtMs: z.exactOptional(ms),
  }),
  SwitchSet: z.object({
    switch: z.string(),
    value: switchValue,
    reason,
    requestId: z.union([z.string(), z.null()]),
  }),
  SwitchMirrored: z.object({
    switch: z.string(),
    of: z.int().meta({ description: 'The entry that it was written for.' }),
    value: z.string(),
    tookMs: z.number(),
    aws: z.exactOptional(awsCalls),
  }),
  StepStarted: z.object({ step, dueAtMs: ms, late: z.boolean() }),
  StepHeld: z.object({ step, dueAtMs: ms, after: z.array(z.string()), why: z.string() }),
  StepPut: z.object({ step, dueAtMs: ms, why: z.string() }),
  StepMissed: z.object({ step, deadlineAtMs: ms, why: z.string() }),
  StepSkipped: z.object({ step, reason }),
  StepDone: z.object({
    step,
    say: z.string(),
    refused: z.exactOptional(z.literal(true)),
    aws: z.exactOptional(awsCalls),
  }),
  ScaleOrdered: z.object({
    target,
    desired: z.int(),
    step: z.union([z.string(), z.null()]),
    reason,
    lowers: z.exactOptional(z.literal(true)),
    rehearsal: z.exactOptional(z.string()),
  }),
  ScaleFound: z.object({ target, found }),
  ScaleReached: z.object({
    target,
    desired: z.int(),
    tookMs: z.number(),
    stands: z.exactOptional(z.int()),
    aws: z.exactOptional(awsCalls),
  }),
  ScaleChanged: z.object({ target, desired: z.int(), found: z.int(), again: z.boolean() }),
  ScaleLate: z.object({ target, desired: z.int(), running: z.int(), ready: z.int(), backup: z.string() }),
  Noted: z.object({
    text: z.exactOptional(z.string()),
    item: z.exactOptional(item),
    said: z.exactOptional(z.literal(true)),
    over: z.exactOptional(z.literal(true)),
  }),
  SurgeMeasured: z.object({
    unconfirmed: z.exactOptional(z.literal(true)),
    source: z.string(),
    openRate: z.exactOptional(z.number()),
    unpacedPerSecond: z.exactOptional(z.number()),
    fleets: z.array(
      z.object({
        target,
        perUnit: z.exactOptional(z.number()),
        perOpen: z.exactOptional(z.number()),
        perDelivery: z.exactOptional(z.number()),
      }),
    ),
  }),
  RehearsalBegun: z.object({
    rehearsalId: z.string(),
    what: rehearsalWhat,
    fleets: z.array(z.object({ target, to: z.int() })),
    readyWithinMs: z.int(),
    sentIn: z.exactOptional(z.string()),
    step: z.exactOptional(z.string()),
  }),
  RehearsalTurned: z.object({ rehearsalId: z.string(), outcome, why: z.string() }),
  RehearsalEnded: z.object({ rehearsalId: z.string(), report }),
  OutcomesCounted: z.object({
    shots: z.array(
      z.object({
        shotId: z.string(),
        texts: z.array(z.object({ segment: z.string(), text: z.string(), states: counts })),
        untold: z.int(),
      }),
    ),
    refused: z.union([z.object({ key: z.string(), tokens: z.int() }), z.null()]),
  }),
  QuestionAnswered: z.object({
    question: z.string(),
    words: z.exactOptional(z.string()),
    item: z.exactOptional(item),
    guest: z.exactOptional(z.string()),
  }),
  ActionSet: z.object({
    actionId: z.string(),
    when: z.enum(ACTION_WHENS),
    words: z.string(),
    owner: z.string(),
    due: z.string().meta({ description: 'A date, year-month-day.' }),
  }),
  ActionClosed: z.object({ actionId: z.string(), words: z.string() }),
  PostmortemTurned: z.object({ to: z.enum(POSTMORTEM_STATES) }),
  PersonPresent: z.object({}),
  Checkpoint: z.object({ channelSeq: z.int(), channelHash: hash }),
  StoodDown: z.object({
    reason,
    orders: z.array(z.string()),
    sent: z.union([z.object({ segments: z.array(z.string()), accepted: z.int(), uncertain: z.int() }), z.null()]),
  }),
  LaunchClosed: z.object({ reason }),
} satisfies { [K in EntryKind]: z.ZodType<BodyOf<K>> };

/** Fields of entries that have no place above: none, or it does not compile. */
type Missing = { [K in EntryKind]: Exclude<keyof BodyOf<K>, keyof z.output<(typeof BODIES)[K]>> }[EntryKind];

export const ENTRY_BODIES: [Missing] extends [never] ? Record<EntryKind, z.ZodObject> : Missing = BODIES;

/** What every entry has besides. */
export const SEALED = {
  v: z.int().min(1).max(ENTRY_VERSION).meta({ description: 'Version of the record’s schema that it was decided by.' }),
  launchId: z.string(),
  seq: z.int().min(1),
  atMs: ms,
  by: z.union([
    z.object({ person: z.string() }),
    z.object({ system: z.enum(['conductor', 'worker', 'closer', 'ssm', 'slack', 'cli']) }),
  ]),
  token: z.string().meta({ description: 'Unique for each try to append it.' }),
  prev: z.string().meta({ description: 'Hash of the entry before; empty at 1.' }),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'sha256 over the canonical JSON of all but hash and sig.' }),
  key: z.exactOptional(z.string()).meta({ description: 'Public key that signed it; absent in version 1.' }),
  sig: z.exactOptional(z.string()).meta({ description: 'Ed25519 over the hash; absent in version 1.' }),
} satisfies { [F in Exclude<keyof Entry, 'kind'>]: z.ZodType };
