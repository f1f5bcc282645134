import type { Entry } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { givenIn } from '../record/given.ts';
import type { Timeline, TimelineOptions } from '../record/model.ts';
import { namesOf, slackNamesIn, timelineOf } from '../record/model.ts';
import { idOf } from '../record/rows.ts';
import type { Row, TimelineMessage } from '../record/rows.ts';
import { isTold } from '../record/told.ts';
import { changedSince } from './answers.ts';
import { detection } from './detection.ts';
import { proofsOf } from './document.ts';
import type { Section, Statement } from './document.ts';
import { factorsOf, factorsSection } from './factors.ts';
import { anotherOf, figures } from './figures.ts';
import { questions } from './questions.ts';
import { response } from './response.ts';
import { sent } from './sent.ts';
import { notices, summary } from './summary.ts';
import { lastOf } from './told.ts';

/** A launch as its postmortem: what the record knows, each statement with its evidence, and what it must ask people. */
export interface Postmortem {
  timeline: Timeline;
  /** What changes how the rest is read; said above everything. */
  notices: Statement[];
  sections: Section[];
  /** What it asks people, answered or not. */
  asked: string[];
  /** The rows of record and channel that statements rest on, by id. */
  evidence: { id: string; row: Row }[];
}

export interface PostmortemOptions extends TimelineOptions {
  /** Another launch to stand beside. Null: none was named. */
  other?: { launch: Launch; entries: readonly Entry[] } | null;
}

/** Null: the record is empty, or does not hold as far as its first entry. */
export function postmortemOf(
  all: readonly Entry[],
  messages: readonly TimelineMessage[],
  { other = null, ...options }: PostmortemOptions,
): Postmortem | null {
  const timeline = timelineOf(all, messages, options);
  // What can't be read is a row of the timeline, and no statement is made of it.
  const given = givenIn(all, messages).entries;
  const entries = given.filter(isTold);
  const last = lastOf(given, new Set(entries));
  if (timeline === null || last === null) return null;
  const told = {
    entries,
    messages,
    timeline,
    last,
    names: namesOf(entries),
    slackNames: slackNamesIn(entries, options.slackNames ?? new Map()),
  };
  const factors = factorsOf(told);
  const sections = [
    summary(told),
    sent(told),
    detection(told),
    response(told),
    factorsSection(factors),
    figures(told, other === null ? null : anotherOf(other)),
    questions(told, factors),
  ];
  const named = [...notices(told), ...changedSince(told)];
  const rows = new Map(timeline.rows.flatMap((row) => (row.place === null ? [] : [[idOf(row.place), row] as const])));
  const ids = [...new Set([...named.flatMap(({ proof }) => proof), ...proofsOf(sections)])];
  return {
    timeline,
    notices: named,
    sections,
    asked: sections.flatMap(({ blocks }) =>
      blocks.flatMap((block) => (block.kind === 'questions' ? block.questions.map(({ question }) => question) : [])),
    ),
    evidence: ids.toSorted(byPlace).flatMap((id) => {
      const row = rows.get(id);
      return row === undefined ? [] : [{ id, row }];
    }),
  };
}

/** Entries first, each in its order. */
const byPlace = (a: string, b: string): number =>
  (a[0] ?? '').localeCompare(b[0] ?? '') || Number(a.slice(1)) - Number(b.slice(1));
