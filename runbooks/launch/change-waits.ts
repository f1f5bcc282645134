import type { Decision, Given } from './commands.ts';
import { accept, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import { ENTRY_VERSION } from './entries.ts';
import type { EntryOf } from './entries.ts';
import { foldError } from './fold-error.ts';
import type { Launch, WaitingChange } from './launch.ts';
import { nameOf } from './people.ts';
import { clock, switchValueText } from './words.ts';

/**
 * How long a change of the runbook, of the roster or of a switch, or a lift, waits for its second person: as long as a fire order does.
 * What was asked for in the morning is not what somebody presses in the evening, when it fits nothing any more.
 */

/** The version of entries that first says when it ends. */
const ENDS_SINCE = { runbook: 7, roster: 7, lift: 8, switch: 8 } as const;
type What = keyof typeof ENDS_SINCE;

/** What a request of this moment says of its end. */
export const endOf = (
  what: What,
  { runbook }: Launch,
  { nowMs, rules = ENTRY_VERSION }: Given,
): { expiresAtMs?: number } => (rules < ENDS_SINCE[what] ? {} : { expiresAtMs: nowMs + runbook.order_expires_after });

const isOver = ({ expiresAtMs }: WaitingChange, nowMs: number): boolean =>
  expiresAtMs !== undefined && nowMs > expiresAtMs;

export const isWaiting = (change: WaitingChange, nowMs: number): boolean => change.open && !isOver(change, nowMs);

interface Asked {
  what: What;
  /** As people call it, behind an article. */
  named: string;
  change: WaitingChange;
}

function askedOf({ runbookChanges, rosterChanges, lifts, switchRequests }: Launch): Asked[] {
  const all = <T extends WaitingChange>(what: What, requests: Record<string, T>, named: (one: T) => string): Asked[] =>
    Object.values(requests).map((change) => ({ what, named: named(change), change }));
  return [
    ...all('runbook', runbookChanges, () => 'change of the runbook'),
    ...all('roster', rosterChanges, () => 'change of the roster'),
    ...all('lift', lifts, ({ epoch }) => `lift of halt ${epoch}`),
    ...all('switch', switchRequests, (one) => `change of ${one.switch} to ${switchValueText(one.value)}`),
  ];
}

/** What was asked for by this id, as people call it; null: nothing of the kind. */
export const namedChange = (launch: Launch, changeId: string): string | null =>
  askedOf(launch).find(({ change }) => change.id === changeId)?.named ?? null;

/** All that may still be approved. A launch that was called off keeps its plan, a closed one everything. */
export const waitingChanges = (launch: Launch, nowMs: number): Asked[] =>
  askedOf(launch).filter(
    ({ what, change }) =>
      !launch.closed && (launch.stoodDown === null || what !== 'runbook') && isWaiting(change, nowMs),
  );

/** Whether a lift of the present halt waits for its second person: nobody can ask for another. */
export const isLiftAsked = ({ lifts }: Pick<Launch, 'lifts'>, nowMs: number): boolean =>
  Object.values(lifts).some((lift) => isWaiting(lift, nowMs));

/** What the clock has ended, and the record does not say so yet. */
export const overChanges = (launch: Launch, nowMs: number): WaitingChange[] =>
  askedOf(launch).flatMap(({ change }) => (change.open && isOver(change, nowMs) ? [change] : []));

/** A press that comes too late; null: it is in time, or comes after something else. `again`: how to ask anew. */
export function overProblem(launch: Launch, changeId: string, nowMs: number, again: string): Refusal | null {
  const asked = askedOf(launch).find(({ change }) => change.id === changeId);
  if (asked === undefined) return null;
  const { by, open, lapsed, expiresAtMs } = asked.change;
  if (expiresAtMs === undefined || (lapsed !== true && !(open && isOver(asked.change, nowMs)))) return null;
  return refuse(
    'REQUEST_EXPIRED',
    `The ${asked.named} that ${nameOf(launch, by)} asked for waited until ${clock(expiresAtMs)}, and nothing was changed. Ask for it again with ${again}.`,
  );
}

/** Writes down what the clock has done already. */
export function expireChange(launch: Launch, command: CommandOf<'expire-change'>, { nowMs }: Given): Decision {
  const { changeId } = command;
  const asked = askedOf(launch).find(({ change }) => change.id === changeId);
  if (asked === undefined || !asked.change.open)
    return refuse('NO_SUCH_REQUEST', `The change ${changeId} does not wait for a second person.`);
  if (!isOver(asked.change, nowMs))
    return refuse('TIME_INVALID', `The change ${changeId} still waits for a second person; it is ${clock(nowMs)}.`);
  return accept(CONDUCTOR, nowMs, { kind: 'ChangeExpired', changeId });
}

/** As its entry says it; one of before says nothing. */
export const endIn = ({ expiresAtMs }: { expiresAtMs?: number }): { expiresAtMs?: number } =>
  expiresAtMs === undefined ? {} : { expiresAtMs };

/** It waits no more, and stays to be read. */
export function changeExpired(launch: Launch, entry: EntryOf<'ChangeExpired'>): Partial<Launch> {
  const { changeId } = entry;
  const lapse = <T extends WaitingChange>(requests: Record<string, T>): Record<string, T> | null => {
    const one = own(requests, changeId);
    return one === undefined ? null : { ...requests, [changeId]: { ...one, open: false, lapsed: true } };
  };
  const runbookChanges = lapse(launch.runbookChanges);
  if (runbookChanges !== null) return { runbookChanges };
  const rosterChanges = lapse(launch.rosterChanges);
  if (rosterChanges !== null) return { rosterChanges };
  const lifts = lapse(launch.lifts);
  if (lifts !== null) return { lifts };
  const switchRequests = lapse(launch.switchRequests);
  if (switchRequests !== null) return { switchRequests };
  throw foldError('FOLD_IMPOSSIBLE', entry, `nobody asked for the change ${changeId}`);
}
