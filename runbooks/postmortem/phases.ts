import type { EntryKind } from '../launch/entries.ts';
import type { Row } from '../record/rows.ts';
import { allOf } from './told.ts';
import type { Told } from './told.ts';

/** The timeline in short, for somebody who was not there. Everything stands in the timeline itself. */

const SHORT: ReadonlySet<string> = new Set<EntryKind>([
  'LaunchCreated',
  'TargetMoved',
  'CampaignSet',
  'AudienceSet',
  'SkipListSet',
  'RosterChanged',
  'KeysChanged',
  'TakenOver',
  'WaiverGranted',
  'FireRequested',
  'FireArmed',
  'FireHeld',
  'FireApproved',
  'FireDeclined',
  'FireExpired',
  'ShotClosed',
  'ShotCorrected',
  'HaltSet',
  'HaltLifted',
  'SwitchSet',
  'StepMissed',
  'StepPut',
  'ScaleReached',
  'ScaleChanged',
  'ScaleLate',
  'RehearsalEnded',
  'StoodDown',
  'LaunchClosed',
]);

export interface Phase {
  title: string;
  rows: Row[];
}

/** Without those in which nothing happened. */
export function phasesOf(told: Pick<Told, 'entries' | 'timeline'>): Phase[] {
  const { shots } = told.timeline;
  const askedMs = allOf(told, 'FireRequested')[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const goMs = shots[0]?.pressedAtMs ?? Number.POSITIVE_INFINITY;
  const endMs = allOf(told, 'ShotClosed').at(-1)?.atMs ?? Number.POSITIVE_INFINITY;
  const rows = shortRows(told);
  const phase = (title: string, fromMs: number, toMs: number): Phase => ({
    title,
    rows: rows.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
  });
  return [
    phase('Before anybody asked to fire', Number.NEGATIVE_INFINITY, Math.min(askedMs, goMs)),
    phase('From the first ask to the first GO', Math.min(askedMs, goMs), goMs),
    phase('From the first GO until everything was counted', goMs, endMs + 1),
    phase('Afterwards', endMs + 1, Number.POSITIVE_INFINITY),
  ].filter((one) => one.rows.length > 0);
}

/** What people have marked in the channel, or noted, is for those who were not there, too. */
function shortRows({ entries, timeline }: Pick<Told, 'entries' | 'timeline'>): Row[] {
  const noted = new Set(allOf({ entries }, 'Noted').flatMap(({ by, seq }) => ('person' in by ? [seq] : [])));
  return timeline.rows.filter(
    ({ kind, marks, place }) =>
      SHORT.has(kind) ||
      (kind === 'Message' && marks.length > 0) ||
      (kind === 'Noted' && place?.chain === 'record' && noted.has(place.seq)),
  );
}
