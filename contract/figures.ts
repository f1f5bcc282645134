import { build, decodeFromCompressedBase64 } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';
import type { Platform, Totals } from '../runbooks/launch/entries.ts';
import { PLATFORMS } from '../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../runbooks/launch/launch.ts';
import { addTotals, noTotals, sumTotals, sumVariants } from '../runbooks/launch/totals.ts';
import { variantDevices } from '../runbooks/launch/variants.ts';
import type { PlatformCounts, ShotSnapshot, VariantCounts } from './report.ts';

/** One shot in figures, merged from what every worker boot has last said about it. Times are ms since GO. */
export interface ShotFigures {
  shotId: string;
  sinceGoMs: number;
  devices: number;
  total: Figures;
  /** Only platforms that the shot sends to. */
  platforms: Partial<Record<Platform, Figures>>;
  /** In the campaign's order. Empty: there are none. */
  variants: VariantFigures[];
  /** Accepted per second: over the last two seconds while it runs, over the whole span of answers once closed. */
  perSecond: number;
  /** The best full second. */
  peakPerSecond: number;
  /** Worker boots that have said anything about this shot. */
  boots: number;
  firstWriteMs: number | null;
  lastWriteMs: number | null;
}

export interface Figures extends Totals {
  devices: number;
  written: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  /** Accepted per 100 ms slot since GO, in order of slot. */
  curve: [slot: number, accepted: number][];
}

/** `others`: devices that have ended otherwise than accepted or refused. */
interface VariantFigures extends VariantCounts {
  devices: number;
}

const SLOT_MS = 100;
/** Reports come every 250 ms and are read a little later: the newest half second is never complete. */
const REPORT_LAG_MS = 500;
const RATE_WINDOW_MS = 2_000;

/** Merges snapshots, one per boot at most (the caller keeps the newest). `problems` counts histograms that could not be read. */
export function shotFigures(
  launch: Launch,
  shot: Shot,
  snapshots: readonly ShotSnapshot[],
  nowMs: number,
): { figures: ShotFigures; problems: number } {
  const sinceGoMs = Math.max(0, (shot.closed?.atMs ?? nowMs) - shot.pressedAtMs);
  const devices = devicesOf(launch, shot);
  const used = PLATFORMS.filter((platform) => devices[platform] > 0);
  const everything = emptyHistogram();
  let problems = 0;
  const platforms: Partial<Record<Platform, Figures>> = {};
  for (const platform of used) {
    const merged = mergePlatform(
      devices[platform],
      snapshots.map((snapshot) => snapshot.platforms[platform]),
    );
    problems += merged.problems;
    everything.add(merged.histogram);
    platforms[platform] = withTotals(merged.figures, closedTotals(shot, platform));
  }
  const total = sumFigures(Object.values(platforms), everything);
  const writes = (pick: (snapshot: ShotSnapshot) => number | null) =>
    snapshots
      .map(pick)
      .filter((atMs) => atMs !== null)
      .map((atMs) => atMs - shot.pressedAtMs);
  const first = writes((snapshot) => snapshot.firstWriteAtMs);
  const last = writes((snapshot) => snapshot.lastWriteAtMs);
  return {
    problems,
    figures: {
      shotId: shot.id,
      sinceGoMs,
      devices: total.devices,
      total,
      platforms,
      variants: variantFigures(shot, snapshots),
      perSecond: shot.closed === null ? presentRate(total.curve, sinceGoMs) : wholeRate(total.curve),
      peakPerSecond: peakRate(total.curve),
      boots: snapshots.length,
      firstWriteMs: first.length === 0 ? null : Math.min(...first),
      lastWriteMs: last.length === 0 ? null : Math.max(...last),
    },
  };
}

/** Devices of the shot by platform. A later attempt is over what the one before left, not over the whole segment. */
export function devicesOf(launch: Launch, shot: Shot): Record<Platform, number> {
  const devices = { ios: 0, android: 0 };
  for (const one of shot.segments) {
    const segment = shot.audience.segments.find((candidate) => candidate.id === one.segment);
    if (segment === undefined) continue;
    const closed = shot.totals?.find((totals) => totals.segment === one.segment);
    const planned = launch.attempts[one.segment]?.find((attempt) => attempt.attempt === one.attempt)?.devices;
    devices[segment.platform] += closed?.devices ?? planned ?? segment.devices;
  }
  return devices;
}

/** At close by the accounts; before, by what workers say of their batches. A further attempt is for part of a variant, and how many of it nobody knows before the close. */
function variantFigures(shot: Shot, snapshots: readonly ShotSnapshot[]): VariantFigures[] {
  if (shot.totals !== null)
    return sumVariants(shot.totals).map(({ variant, devices, totals }) => {
      const { accepted, failed } = totals;
      return { variant, devices, accepted, failed, others: devices - accepted - failed };
    });
  return Object.entries(variantDevices(shot.audience, shot.segments)).map(([variant, devices]) => {
    const told = snapshots.flatMap(({ variants = [] }) => variants).filter((one) => one.variant === variant);
    const sum = (pick: (one: VariantCounts) => number) => told.reduce((all, one) => all + pick(one), 0);
    return {
      variant,
      devices,
      accepted: sum(({ accepted }) => accepted),
      failed: sum(({ failed }) => failed),
      others: sum(({ others }) => others),
    };
  });
}

/** Figures that the accounts gave at close; null while the shot runs. */
function closedTotals(shot: Shot, platform: Platform): Totals | null {
  if (shot.totals === null) return null;
  const mine = shot.totals.filter((totals) =>
    shot.audience.segments.some((segment) => segment.id === totals.segment && segment.platform === platform),
  );
  return sumTotals(mine);
}

/** At close the accounts alone say what happened; the snapshots still give the times. */
function withTotals(figures: Figures, totals: Totals | null): Figures {
  return totals === null ? figures : { ...figures, ...totals };
}

function mergePlatform(
  devices: number,
  counts: readonly PlatformCounts[],
): { figures: Figures; histogram: Histogram; problems: number } {
  const figures: Figures = {
    ...noTotals(),
    devices,
    written: 0,
    p50Ms: null,
    p95Ms: null,
    p99Ms: null,
    curve: [],
  };
  const histogram = emptyHistogram();
  const slots = new Map<number, number>();
  let problems = 0;
  for (const one of counts) {
    figures.written += one.written;
    addTotals(figures, one);
    for (const [slot, accepted] of one.curve) slots.set(slot, (slots.get(slot) ?? 0) + accepted);
    if (!addEncoded(histogram, one.histogram)) problems += 1;
  }
  return { figures: { ...figures, ...percentiles(histogram), curve: inOrder(slots) }, histogram, problems };
}

function sumFigures(parts: readonly Figures[], histogram: Histogram): Figures {
  const slots = new Map<number, number>();
  const sum: Figures = {
    ...noTotals(),
    devices: 0,
    written: 0,
    curve: [],
    ...percentiles(histogram),
  };
  for (const part of parts) {
    sum.devices += part.devices;
    sum.written += part.written;
    addTotals(sum, part);
    for (const [slot, accepted] of part.curve) slots.set(slot, (slots.get(slot) ?? 0) + accepted);
  }
  sum.curve = inOrder(slots);
  return sum;
}

/** One hour at 1 ms and three digits; grows by itself should a shot last longer. */
function emptyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000,
    numberOfSignificantValueDigits: 3,
    autoResize: true,
    bitBucketSize: 32,
    useWebAssembly: false,
  });
}

/** False: not a histogram. An empty text means nothing was answered yet. */
function addEncoded(histogram: Histogram, encoded: string): boolean {
  if (encoded === '') return true;
  try {
    histogram.add(decodeFromCompressedBase64(encoded, 32, false));
    return true;
  } catch {
    return false; // one worker's garbage must not hide what all the others say; the caller counts it
  }
}

function percentiles(histogram: Histogram): Pick<Figures, 'p50Ms' | 'p95Ms' | 'p99Ms'> {
  const at = (percentile: number) => (histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(percentile));
  return { p50Ms: at(50), p95Ms: at(95), p99Ms: at(99) };
}

const inOrder = (slots: ReadonlyMap<number, number>): [number, number][] => [...slots].toSorted((a, b) => a[0] - b[0]);

function presentRate(curve: Figures['curve'], sinceGoMs: number): number {
  const untilMs = sinceGoMs - REPORT_LAG_MS;
  const fromMs = Math.max(0, untilMs - RATE_WINDOW_MS);
  if (untilMs <= fromMs) return 0;
  const accepted = curve
    .filter(([slot]) => slot * SLOT_MS >= fromMs && slot * SLOT_MS < untilMs)
    .reduce((sum, [, times]) => sum + times, 0);
  return Math.round((accepted * 1_000) / (untilMs - fromMs));
}

function wholeRate(curve: Figures['curve']): number {
  const first = curve[0];
  const last = curve.at(-1);
  if (first === undefined || last === undefined) return 0;
  const accepted = curve.reduce((sum, [, times]) => sum + times, 0);
  return Math.round((accepted * 1_000) / ((last[0] - first[0] + 1) * SLOT_MS));
}

function peakRate(curve: Figures['curve']): number {
  let peak = 0;
  let sum = 0;
  let from = 0;
  for (const [slot, accepted] of curve) {
    sum += accepted;
    for (let oldest = curve[from]; oldest !== undefined && slot - oldest[0] >= 1_000 / SLOT_MS; oldest = curve[from]) {
      sum -= oldest[1];
      from += 1;
    }
    peak = Math.max(peak, sum);
  }
  return peak;
}
