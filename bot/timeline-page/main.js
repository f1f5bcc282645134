import { Axis } from './axis.js';
import { filter, items, listenToFilters, openNamed, showTimes, takeRows } from './log.js';
import { readIn } from './times.js';

/** The page from its start: everything in it is text already, the script only adds to it. */

const { spans, lanes } = JSON.parse(document.getElementById('data').textContent);
const around = document.getElementById('around');
const momentsIn = () =>
  [...around.options].map(({ value, text }) => ({ ms: Number(value), isGo: text.startsWith('GO') }));

const axis = new Axis({ items, spans, lanes, moments: momentsIn(), changed });
let filtering = 0;

/** What came since: the reader's zoom, filters and place stay. */
export function take({ spans, parts, rows }) {
  const chosen = around.value;
  for (const [part, html] of Object.entries(parts)) replacePart(part, html);
  if ([...around.options].some(({ value }) => value === chosen)) around.value = chosen;
  takeRows(rows);
  axis.take({ spans: spans ?? undefined, moments: momentsIn() });
  filter(axis.view);
}

/** HTML as the server makes it, in which all that people wrote is text. */
function replacePart(part, html) {
  if (part === 'head') document.querySelector('header').innerHTML = html;
  else if (part === 'around') around.innerHTML = html;
  else {
    document.getElementById(part)?.remove();
    document
      .getElementById(part === 'shots' ? 'axis' : 'log')
      .insertAdjacentHTML(part === 'shots' ? 'afterend' : 'beforebegin', html);
  }
}

/** The list follows the axis once the hand rests. */
function changed() {
  if (!document.getElementById('inside').checked) return;
  clearTimeout(filtering);
  filtering = setTimeout(() => filter(axis.view), 150);
}

function showAround(half) {
  if (half === 'whole') return axis.show(axis.whole);
  const ms = Number(around.value);
  return axis.show({ from: ms - Number(half), to: ms + Number(half) });
}

document.getElementById('axis').addEventListener('click', ({ target }) => {
  if (target.dataset.half !== undefined) showAround(target.dataset.half);
  if (target.dataset.zoom !== undefined) axis.zoom(Number(target.dataset.zoom));
});
around.addEventListener('input', () => {
  const half = Math.min(60_000, (axis.view.to - axis.view.from) / 2);
  axis.show({ from: Number(around.value) - half, to: Number(around.value) + half });
});
document.getElementById('zone').addEventListener('input', ({ target }) => {
  readIn(target.value);
  showTimes();
  filter(axis.view);
  axis.draw();
});
addEventListener('hashchange', () => {
  const ms = openNamed();
  if (ms !== null && (ms < axis.view.from || ms > axis.view.to)) {
    const half = (axis.view.to - axis.view.from) / 2;
    axis.show({ from: ms - half, to: ms + half });
  }
});

listenToFilters(() => filter(axis.view));
showTimes();
document.getElementById('axis').hidden = false;
filter(axis.view);
openNamed();
document.body.dataset.ready = 'true';
