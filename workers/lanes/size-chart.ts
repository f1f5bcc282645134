import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import { parse, View } from 'vega';
import type { Mark, Spec } from 'vega';
import type { SimulationQuestion } from './simulate/question.ts';
import type { Bound, SimulationAnswer } from './simulate/simulate.ts';

/** Times over tasks as a picture, with what bounds each. vega draws SVG, resvg turns it into PNG; fonts come from a package, because a container has none. */

const WIDTH_PX = 1_000;
const HEIGHT_PX = 520;
const FONT = 'DejaVu Sans';
const INK = '#1d1c1d';
const LINES = { p99: '#e01e5a', p95: '#1264a3', p50: '#2eb67d' } as const;

/** They stand beside each other. */
const SHORT: Record<Bound, string> = {
  go: 'press',
  queue: 'claims',
  'main thread': 'main thread',
  cores: 'cores',
  streams: 'streams',
  connections: 'connections',
  provider: 'provider',
  pace: 'pace',
};

export async function drawSizes(
  question: SimulationQuestion,
  rows: readonly { tasks: number; answer: SimulationAnswer }[],
  kind: 'svg' | 'png',
): Promise<string | Uint8Array> {
  const svg = await new View(parse(specOf(question, rows)), { renderer: 'none' }).toSVG();
  if (kind === 'svg') return svg;
  const require = createRequire(import.meta.url);
  const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${file}`),
  );
  return new Resvg(svg, { background: '#ffffff', font: { loadSystemFonts: false, fontFiles, defaultFontFamily: FONT } })
    .render()
    .asPng();
}

function specOf(
  { devices, cores, seed }: SimulationQuestion,
  rows: readonly { tasks: number; answer: SimulationAnswer }[],
): Spec {
  const points = pointsOf(rows);
  const seconds = points.flatMap((point) => (point.seconds > 0 ? point.seconds : []));
  const ticks = [...new Set(rows.map(({ tasks }) => tasks))];
  return {
    width: WIDTH_PX,
    height: HEIGHT_PX,
    padding: 20,
    background: '#ffffff',
    title: {
      text: `${devices.toLocaleString('en-US')} devices: seconds from the press until half, 95 % and 99 % are answered`,
      subtitle: `Simulated, tasks of ${cores} core${cores === 1 ? '' : 's'}, seed ${seed}; below each count of tasks what bounds it`,
      font: FONT,
      subtitleFont: FONT,
      fontSize: 18,
      subtitleFontSize: 13,
      anchor: 'start',
      offset: 16,
    },
    data: [
      { name: 'points', values: points },
      {
        name: 'bounds',
        values: points.filter(({ line }) => line === 'p50').map((point, at) => ({ ...point, row: at % 2 })),
      },
    ],
    scales: [
      { name: 'x', type: 'log', domain: [Math.min(...ticks) * 0.9, Math.max(...ticks) * 1.1], range: 'width' },
      { name: 'y', type: 'log', domain: [Math.min(...seconds) * 0.8, Math.max(...seconds) * 1.25], range: 'height' },
      { name: 'colour', type: 'ordinal', domain: Object.keys(LINES), range: Object.values(LINES) },
    ],
    axes: [
      {
        ...AXIS,
        orient: 'bottom',
        scale: 'x',
        values: ticks,
        format: 'd',
        title: 'tasks',
        titlePadding: 46,
        gridOpacity: 0.3,
      },
      { ...AXIS, orient: 'left', scale: 'y', title: 'seconds since the press', format: '~g', gridOpacity: 0.5 },
    ],
    legends: [
      {
        stroke: 'colour',
        orient: 'top-right',
        labelFont: FONT,
        labelFontSize: 14,
        symbolType: 'stroke',
        symbolStrokeWidth: 3,
      },
    ],
    marks: [CURVES, TIMES, BOUNDS],
  };
}

/** Three for each row: its times, and what bounds it. */
function pointsOf(rows: readonly { tasks: number; answer: SimulationAnswer }[]) {
  return rows.flatMap(({ tasks, answer }) =>
    (
      [
        ['p50', answer.p50Ms],
        ['p95', answer.p95Ms],
        ['p99', answer.p99Ms],
      ] as const
    ).map(([line, ms]) => ({
      tasks,
      line,
      seconds: (ms ?? 0) / 1_000,
      says: `${((ms ?? 0) / 1_000).toFixed(1)}`,
      bound: SHORT[answer.bound],
    })),
  );
}

const AXIS = { labelFont: FONT, titleFont: FONT, labelFontSize: 13, titleFontSize: 13, grid: true };

const PLACE = { x: { scale: 'x', field: 'tasks' }, y: { scale: 'y', field: 'seconds' } };
const TEXT = { font: { value: FONT }, fill: { value: INK }, align: { value: 'center' } } as const;

const CURVES: Mark = {
  type: 'group',
  from: { facet: { name: 'one', data: 'points', groupby: 'line' } },
  marks: [
    {
      type: 'line',
      from: { data: 'one' },
      encode: { enter: { ...PLACE, stroke: { scale: 'colour', field: 'line' }, strokeWidth: { value: 3 } } },
    },
    {
      type: 'symbol',
      from: { data: 'one' },
      encode: { enter: { ...PLACE, fill: { scale: 'colour', field: 'line' }, size: { value: 50 } } },
    },
  ],
};

/** Seconds above each point; of p95 none, since p99 is close. */
const TIMES: Mark = {
  type: 'text',
  from: { data: 'points' },
  encode: {
    enter: {
      ...TEXT,
      ...PLACE,
      dy: { value: -9 },
      text: { field: 'says' },
      fontSize: { value: 11 },
      opacity: { signal: "datum.line === 'p95' ? 0 : 1" },
    },
  },
};

/** What bounds each count of tasks, below its tick. */
const BOUNDS: Mark = {
  type: 'text',
  from: { data: 'bounds' },
  encode: {
    enter: {
      ...TEXT,
      x: PLACE.x,
      y: { signal: `${HEIGHT_PX} + 32 + datum.row * 14` },
      text: { field: 'bound' },
      fontSize: { value: 10 },
    },
  },
};
