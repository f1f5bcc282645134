import { own } from './decision.ts';
import type { Entry, PersonId } from './entries.ts';

/** A record that `decide` can't have written. Stable codes: FOLD_SEQ_GAP, FOLD_OTHER_LAUNCH, FOLD_NO_LAUNCH, FOLD_CREATED_TWICE, FOLD_SCHEMA_VERSION, FOLD_UNKNOWN_KIND, FOLD_MISSING, FOLD_IMPOSSIBLE. */
export function foldError(
  code: `FOLD_${string}`,
  entry: Pick<Entry, 'launchId' | 'seq' | 'kind'>,
  found: string,
): Error {
  return Object.assign(new Error(`${code}: ${entry.launchId} entry ${entry.seq} (${entry.kind}): ${found}`), {
    code,
    seq: entry.seq,
  });
}

/** The end of whatever says that something was written by a version that this one can't read: by these words it is told from a forgery. */
export const BY_NEWER = 'it was written by a newer one. Update this process';

/** What an entry refers to; an error when it is not there. */
export function must<T>(record: Record<string, T>, id: string, entry: Entry): T {
  const found = own(record, id);
  if (found === undefined) throw foldError('FOLD_MISSING', entry, `it refers to ${id}, which is not there`);
  return found;
}

/** Null: a step of the plan, which the conductor runs. */
export const personOrStep = (entry: Entry & { step?: string }): PersonId | null =>
  entry.step !== undefined && 'system' in entry.by && entry.by.system === 'conductor' ? null : personIn(entry);

/** The person behind an entry that only people can cause. */
export function personIn(entry: Entry): PersonId {
  if (!('person' in entry.by))
    throw foldError('FOLD_IMPOSSIBLE', entry, `it is by the ${entry.by.system}, expected a person`);
  return entry.by.person;
}
