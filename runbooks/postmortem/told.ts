import type { Entry, EntryKind, EntryOf } from '../launch/entries.ts';
import { evolve } from '../launch/evolve.ts';
import type { Launch, Shot } from '../launch/launch.ts';
import { span } from '../launch/words.ts';
import type { Names } from '../record/describe.ts';
import type { Timeline } from '../record/model.ts';
import type { TimelineMessage } from '../record/rows.ts';
import type { Proof } from './document.ts';

/** What a postmortem is told from. */
export interface Told {
  entries: readonly Entry[];
  messages: readonly TimelineMessage[];
  timeline: Timeline;
  /** The launch at its end. */
  last: Launch;
  names: Names;
  /** By Slack id. */
  slackNames: Names;
}

/** Something that was noticed of the launch, by whom or what first, and how long it had been so. */
export interface Noticed {
  atMs: number;
  what: string;
  /** Of the launch or of what it needs: what was not as planned. Null: nothing of these, or nobody knows which. */
  part: string | null;
  by: string;
  /** How it looked to whoever noticed it. */
  looked: string;
  /** Since when it had been so, as far as the record knows. */
  after: string;
  proof: Proof[];
}

/**
 * What the record knows to have made the launch harder: several things together, none of them the cause, and nobody's name beside any.
 * What people wrote as a reason is theirs, so it is not repeated here: its evidence has it.
 */
export interface Factor {
  text: string;
  proof: Proof[];
  /** What it asks people, who know more than the record. */
  question: string;
}

/** The launch at its end, or as far as its record can be followed. `told`: those of the entries that can be read. */
export function lastOf(entries: readonly Entry[], told: ReadonlySet<Entry>): Launch | null {
  let launch: Launch | null = null;
  for (const entry of entries) {
    if (!told.has(entry)) return launch;
    try {
      launch = evolve(launch, entry);
    } catch {
      // What stands above everything says where the record is broken.
      return launch;
    }
  }
  return launch;
}

export const allOf = <K extends EntryKind>({ entries }: Pick<Told, 'entries'>, kind: K): EntryOf<K>[] =>
  entries.filter((entry): entry is EntryOf<K> => entry.kind === kind);

export const shotsIn = ({ last }: Pick<Told, 'last'>): Shot[] =>
  Object.values(last.shots).toSorted((a, b) => a.approvedSeq - b.approvedSeq);

/** The entries that say what became of a shot: GO, close, corrections. */
export const outcomeProof = ({ entries }: Pick<Told, 'entries'>, shotId: string): string[] =>
  entries
    .filter(
      (entry) =>
        (entry.kind === 'FireApproved' || entry.kind === 'ShotClosed' || entry.kind === 'ShotCorrected') &&
        entry.shotId === shotId,
    )
    .map(({ seq }) => `e${seq}`);

/** From the ask to the second person's press, in ms. The wait of an armed order for its moment is planned and nobody's. Null: nobody asked in this record. */
export function askToPressMs({ entries }: Pick<Told, 'entries'>, shot: Shot): number | null {
  const asked = allOf({ entries }, 'FireRequested').find(({ orderId }) => orderId === shot.orderId);
  const armedSeq = allOf({ entries }, 'FireApproved').find(({ seq }) => seq === shot.approvedSeq)?.armed?.seq;
  const armed = allOf({ entries }, 'FireArmed').find(({ seq }) => seq === armedSeq);
  return asked === undefined ? null : (armed?.pressedAtMs ?? shot.pressedAtMs) - asked.atMs;
}

/** `850 ms`, `6.59 s` as the room shows it, `342.0 s`, `12 min`; `–`: not known. Minutes and more are rounded, what people compare is not. */
export function took(ms: number | null): string {
  if (ms === null) return '–';
  return Math.abs(ms) < 1_000 || Math.abs(ms) >= 600_000
    ? span(ms)
    : `${(ms / 1_000).toFixed(Math.abs(ms) < 10_000 ? 2 : 1)} s`;
}

export const tokensText = (count: number): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? 'token' : 'tokens'}`;

export const devicesText = (count: number): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? 'device' : 'devices'}`;

/** Something was halted from the first press to its lift. */
export interface Halted {
  halt: EntryOf<'HaltSet'>;
  /** Pressed while all was halted already. */
  again: EntryOf<'HaltSet'>[];
  lift: EntryOf<'HaltLifted'> | EntryOf<'FireApproved'> | null;
}

export function haltsIn({ entries }: Pick<Told, 'entries'>): Halted[] {
  const all: Halted[] = [];
  for (const entry of entries) {
    const last = all.at(-1);
    const isHalted = last !== undefined && last.lift === null;
    if (entry.kind === 'HaltSet') {
      if (isHalted) last.again.push(entry);
      else all.push({ halt: entry, again: [], lift: null });
    }
    if (isHalted && (entry.kind === 'HaltLifted' || (entry.kind === 'FireApproved' && entry.lifts !== null)))
      last.lift = entry;
  }
  return all;
}

/** The shots that it ended. */
export const stoppedBy = (told: Pick<Told, 'last'>, { halt, again }: Halted): Shot[] =>
  shotsIn(told).filter(({ haltedAtMs }) => [halt, ...again].some(({ pressedAtMs }) => pressedAtMs === haltedAtMs));
