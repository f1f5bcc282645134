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

export type ChainVerdict = { ok: true } | { ok: false; seq: number; why: string };

/** Whether entries follow `head` without a gap, each chained to the one before it and hashed over what it says. `seq` is the first that doesn't. */
export function verifyChain(launchId: string, head: Head, entries: readonly Entry[]): ChainVerdict {
  let { seq, hash } = head;
  for (const entry of entries) {
    seq += 1;
    if (entry.seq !== seq) return { ok: false, seq, why: `found entry ${entry.seq} in its place` };
    if (entry.launchId !== launchId) return { ok: false, seq, why: `it belongs to ${entry.launchId}` };
    if (entry.prev !== hash) return { ok: false, seq, why: 'it does not chain to the entry before it' };
    if (entry.hash !== entryHash(entry)) return { ok: false, seq, why: 'its content was changed after it was written' };
    hash = entry.hash;
  }
  return { ok: true };
}
