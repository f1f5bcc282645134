import type { ShotFigures } from '../../contract/figures.ts';
import type { PoolSigns } from '../../contract/vital-signs.ts';
import type { CommandMaker } from '../../infra/aws/journal.ts';
import type { LaunchIndexItem } from '../../infra/aws/live-store.ts';
import type { Command, SegmentsAsked } from '../../runbooks/launch/commands.ts';
import type { Entry, FrozenSet, HaltSource, Measured, PersonId } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { ScaleAhead } from '../../runbooks/launch/scale-ahead.ts';
import type { RowKind } from '../../runbooks/record/lanes.ts';
import type { CompileOf, CompileRun, OutcomesOf, SkipOf, TakeOf } from '../views/compile.ts';
import type { Acted } from './context.ts';

/** What somebody wants compiled, skipped, taken or counted, as far as the task needs it. */
export type CompileAsked = (CompileOf | SkipOf | TakeOf | OutcomesOf) & Pick<CompileRun, 'by'>;

/** What the Slack surface and the command line ask of the conductor. */
export interface Conductor {
  /** Begins to take part: leads if nobody else does. */
  start(): Promise<void>;
  /** Gives the lead away and waits for what is under way, a few seconds at most. */
  stop(): Promise<void>;
  /** Call before `create-launch` is submitted: a crash right after the append still leaves a launch that conductors find. */
  willCreate(item: LaunchIndexItem): Promise<void>;
  /**
   * The door to the record for everything a bot or the command line decides: records the command's entry and performs what
   * urgently follows from it; the leader does the rest. A refusal is a value, and changes nothing. What can't be performed
   * is logged and repaired from the record, so it never rejects for that; what can't be recorded rejects as `journal.append`,
   * which records and performs nothing: for workers, who have no conductor, and for what nothing follows from.
   */
  execute(launchId: string, command: Command | CommandMaker): Promise<Acted>;
  /** Performs the urgent effects of an entry that is recorded: again, or because another process has recorded it. Never rejects. */
  perform(launchId: string, entry: Entry): Promise<void>;
  /** Resolves once the switch item is halted; `recorded` once the launch has taken the entry or refused it. Retried for as long as the process lives. */
  halt(launchId: string, press: HaltPress): Promise<{ epoch: number; recorded: Promise<Acted> }>;
  /** The freshest measurement of every automatic gate, at most a few seconds old. */
  measured(launchId: string, how?: { anew: boolean }): Promise<Measured[]>;
  /** Of these segments, those that have been sent to before: who of each is left, frozen now. Rejects with a CloudError; CLAIMS_LOST says that it can't be told any more. */
  frozenSets(launchId: string, segments: SegmentsAsked): Promise<FrozenSet[]>;
  /** What the leader has noted of a launch's channel; null: it takes posts. Rejects with a CloudError. */
  roomTrouble(launchId: string): Promise<RoomTrouble | null>;
  /** Asks for an audience to be compiled, for tokens to be skipped, or for a sample to be taken; the leader starts the task and follows it. Null: one is under way. */
  askCompile(launchId: string, asked: CompileAsked): Promise<CompileRun | null>;
  /** The compile that was asked for last; null: none. */
  lastCompile(launchId: string): Promise<CompileRun | null>;
  /** The leader stops it; one that has ended stays as it is. */
  cancelCompile(launchId: string, number: number, by: PersonId): Promise<void>;
  /** Steps up that AWS does if no bot has by then, and what keeps it from doing so. Rejects with a CloudError. */
  stepsAhead(launch: Launch): Promise<(ScaleAhead & { says: string | null })[]>;
  /** Figures of a closed shot as the room showed them last. Null: it runs, or none were kept. */
  keptFigures(launchId: string, shotId: string): Promise<ShotFigures | null>;
  /** The `ts` of the message in which the channel was told of each entry, by sequence. An entry that has none is missing. Rejects with a CloudError. */
  postedAt(launchId: string, entries: readonly EntryTold[]): Promise<Map<number, string>>;
  /** The same, by a key for each entry: for few of a long record. */
  postedOf(launchId: string, entries: readonly EntryTold[]): Promise<Map<number, string>>;
  isLeader(): boolean;
  /** What alarms look at: of the leader, added up over its launches. */
  signs(): { Leading: number } & Partial<PoolSigns>;
  /** Launches whose channel takes no posts, as the leader sees it; empty elsewhere. */
  shutRooms(): ({ launchId: string } & RoomTrouble)[];
}

/** An entry as a timeline tells it. */
export interface EntryTold {
  seq: number;
  kind: RowKind;
}

export interface HaltPress {
  by: PersonId | null;
  source: HaltSource;
  reason: string;
  pressedAtMs: number;
}

/** Slack's word for what is wrong with the channel, and since when. `refusesPosts`: a new post was refused; that an edit works proves nothing then. */
export interface RoomTrouble {
  code: string;
  sinceMs: number;
  refusesPosts: boolean;
}
