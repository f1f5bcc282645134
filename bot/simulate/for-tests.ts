import { readFileSync } from 'node:fs';
import type { Entry, EntryOf } from '../../runbooks/launch/entries.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { NOTHING } from './mishaps.ts';
import type { Mishaps } from './mishaps.ts';
import { simulate } from './simulate.ts';
import type { Day, DayOptions } from './simulate.ts';

export const MIN = 60_000;
export const H = 60 * MIN;
/** An evening far from any clock change, for a runbook without a target. */
export const T = Date.UTC(2027, 1, 14, 23, 30);

export type Change = (text: string) => string;

export const readLibrary = (name: string, change: Change = (text) => text): ReturnType<typeof loadRunbook> =>
  loadRunbook(
    change(readFileSync(new URL(`../../runbooks/library/${name}.yaml`, import.meta.url), 'utf8')),
    `${name}.yaml`,
  );

export function library(name: string, change?: Change): Runbook {
  const read = readLibrary(name, change);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.runbook;
}

export const play = (runbook: Runbook, mishaps: Partial<Mishaps> = {}, more: Partial<DayOptions> = {}): Promise<Day> =>
  simulate(runbook, {
    targetAtMs: runbook.target?.atMs ?? T,
    bots: 1,
    isAway: false,
    ...more,
    mishaps: { ...NOTHING, ...mishaps },
  });

export const of = <K extends Entry['kind']>({ entries }: Day, kind: K): EntryOf<K>[] =>
  entries.filter((entry): entry is EntryOf<K> => entry.kind === kind);

/** All that the room has read. */
export const room = (day: Day): string => day.said.map(({ lines }) => lines.join('\n')).join('\n');

/** Of every step that has begun and every segment that was fired: those that were twice. */
export function twice(day: Day): string[] {
  const all = [
    ...of(day, 'StepStarted').map(({ step }) => step),
    ...of(day, 'FireApproved').flatMap(({ shown }) => shown.segments.map(({ segment }) => segment)),
  ];
  return all.filter((one, index) => all.indexOf(one) !== index);
}
