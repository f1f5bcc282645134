import type { EntryKind } from '../launch/entries.ts';

/** The lanes of the timeline's axis, from above. */
export const LANES = ['plan', 'people', 'fleets', 'gates', 'shots', 'switches', 'incidents'] as const;
export type Lane = (typeof LANES)[number];

/** Of a line of the timeline: an entry's, what people wrote, marked, attached and were refused, or an entry that this version can't read. */
export type RowKind = EntryKind | 'Message' | 'Mark' | 'File' | 'Refused' | 'Unread';

/** A new kind of entry does not compile before it has its lane. */
const LANE: Record<RowKind, Lane> = {
  LaunchCreated: 'plan',
  TargetMoved: 'plan',
  CampaignSet: 'plan',
  AudienceSet: 'plan',
  SkipListSet: 'plan',
  RosterChangeRequested: 'people',
  RosterChanged: 'people',
  PersonRemoved: 'people',
  KeyChangeRequested: 'people',
  KeysChanged: 'people',
  TakenOver: 'incidents',
  GateChanged: 'gates',
  GateTicked: 'gates',
  WaiverRequested: 'gates',
  WaiverGranted: 'gates',
  FireRequested: 'shots',
  FireApproved: 'shots',
  FireArmed: 'shots',
  FireHeld: 'incidents',
  FireDeclined: 'shots',
  FireRenewed: 'shots',
  FireExpired: 'shots',
  ShotClosed: 'shots',
  ShotCorrected: 'incidents',
  ShotTimed: 'shots',
  TestRequested: 'shots',
  TestDone: 'shots',
  HaltSet: 'incidents',
  LiftRequested: 'incidents',
  HaltLifted: 'incidents',
  SwitchRequested: 'switches',
  SwitchSet: 'switches',
  StepStarted: 'plan',
  StepHeld: 'plan',
  StepPut: 'incidents',
  StepMissed: 'incidents',
  StepSkipped: 'plan',
  StepDone: 'plan',
  ScaleOrdered: 'fleets',
  ScaleFound: 'fleets',
  ScaleReached: 'fleets',
  ScaleChanged: 'incidents',
  ScaleLate: 'incidents',
  Noted: 'people',
  SurgeMeasured: 'fleets',
  RehearsalBegun: 'plan',
  RehearsalTurned: 'plan',
  RehearsalEnded: 'plan',
  PersonPresent: 'people',
  Checkpoint: 'plan',
  StoodDown: 'incidents',
  LaunchClosed: 'plan',
  Message: 'people',
  Mark: 'people',
  File: 'people',
  Refused: 'incidents',
  Unread: 'incidents',
};

export const laneOf = (kind: RowKind): Lane => LANE[kind];
