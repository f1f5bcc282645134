import { badTokenCount } from '../launch/bad-tokens.ts';
import type { Entry, EntryOf, SegmentTotals, Totals } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { sumTotals } from '../launch/totals.ts';
import { heldOutIn } from '../launch/variants.ts';
import { actorName, describeTiming, heldOutText, missedText, resultText } from './describe.ts';
import type { Names } from './describe.ts';
import { segmentList } from './segment-words.ts';

/** One shot, as plain text, and its figures. */
export interface ShotRow {
  shotId: string;
  askedBy: string;
  goBy: string;
  pressedAtMs: number;
  closedAtMs: number | null;
  /** From GO to the HALT that ended it; null: none did. */ haltAfterMs: number | null;
  segments: string;
  /** As the order said. */ devices: number;
  heldOut: string;
  /** With every later correction in place of what it corrects; null while it runs. */
  totals: Totals | null;
  result: string;
  missed: string;
  speed: string;
}

const approvalsIn = (entries: readonly Entry[]) =>
  entries.filter((entry): entry is EntryOf<'FireApproved'> => entry.kind === 'FireApproved');

/** `last`: the launch at its end, as far as its record can be followed. */
export function shotsOf(entries: readonly Entry[], names: Names, last: Launch | null): ShotRow[] {
  return approvalsIn(entries).map((approval): ShotRow => {
    const { shotId, orderId, shown, pressedAtMs } = approval;
    const request = entries.find(
      (entry): entry is EntryOf<'FireRequested'> => entry.kind === 'FireRequested' && entry.orderId === orderId,
    );
    const closed = closeOf(entries, shotId);
    const segments = outcome(entries, shotId);
    return {
      shotId,
      askedBy: request === undefined ? '?' : actorName(request.by, names),
      goBy: goBy(approval, names),
      pressedAtMs,
      closedAtMs: closed?.atMs ?? null,
      haltAfterMs: haltAfterMs(entries, approval, closed),
      segments: segmentList(shown.segments),
      devices: request?.devices ?? 0,
      heldOut: heldOutText(heldOutIn(last?.shots[shotId]?.audience ?? null, shown.segments)),
      totals: segments === null ? null : sumTotals(segments),
      result: segments === null ? 'running' : resultText(segments),
      missed: segments === null ? '' : missedText(segments, closed?.cause === 'halt'),
      speed: speed(entries, shotId),
    };
  });
}

function haltAfterMs(
  entries: readonly Entry[],
  { seq, pressedAtMs }: EntryOf<'FireApproved'>,
  closed: EntryOf<'ShotClosed'> | undefined,
): number | null {
  const halt = entries.find(
    (entry): entry is EntryOf<'HaltSet'> =>
      entry.kind === 'HaltSet' && entry.seq > seq && entry.seq < (closed?.seq ?? Number.POSITIVE_INFINITY),
  );
  return halt === undefined ? null : halt.pressedAtMs - pressedAtMs;
}

/** Of an order that was armed, who armed it: the conductor only kept its moment. */
const goBy = ({ by, armed }: EntryOf<'FireApproved'>, names: Names): string =>
  armed === undefined ? actorName(by, names) : `${names.get(armed.by) ?? armed.by} (armed)`;

/** Tokens that providers refused for good, after corrections. */
export function badTokensOf(entries: readonly Entry[]): number {
  return approvalsIn(entries)
    .map(({ shotId }) => outcome(entries, shotId))
    .reduce((sum, segments) => sum + badTokenCount(segments === null ? {} : sumTotals(segments).reasons), 0);
}

/** The closing totals with every later correction of a segment in place of what it corrects; null while it runs. */
function outcome(entries: readonly Entry[], shotId: string): SegmentTotals[] | null {
  const closed = closeOf(entries, shotId);
  if (closed === undefined) return null;
  const segments = new Map(closed.segments.map((segment) => [segment.segment, segment]));
  for (const entry of entries) {
    if (entry.kind === 'ShotCorrected' && entry.shotId === shotId)
      for (const segment of entry.segments) segments.set(segment.segment, segment);
  }
  return [...segments.values()];
}

function closeOf(entries: readonly Entry[], shotId: string): EntryOf<'ShotClosed'> | undefined {
  return entries.find(
    (entry): entry is EntryOf<'ShotClosed'> => entry.kind === 'ShotClosed' && entry.shotId === shotId,
  );
}

function speed(entries: readonly Entry[], shotId: string): string {
  const timed = entries.find(
    (entry): entry is EntryOf<'ShotTimed'> => entry.kind === 'ShotTimed' && entry.shotId === shotId,
  );
  return timed === undefined ? '-' : describeTiming(timed.timing);
}
