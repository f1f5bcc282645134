import { relative, stamp } from './clock.ts';
import { number, shortHash } from './describe.ts';
import { foreign, htmlFile, jsonIn, markup, trusted } from './html.ts';
import type { Html } from './html.ts';
import { LANES } from './lanes.ts';
import { channelBreak } from './model.ts';
import type { Timeline } from './model.ts';
import { momentPart, shotsPart, textsPart } from './page-shots.ts';
import type { Curve } from './page-shots.ts';
import { idOf } from './rows.ts';
import type { Row } from './rows.ts';

export interface PageParts {
  /** The page's own, as they stand in it. */
  style: string;
  script: string;
  /** sha256 in base64: the page runs and wears nothing but what has these hashes. */
  sha256: (text: string) => string;
  /** Delivery curves that were kept, by shot. */
  curves: Readonly<Record<string, Curve>>;
  /** Where its record ends, for a page that asks for what came after; absent: it stays as it is. */
  liveAt?: string;
}

const LANES_HELP = 'Lanes. Arrow keys move, plus and minus zoom, 0 shows the whole.';

/** So many rows are laid out together or not at all: a browser skips what is not on the screen. */
const CHUNK = 100;

/**
 * The timeline as one HTML file that needs nothing else: what the Markdown says, an axis that zooms, filters, and the evidence of
 * each row. Without its script it is the same text in UTC.
 */
export function timelinePage(timeline: Timeline, { style, script, sha256, curves, liveAt }: PageParts): string {
  const live = liveAt === undefined ? markup`` : markup` data-live="${liveAt}"`;
  const state = liveAt === undefined ? '' : markup`<p id="live" role="status">live</p>`;
  return htmlFile({
    title: `${timeline.name}: timeline`,
    style,
    script,
    sha256,
    isLive: liveAt !== undefined,
    body: markup`<body data-launch="${timeline.launchId}" data-target="${timeline.targetAtMs}"${live}>
    <header>${pageHead(timeline)}</header>
    <main>${state}${axis(timeline)}${shotsPart(timeline, curves)}${textsPart(timeline.texts)}${log(timeline)}</main>
    <script type="application/json" id="data">${jsonIn({ spans: timeline.spans, lanes: LANES })}</script>
    <script type="module">${trusted(script)}</script>
    </body>`,
  });
}

const CHOICE_CHARS = 40;

export function pageHead(timeline: Timeline): Html {
  const { name, launchId, runbook, targetAtMs, people, entries, head: hash, chain } = timeline;
  const talk = channelBreak(timeline);
  const record = chain.ok
    ? markup`${number(entries)} entries, hash chain verified, head <code>${hash}</code>`
    : markup`<strong class="bad">BROKEN at entry ${chain.seq}: ${chain.why}</strong>`;
  return markup`<h1 dir="auto">${name}</h1>
    <dl class="facts">
    <div><dt>Launch</dt><dd>${launchId}</dd></div>
    <div><dt>Runbook</dt><dd>${foreign(runbook.title)} (${runbook.id}, ${shortHash(runbook.hash)})</dd></div>
    <div><dt>Target</dt><dd>${momentPart(targetAtMs)}</dd></div>
    <div><dt>People</dt><dd>${foreign(people.join(', '))}</dd></div>
    <div class="wide"><dt>Record</dt><dd>${record}</dd></div>
    ${talk === null ? '' : markup`<div class="wide"><dt>Channel</dt><dd><strong class="bad">${talk}</strong></dd></div>`}
    </dl>`;
}

/** So much as a choice in a list has room for. */
const beginning = (segments: string): string =>
  segments.length <= CHOICE_CHARS ? segments : `${segments.slice(0, CHOICE_CHARS).replace(/,?[^,]*$/, '')} …`;

/** What the axis can be shown around, as options. */
export const momentsOf = ({ shots, targetAtMs }: Timeline): readonly Html[] => [
  ...shots.map(
    ({ shotId, segments, pressedAtMs }) =>
      markup`<option value="${pressedAtMs}">GO of ${shotId}: ${beginning(segments)}</option>`,
  ),
  markup`<option value="${targetAtMs}">the target</option>`,
];

function axis(timeline: Timeline): Html {
  const views = [
    ['3600000', '±1 h'],
    ['60000', '±1 min'],
    ['5000', '±5 s'],
    ['500', '±½ s'],
  ].map(([half = '', label = '']) => markup`<button type="button" data-half="${half}">${label}</button>`);
  return markup`<section id="axis" hidden aria-label="The launch on one axis">
    <div class="tools">
    <span class="group"><button type="button" data-half="whole">Whole</button>${views}</span>
    <label>around <select id="around">${momentsOf(timeline)}</select></label>
    <span class="group">
    <button type="button" data-zoom="0.5" aria-label="Zoom in">+</button>
    <button type="button" data-zoom="2" aria-label="Zoom out">−</button>
    </span>
    <label class="end">Times in <select id="zone">
    <option value="local">my zone</option><option value="UTC">UTC</option>
    </select></label>
    </div>
    <svg id="overview" aria-hidden="true"></svg>
    <svg id="lanes" tabindex="0" role="group" aria-label="${LANES_HELP}"></svg>
    <p id="told" aria-live="polite">Drag to move, pinch or Ctrl and wheel to zoom; a mark opens its row.</p>
    </section>`;
}

function log({ rows, targetAtMs }: Timeline): Html {
  const chips = LANES.map(
    (lane) =>
      markup`<button type="button" class="chip ${lane}" data-lane="${lane}" aria-pressed="true">${lane}</button>`,
  );
  let day = '';
  const items = rows.map((row, index) => {
    const here = stamp(row.atMs).slice(0, 10);
    const isNew = here !== day;
    day = here;
    return item(row, index, { targetAtMs, day: isNew ? here : null });
  });
  const chunks = Array.from(
    { length: Math.ceil(items.length / CHUNK) },
    (_, at) => markup`<ol>${items.slice(at * CHUNK, (at + 1) * CHUNK)}</ol>`,
  );
  return markup`<section id="log"><h2>Timeline</h2>
    <div id="filters" class="tools" hidden>
    <span class="group">${chips}</span>
    <label>Who <select id="who"><option value="">everybody</option></select></label>
    <label>Kind <select id="kind"><option value="">every kind</option></select></label>
    <label id="marked" hidden>Mark <select id="mark"><option value="">marked or not</option></select></label>
    <label>Find <input id="find" type="search" autocomplete="off"></label>
    <label><input id="inside" type="checkbox"> only what the axis shows</label>
    <output id="count"></output>
    </div>
    ${chunks}</section>`;
}

/** Where its evidence is found: `e42` in the record, `m3` in the chain of channel messages. */
export const rowId = ({ place }: Row, index: number): string => (place === null ? `x${index}` : idOf(place));

/** To the message in Slack, where there is one. */
export const linkPart = ({ permalink }: Pick<Row, 'permalink'>): Html =>
  permalink === null ? markup`` : markup` <a href="${permalink}" target="_blank" rel="noopener noreferrer">message</a>`;

export function item(row: Row, index: number, { targetAtMs, day }: { targetAtMs: number; day: string | null }): Html {
  const { place, kind, lane, aws, proof, files, marks } = row;
  const id = rowId(row, index);
  const more = [
    place === null ? markup`` : markup` data-h="${place.hash}"`,
    proof === '' ? markup`` : markup` data-p="${proof}"`,
    aws === '' ? markup`` : markup` data-a="${aws}"`,
    marks.length === 0 ? markup`` : markup` data-m="${marks.join(' ')}"`,
    day === null ? markup`` : markup` data-day="${day} (UTC)"`,
  ];
  const beside = files.length === 0 ? '' : ` [${files.join(', ')}]`;
  return markup`<li id="${id}" class="${lane}${row.isLoud ? ' loud' : ''}" data-t="${row.atMs}" data-k="${kind}"${more}>
    <a href="#${id}"><time>${stamp(row.atMs).slice(11)}</time></a>
    <i>${relative(row.atMs - targetAtMs)}</i>
    <b dir="auto">${row.who}</b>
    <p dir="auto">${row.what}${beside}${linkPart(row)}</p>
    </li>`;
}
