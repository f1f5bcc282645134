import { shifted, sinceTarget, span } from './times.js';

/** What the axis shows, and its ticks. */

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const STEPS = [
  [1, [1, 2, 5, 10, 20, 50, 100, 200, 500]],
  [SECOND, [1, 2, 5, 10, 15, 30]],
  [MINUTE, [1, 2, 5, 10, 15, 30]],
  [HOUR, [1, 2, 3, 6, 12, 24, 48, 168]],
].flatMap(([unit, times]) => times.map((one) => one * unit));
const LEAST_MS = 20;
/** Lines of one lane; what is more shares the last one, and its bars hide each other. */
const MOST_BARS = 30;

/** Whole: from the first to the last, with some air. */
export function wholeOf(items, spans) {
  const ends = [...items.map(({ atMs }) => atMs), ...spans.flatMap(({ fromMs, toMs }) => [fromMs, toMs ?? fromMs])];
  let from = Infinity;
  let to = -Infinity;
  for (const ms of ends) {
    from = Math.min(from, ms);
    to = Math.max(to, ms);
  }
  const air = Math.max(100, (to - from) * 0.02);
  return { from: from - air, to: to + air };
}

/** Within the whole, and never so close that nothing is left to tell apart. */
export function bounded({ from, to }, whole) {
  const width = Math.min(Math.max(LEAST_MS, to - from), whole.to - whole.from);
  const start = Math.min(Math.max((from + to - width) / 2, whole.from), whole.to - width);
  return { from: start, to: start + width };
}

export function zoomed({ from, to }, factor, around) {
  return { from: around - (around - from) * factor, to: around + (to - around) * factor };
}

/** Ticks at round times of the reader's clock, at least so many pixels apart. */
export function ticksOf({ from, to }, width, apart) {
  const least = ((to - from) / width) * apart;
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / (168 * HOUR)) * 168 * HOUR;
  const offset = shifted(from).getTime() - from;
  const ticks = [];
  for (let at = Math.ceil((from + offset) / step) * step; at <= to + offset; at += step)
    ticks.push({ ms: at - offset, label: label(at, step) });
  return { step, ticks };
}

/** `at`: already in the reader's zone. */
function label(at, step) {
  const text = new Date(at).toISOString();
  if (at % (24 * HOUR) === 0 && step >= MINUTE) return text.slice(5, 10);
  if (step >= MINUTE) return text.slice(11, 16);
  return step >= SECOND ? text.slice(11, 19) : text.slice(17, 23);
}

/** From the target; within a minute of a GO, from that GO. */
export function otherLabel(ms, step, go) {
  if (go !== null && step < 10 * SECOND) return `GO${span(ms - go, step >= SECOND ? 0 : 3).replace('0:00:', '')}`;
  return sinceTarget(ms, step >= SECOND ? 0 : 3);
}

/** Bars of one track stay in one line; tracks share a line where they don't meet. */
export function packed(spans) {
  const tracks = Map.groupBy(spans, ({ track }) => track);
  const lines = [];
  for (const mine of tracks.values()) {
    const free = lines.find(({ endMs }) => endMs <= mine[0].fromMs);
    const line = free ?? (lines.length < MOST_BARS ? { endMs: 0, bars: [] } : lines.at(-1));
    if (!lines.includes(line)) lines.push(line);
    line.bars.push(...mine);
    line.endMs = Math.max(line.endMs, mine.at(-1).toMs ?? Infinity);
  }
  return lines.map(({ bars }) => bars);
}
