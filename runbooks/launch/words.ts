import { isVisible } from '../playbook/text-faults.ts';
import { ENTRY_VERSION } from './entries.ts';
import type { SwitchValue } from './entries.ts';

/** Small words that refusals and gate lines share. */

/** `a`, `a and b`, `a, b and c`; `nothing` for none. */
export function listed(items: readonly string[], joint: 'and' | 'or' = 'and'): string {
  if (items.length < 2) return items[0] ?? 'nothing';
  return `${items.slice(0, -1).join(', ')} ${joint} ${items.at(-1)}`;
}

/** `18:03:04 UTC`, or the plain figure for what is no time. */
export function clock(atMs: number): string {
  return Math.abs(atMs) <= 8.64e15 ? `${new Date(atMs).toISOString().slice(11, 19)} UTC` : String(atMs);
}

/** `850 ms`, `45 s`, `12 min`, `3 h`, `4 days`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 90_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

/** As people say it of a switch. */
export const switchValueText = (value: SwitchValue): string =>
  value === true ? 'on' : value === false ? 'off' : String(value);

/** Entries of before were decided by blanks alone, and are judged so for ever. */
const SEEN_SINCE = 8;

/** `rules`: of the entry that it is for; see `Given`. */
export const isReason = (text: string, rules: number = ENTRY_VERSION): boolean =>
  rules < SEEN_SINCE ? text.trim() !== '' : isVisible(text);

/** Why somebody's words can't be taken: too many, or none that anybody sees. */
export const lengthText = (text: string): string =>
  text === '' || isVisible(text) ? `has ${text.length} characters` : 'has nothing that can be seen';

/** Further away a time is a slip of the finger; nearer, every sum of it and of what a plan holds is still a date. */
const YEARS_AWAY_MS = 10 * 365 * 86_400_000;

/** False for what is no time at all, too. */
export function isOfTheseYears(atMs: number, nowMs: number): boolean {
  return Math.abs(atMs - nowMs) <= YEARS_AWAY_MS;
}
