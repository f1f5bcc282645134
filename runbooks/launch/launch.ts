import type { Campaign, Person, Plan, Runbook } from '../playbook/schema.ts';
import type {
  ActionWhen,
  Actor,
  AudienceRef,
  CopiesAsked,
  EntryOf,
  GateStatus,
  ItemPlace,
  Measured,
  PersonId,
  PlanChange,
  Platform,
  PostmortemState,
  RecordKey,
  RehearsalReport,
  Rehearses,
  ScaleFound,
  SegmentAttempt,
  SegmentTotals,
  ShotTiming,
  Shown,
  SkipListRef,
  SwitchValue,
  TestResult,
  Via,
} from './entries.ts';

/** The state of a launch: nothing but a fold of its entries (`evolve`). Plain data, so that tests can compare it. One piece over 300 lines: all of the state, read in one go. */
export interface Launch {
  id: string;
  name: string;
  channelId: string;
  /** Which region has it, as the record says; null: no other region may take it over. */
  region: string | null;
  /** Slack workspace; null: not known. */
  teamId: string | null;
  runbook: Runbook;
  runbookHash: string;
  createdAtMs: number;
  targetAtMs: number;
  /** A day of the plan takes 1/compress of a day: T-minus times and nothing else are divided by it. */
  compress: number;
  /** Head of the record. */
  seq: number;
  headHash: string;
  /** Schema version of the newest entry. It never goes down. */
  entryVersion: number;
  people: Person[];
  /** Who may sign the record; none: it is from before signatures. */
  keys: RecordKey[];
  keyChanges: Record<string, { id: string; keys: RecordKey[]; by: PersonId; reason: string; open: boolean }>;
  campaign: Campaign;
  /** As it was before its last change. Absent: it was never changed. */
  campaignBefore?: Campaign;
  contentHash: string;
  audience: AudienceRef | null;
  skipList: SkipListRef | null;
  /** Launches whose refused tokens are on it, and how many those were. Absent: none. */
  refusedSkipped?: Readonly<Record<string, number>>;
  /** Manual gates by id: the last tick. */
  ticks: Record<string, { green: boolean; by: PersonId; atMs: number; note: string }>;
  /** When people last said that they are there. */
  present: Record<PersonId, number>;
  /** Last recorded change of each automatic gate (for the timeline; decisions use fresh measurements). */
  gateChanges: Record<string, Measured>;
  waivers: Record<string, Waiver>;
  orders: Record<string, FireOrder>;
  shots: Record<string, Shot>;
  /** Nonces of operators' signatures that requests and approvals were made with: each proves one press. */
  usedNonces: string[];
  /** By segment id, in order of attempt. */
  attempts: Record<string, SegmentShot[]>;
  /** Devices by segment that late accounts have brought within reach since its last attempt was approved: only a further one sends to them. */
  leftBehind: Record<string, number>;
  /** By segment, the entry of the last late account. */
  correctedSeq: Record<string, number>;
  /** `haltEpoch`: as it stood when the copies were asked for. A higher one stops them, as it does a shot. */
  tests: Record<
    string,
    CopiesAsked & {
      /** Null: a step of the plan. */ requestedBy: PersonId | null;
      /** Of the plan, which asked for it. Absent: a person did. */ step?: string;
      contentHash: string;
      haltEpoch: number;
      results: TestResult[] | null;
    }
  >;
  halt: { active: boolean; epoch: number; by: PersonId | null; reason: string; atMs: number };
  lifts: Record<string, WaitingChange & { epoch: number; reason: string }>;
  /** pace.ios, pace.android (per second, 0 = as the runbook says), zombie, and the runbook's own. */
  switches: Record<string, { value: SwitchValue; seq: number; by: Actor }>;
  switchRequests: Record<string, WaitingChange & { switch: string; value: SwitchValue; reason: string }>;
  /** Entries of which the public mirror is known to have been written, the newest last. Absent: none. */
  mirrored?: readonly number[];
  runbookChanges: Record<string, RunbookChange>;
  rosterChanges: Record<string, WaitingChange & { people: Person[]; reason: string }>;
  steps: Record<string, StepState>;
  /** Steps that were not verified by their deadline. */
  missed: Record<string, { atMs: number; why: string }>;
  scale: Record<string, ScaleState>;
  /** By target, from our first order until its last one has put it back. */
  scaleFound: Record<string, ScaleFound>;
  /** How long each target took the last time that it was raised here, by a rehearsal or not. */
  scaleTook: Record<string, ScaleTook>;
  /** It is a rehearsal of another launch, and sends; null: it is none. */
  rehearses: Rehearses | null;
  /** Rehearsals of this launch, by id. */
  rehearsals: Record<string, Rehearsal>;
  /** What was measured of the surge, the newest figure of each; null: nothing. */
  surge: {
    openRate?: number;
    unpacedPerSecond?: number;
    fleets: Record<string, { perUnit?: number; perOpen?: number; perDelivery?: number }>;
    source: string;
    by: PersonId;
    atMs: number;
    unconfirmed?: true;
  } | null;
  /** Called off: what was raised is put back, then it is closed. */
  stoodDown: (Pick<EntryOf<'StoodDown'>, 'reason' | 'orders' | 'sent'> & { by: PersonId; atMs: number }) | null;
  closed: boolean;
  /** Items of the channel's chain that are notes. */
  noted: number[];
  postmortem: Aftermath;
}

/** What people have said of a launch for its postmortem, and what is to be done. The document itself is made from the record. */
export interface Aftermath {
  state: PostmortemState;
  /** In the order of the record. */
  answers: Answered[];
  /** Of people who are not on the roster, each as the writer of the first item of theirs (`m12`), or, before version 8, by their Slack account. */
  guests: Answered[];
  actions: Record<string, ActionItem>;
  /** Who has pressed HALT. */
  halters: PersonId[];
  /** Null: the launch is not closed. */
  closedAtMs: number | null;
}

/** An answer: its words, or, since version 8, where they lie. */
export interface Answered {
  question: string;
  by: string;
  words: string | null;
  item: ItemPlace | null;
}

export interface ActionItem {
  id: string;
  when: ActionWhen;
  words: string;
  owner: PersonId;
  /** A date, `2027-03-01`. */
  due: string;
  closed: { by: PersonId; atMs: number } | null;
}

/** begun → turned → ended; one that is a launch of its own: begun → ended. */
export interface Rehearsal {
  id: string;
  what: RehearsalReport['what'];
  /** Null: a step of the plan. */
  by: PersonId | null;
  /** Of the plan, which began it. Absent: a person did. */
  step?: string;
  begunAtMs: number;
  fleets: { target: string; to: number }[];
  readyWithinMs: number;
  /** A launch of its own. Null: it takes place here, and sends nothing. */
  sentIn: string | null;
  turned: { outcome: RehearsalReport['outcome']; why: string; atMs: number } | null;
  report: RehearsalReport | null;
  endedAtMs: number | null;
}

/** A change of the runbook, of the roster or of a switch, or a lift, and how long it waits (change-waits.ts): open, until it is approved, overtaken or over by itself. */
export interface WaitingChange {
  id: string;
  by: PersonId;
  open: boolean;
  /** Absent: asked for in an entry of before changes ended by themselves. */
  expiresAtMs?: number;
  /** It ended without a second person. */
  lapsed?: true;
}

/** A changed plan that waits for its second person. */
interface RunbookChange extends WaitingChange {
  plan: Plan;
  runbookHash: string;
  changes: PlanChange[];
  atMs: number;
  reason: string;
}

export interface Waiver {
  id: string;
  gate: string;
  segments: string[] | 'all';
  worst: number | null;
  reason: string;
  endsAtMs: number;
  requestedBy: PersonId;
  grantedBy: PersonId | null;
}

export interface FireOrder {
  id: string;
  requestedBy: PersonId;
  requestedAtMs: number;
  shown: Shown;
  shownHash: string;
  devices: number;
  expiresAtMs: number;
  lifts: number | null;
  /** open → approved; with a moment: open → armed → approved, or armed → open again, held for a press. */
  state: 'open' | 'armed' | 'approved' | 'declined' | 'expired' | 'void';
  /** Whose press armed it, and how. */
  armed: { by: PersonId; via: Via; atMs: number; seq: number } | null;
  /** Why it did not go at its moment. */
  held: string | null;
  /** Why it is void: what changed after it was shown. */
  voidedBy: string | null;
}

export interface Shot {
  id: string;
  orderId: string;
  requestedBy: PersonId;
  approvedBy: PersonId;
  segments: SegmentAttempt[];
  shown: Shown;
  shownHash: string;
  audience: AudienceRef;
  skipList: SkipListRef | null;
  campaign: Campaign;
  approvedSeq: number;
  /** Schema version of that entry. Absent: 1 or 2, which processes from before leases may read, too; they are at this shot, perhaps, and know no chain of holders. */
  approvedBySchema?: 3;
  pressedAtMs: number;
  notAfterAtMs: Record<Platform, number>;
  haltEpoch: number;
  redGates: Measured[];
  /** The halt that ended it, if one did: epoch and time of the press. */
  haltedAtMs: number | null;
  closed: { atMs: number; cause: 'complete' | 'not-after' | 'halt' } | null;
  /** Present once closed; corrections are folded in. */
  totals: SegmentTotals[] | null;
  /** Batches whose account came after the close and is counted by a correction. */
  corrected: string[];
  /** Present a moment after the close. */
  timing: ShotTiming | null;
}

/** `devices`: what this attempt is for, as it stood at the approval. */
export interface SegmentShot {
  attempt: number;
  shotId: string;
  devices: number;
  closed: boolean;
  totals: SegmentTotals | null;
}

/** waiting → held (what it waits for is not over) → started → done; waiting or held → put (a person decides) → started | skipped. */
export interface StepState {
  state: 'held' | 'started' | 'put' | 'skipped' | 'done';
  atMs: number;
  say: string;
  /** Of one that is done: the launch did not take what it was to do. */
  refused?: true;
}

/** `seq`: of the entry whose effect set it last. `setAgain`: how often, since it was ordered. `told`: the lower count that people were told of and that was left so. */
export interface ScaleState {
  desired: number;
  lowers: boolean;
  orderedAtMs: number;
  step: string | null;
  state: 'moving' | 'late' | 'reached';
  seq: number;
  setAgain: number;
  told: number | null;
  /** The rehearsal that ordered it. */
  rehearsal?: string;
}

/** `to`: the count that had come. */
interface ScaleTook {
  tookMs: number;
  to: number;
  isRehearsal: boolean;
}

/** One line of the readiness board. */
export interface GateLine {
  id: string;
  title: string;
  hard: boolean;
  manual: boolean;
  status: GateStatus;
  value: number | null;
  say: string;
  /** When its status changed last; null: it was not seen to. */
  sinceMs: number | null;
  /** What it would take to be green; null: a person's tick. */
  wanted: string | null;
  owner: string | null;
}
