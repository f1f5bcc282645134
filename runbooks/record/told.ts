import { z } from 'zod';
import type { Entry } from '../launch/entries.ts';
import { peopleIn } from '../launch/people.ts';
import { stamp } from './clock.ts';
import { actorName, describeEntry } from './describe.ts';
import { ENTRY_BODIES, SEALED } from './entry-schema.ts';
import { shotsOf } from './shot-rows.ts';
import { spansOf } from './spans.ts';
import { contentsOf } from './texts.ts';

/** What was found of an entry, which never changes: a timeline and a postmortem ask of each of thousands. */
const found = new WeakMap<Entry, boolean>();

/** Which entries this version has words for. One of a newer version, or that was written by hand, may be anything; the others are told all the same. */
export function isTold(entry: Entry): boolean {
  const known = found.get(entry) ?? hasWords(entry);
  found.set(entry, known);
  return known;
}

function hasWords(entry: Entry): boolean {
  if (!isEntry(entry)) return false;
  try {
    stamp(entry.atMs);
    if ('pressedAtMs' in entry) stamp(entry.pressedAtMs);
    if ('targetAtMs' in entry) stamp(entry.targetAtMs);
    actorName(entry.by, new Map());
    describeEntry(entry, new Map(), {});
    callsText(entry);
    for (const { id, name, slack } of peopleIn(entry)) [id, name, ...slack].map((text) => text.trim());
    contentsOf([entry]);
    shotsOf([entry], new Map(), null);
    spansOf([entry], new Map());
    return true;
  } catch {
    // What it holds is of no use here; the row says that it can't be read.
    return false;
  }
}

/** What AWS was asked for it, with the id of each request; '' for nothing. */
export const callsText = (entry: Entry): string =>
  'aws' in entry ? (entry.aws ?? []).map(({ call, requestId }) => `${call} ${requestId}`).join(', ') : '';
const sealed = z.object(SEALED);

/** Whether it has what every entry of its kind has: whoever tells it goes by that. */
function isEntry(entry: Entry): boolean {
  return (
    Object.hasOwn(ENTRY_BODIES, entry.kind) &&
    ENTRY_BODIES[entry.kind].safeParse(entry).success &&
    sealed.safeParse(entry).success
  );
}

/** Instead of its sentence. */
export const untoldText = ({ seq, kind, v }: Entry): string =>
  `entry ${String(seq)} can't be read by this version of gobutton: ${String(kind)}, of version ${String(v)} of the record's schema`;

/** '' where it has none. */
export const hashIn = (entry: Entry | undefined): string => {
  const hash: unknown = entry?.hash;
  return typeof hash === 'string' ? hash : '';
};

/** A time that no calendar has can't be shown: whatever has one stands beside what came before it. */
export const momentOr = (atMs: unknown, before: number): number =>
  typeof atMs === 'number' && !Number.isNaN(new Date(atMs).getTime()) ? atMs : before;
