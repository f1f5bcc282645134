import type { Entry } from '../launch/entries.ts';
import { peopleIn } from '../launch/people.ts';
import type { Person } from '../playbook/schema.ts';

/** Everybody who was ever on the roster, newer names behind older ones. Whoever was only asked for never was. */
export function peopleOf(entries: readonly Entry[]): Person[] {
  const asked = new Map<string, readonly Person[]>();
  return entries.flatMap((entry) => {
    if (entry.kind === 'RosterChangeRequested') asked.set(entry.changeId, peopleIn(entry));
    if (entry.kind === 'RosterChanged') return asked.get(entry.changeId) ?? [];
    return entry.kind === 'LaunchCreated' ? peopleIn(entry) : [];
  });
}

export const isOfPeople = ({ kind }: Entry): boolean =>
  kind === 'LaunchCreated' || kind === 'RosterChangeRequested' || kind === 'RosterChanged';
