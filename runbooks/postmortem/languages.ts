import { DEVICE_STATES } from '../launch/entries.ts';
import type { DeviceState, EntryOf, ShotOutcomes } from '../launch/entries.ts';
import { outcomesByText } from '../launch/outcomes.ts';
import { sumTotals } from '../launch/totals.ts';
import { stamp } from '../record/clock.ts';
import { number, uncountedText } from '../record/describe.ts';
import { heading, remark } from './document.ts';
import type { Block } from './document.ts';
import { marketIn } from './summary.ts';
import { allOf } from './told.ts';
import type { Told } from './told.ts';

type Counted = EntryOf<'OutcomesCounted'>;

/** What became of whom by market, platform and language, as it was counted last. Nothing, where nothing was sent. */
export function byLanguage(told: Told): Block[] {
  if (told.timeline.shots.length === 0) return [];
  const counted = allOf(told, 'OutcomesCounted').at(-1);
  if (counted === undefined)
    return [
      heading('By language'),
      remark(
        'Not counted: the accounts of batches tell no languages apart. /go audience outcomes counts them from the shards, while those and the accounts are there.',
      ),
    ];
  const used = DEVICE_STATES.filter((state) =>
    counted.shots.some(({ texts }) => texts.some(({ states }) => (states[state] ?? 0) > 0)),
  );
  const isLong = counted.shots.reduce((rows, { texts }) => rows + texts.length, 0) > SEGMENT_ROWS;
  return [
    heading('By language'),
    isLong ? byText(counted, used) : bySegment(told, counted, used),
    remark(
      `Counted at ${stamp(counted.atMs)} UTC, from the shards of the audience and the accounts of the batches${uncountedText(counted)}; a text is the one that was compiled for a device.${isLong ? ` By segment they stand in entry ${counted.seq} of the export, and npm run audience -- outcomes --launch ${counted.launchId} prints them.` : ''}${sinceThen(told, counted)}`,
    ),
  ];
}

/** More rows than these nobody reads. */
const SEGMENT_ROWS = 40;

const bySegment = (told: Told, { shots, seq }: Counted, used: readonly DeviceState[]): Block => ({
  kind: 'table',
  head: ['shot', 'market', 'segment', 'text', ...used],
  figures: used.length,
  rows: shots.flatMap((shot) =>
    shot.texts.map(({ segment, text, states }) => ({
      cells: [
        shot.shotId,
        marketOf(told, shot, segment),
        segment,
        text,
        ...used.map((state) => number(states[state] ?? 0)),
      ],
      proof: [`e${seq}`],
    })),
  ),
});

/** All segments of a shot together. */
const byText = ({ shots, seq }: Counted, used: readonly DeviceState[]): Block => ({
  kind: 'table',
  head: ['shot', 'text', ...used],
  figures: used.length,
  rows: shots.flatMap(({ shotId, texts }) =>
    outcomesByText(texts).map(({ text, states }) => ({
      cells: [shotId, text, ...used.map((state) => number(states[state] ?? 0))],
      proof: [`e${seq}`],
    })),
  ),
});

function marketOf({ last }: Told, { shotId }: ShotOutcomes, segment: string): string {
  const shot = last.shots[shotId];
  return shot === undefined ? '' : marketIn(shot, segment);
}

/** Late accounts move devices in the totals, and not in what was counted before. */
function sinceThen({ last }: Told, counted: EntryOf<'OutcomesCounted'>): string {
  const differs = counted.shots.filter(({ shotId, texts, untold }) => {
    const now = sumTotals(last.shots[shotId]?.totals ?? []);
    const then = (state: string) => texts.reduce((sum, { states }) => sum + (states[state] ?? 0), 0);
    return untold === 0 && DEVICE_STATES.some((state) => now[state] !== then(state));
  });
  return differs.length === 0
    ? ''
    : ` The totals of ${differs.map(({ shotId }) => shotId).join(', ')} say otherwise, as accounts came late; counted anew it is equal.`;
}
