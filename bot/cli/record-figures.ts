import { csvOf } from '../../contract/csv.ts';
import type { ShotFigures } from '../../contract/figures.ts';
import type { Entry, SegmentTotals, Totals } from '../../runbooks/launch/entries.ts';
import { DEVICE_STATES, PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { marketOf } from '../../runbooks/launch/market.ts';
import { percent } from '../../runbooks/launch/shares.ts';
import { devicesPerText } from '../../runbooks/launch/texts-sent.ts';
import { sumTotals } from '../../runbooks/launch/totals.ts';
import { describeTiming, describeTotals, number } from '../../runbooks/record/describe.ts';
import { segmentList } from '../../runbooks/record/segment-words.ts';

/** The figures of a launch: what accounts say of every device, and what the room showed while it was sent. */

/** One figure of one shot. `''`: it is not split by this. */
interface Figure {
  /** outcome: every device once, by segment. variant: the same devices by variant. text: whom which text was for. curve: accepted since GO, as workers said. */
  figure: 'outcome' | 'variant' | 'text' | 'curve';
  shot: string;
  segment: string;
  attempt: number | '';
  market: string;
  platform: string;
  variant: string;
  text: string;
  state: string;
  reason: string;
  /** Beginning of the slot of 100 ms, since GO. */ slotMs: number | '';
  devices: number;
}

const BLANK = {
  segment: '',
  attempt: '',
  market: '',
  platform: '',
  variant: '',
  text: '',
  state: '',
  reason: '',
  slotMs: '',
} as const;

export interface ShotReport {
  shot: Shot;
  /** As the room showed them last. Null: it runs, or none were kept. */
  kept: ShotFigures | null;
}

export const shotsIn = (launch: Launch): Shot[] =>
  Object.values(launch.shots).toSorted((a, b) => a.approvedSeq - b.approvedSeq);

export function figuresOf({ shot, kept }: ShotReport): Figure[] {
  const outcomes = (shot.totals ?? []).flatMap((one) => {
    const about = { ...BLANK, shot: shot.id, ...placeOf(shot, one) };
    return [
      ...statesOf(one.totals).map((state): Figure => ({ ...about, figure: 'outcome', ...state })),
      ...(one.variants ?? []).flatMap(({ variant, totals }) =>
        statesOf(totals).map((state): Figure => ({ ...about, figure: 'variant', variant, ...state })),
      ),
    ];
  });
  const texts = Object.entries(devicesPerText(shot.campaign, shot.audience, shot.segments) ?? {}).map(
    ([text, devices]): Figure => ({ ...BLANK, figure: 'text', shot: shot.id, text, devices }),
  );
  const curve = PLATFORMS.flatMap((platform) =>
    (kept?.platforms[platform]?.curve ?? []).map(([slot, devices]): Figure => ({
      ...BLANK,
      figure: 'curve',
      shot: shot.id,
      platform,
      state: 'accepted',
      slotMs: slot * 100,
      devices,
    })),
  );
  return [...outcomes, ...texts, ...curve];
}

function placeOf({ audience }: Shot, { segment, attempt }: SegmentTotals) {
  const ref = audience.segments.find(({ id }) => id === segment);
  return { segment, attempt, market: ref === undefined ? '' : marketOf(ref), platform: ref?.platform ?? '' };
}

/** Every device once: failed ones by reason, and those without one by none. */
function statesOf(totals: Totals): Pick<Figure, 'state' | 'reason' | 'devices'>[] {
  const reasons = Object.entries(totals.reasons).map(([reason, devices]) => ({ state: 'failed', reason, devices }));
  const unnamed = totals.failed - reasons.reduce((sum, { devices }) => sum + devices, 0);
  return [
    ...DEVICE_STATES.map((state) => ({ state, reason: '', devices: state === 'failed' ? unnamed : totals[state] })),
    ...reasons,
  ].filter(({ devices }) => devices !== 0);
}

/** What the room showed, beside what the record says now, with what has changed it. */
function roomText({ shot, kept }: ShotReport, entries: readonly Entry[]): string {
  if (shot.totals === null) return 'the shot runs still';
  if (kept === null) return 'no figures were kept, so there is no curve';
  const now = describeTotals(sumTotals(shot.totals));
  const then = describeTotals(kept.total);
  if (then === now) return 'showed the same';
  const late = entries.filter((entry) => entry.kind === 'ShotCorrected' && entry.shotId === shot.id);
  return late.length === 0
    ? `showed ${then}, and NOTHING in the record explains the difference`
    : `showed ${then}; late accounts have corrected it since (${late.map(({ seq }) => `entry ${seq}`).join(', ')})`;
}

/** Of what the accounts say was accepted, how much the curve shows. */
function curveText({ shot, kept }: ShotReport): string {
  if (kept === null || shot.totals === null) return '';
  const shown = kept.total.curve.reduce((sum, [, accepted]) => sum + accepted, 0);
  const { accepted } = sumTotals(shot.totals);
  return shown === accepted
    ? `${number(shown)} accepted, all of them, as ${number(kept.boots)} ${kept.boots === 1 ? 'worker' : 'workers'} said`
    : `${number(shown)} of ${number(accepted)} accepted: the rest stands in accounts alone, as the last reports of some workers never came`;
}

export function reportLines(report: ShotReport, entries: readonly Entry[]): string[] {
  const { shot } = report;
  const figures = figuresOf(report);
  const curve = curveText(report);
  return [
    `${shot.id}  ${segmentList(shot.segments)}`,
    `  total     ${shot.totals === null ? 'running' : describeTotals(sumTotals(shot.totals))}`,
    `  room      ${roomText(report, entries)}`,
    ...(shot.timing === null ? [] : [`  speed     ${describeTiming(shot.timing)}`]),
    ...(curve === '' ? [] : [`  curve     ${curve}`]),
    ...split(figures, 'market', 'outcome'),
    ...split(figures, 'platform', 'outcome'),
    ...split(figures, 'variant', 'variant'),
    ...figures
      .filter(({ figure }) => figure === 'text')
      .map(({ text, devices }) => `  text      ${text}: for ${number(devices)}`),
    ...(shot.segments.some(({ attempt }) => attempt > 1)
      ? ['            whole segments; this attempt went only to what was left of them']
      : []),
  ];
}

function split(figures: readonly Figure[], by: 'market' | 'platform' | 'variant', of: Figure['figure']): string[] {
  const mine = Map.groupBy(
    figures.filter(({ figure }) => figure === of),
    (figure) => figure[by],
  );
  return [...mine].map(([name, ones]) => {
    const sum = (some: readonly Figure[]) => some.reduce((all, { devices }) => all + devices, 0);
    const states = Map.groupBy(ones, ({ state, reason }) => (reason === '' ? state : `${state} (${reason})`));
    const parts = [...states].map(([state, some]) => `${number(sum(some))} ${state}`);
    const accepted = sum(ones.filter(({ state }) => state === 'accepted'));
    return `  ${by.padEnd(10)}${name}: ${parts.join(', ')} (${percent(accepted, sum(ones))} accepted)`;
  });
}

const COLUMNS = [
  'figure',
  'shot',
  'segment',
  'attempt',
  'market',
  'platform',
  'variant',
  'text',
  'state',
  'reason',
  'slotMs',
  'devices',
] as const satisfies (keyof Figure)[];

export const figuresCsv = (reports: readonly ShotReport[]): string =>
  csvOf([COLUMNS, ...reports.flatMap(figuresOf).map((figure) => COLUMNS.map((column) => figure[column]))]);
