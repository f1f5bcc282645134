import type { Campaign, Person, Plan, Runbook } from '../playbook/schema.ts';
import type { Counts } from './counts.ts';

/**
 * The record's lines. One decision gives exactly one entry, because one entry is one conditional put:
 * nothing can crash between two halves of a decision. Entries are never changed or removed. One piece over 300 lines: the
 * union of all kinds, read as the record's schema.
 */

export type PersonId = string;
export type Platform = 'ios' | 'android';
export const PLATFORMS: readonly Platform[] = ['ios', 'android'];

/** Who did it: a person, or a named part of the system. */
export type Actor = { person: PersonId } | { system: 'conductor' | 'worker' | 'closer' | 'ssm' | 'slack' | 'cli' };

/** How a person proved who they are. An operator key signs `proofText` (see proof.ts). */
export type Via =
  /** `teamId`, `channelId`: the workspace of the presser and where they pressed; absent in older records. */
  | { kind: 'slack'; slackId: string; teamId?: string; channelId?: string }
  | { kind: 'operator'; publicKey: string; signature: string; nonce: string; signedAtMs: number; expiresAtMs: number };

/**
 * `locales`: devices per text (variants.ts); absent in audiences that were compiled before this was counted. `variants`: devices per
 * variant; absent without variants. `heldOut`: devices of it that are in no batch, on purpose, and not among `devices`; absent: none.
 */
export interface SegmentRef {
  id: string;
  platform: Platform;
  devices: number;
  batches: number;
  locales?: Counts;
  variants?: Counts;
  heldOut?: number;
}

/** How users are told apart by a stable hash. `salt` stands before the user, so that each campaign has its own chance. No variants: only a hold-out. */
export interface Split {
  salt: string;
  variants: { id: string; share: number }[];
  /** Share of users that get nothing, on purpose. */
  holdOut: number;
}

/** The audience as the launch knows it; the manifest itself lies in object storage. */
export interface AudienceRef {
  /** sha256 hex over the manifest. */
  hash: string;
  manifestKey: string;
  devices: number;
  segments: SegmentRef[];
  /** Devices per text: locale, and variant where there are some. */
  locales: Counts;
  /** Absent: everybody gets the same. */
  split?: Split;
  /** Devices in no batch, on purpose; those of segments that have no other device, too. Absent: none. */
  heldOut?: number;
  /** Hash of the audience that it is a sample of. Absent: it was compiled. */
  sampleOf?: string;
}

/** `covers`: hashes of the lists that it holds all of (null: of no list), newest first; computed when the record is read (skip-cover.ts). */
export interface SkipListRef {
  hash: string;
  key: string;
  tokens: number;
  covers?: (string | null)[];
}

/** How many tokens providers refused for good in a launch, by its record. */
export interface RefusedIn {
  launchId: string;
  tokens: number;
}

/** One key of the runbook before and after, as it is written there. Null: it was not there, or is there no more. `line`: where in the files, as \`superbowl.yaml:12\`. */
export interface PlanChange {
  where: string;
  before: string | null;
  after: string | null;
  line: string;
}

/** What a change of the runbook takes back, by id, and nothing else. `missed`: steps whose deadline is ahead again. `requests`: of switches. */
export interface PlanVoids {
  orders: string[];
  ticks: string[];
  waivers: string[];
  requests: string[];
  steps: string[];
  missed: string[];
}

export interface SegmentAttempt {
  segment: string;
  attempt: number;
}

/** Which devices a later attempt is for: a list that was frozen when it was asked for, in object storage, named by its hash. `seq`: the record's head when the claims were read for it. */
export interface FrozenSet extends SegmentAttempt {
  devices: number;
  hash: string;
  seq: number;
}

/** Everything whose change must void an approval, by value or by hash. `shownHash` is the sha256 over its canonical JSON. */
export interface Shown {
  launchId: string;
  segments: SegmentAttempt[];
  /** Of those segments that have been sent to before. Absent: none has, or an order from before sets were frozen. */
  sets?: FrozenSet[];
  contentHash: string;
  audienceHash: string;
  skipListHash: string | null;
  collapseId: string;
  /** Milliseconds after GO, by platform. */
  notAfterMs: Record<Platform, number>;
  expiresAfterMs: number;
  priority: { apns: 5 | 10; fcm: 'high' | 'normal' };
  uncertain: 'leave' | 'resend';
  /** A push that shows nothing, of a rehearsal. Absent: people see it. */
  silent?: true;
  /** Absent: it goes with the second person's press. */
  moment?: Moment;
}

/** When an order that two people have approved goes by itself, and how late it still does: after that, a person decides. */
export interface Moment {
  atMs: number;
  withinMs: number;
}

export type GateStatus = 'green' | 'red' | 'unknown' | 'waived';

/** One measurement of an automatic gate. `value` is the figure that a waiver is compared with; larger is worse. */
export interface Measured {
  gate: string;
  status: 'green' | 'red' | 'unknown';
  value: number | null;
  say: string;
  atMs: number;
}

export type DeviceState = 'accepted' | 'failed' | 'uncertain' | 'halted' | 'late' | 'skipped';
export const DEVICE_STATES: readonly DeviceState[] = ['accepted', 'failed', 'uncertain', 'halted', 'late', 'skipped'];

/** Devices by final state; `reasons` splits `failed`. The states sum to the devices of the segment attempt. */
export interface Totals extends Record<DeviceState, number> {
  reasons: Counts;
  /**
   * Of `failed`, those whose token the provider did not refuse for good (bad-tokens.ts): it was the credential, the
   * message or the provider that failed, so they stay within reach of a further order. Absent: none, or not counted yet.
   */
  reachable?: number;
}

/** How fast a shot was, from what every worker reported. Milliseconds since GO, of accepted answers; null where there were none. */
export interface ShotTiming {
  firstWriteMs: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  lastWriteMs: number | null;
  perSecond: number;
  peakPerSecond: number;
}

/** `variants`: the same devices by variant, each once; absent without variants. */
export interface SegmentTotals extends SegmentAttempt {
  devices: number;
  totals: Totals;
  variants?: VariantTotals[];
}

export interface VariantTotals {
  variant: string;
  devices: number;
  totals: Totals;
}

export interface TestResult {
  person: PersonId;
  platform: Platform;
  accepted: boolean;
  reason: string;
  tookMs: number;
  /** The text that was sent. Absent: reported by an older worker. */
  locale?: string;
}

/** `locales`: these texts alone (variants.ts). Absent: each phone its own. `also`: texts that no phone of those people has, sent to the phones of this person all the same. `alsoOn`: texts that the audience reads on a platform, and that none of their phones of that platform has. */
export interface CopiesAsked {
  to: PersonId[];
  locales?: string[];
  platform?: Platform;
  also?: { person: PersonId; locales: string[] };
  alsoOn?: { platform: Platform; person: PersonId; locales: string[] }[];
}

export type SwitchValue = string | boolean | number;

/** Whose deployment an entry's key belongs to; people's own keys (break glass) stand in the roster instead. */
export type KeyRole = 'bot' | 'worker';

/** A public key that may sign entries: Ed25519, base64 of the SPKI DER. */
export interface RecordKey {
  role: KeyRole;
  key: string;
}

/** A scalable target of Application Auto Scaling; `resource` and `dimension` name it. */
export interface ScalableTarget {
  resource: string;
  dimension: string;
  min: number;
  max: number;
  suspended: { in: boolean; out: boolean; scheduled: boolean };
}

/** Devices of a segment that were to get one text (locale, and variant where there are some), by final state; a state that nobody is in is left out. */
export interface TextOutcome {
  segment: string;
  text: string;
  states: Counts;
}

/** Of a shot, counted afterwards. `untold`: devices whose account is not there any more. */
export interface ShotOutcomes {
  shotId: string;
  texts: TextOutcome[];
  untold: number;
}

/** A request to AWS: `ECS UpdateService`, and the id by which CloudTrail and AWS's support know it. */
export interface AwsCall {
  call: string;
  requestId: string;
}

/** A scale target as AWS had it. Counts are tasks, capacity units (instances times their weights) or write units. */
export interface ScaleFound {
  desired: number;
  /** Bounds of an Auto Scaling group; null where there are none. */
  min: number | null;
  max: number | null;
  targets: ScalableTarget[];
  /** Write units of a table's indexes by name. */
  indexes: Record<string, number>;
}

/** What a rehearsal has shown. `outcome` of one that has sent is `ready`, or `stopped` where a segment never was. */
export interface RehearsalReport {
  rehearsalId: string;
  what: 'infrastructure' | SentWhat;
  /** Where it took place: the launch itself, or one of its own. */
  launchId: string;
  outcome: 'ready' | 'late' | 'stopped';
  why: string;
  /** Of the audience, or those that were sent to. */
  devices: number;
  /** The audience of the launch that was rehearsed, as it was then. */
  audienceHash: string;
  /** From its beginning until everything was ready. */
  readyMs: number | null;
  fleets: { target: string; to: number; tookMs: number | null }[];
  askToGoMs: number | null;
  timing: ShotTiming | null;
  totals: Totals | null;
  /** Of `totals.failed`, tokens that the provider refused for good. */
  refused: number;
  /** That were on the skip list when it was begun. Absent: not known, or nothing was sent. */
  skipTokens?: number;
  /** Hash of that list; null: there was none. Absent as above. */
  skipListHash?: string | null;
}

/** Whom a rehearsal that sends goes to: so many, a share, or whole segments; always the same of one audience. */
export type RehearsalSample = { first: number } | { share: number } | { segments: string[] };

/** Where a halt came from that no person of the roster pressed. */
export type HaltSource = 'slack' | 'ssm' | 'cli' | 'conductor';

/** How a rehearsal sends: what people see, to some; or a push that shows nothing. */
export type SentWhat = 'limited' | 'silent';

/** Of a launch that is a rehearsal: what it rehearses, and to how many devices it may go at most. */
export interface Rehearses {
  launchId: string;
  what: SentWhat;
  sample: RehearsalSample;
  atMost: number;
  /** Audience and skip list of that launch, when this one was created. */
  audienceHash: string;
  manifestKey: string;
  skipList: SkipListRef | null;
}

/** What a push brings upon servers, as far as it was measured: share that opens it, pushes a second without a pace, and by fleet what a unit takes (requests a second) and what an open and a delivery ask of it (requests). */
export interface SurgeFigures {
  source: string;
  openRate?: number;
  unpacedPerSecond?: number;
  fleets: { target: string; perUnit?: number; perOpen?: number; perDelivery?: number }[];
}

export type EntryBody =
  | {
      kind: 'LaunchCreated';
      name: string;
      channelId: string;
      runbook: Runbook;
      runbookHash: string;
      targetAtMs: number;
      compress: number;
      contentHash: string;
      /** The Slack workspace that it was created in; presses from another one don't count. Absent: not known. */ teamId?: string;
      /** Who may sign this record (signers.ts). Absent: a record from before signatures; nothing can be fired in it. */ keys?: RecordKey[];
      /** It is a rehearsal of another launch, and sends. */ rehearses?: Rehearses;
    }
  /** `fromAtMs`: the target before; absent in older records. */
  | { kind: 'TargetMoved'; targetAtMs: number; fromAtMs?: number; reason: string }
  | { kind: 'CampaignSet'; campaign: Campaign; contentHash: string }
  // The plan of an open launch
  | {
      kind: 'RunbookChangeRequested';
      changeId: string;
      plan: Plan;
      runbookHash: string;
      changes: PlanChange[];
      reason: string;
      /** Until when it waits for its second person; absent before version 7: without an end. */ expiresAtMs?: number;
    }
  | {
      kind: 'RunbookChanged';
      /** Null: it needed no second person. */ changeId: string | null;
      plan: Plan;
      runbookHash: string;
      changes: PlanChange[];
      voids: PlanVoids;
      reason: string;
    }
  | { kind: 'AudienceSet'; audience: AudienceRef }
  | {
      kind: 'SkipListSet';
      skipList: SkipListRef;
      /** Hash of the list before, which this one holds all of (null: there was none). Absent: it takes its place. */ adds?:
        | string
        | null;
      /** Of the tokens that it adds, those were refused there. Absent: it was made of lists. */ refusedIn?: RefusedIn;
    }
  // People
  /** `expiresAtMs`: as of a change of the runbook. */
  | { kind: 'RosterChangeRequested'; changeId: string; people: Person[]; reason: string; expiresAtMs?: number }
  | { kind: 'RosterChanged'; changeId: string }
  /** A change of the runbook or of the roster, a lift or a change of a switch (`changeId` is the id of its request): nobody approved it in time. */
  | { kind: 'ChangeExpired'; changeId: string }
  | { kind: 'PersonRemoved'; person: PersonId; reason: string }
  // Keys of bots and workers
  | { kind: 'KeyChangeRequested'; changeId: string; keys: RecordKey[]; reason: string }
  | { kind: 'KeysChanged'; changeId: string }
  /** Another region has it from here on. `requestVia`: how the first of the two people asked, outside of the record (take-over.ts). */
  | {
      kind: 'TakenOver';
      from: string;
      to: string;
      requestedBy: PersonId;
      requestVia: Via;
      via: Via;
      reason: string;
    }
  // Gates
  | { kind: 'GateChanged'; measured: Measured }
  | { kind: 'GateTicked'; gate: string; green: boolean; note: string }
  | {
      kind: 'WaiverRequested';
      waiverId: string;
      gate: string;
      segments: string[] | 'all';
      worst: number | null;
      reason: string;
      endsAtMs: number;
    }
  | { kind: 'WaiverGranted'; waiverId: string }
  // Fire
  | {
      kind: 'FireRequested';
      orderId: string;
      shown: Shown;
      shownHash: string;
      devices: number;
      expiresAtMs: number;
      via: Via;
      /** What the gates were judged by; absent in records from before signatures. */ measured?: Measured[];
      /** Set when this order also lifts that halt epoch (resume). */ lifts: number | null;
    }
  | {
      kind: 'FireApproved';
      orderId: string;
      shotId: string;
      shown: Shown;
      shownHash: string;
      via: Via;
      /** Time zero: when the approving press reached us. */ pressedAtMs: number;
      /** Absolute, by platform. */ notAfterAtMs: Record<Platform, number>;
      haltEpoch: number;
      lifts: number | null;
      /** Gates that were red at the press. */ redGates: Measured[];
      /** What the press was judged by beside the record, so that anyone can judge it again; absent in records from before signatures. */
      measured?: Measured[];
      observed?: { haltEpoch: number; halted: boolean };
      /** An armed order's moment has come: `by` is the conductor then, and this names the second person and the entry of that press. */ armed?: {
        by: PersonId;
        seq: number;
      };
    }
  /** The second person's press on an order with a moment: it goes by itself then. */
  | {
      kind: 'FireArmed';
      orderId: string;
      shownHash: string;
      via: Via;
      pressedAtMs: number;
      haltEpoch: number;
      observed: { haltEpoch: number; halted: boolean };
    }
  /** An order's moment has come and it did not go, for this reason: it waits for a press, until it ends. */
  | { kind: 'FireHeld'; orderId: string; reason: string }
  | { kind: 'FireDeclined'; orderId: string; reason: string }
  /** Its asker has kept it open. */
  | { kind: 'FireRenewed'; orderId: string; expiresAtMs: number }
  | { kind: 'FireExpired'; orderId: string }
  | { kind: 'ShotClosed'; shotId: string; cause: 'complete' | 'not-after' | 'halt'; segments: SegmentTotals[] }
  | {
      kind: 'ShotCorrected';
      shotId: string;
      segments: SegmentTotals[];
      /** The batch whose late account this is. */ batch: string;
    }
  | { kind: 'ShotTimed'; shotId: string; timing: ShotTiming }
  // Test sends
  /** `step`: of the plan, which asked for it. */
  | ({ kind: 'TestRequested'; testId: string; contentHash: string; step?: string } & CopiesAsked)
  | { kind: 'TestDone'; testId: string; contentHash: string; results: TestResult[] }
  // Switches
  | { kind: 'HaltSet'; epoch: number; reason: string; pressedAtMs: number }
  /** `expiresAtMs`: until when it waits for its second person; absent before version 8: without an end. */
  | { kind: 'LiftRequested'; liftId: string; epoch: number; reason: string; expiresAtMs?: number }
  | { kind: 'HaltLifted'; liftId: string; epoch: number }
  | {
      kind: 'SwitchRequested';
      requestId: string;
      switch: string;
      value: SwitchValue;
      reason: string;
      /** As of a lift. */ expiresAtMs?: number;
    }
  | { kind: 'SwitchSet'; switch: string; value: SwitchValue; reason: string; requestId: string | null }
  /** The public mirror of a switch was written because of the entry `of`: what it says since, how long after that entry, and what AWS was asked for it. */
  | { kind: 'SwitchMirrored'; switch: string; of: number; value: string; tookMs: number; aws?: AwsCall[] }
  // Schedule and scale
  | { kind: 'StepStarted'; step: string; dueAtMs: number; late: boolean }
  /** It is due, and waits for these (`after` of its step in the runbook); `why` is how they stood. */
  | { kind: 'StepHeld'; step: string; dueAtMs: number; after: string[]; why: string }
  | { kind: 'StepPut'; step: string; dueAtMs: number; why: string }
  /** Its deadline has passed, and it was not verified: `why` is how it stood. Its backup begins. */
  | { kind: 'StepMissed'; step: string; deadlineAtMs: number; why: string }
  | { kind: 'StepSkipped'; step: string; reason: string }
  | {
      kind: 'StepDone';
      step: string;
      say: string;
      /** The launch did not take what the step was to do; `say` is why. */ refused?: true;
      aws?: AwsCall[];
    }
  | {
      kind: 'ScaleOrdered';
      target: string;
      desired: number;
      step: string | null;
      reason: string;
      /** What runs above it is taken down. Absent: nothing is. */ lowers?: true;
      /** By this rehearsal. */ rehearsal?: string;
    }
  /** What stood there before our first order: what the last one puts back. */
  | { kind: 'ScaleFound'; target: string; found: ScaleFound }
  | {
      kind: 'ScaleReached';
      target: string;
      desired: number;
      tookMs: number;
      /** If it is another count than was ordered: more ran already, or its own minimum is higher. */ stands?: number;
      aws?: AwsCall[];
    }
  /** Somebody else has lowered the count since. `again`: it is set again. */
  | { kind: 'ScaleChanged'; target: string; desired: number; found: number; again: boolean }
  | { kind: 'ScaleLate'; target: string; desired: number; running: number; ready: number; backup: string }
  // Talk and end
  /** `item`: where the words of a person lie; what the system notes, and what people have noted before version 8, is `text`. */
  | {
      kind: 'Noted';
      text?: string;
      item?: ItemPlace;
      /** It stands in the channel already, so it is not posted. */ said?: true;
      /** It is the end of what the system has noted before. Absent before version 8: it may be. */ over?: true;
    }
  /** `unconfirmed`: entered by somebody who is neither on call nor owns the gate; nothing is large enough by them until one who is has entered them. */
  | ({ kind: 'SurgeMeasured'; unconfirmed?: true } & SurgeFigures)
  // Rehearsals
  /** Of the infrastructure, here; with `sentIn` it sends, and is a launch of its own. */
  | {
      kind: 'RehearsalBegun';
      rehearsalId: string;
      what: RehearsalReport['what'];
      fleets: { target: string; to: number }[];
      readyWithinMs: number;
      sentIn?: string;
      /** Of the plan, which began it. */ step?: string;
    }
  /** Everything is ready, or was not in time, or a person stopped it: fleets go back. */
  | { kind: 'RehearsalTurned'; rehearsalId: string; outcome: RehearsalReport['outcome']; why: string }
  | { kind: 'RehearsalEnded'; rehearsalId: string; report: RehearsalReport }
  // What people say of it once it is over
  /** `refused`: where the tokens that were refused for good lie, for whoever owns the table of devices; null: none was. */
  | { kind: 'OutcomesCounted'; shots: ShotOutcomes[]; refused: { key: string; tokens: number } | null }
  /**
   * `question`: as the postmortem asked it. A later answer of the same person stands beside the first. `item`: where the words lie; before version 8
   * they are `words`. `guest`: whoever is not on the roster, as the writer of that item (`m12`, of the first one of theirs), or by their Slack account where there is `words`.
   */
  | { kind: 'QuestionAnswered'; question: string; words?: string; item?: ItemPlace; guest?: string }
  /** With an id that is there already, it is changed. `due`: a date, `2027-03-01`. */
  | { kind: 'ActionSet'; actionId: string; when: ActionWhen; words: string; owner: PersonId; due: string }
  /** `words`: what came of it. */
  | { kind: 'ActionClosed'; actionId: string; words: string }
  | { kind: 'PostmortemTurned'; to: PostmortemState }
  /** Says that they are there. */
  | { kind: 'PersonPresent' }
  | { kind: 'Checkpoint'; /** Head of the channel-message chain. */ channelSeq: number; channelHash: string }
  /** The event does not take place: nothing is fired in it any more. */
  | {
      kind: 'StoodDown';
      reason: string;
      /** Open and armed orders that it made void. */ orders: string[];
      /** What every shot before it came to. Null: nothing was sent. */ sent: {
        segments: string[];
        accepted: number;
        uncertain: number;
      } | null;
    }
  | { kind: 'LaunchClosed'; reason: string };

/** When an action item is for: before anything is sent again, before the next launch of its kind, at some time. */
export const ACTION_WHENS = ['now', 'next', 'later'] as const;
export type ActionWhen = (typeof ACTION_WHENS)[number];

/** Where people's words lie, as an item of the chain of channel messages: there they can be deleted, and an entry can't be changed. */
export interface ItemPlace {
  seq: number;
  /** Of the item in its chain. */ hash: string;
}

export const POSTMORTEM_STATES = ['draft', 'review', 'done'] as const;
export type PostmortemState = (typeof POSTMORTEM_STATES)[number];

export type EntryKind = EntryBody['kind'];

/** The newest schema of entries that this version writes and reads. What came with each is a row in docs/record.md#versions; its rules hold for its entries for ever. */
export const ENTRY_VERSION = 8 as const;

/**
 * An entry as stored. `hash` = sha256(canonical JSON of everything but `hash` and `sig`), `prev` = the hash before it ('' at
 * seq 1), `sig` = Ed25519 over `signedText` of the hash by `key`. Both are '' where nobody signs (see signers.ts), and absent in v 1.
 */
export type Entry = EntryBody & {
  v: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  key?: string;
  sig?: string;
  launchId: string;
  /** 1, 2, 3 … without gaps. */
  seq: number;
  atMs: number;
  by: Actor;
  /** Unique per append try: tells one's own lost answer from somebody else's entry. */
  token: string;
  prev: string;
  hash: string;
};

/** What `decide` gives: the shell adds seq, token and hashes. */
export type NewEntry = EntryBody & { atMs: number; by: Actor };

export type EntryOf<K extends EntryKind> = Extract<Entry, { kind: K }>;
