import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import type { Head } from './record-store.ts';
import { sha256 } from './sha256.ts';

/**
 * Gives a decided entry its place in the record: sequence, chain and hash. `token` is unique per append try; a store
 * that finds an entry with its own token at that sequence knows that only the answer was lost.
 */
export function sealEntry(launchId: string, head: Head, entry: NewEntry, token: string): Entry {
  const unsealed = { ...entry, v: 1 as const, launchId, seq: head.seq + 1, token, prev: head.hash };
  return { ...unsealed, hash: entryHash(unsealed) };
}

/** sha256 over the canonical JSON of everything but `hash`. */
export function entryHash(entry: Omit<Entry, 'hash'>): string {
  const { hash: _, ...rest } = entry as Entry;
  return sha256(canonicalJson(rest));
}
