import type { Decision, Given } from './commands.ts';
import { accept, CONDUCTOR, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import { ENTRY_VERSION } from './entries.ts';
import type { EntryOf } from './entries.ts';
import { foldError } from './fold-error.ts';
import type { Launch, WaitingChange } from './launch.ts';
import { nameOf } from './people.ts';
import { clock } from './words.ts';

/**
 * How long a change of the runbook or of the roster waits for its second person: as long as a fire order does. What was asked for
 * in the morning is not what somebody presses in the evening, when it fits nothing any more.
 */

const ENDS_SINCE = 7;

/** What a request of this moment says of its end. */
export const endOf = ({ runbook }: Launch, { nowMs, rules = ENTRY_VERSION }: Given): { expiresAtMs?: number } =>
  rules < ENDS_SINCE ? {} : { expiresAtMs: nowMs + runbook.order_expires_after };

const isOver = ({ expiresAtMs }: WaitingChange, nowMs: number): boolean =>
  expiresAtMs !== undefined && nowMs > expiresAtMs;

export const isWaiting = (change: WaitingChange, nowMs: number): boolean => change.open && !isOver(change, nowMs);

const changesOf = ({ runbookChanges, rosterChanges }: Launch): (WaitingChange & { what: 'runbook' | 'roster' })[] => [
  ...Object.values(runbookChanges).map((change) => ({ ...change, what: 'runbook' as const })),
  ...Object.values(rosterChanges).map((change) => ({ ...change, what: 'roster' as const })),
];

/** All that may still be approved. A launch that was called off keeps its plan, a closed one its people too. */
export const waitingChanges = (launch: Launch, nowMs: number): ReturnType<typeof changesOf> =>
  changesOf(launch).filter(
    (change) => !launch.closed && (launch.stoodDown === null || change.what === 'roster') && isWaiting(change, nowMs),
  );

/** What the clock has ended, and the record does not say so yet. */
export const overChanges = (launch: Launch, nowMs: number): WaitingChange[] =>
  changesOf(launch).filter((change) => change.open && isOver(change, nowMs));

/** A press that comes too late; null: it is in time, or comes after something else. `what`: as people call it, with how to ask anew. */
export function overProblem(
  launch: Launch,
  change: WaitingChange,
  nowMs: number,
  [what, again]: readonly [string, string],
): Refusal | null {
  const { by, open, lapsed, expiresAtMs } = change;
  if (expiresAtMs === undefined || (lapsed !== true && !(open && isOver(change, nowMs)))) return null;
  return refuse(
    'REQUEST_EXPIRED',
    `The change of the ${what} that ${nameOf(launch, by)} asked for waited until ${clock(expiresAtMs)}, and nothing was changed. Ask for it again with ${again}.`,
  );
}

/** Writes down what the clock has done already. */
export function expireChange(launch: Launch, command: CommandOf<'expire-change'>, { nowMs }: Given): Decision {
  const { changeId } = command;
  const change = changesOf(launch).find(({ id }) => id === changeId);
  if (change === undefined || !change.open)
    return refuse('NO_SUCH_REQUEST', `The change ${changeId} does not wait for a second person.`);
  if (!isOver(change, nowMs))
    return refuse('TIME_INVALID', `The change ${changeId} still waits for a second person; it is ${clock(nowMs)}.`);
  return accept(CONDUCTOR, nowMs, { kind: 'ChangeExpired', changeId });
}

/** As its entry says it; one of before says nothing. */
export const endIn = ({
  expiresAtMs,
}: EntryOf<'RunbookChangeRequested' | 'RosterChangeRequested'>): { expiresAtMs?: number } =>
  expiresAtMs === undefined ? {} : { expiresAtMs };

/** It waits no more, and stays to be read. */
export function changeExpired(launch: Launch, entry: EntryOf<'ChangeExpired'>): Partial<Launch> {
  const { runbookChanges, rosterChanges } = launch;
  const { changeId } = entry;
  const ended = { open: false, lapsed: true } as const;
  const plan = own(runbookChanges, changeId);
  if (plan !== undefined) return { runbookChanges: { ...runbookChanges, [changeId]: { ...plan, ...ended } } };
  const people = own(rosterChanges, changeId);
  if (people !== undefined) return { rosterChanges: { ...rosterChanges, [changeId]: { ...people, ...ended } } };
  throw foldError('FOLD_IMPOSSIBLE', entry, `nobody asked for the change ${changeId}`);
}
