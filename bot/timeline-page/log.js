import { clock, day, dayHead, sinceTarget, zoneName } from './times.js';

/** The list below the axis: its times, filters, and the evidence of the row that the address names. */

const field = (id) => document.getElementById(id);
const itemOf = (row) => ({
  row,
  atMs: Number(row.dataset.t),
  lane: row.classList[0],
  isLoud: row.classList.contains('loud'),
});

export const items = [...document.querySelectorAll('#log li')].map(itemOf);

const marksOf = (row) => row.dataset.m?.split(' ') ?? [];
const whoOf = (row) => row.children[2].textContent;

/** Options with how many there are, most first, behind the one that means all; what is chosen stays so. */
function fill(select, values) {
  const counts = new Map();
  const chosen = select.value;
  select.length = 1;
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, times] of [...counts].toSorted((a, b) => b[1] - a[1]))
    select.append(new Option(`${value} (${times.toLocaleString()})`, value));
  select.value = chosen;
}

export function showTimes(those = items) {
  let last = '';
  for (const { row, atMs } of those) {
    row.firstChild.firstChild.textContent = clock(atMs);
    const here = dayHead(atMs);
    if (here === last) delete row.dataset.day;
    else row.dataset.day = here;
    last = here;
  }
  for (const time of document.querySelectorAll('time[data-at]')) {
    const ms = Number(time.dataset.at);
    time.textContent = `${day(ms)} ${clock(ms)} ${zoneName()}`;
  }
}

/** Refusals one behind the other that say the same of the same person are one row with a count, as in the Markdown (fold.ts); the address and the axis lead to each. */
const isSame = (a, b) =>
  a.dataset.k === 'Refused' &&
  b.dataset.k === 'Refused' &&
  whoOf(a) === whoOf(b) &&
  a.children[3].textContent === b.children[3].textContent;

function tellTimes(told) {
  if (told === null || told.row.dataset.k !== 'Refused') return;
  const { row, times, atMs } = told;
  if (times === 1) delete row.children[3].dataset.times;
  else row.children[3].dataset.times = `${times.toLocaleString()} times in a row, the last at ${clock(atMs)}`;
}

/** `window`: what the axis shows, in milliseconds. */
export function filter(window) {
  const lanes = new Set([...document.querySelectorAll('.chip[aria-pressed="true"]')].map((chip) => chip.dataset.lane));
  const who = field('who').value;
  const kind = field('kind').value;
  const mark = field('mark').value;
  const find = field('find').value.trim().toLocaleLowerCase();
  const inside = field('inside').checked;
  let shown = 0;
  let lastDay = '';
  /** The row that is shown last, and how often the same stands behind it. */
  let last = null;
  for (const { row, atMs, lane } of items) {
    const fits =
      lanes.has(lane) &&
      (kind === '' || row.dataset.k === kind) &&
      (mark === '' || marksOf(row).includes(mark)) &&
      (!inside || (atMs >= window.from && atMs <= window.to)) &&
      (who === '' || whoOf(row) === who) &&
      (find === '' || row.textContent.toLocaleLowerCase().includes(find));
    if (row.hidden === fits) row.hidden = !fits;
    if (!fits) {
      // What is not shown stands between all the same.
      tellTimes(last);
      last = null;
      continue;
    }
    shown += 1;
    const isAgain = last !== null && isSame(last.row, row);
    if (row.classList.contains('again') !== isAgain) row.classList.toggle('again', isAgain);
    if (isAgain) {
      last.times += 1;
      last.atMs = atMs;
      delete row.children[3].dataset.times;
      continue;
    }
    tellTimes(last);
    last = { row, times: 1, atMs };
    // The first that is left of a day says which.
    const here = dayHead(atMs);
    if (here === lastDay) {
      if (row.dataset.day !== undefined) delete row.dataset.day;
    } else row.dataset.day = here;
    lastDay = here;
  }
  tellTimes(last);
  for (const list of document.querySelectorAll('#log ol'))
    list.hidden = list.querySelector('li:not([hidden])') === null;
  field('count').value =
    shown === items.length
      ? `${shown.toLocaleString()} rows`
      : `${shown.toLocaleString()} of ${items.length.toLocaleString()} rows`;
}

function fillAll() {
  fill(
    field('who'),
    items.map(({ row }) => whoOf(row)),
  );
  fill(
    field('kind'),
    items.map(({ row }) => row.dataset.k),
  );
  const marks = items.flatMap(({ row }) => marksOf(row));
  fill(field('mark'), marks);
  field('marked').hidden = marks.length === 0;
}

/** Rows laid out together, as the page was made with. */
const CHUNK = 100;

/** Rows that are new, or say something else now, each at its time; what stands between stays as it is. */
export function takeRows(rows) {
  const taken = rows.map(itemOf);
  for (const item of taken) {
    const { row } = item;
    const old = field(row.id);
    if (old !== null) {
      const shown = old.querySelector('.evidence');
      if (shown !== null) row.append(evidence(row));
      old.replaceWith(row);
      items[items.findIndex((one) => one.row === old)] = item;
      continue;
    }
    const before = items.findLastIndex(({ atMs }) => atMs <= item.atMs);
    items.splice(before + 1, 0, item);
    const beside = items[before]?.row;
    if (beside === undefined) document.querySelector('#log ol').prepend(row);
    else if (before + 2 === items.length && beside.parentElement.children.length >= CHUNK) {
      const list = document.createElement('ol');
      list.append(row);
      beside.parentElement.after(list);
    } else beside.after(row);
  }
  fillAll();
  showTimes(taken);
}

export function listenToFilters(changed) {
  fillAll();
  field('filters').addEventListener('click', ({ target }) => {
    if (target.dataset.lane === undefined) return;
    target.setAttribute('aria-pressed', String(target.getAttribute('aria-pressed') !== 'true'));
    changed();
  });
  field('filters').addEventListener('input', changed);
  field('filters').hidden = false;
}

function line(name, value) {
  const term = document.createElement('dt');
  term.textContent = name;
  const told = document.createElement('dd');
  told.append(value);
  return [term, told];
}

function code(text) {
  const element = document.createElement('code');
  element.textContent = text;
  return element;
}

function link(href, text) {
  const element = document.createElement('a');
  element.href = href;
  element.textContent = text;
  return element;
}

function evidence(row) {
  const atMs = Number(row.dataset.t);
  const seq = row.id.slice(1);
  const isEntry = row.id.startsWith('e');
  const shot = /\bS\d+\b/.exec(row.lastChild.textContent)?.[0];
  const message = row.querySelector('p a');
  const list = document.createElement('dl');
  list.className = 'evidence';
  list.append(
    ...line('Kind', row.dataset.k),
    ...line('Time', `${day(atMs)} ${clock(atMs)} ${zoneName()}, ${new Date(atMs).toISOString()}, ${sinceTarget(atMs)}`),
    ...(row.dataset.h === undefined ? [] : line(isEntry ? `Entry ${seq}` : `Message ${seq}`, code(row.dataset.h))),
    ...(row.dataset.a === undefined ? [] : line('AWS', code(row.dataset.a))),
    ...(row.dataset.p === undefined ? [] : line('Proof', row.dataset.p)),
    ...(isEntry
      ? line(
          'Check it',
          code(`npm run record -- verify --launch ${document.body.dataset.launch} --head ${seq}:${row.dataset.h}`),
        )
      : []),
    ...(message === null ? [] : line('In Slack', link(message.href, message.href))),
    ...(shot === undefined || field(`shot-${shot}`) === null
      ? []
      : line('Figures', link(`#shot-${shot}`, `shot ${shot}`))),
  );
  return list;
}

/** Opens the row that the address names, and gives its time; null: it names none. */
export function openNamed() {
  for (const old of document.querySelectorAll('.evidence')) old.remove();
  const row = field(location.hash.slice(1));
  if (row?.dataset.t === undefined) return null;
  row.hidden = false;
  row.parentElement.hidden = false;
  row.append(evidence(row));
  row.scrollIntoView({ block: 'nearest' });
  return Number(row.dataset.t);
}
