/** A span as it is shown. Times in epoch ms. */
export interface ShownSpan {
  id: string;
  /** Null: the whole. */
  parent: string | null;
  name: string;
  /** Which process told of it. */
  who: string;
  startMs: number;
  endMs: number;
  attributes: Readonly<Record<string, string>>;
  failed: string | null;
}

const BAR = 40;
const NAME = 34;

/**
 * A shot as text, one line a span: when it began after the press, how long it took, where that lies in the whole, and who told of it.
 * What began before the press (the ask) stands before zero, without a bar.
 */
export function waterfall(spans: readonly ShownSpan[]): string {
  const whole = spans.find(({ parent }) => parent === null);
  const zeroMs = whole?.startMs ?? Math.min(...spans.map(({ startMs }) => startMs));
  const lastMs = Math.max(zeroMs + 1, ...spans.map(({ endMs }) => endMs));
  const known = new Set(spans.map(({ id }) => id));
  const inside = (parent: string | null) =>
    spans
      .filter((span) => (parent === null ? span.parent === null || !known.has(span.parent) : span.parent === parent))
      .toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
  const lines: string[] = [];
  const add = (span: ShownSpan, depth: number) => {
    lines.push(line(span, depth, zeroMs, lastMs));
    for (const one of inside(span.id)) add(one, depth + 1);
  };
  for (const span of inside(null)) add(span, 0);
  const head = `${'after press'.padStart(12)} ${'took'.padStart(10)}  ${'what'.padEnd(NAME)} ${' '.repeat(BAR + 2)} who`;
  return `${[head, ...lines].join('\n')}\n`;
}

function line(
  { name, who, startMs, endMs, attributes, failed }: ShownSpan,
  depth: number,
  zeroMs: number,
  lastMs: number,
) {
  const place = (ms: number) => Math.round(((ms - zeroMs) / (lastMs - zeroMs)) * BAR);
  const from = Math.max(0, Math.min(BAR - 1, place(startMs)));
  const until = Math.max(from + 1, Math.min(BAR, place(endMs)));
  const bar = endMs <= zeroMs ? '' : `${' '.repeat(from)}${'█'.repeat(until - from)}`;
  const more = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
  return [
    `${(startMs - zeroMs).toFixed(0)} ms`.padStart(12),
    `${(endMs - startMs).toFixed(0)} ms`.padStart(10),
    '',
    `${'  '.repeat(depth)}${name}`.padEnd(NAME),
    `│${bar.padEnd(BAR)}│`,
    [who, ...more, ...(failed === null ? [] : [`FAILED ${failed}`])].join('  '),
  ].join(' ');
}
