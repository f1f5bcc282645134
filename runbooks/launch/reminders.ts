import { dueAtMs, openActions, unheardOf } from './aftermath.ts';
import type { PersonId } from './entries.ts';
import type { ActionItem, Launch } from './launch.ts';

/** Whom a launch that is closed calls again: those of whom its postmortem has no answer, once, and what is due. */

const HOUR_MS = 3_600_000;
/** Long enough for a meal, and the same day. */
const UNHEARD_AFTER_MS = 4 * HOUR_MS;
/** Who comes a day late has missed the point of asking at once. */
const UNHEARD_UNTIL_MS = 24 * HOUR_MS;
/** Of its day in UTC, and then weekly. */
const DUE_AT_MS = 9 * HOUR_MS;
const WEEK_MS = 7 * 24 * HOUR_MS;

export interface Reminders {
  unheard: PersonId[];
  due: ActionItem[];
}

/** What is to be said now, if everything up to `sinceMs` has been. */
export function remindersDue(launch: Launch, sinceMs: number, nowMs: number): Reminders {
  const askedAtMs = unheardAtMs(launch);
  const isAsked =
    askedAtMs !== null &&
    sinceMs < askedAtMs &&
    askedAtMs <= nowMs &&
    nowMs < askedAtMs - UNHEARD_AFTER_MS + UNHEARD_UNTIL_MS;
  return {
    unheard: isAsked ? unheardOf(launch) : [],
    due: openActions(launch).filter((one) => nextOf(one, sinceMs) <= nowMs),
  };
}

/** When there will be something to say after that time; null: never, as things stand. */
export function nextReminderMs(launch: Launch, afterMs: number): number | null {
  const askedAtMs = unheardAtMs(launch);
  const times = [
    ...(askedAtMs === null || askedAtMs <= afterMs ? [] : [askedAtMs]),
    ...openActions(launch).map((one) => nextOf(one, afterMs)),
  ];
  return times.length === 0 ? null : Math.min(...times);
}

/** A rehearsal has its report, and what is done asks no more. */
function unheardAtMs({ postmortem: { closedAtMs, state }, rehearses }: Launch): number | null {
  return closedAtMs === null || rehearses !== null || state === 'done' ? null : closedAtMs + UNHEARD_AFTER_MS;
}

/** The first of its weekly times after that one. */
function nextOf(item: ActionItem, afterMs: number): number {
  const firstMs = dueAtMs(item) + DUE_AT_MS;
  return afterMs < firstMs ? firstMs : firstMs + WEEK_MS * (Math.floor((afterMs - firstMs) / WEEK_MS) + 1);
}
