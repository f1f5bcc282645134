import { bounded, otherLabel, packed, ticksOf, wholeOf, zoomed } from './scale.js';
import { clock, day, lasted, sinceTarget } from './times.js';

/** Lanes of what happened and what lasted, drawn anew for each window; what stands closer than the eye tells apart is one mark. */

const SVG = 'http://www.w3.org/2000/svg';
const BAR = 13;
const MARKS = 20;
const TOP = 20;
const BOTTOM = 20;
const APART = 11;

function el(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

export class Axis {
  #svg = document.getElementById('lanes');
  #overview = document.getElementById('overview');
  #told = document.getElementById('told');
  #items;
  #spans;
  #lanes;
  #moments;
  #changed;
  #width = 0;
  #gutter = 0;
  #asked = false;
  view;
  whole;

  /** `moments`: of GO and target, as the select has them. `changed`: hears of every new window. */
  constructor({ items, spans, lanes, moments, changed }) {
    this.#items = items;
    this.#changed = changed;
    this.#lanes = lanes.map((name) => ({ name }));
    this.#arrange(spans, moments);
    this.view = this.whole;
    new ResizeObserver(() => this.draw()).observe(this.#svg.parentElement);
    this.#listen();
  }

  #arrange(spans, moments) {
    this.#spans = spans;
    this.#moments = moments;
    for (const [index, span] of spans.entries()) span.index = index;
    for (const lane of this.#lanes)
      Object.assign(lane, { bars: packed(spans.filter((span) => span.lane === lane.name)), items: [] });
    for (const [index, { lane }] of this.#items.entries())
      this.#lanes.find(({ name }) => name === lane)?.items.push(index);
    this.whole = wholeOf(this.#items, spans);
  }

  /** Items were added. Who looks at the whole sees the whole; whatever else somebody looks at stays where it is. */
  take({ spans = this.#spans, moments }) {
    const isWhole = this.view === this.whole;
    this.#arrange(spans, moments);
    if (isWhole) this.view = this.whole;
    this.draw();
  }

  show(view) {
    this.view = view === this.whole ? view : bounded(view, this.whole);
    this.draw();
    this.#changed();
  }

  zoom(factor, around = (this.view.from + this.view.to) / 2) {
    this.show(zoomed(this.view, factor, around));
  }

  draw() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#drawNow();
    });
  }

  #x = (ms) => this.#gutter + ((ms - this.view.from) / (this.view.to - this.view.from)) * (this.#width - this.#gutter);
  #ms = (x) => this.view.from + ((x - this.#gutter) / (this.#width - this.#gutter)) * (this.view.to - this.view.from);

  #drawNow() {
    this.#width = Math.max(280, this.#svg.parentElement.clientWidth);
    this.#gutter = this.#width >= 700 ? 84 : 0;
    this.#stack();
    this.#svg.setAttribute('viewBox', `0 0 ${this.#width} ${this.height}`);
    const plot = el('svg', {
      x: this.#gutter,
      width: this.#width - this.#gutter,
      height: this.height,
      viewBox: `${this.#gutter} 0 ${this.#width - this.#gutter} ${this.height}`,
    });
    plot.append(...this.#grid(), ...this.#lanes.flatMap((lane) => this.#lane(lane)));
    this.#svg.replaceChildren(
      ...this.#lanes.map(({ y }, index) =>
        el('line', { class: index === 0 ? 'edge' : 'between', x1: 0, x2: this.#width, y1: y, y2: y }),
      ),
      plot,
      ...this.#lanes.map(({ name, y, height }) =>
        el(
          'text',
          this.#gutter === 0 ? { class: 'lane', x: 2, y: y + 11 } : { class: 'lane', x: 2, y: y + height / 2 + 4 },
          name,
        ),
      ),
    );
    this.#drawOverview();
  }

  /** Names stand beside the lanes, or above their bars where there is no room. */
  #stack() {
    const name = this.#gutter === 0 ? 12 : 0;
    let y = TOP;
    for (const lane of this.#lanes) {
      Object.assign(lane, { y, barsAt: y + 5 + name, height: lane.bars.length * (BAR + 2) + MARKS + 8 + name });
      y += lane.height;
    }
    this.height = y + BOTTOM;
  }

  #grid() {
    const { step, ticks } = ticksOf(this.view, this.#width - this.#gutter, this.#width < 700 ? 74 : 104);
    const go =
      this.#moments.find(({ isGo, ms }) => isGo && ms > this.view.from - 60_000 && ms < this.view.to)?.ms ?? null;
    const bottom = this.height - BOTTOM;
    return [
      ...ticks.flatMap(({ ms, label }) => {
        const x = this.#x(ms);
        const line = el('line', { class: 'tick', x1: x, x2: x, y1: TOP, y2: bottom });
        if (this.#width - x < 56) return [line];
        return [
          line,
          el('text', { class: 'time', x: x + 3, y: TOP - 7 }, label),
          el('text', { class: 'time', x: x + 3, y: bottom + 14 }, otherLabel(ms, step, go)),
        ];
      }),
      ...this.#moments
        .filter(({ ms }) => ms >= this.view.from && ms <= this.view.to)
        .map(({ ms, isGo }) =>
          el('line', { class: isGo ? 'go' : 'target', x1: this.#x(ms), x2: this.#x(ms), y1: TOP - 4, y2: bottom }),
        ),
    ];
  }

  #lane(lane) {
    return [...lane.bars.flatMap((bars, at) => this.#line(bars, lane.barsAt + at * (BAR + 2))), ...this.#marks(lane)];
  }

  /** Bars of one line. Of those that share a pixel one is drawn, the worst. */
  #line(spans, y) {
    const { from, to } = this.view;
    const drawn = [];
    for (const span of spans) {
      const end = span.toMs ?? this.whole.to;
      if (end < from || span.fromMs > to) continue;
      const x = this.#x(Math.max(span.fromMs, from));
      const width = Math.max(2, this.#x(Math.min(end, to)) - x);
      const last = drawn.at(-1);
      if (last === undefined || x + width - last.x - last.width > 1) drawn.push({ span, x, width });
      else if (span.tone === 'bad') last.span = span;
    }
    return drawn.flatMap((bar) => this.#bar(bar, y));
  }

  #bar({ span, x, width }, y) {
    const about = { 'data-span': span.index };
    const kind = `bar ${span.tone}${span.toMs === null ? ' on' : ''}`;
    const bar = el('rect', { class: kind, x, y, width, height: BAR, rx: 2, ...about });
    const letters = Math.floor((width - 8) / 6.1);
    if (letters < 3) return [bar];
    const label = span.label.length <= letters ? span.label : `${span.label.slice(0, letters - 1)}…`;
    return [bar, el('text', { class: 'label', x: x + 4, y: y + 10, ...about }, label)];
  }

  #marks({ name, y, height, items }) {
    const middle = y + height - MARKS / 2 - 2;
    const marks = [];
    for (const index of items) {
      const { atMs, isLoud } = this.#items[index];
      if (atMs < this.view.from || atMs > this.view.to) continue;
      const x = this.#x(atMs);
      const last = marks.at(-1);
      if (last !== undefined && x - last.x < APART) {
        last.to = atMs;
        last.count += 1;
        last.isLoud ||= isLoud;
      } else marks.push({ x, index, from: atMs, to: atMs, count: 1, isLoud });
    }
    return marks.flatMap(({ x, index, from, to, count, isLoud }) => {
      const about = { 'data-item': index, 'data-from': from, 'data-to': to, 'data-count': count };
      const r = count === 1 ? 4 : Math.min(9, 5 + Math.log10(count) * 2);
      const mark = el('circle', { class: `mark ${name}${isLoud ? ' loud' : ''}`, cx: x, cy: middle, r, ...about });
      return count === 1
        ? [mark]
        : [mark, el('text', { class: 'many', x, y: middle + 3, ...about }, count < 100 ? count : '+')];
    });
  }

  #drawOverview() {
    const width = this.#width;
    const bins = Array.from({ length: Math.ceil(width / 4) }, () => 0);
    const scale = (ms) => ((ms - this.whole.from) / (this.whole.to - this.whole.from)) * width;
    for (const { atMs } of this.#items) bins[Math.min(bins.length - 1, Math.floor(scale(atMs) / 4))] += 1;
    const most = Math.max(...bins, 1);
    this.#overview.setAttribute('viewBox', `0 0 ${width} 28`);
    const from = scale(this.view.from);
    this.#overview.replaceChildren(
      ...bins.flatMap((count, at) => {
        const height = Math.sqrt(count / most) * 24;
        return count === 0 ? [] : [el('rect', { class: 'many', x: at * 4, y: 26 - height, width: 3, height })];
      }),
      el('rect', { class: 'window', x: from, y: 1, width: Math.max(3, scale(this.view.to) - from), height: 26, rx: 3 }),
    );
  }

  #listen() {
    const svg = this.#svg;
    const at = ({ clientX }, element = svg) =>
      ((clientX - element.getBoundingClientRect().left) / element.getBoundingClientRect().width) * this.#width;
    const pointers = new Map();
    let moved = 0;
    svg.addEventListener('pointerdown', (event) => {
      pointers.set(event.pointerId, at(event));
      if (pointers.size === 1) moved = 0;
    });
    svg.addEventListener('pointermove', (event) => {
      const before = pointers.get(event.pointerId);
      const x = at(event);
      if (before === undefined) return this.#tell(event.target, this.#ms(x));
      moved += Math.abs(x - before);
      if (moved < 4) return;
      if (!svg.hasPointerCapture(event.pointerId)) svg.setPointerCapture(event.pointerId);
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, x);
      if (other === undefined) {
        const by = this.#ms(before) - this.#ms(x);
        this.show({ from: this.view.from + by, to: this.view.to + by });
      } else if (Math.abs(x - other) > 8) this.zoom(Math.abs(before - other) / Math.abs(x - other), this.#ms(other));
    });
    for (const name of ['pointerup', 'pointercancel'])
      svg.addEventListener(name, (event) => {
        if (name === 'pointerup' && pointers.size === 1 && moved < 4) this.#open(event.target);
        pointers.delete(event.pointerId);
      });
    svg.addEventListener(
      'wheel',
      (event) => {
        const isZoom = event.ctrlKey || event.metaKey || event.shiftKey;
        if (!isZoom && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
        event.preventDefault();
        const by = ((this.view.to - this.view.from) * event.deltaX) / this.#width;
        if (isZoom) this.zoom(Math.exp((event.deltaY || event.deltaX) / 300), this.#ms(at(event)));
        else this.show({ from: this.view.from + by, to: this.view.to + by });
      },
      { passive: false },
    );
    svg.addEventListener('keydown', (event) => this.#key(event));
    const move = (event) => {
      if (event.buttons === 0) return;
      const middle = this.whole.from + (at(event, this.#overview) / this.#width) * (this.whole.to - this.whole.from);
      const half = (this.view.to - this.view.from) / 2;
      this.show({ from: middle - half, to: middle + half });
    };
    this.#overview.addEventListener('pointerdown', move);
    this.#overview.addEventListener('pointermove', move);
  }

  #key(event) {
    const by = (this.view.to - this.view.from) / 4;
    const keys = {
      ArrowLeft: () => this.show({ from: this.view.from - by, to: this.view.to - by }),
      ArrowRight: () => this.show({ from: this.view.from + by, to: this.view.to + by }),
      '+': () => this.zoom(0.5),
      '=': () => this.zoom(0.5),
      '-': () => this.zoom(2),
      0: () => this.show(this.whole),
    };
    if (keys[event.key] === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  }

  /** One mark opens its row, several come apart. */
  #open({ dataset }) {
    if (dataset.span !== undefined) location.hash = `e${this.#spans[dataset.span].seq}`;
    if (dataset.item === undefined) return;
    const [from, to] = [Number(dataset.from), Number(dataset.to)];
    if (dataset.count === '1' || to - from < 20) location.hash = this.#items[dataset.item].row.id;
    else this.show({ from: from - (to - from) * 0.2, to: to + (to - from) * 0.2 });
  }

  #tell({ dataset }, ms) {
    const span = this.#spans[dataset.span];
    const row = dataset.count === '1' ? this.#items[dataset.item].row : null;
    const when = row === null ? ms : Number(row.dataset.t);
    const what =
      (row === null ? null : `${row.children[2].textContent}: ${row.children[3].firstChild.textContent}`) ??
      (span === undefined ? (dataset.count === undefined ? '' : `${dataset.count} rows`) : lasted(span));
    this.#told.textContent = `${day(when)} ${clock(when)} · ${sinceTarget(when)}${what === '' ? '' : ` · ${what}`}`;
  }
}
