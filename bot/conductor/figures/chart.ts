import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import { parse, View } from 'vega';
import type { Legend, Mark, Spec, TextEncodeEntry, TextMark } from 'vega';
import type { Figures, ShotFigures } from '../../../contract/figures.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { percent } from '../../../runbooks/launch/shares.ts';
import { seconds, theRest } from '../../views/live-stats.ts';
import { platformName } from '../../views/names.ts';
import { shotSegments } from '../../views/segments-text.ts';
import { count } from '../../views/words.ts';

/**
 * The delivery curve as a picture: share of the shot's devices that the provider has accepted, over the time
 * since GO. vega draws SVG, resvg turns it into PNG; fonts come from a package, because a container has none
 * (docs/facts.md#container-fonts).
 */

export const CHART_WIDTH_PX = 1_200;
export const CHART_HEIGHT_PX = 640;

const COLOURS = { all: '#1d1c1d', ios: '#1264a3', android: '#2eb67d', mark: '#868686', halt: '#e01e5a' };
const FONT = 'DejaVu Sans';

export interface Chart {
  png: Uint8Array;
  altText: string;
}

/** Takes some 60 ms of the calling thread. */
export async function deliveryChart(launch: Launch, shot: Shot, figures: ShotFigures): Promise<Chart> {
  const svg = await new View(parse(chartSpec(launch, shot, figures)), { renderer: 'none' }).toSVG();
  const require = createRequire(import.meta.url);
  const fonts = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${file}`),
  );
  const image = new Resvg(svg, {
    background: '#ffffff',
    fitTo: { mode: 'width', value: CHART_WIDTH_PX },
    font: { loadSystemFonts: false, fontFiles: fonts, defaultFontFamily: FONT },
  }).render();
  return { png: image.asPng(), altText: chartAltText(launch, shot, figures) };
}

export function chartAltText(launch: Launch, shot: Shot, figures: ShotFigures): string {
  const { total } = figures;
  const head = `Delivery curve of shot ${shot.id}, ${shotSegments(launch, shot)}: ${count(total.accepted)} of ${count(figures.devices)} devices (${percent(total.accepted, figures.devices)}) accepted${rest(total)}`;
  const spread =
    total.p50Ms === null || total.p95Ms === null || total.p99Ms === null
      ? 'no times were measured'
      : `half of them within ${seconds(total.p50Ms)}, 95% within ${seconds(total.p95Ms)}, 99% within ${seconds(total.p99Ms)} of GO`;
  return `${head}; ${spread}${shot.haltedAtMs === null ? '' : `; halted ${seconds(shot.haltedAtMs - shot.pressedAtMs)} after GO`}.`;
}

const rest = (total: Figures): string => (theRest(total) === 'none' ? '' : `, ${theRest(total)}`);

/** Points of a running total: a step starts at the beginning of its slot and ends with it. */
export function cumulative(figures: Figures, ofDevices: number, untilS: number): { s: number; share: number }[] {
  const points = [{ s: 0, share: 0 }];
  let accepted = 0;
  for (const [slot, more] of figures.curve) {
    const before = points.at(-1);
    if (before !== undefined && before.s < slot / 10) points.push({ s: slot / 10, share: before.share });
    accepted += more;
    points.push({ s: (slot + 1) / 10, share: ofDevices === 0 ? 0 : accepted / ofDevices });
  }
  const last = points.at(-1);
  if (last !== undefined && last.s < untilS) points.push({ s: untilS, share: last.share });
  return points;
}

interface Line {
  name: string;
  colour: string;
  points: { s: number; share: number }[];
}

/** A moment of the shot: a line from top to bottom with a label. */
interface Moment {
  s: number;
  label: string;
  colour: string;
  /** Labels stand one below the other. */
  row: number;
  dash: [number, number];
}

/** What vega draws. */
export function chartSpec(launch: Launch, shot: Shot, figures: ShotFigures): Spec {
  const haltS = shot.haltedAtMs === null ? null : (shot.haltedAtMs - shot.pressedAtMs) / 1_000;
  const lastSlot = figures.total.curve.at(-1)?.[0] ?? 0;
  const untilS = Math.max(1, ((lastSlot + 1) / 10) * 1.04, (haltS ?? 0) * 1.04);
  const lines = linesOf(figures, untilS);
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    ...frame(),
    title: {
      text: `Delivery: ${launch.name}`,
      subtitle: [subtitle(launch, shot, figures)],
      anchor: 'start',
      font: FONT,
      fontSize: 22,
      subtitleFont: FONT,
      subtitleFontSize: 14,
      subtitleColor: '#616061',
      offset: 14,
    },
    data: [
      { name: 'points', values: lines.flatMap((line) => line.points.map((point) => ({ ...point, line: line.name }))) },
      { name: 'marks', values: momentsOf(figures.total, haltS) },
    ],
    scales: [
      { name: 'x', type: 'linear', domain: [0, untilS], range: 'width' },
      { name: 'y', type: 'linear', domain: [0, 1], range: 'height' },
      {
        name: 'colour',
        type: 'ordinal',
        domain: lines.map((line) => line.name),
        range: lines.map((line) => line.colour),
      },
    ],
    axes: [
      { ...AXIS, orient: 'bottom', scale: 'x', title: 'seconds since GO', tickCount: 10 },
      { ...AXIS, orient: 'left', scale: 'y', title: 'accepted share of devices', format: '.0%', tickCount: 5 },
    ],
    legends: [LEGEND],
    marks: [
      MOMENT_LINES,
      CURVES,
      // Drawn twice: white and thick beneath, so that a label stays readable where a curve crosses it.
      labels(untilS, { stroke: { value: '#ffffff' }, strokeWidth: { value: 5 } }),
      labels(untilS, { fill: { field: 'colour' } }),
    ],
  };
}

/** All devices, and each platform where there are two. */
function linesOf(figures: ShotFigures, untilS: number): Line[] {
  const used = PLATFORMS.filter((platform) => figures.platforms[platform] !== undefined);
  const all = { name: 'all devices', colour: COLOURS.all, points: cumulative(figures.total, figures.devices, untilS) };
  if (used.length < 2) return [all];
  const platforms = used.map((platform) => {
    const one = figures.platforms[platform];
    return {
      name: `${platformName[platform]} (of its own)`,
      colour: COLOURS[platform],
      points: one === undefined ? [] : cumulative(one, one.devices, untilS),
    };
  });
  return [all, ...platforms];
}

function momentsOf({ p50Ms, p95Ms, p99Ms }: Figures, haltS: number | null): Moment[] {
  const times = Object.entries({ p50: p50Ms, p95: p95Ms, p99: p99Ms }).flatMap(([name, ms], row): Moment[] =>
    ms === null ? [] : [{ s: ms / 1_000, label: `${name} ${seconds(ms)}`, colour: COLOURS.mark, row, dash: [4, 4] }],
  );
  if (haltS === null) return times;
  return [...times, { s: haltS, label: `HALT ${seconds(haltS * 1_000)}`, colour: COLOURS.halt, row: 3, dash: [1, 0] }];
}

const AXIS = {
  grid: true,
  gridOpacity: 0.35,
  labelFont: FONT,
  titleFont: FONT,
  labelFontSize: 14,
  titleFontSize: 15,
  titlePadding: 10,
};

const LEGEND: Legend = {
  stroke: 'colour',
  symbolType: 'stroke',
  symbolStrokeWidth: 4,
  symbolSize: 500,
  // On a line of its own beneath the axis: a shot that was halted early draws its curves where the plot is empty else.
  orient: 'none',
  direction: 'horizontal',
  columnPadding: 24,
  legendX: 0,
  legendY: { signal: 'height + 54' },
  labelFont: FONT,
  labelFontSize: 14,
  labelLimit: 0,
};

const MOMENT_LINES: Mark = {
  type: 'rule',
  from: { data: 'marks' },
  encode: {
    enter: {
      x: { scale: 'x', field: 's' },
      y: { value: 0 },
      y2: { field: { group: 'height' } },
      stroke: { field: 'colour' },
      strokeWidth: { value: 1.5 },
      strokeDash: { field: 'dash' },
    },
  },
};

const CURVES: Mark = {
  type: 'group',
  from: { facet: { name: 'series', data: 'points', groupby: 'line' } },
  marks: [
    {
      type: 'line',
      from: { data: 'series' },
      encode: {
        enter: {
          x: { scale: 'x', field: 's' },
          y: { scale: 'y', field: 'share' },
          stroke: { scale: 'colour', field: 'line' },
          strokeWidth: { value: 3 },
          strokeJoin: { value: 'round' },
        },
      },
    },
  ],
};

/** Labels stand one below the other, as p95 and p99 are often close; on the far right they turn to the left of their line. */
function labels(untilS: number, paint: TextEncodeEntry): TextMark {
  const right = `datum.s > ${untilS * 0.85}`;
  return {
    type: 'text',
    from: { data: 'marks' },
    encode: {
      enter: {
        x: { scale: 'x', field: 's', offset: { signal: `${right} ? -6 : 6` } },
        align: { signal: `${right} ? 'right' : 'left'` },
        y: { signal: '250 + datum.row * 24' },
        text: { field: 'label' },
        font: { value: FONT },
        fontSize: { value: 14 },
        fontWeight: { value: 'bold' },
        ...paint,
      },
    },
  };
}

/** Fixed margins give a picture of a fixed size, whatever the labels are. */
function frame(): Pick<Spec, 'width' | 'height' | 'padding' | 'autosize'> {
  const padding = { left: 92, right: 28, top: 84, bottom: 92 };
  return {
    width: CHART_WIDTH_PX - padding.left - padding.right,
    height: CHART_HEIGHT_PX - padding.top - padding.bottom,
    padding,
    autosize: { type: 'none' },
  };
}

function subtitle(launch: Launch, shot: Shot, figures: ShotFigures): string {
  return `${count(figures.total.accepted)} of ${count(figures.devices)} devices accepted (${percent(figures.total.accepted, figures.devices)})${figures.total.uncertain === 0 ? '' : `, ${count(figures.total.uncertain)} uncertain`}, best second ${count(figures.peakPerSecond)}/s · ${shotSegments(launch, shot)}, shot ${shot.id}`;
}
