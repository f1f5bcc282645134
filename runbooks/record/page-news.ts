import { markup } from './html.ts';
import type { Timeline } from './model.ts';
import { shotsPart, textsPart } from './page-shots.ts';
import type { Curve } from './page-shots.ts';
import { item, momentsOf, pageHead, rowId } from './page.ts';
import type { Row } from './rows.ts';
import type { Span } from './spans.ts';

/** The parts of a page that change while the launch runs, each as its own HTML. */
export interface LiveParts {
  /** By id: of the page's header, its shots, its texts, and what the axis can be shown around. */
  parts: Readonly<Record<'head' | 'shots' | 'texts' | 'around', string>>;
  spans: readonly Span[];
  /** By their ids, in order of time. */
  rows: ReadonlyMap<string, string>;
}

/** `like`: parts made before, of which rows that are the same objects are taken as they are. */
export function partsOf(
  timeline: Timeline,
  curves: Readonly<Record<string, Curve>>,
  like?: { timeline: Timeline; parts: LiveParts },
): LiveParts {
  const { targetAtMs } = timeline;
  const rowsBefore = like?.timeline.targetAtMs === targetAtMs ? like.timeline.rows : [];
  const told = (row: Row, index: number): string =>
    (rowsBefore[index] === row ? like?.parts.rows.get(rowId(row, index)) : undefined) ??
    item(row, index, { targetAtMs, day: null }).text;
  return {
    parts: {
      head: pageHead(timeline).text,
      shots: shotsPart(timeline, curves).text,
      texts: textsPart(timeline.texts).text,
      around: markup`${momentsOf(timeline)}`.text,
    },
    spans: timeline.spans,
    rows: new Map(timeline.rows.map((row, index) => [rowId(row, index), told(row, index)])),
  };
}

/** What a page that shows `before` needs to show `now`: a row may change, as one that somebody marks does; none goes. */
export interface PageNews {
  rows: string[];
  parts: Partial<LiveParts['parts']>;
  spans: readonly Span[] | null;
}

export function newsOf(before: LiveParts, now: LiveParts): PageNews {
  const changed = (Object.keys(now.parts) as (keyof LiveParts['parts'])[]).filter(
    (part) => before.parts[part] !== now.parts[part],
  );
  return {
    rows: [...now.rows].filter(([id, row]) => before.rows.get(id) !== row).map(([, row]) => row),
    parts: Object.fromEntries(changed.map((part) => [part, now.parts[part]])),
    spans: JSON.stringify(before.spans) === JSON.stringify(now.spans) ? null : now.spans,
  };
}
