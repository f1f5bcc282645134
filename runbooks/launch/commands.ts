import type { Campaign, Person, Plan, Runbook } from '../playbook/schema.ts';
import type {
  ActionWhen,
  AudienceRef,
  AwsCall,
  CopiesAsked,
  FrozenSet,
  HaltSource,
  ItemPlace,
  Measured,
  NewEntry,
  PersonId,
  PostmortemState,
  RecordKey,
  RefusedIn,
  RehearsalReport,
  Rehearses,
  ScaleFound,
  SegmentTotals,
  SentWhat,
  ShotOutcomes,
  ShotTiming,
  SkipListRef,
  SurgeFigures,
  SwitchValue,
  TestResult,
  Via,
} from './entries.ts';

/**
 * What people and the system may ask for. `by` is the person (already mapped from a Slack id or an
 * operator key by `personOf`); system commands carry no person. A command changes nothing by itself. One piece over 300 lines: the
 * union of all commands and of the codes that refuse them.
 */

export type Command =
  | {
      kind: 'create-launch';
      by: PersonId;
      launchId: string;
      name: string;
      channelId: string;
      teamId?: string;
      runbook: Runbook;
      runbookHash: string;
      targetAtMs: number;
      compress: number;
      rehearses?: Rehearses;
    }
  | { kind: 'move-target'; by: PersonId; targetAtMs: number; reason: string }
  | { kind: 'set-campaign'; by: PersonId; campaign: Campaign }
  | {
      kind: 'change-runbook';
      by: PersonId;
      plan: Plan;
      runbookHash: string;
      /** Where in the files each difference stands, in the order of `differencesOf`. */ lines: string[];
      reason: string;
    }
  | { kind: 'approve-runbook-change'; by: PersonId; changeId: string }
  | { kind: 'set-audience'; by: PersonId; audience: AudienceRef }
  /** `adds`: the list before, which this one holds all of; without it the list takes its place. `refusedIn`: whose refused tokens it adds. */
  | { kind: 'set-skip-list'; by: PersonId; skipList: SkipListRef; adds?: string | null; refusedIn?: RefusedIn }
  | { kind: 'request-roster-change'; by: PersonId; people: Person[]; reason: string }
  | { kind: 'approve-roster-change'; by: PersonId; changeId: string }
  /** Of the runbook or of the roster. */
  | { kind: 'expire-change'; changeId: string }
  | { kind: 'request-key-change'; by: PersonId; keys: RecordKey[]; reason: string }
  | { kind: 'approve-key-change'; by: PersonId; changeId: string }
  /** `requestedBy`, `requestVia`: the first of the two, who asked beside the record: it can't be written before the launch is taken. */
  | {
      kind: 'take-over';
      by: PersonId;
      via: Via;
      requestedBy: PersonId;
      requestVia: Via;
      to: string;
      reason: string;
    }
  | { kind: 'remove-person'; person: PersonId; reason: string }
  | { kind: 'report-gate'; measured: Measured }
  /** `contentHash`: what the person had before their eyes; a tick for another text is refused. Absent: not bound to one. */
  | { kind: 'tick-gate'; by: PersonId; gate: string; green: boolean; note: string; contentHash?: string | undefined }
  | {
      kind: 'request-waiver';
      by: PersonId;
      gate: string;
      segments: string[] | 'all';
      worst: number | null;
      reason: string;
      endsAtMs: number;
    }
  | { kind: 'grant-waiver'; by: PersonId; waiverId: string }
  /** `segments`: see `segmentsMeant`. `measured`: the freshest measurement of every automatic gate. */
  | {
      kind: 'request-fire';
      by: PersonId;
      segments: SegmentsAsked;
      measured: Measured[];
      via: Via;
      lift: boolean;
      /** When it goes by itself, once a second person has armed it. Absent: at that press. */ momentMs?: number;
      /** Of every segment that has been sent to before: who of it is left. */ sets?: FrozenSet[];
    }
  /** `shownHash` travels in the button's value; `observedHaltEpoch` and `observedHalted` are read from the switch item at the press. */
  | {
      kind: 'approve-fire';
      by: PersonId;
      orderId: string;
      shownHash: string;
      pressedAtMs: number;
      measured: Measured[];
      via: Via;
      observedHaltEpoch: number;
      observedHalted: boolean;
    }
  | { kind: 'decline-fire'; by: PersonId; orderId: string; reason: string }
  /** Its asker keeps an open order open. */
  | { kind: 'renew-order'; by: PersonId; orderId: string }
  | { kind: 'expire-order'; orderId: string }
  /** Of an armed order whose moment has come. What it is judged by is as for a press. */
  | {
      kind: 'release-fire';
      orderId: string;
      measured: Measured[];
      observedHaltEpoch: number;
      observedHalted: boolean;
    }
  | { kind: 'hold-fire'; orderId: string; reason: string }
  | { kind: 'close-shot'; shotId: string; cause: 'complete' | 'not-after' | 'halt'; segments: SegmentTotals[] }
  | { kind: 'correct-shot'; shotId: string; segments: SegmentTotals[]; batch: string }
  | { kind: 'report-timing'; shotId: string; timing: ShotTiming }
  /** `locales`: texts of the campaign; those that no phone has go to the asker's. Absent: each phone gets its own. */
  /** `by: null`: by a step of the plan. */
  | ({ kind: 'request-test'; by: PersonId | null; step?: string } & Pick<CopiesAsked, 'to' | 'locales' | 'platform'>)
  | { kind: 'report-test'; testId: string; results: TestResult[] }
  /** `epoch` is what the switch item said after the halt was written there first. */
  | {
      kind: 'set-halt';
      by: PersonId | null;
      /** `conductor`: of a rehearsal, as the launch that it rehearses was stopped. */ source: HaltSource;
      epoch: number;
      reason: string;
      pressedAtMs: number;
    }
  | { kind: 'request-lift'; by: PersonId; reason: string }
  | { kind: 'approve-lift'; by: PersonId; liftId: string }
  | { kind: 'set-switch'; by: PersonId; switch: string; value: SwitchValue; reason: string }
  | { kind: 'approve-switch'; by: PersonId; requestId: string }
  /** By a step of the runbook. */
  | { kind: 'turn-switch'; switch: string; value: SwitchValue; reason: string }
  /** `of`: the entry that the mirror was written for. */
  | { kind: 'report-mirror'; switch: string; of: number; value: string; tookMs: number; aws: AwsCall[] }
  /** `measured`: of the gates that the step waits for. */
  | { kind: 'start-step'; step: string; measured?: readonly Measured[] }
  | { kind: 'hold-step'; step: string; measured: readonly Measured[] }
  | { kind: 'put-step'; step: string; why: string }
  | { kind: 'miss-step'; step: string; measured: readonly Measured[] }
  | { kind: 'run-step'; by: PersonId; step: string }
  | { kind: 'skip-step'; by: PersonId; step: string; reason: string }
  | { kind: 'finish-step'; step: string; say: string; refused?: true; aws?: AwsCall[] }
  /** `answer`: which of the step's answers, from 0. */
  | { kind: 'answer-step'; by: PersonId; step: string; answer: number }
  | {
      kind: 'order-scale';
      by: PersonId | null;
      target: string;
      desired: number;
      step: string | null;
      reason: string;
      /** The person has confirmed that it takes down what runs. */ lower?: true;
      /** By this rehearsal. */ rehearsal?: string;
    }
  | { kind: 'report-scale-found'; target: string; found: ScaleFound }
  | { kind: 'report-scale'; target: string; desired: number; tookMs: number; stands: number; aws?: AwsCall[] }
  /** `found`: the count that AWS is told now, lower than what was ordered and had come. */
  | { kind: 'report-scale-changed'; target: string; desired: number; found: number }
  | { kind: 'report-scale-late'; target: string; desired: number; running: number; ready: number; backup: string }
  /** `by: null`: the conductor tells people what no other entry does. */
  | {
      kind: 'note';
      by: PersonId | null;
      text: string;
      /** Where a person's words lie in the channel's chain: then the entry has them not. */ item?: ItemPlace;
      /** The system has said it in the channel already. */ said?: true;
      /** The system tells the end of what it has noted before. */ over?: true;
    }
  | { kind: 'be-here'; by: PersonId }
  | { kind: 'record-outcomes'; by: PersonId; shots: ShotOutcomes[]; refused: { key: string; tokens: number } | null }
  /** By somebody in the channel who is not on the roster: `guest` is their Slack account, `as` how the record knows them, the writer of the first item of theirs (`m12`). */
  | { kind: 'answer-as-guest'; guest: string; as: string; question: string; words: string; item: ItemPlace }
  /** `words` lie at `item` of the channel's chain, and are not in the entry. */
  | { kind: 'answer-question'; by: PersonId; question: string; words: string; item: ItemPlace }
  /** `actionId: null`: a new one. */
  | {
      kind: 'set-action';
      by: PersonId;
      actionId: string | null;
      when: ActionWhen;
      words: string;
      owner: PersonId;
      due: string;
    }
  | { kind: 'close-action'; by: PersonId; actionId: string; words: string }
  /** `questions`: what the postmortem asks as it stands; it is made from the whole record. */
  | { kind: 'turn-postmortem'; by: PersonId; to: PostmortemState; questions: readonly string[] }
  /** Of the infrastructure; with `sentIn` it sends, and that launch has been created. `what`: how; absent: `limited`. `unsent`: rehearsals that were closed without a push. `by: null`: by a step of the plan. */
  | {
      kind: 'begin-rehearsal';
      by: PersonId | null;
      step?: string;
      sentIn?: string;
      what?: SentWhat;
      unsent?: readonly string[];
    }
  /** `by: null`: everything is ready, or was not in time. By a person it is stopped. */
  | {
      kind: 'turn-rehearsal';
      by: PersonId | null;
      rehearsalId: string;
      outcome: 'ready' | 'late' | 'stopped';
      why: string;
    }
  | { kind: 'end-rehearsal'; rehearsalId: string; report: RehearsalReport }
  /** What came back after a rehearsal. `source`: where the figures are from. */
  | ({ kind: 'measure-surge'; by: PersonId } & SurgeFigures)
  | { kind: 'checkpoint'; channelSeq: number; channelHash: string }
  /** The ad doesn't air: nothing is sent any more, and what was raised is put back. */
  | { kind: 'stand-down'; by: PersonId; reason: string }
  /** `by: null`: it was called off, and everything is back. */
  | { kind: 'close-launch'; by: PersonId | null; reason: string };

/** Ids; all that can fire now; or what a halt or a time limit has cut off, and nothing that never went out. */
export type SegmentsAsked = string[] | 'all' | 'cut-off';

export type CommandKind = Command['kind'];

/** What `decide` may not look up by itself. */
export interface Given {
  nowMs: number;
  /** sha256 of a UTF-8 text as lower-case hex. */
  sha256: (text: string) => string;
  /** Keys of bots and workers that a new launch names; absent or none: its record is unsigned, and nothing can be fired in it. */
  keys?: readonly RecordKey[];
  /** Whose rules decide: the entry version that a decision of before was made under. Absent: today's. */
  rules?: number;
}

/** Why a command was refused. People see `say`; code and tests compare `code`. */
export type RefusalCode =
  | 'NO_LAUNCH'
  | 'LAUNCH_EXISTS'
  | 'LAUNCH_CLOSED'
  | 'STOOD_DOWN'
  | 'NOT_ON_ROSTER'
  | 'ROLE_MISSING'
  | 'NO_SUCH_ORDER'
  | 'ORDER_NOT_OPEN'
  | 'ORDER_EXPIRED'
  | 'ORDER_ARMED'
  | 'ORDER_NOT_ARMED'
  | 'SAME_PERSON'
  | 'FIRE_POLICY'
  | 'NOT_THE_ASKER'
  | 'CONTENT_CHANGED'
  | 'SEGMENT_UNKNOWN'
  | 'SEGMENT_EMPTY'
  | 'SEGMENT_TAKEN'
  | 'NOTHING_TO_FIRE'
  | 'SET_MISSING'
  | 'GATES_RED'
  | 'HARD_GATE_RED'
  | 'HALTED'
  | 'NOT_HALTED'
  | 'NO_AUDIENCE'
  | 'AUDIENCE_IN_USE'
  | 'GATE_UNKNOWN'
  | 'GATE_IS_HARD'
  | 'GATE_NOT_MANUAL'
  | 'NO_SUCH_WAIVER'
  | 'WAIVER_NOT_OPEN'
  | 'CLOCK_IN_DOUBT'
  | 'SHOT_UNKNOWN'
  | 'SHOT_CLOSED'
  | 'SHOT_RUNNING'
  | 'TOTALS_WRONG'
  | 'NO_SUCH_TEST'
  | 'TEST_MISSING'
  | 'EVIDENCE_MISSING'
  | 'NO_DEVICES'
  | 'NO_SUCH_REQUEST'
  | 'REQUEST_EXPIRED'
  | 'SWITCH_UNKNOWN'
  | 'VALUE_INVALID'
  | 'STEP_UNKNOWN'
  | 'STEP_NOT_OPEN'
  | 'TARGET_UNKNOWN'
  | 'ALREADY_SO'
  | 'SKIP_LIST_CHANGED'
  | 'NO_REFUSED_TOKENS'
  | 'REASON_MISSING'
  | 'TIME_INVALID'
  | 'PROOF_INVALID'
  | 'ROSTER_INVALID'
  | 'PAYLOAD_TOO_LARGE'
  | 'PAYLOAD_REFUSED'
  | 'LOCALE_UNKNOWN'
  | 'SPLIT_DIFFERS'
  | 'RUNBOOK_FIXED'
  | 'RUNBOOK_IN_USE'
  | 'RECORD_UNSIGNED'
  | 'KEYS_INVALID'
  | 'NO_STANDBY'
  | 'SHOT_BEGAN'
  | 'REHEARSAL_NOT_NOW'
  | 'NO_SUCH_REHEARSAL'
  | 'REHEARSAL_TOO_LARGE'
  | 'NO_SUCH_ACTION'
  | 'POSTMORTEM_OPEN';

export type Decision = { ok: true; entry: NewEntry } | { ok: false; code: RefusalCode; say: string };
