import type { Command, CommandKind, Decision, RefusalCode } from './commands.ts';
import type { Actor, EntryBody, PersonId } from './entries.ts';

export type CommandOf<K extends CommandKind> = Extract<Command, { kind: K }>;
export type Refusal = Extract<Decision, { ok: false }>;

export function accept(by: Actor, atMs: number, body: EntryBody): Decision {
  return { ok: true, entry: { ...body, atMs, by } };
}

/** `say` is for people: what was found, what is expected, what to do next. */
export function refuse(code: RefusalCode, say: string): Refusal {
  return { ok: false, code, say };
}

export function byPerson(person: PersonId): Actor {
  return { person };
}

export const CONDUCTOR: Actor = { system: 'conductor' };

/** A value by a key that came from outside: names like `constructor`, which every object inherits, find nothing. */
export function own<T>(record: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
