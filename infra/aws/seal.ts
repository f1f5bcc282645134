import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import { ENTRY_VERSION } from '../../runbooks/launch/entries.ts';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import { signedText } from '../../runbooks/launch/signers.ts';
import type { Signer } from './keyring.ts';
import { sha256 } from './sha256.ts';

/**
 * Gives a decided entry its place in the record: sequence, chain, hash and signature. `token` is unique per append try; a
 * store that finds an entry with its own token at that sequence knows that only the answer was lost.
 */
export function sealEntry(
  launchId: string,
  head: Head,
  entry: NewEntry,
  { token, signer }: { token: string; signer: Signer | null },
): Entry {
  const unsealed = {
    ...entry,
    v: ENTRY_VERSION,
    launchId,
    seq: head.seq + 1,
    token,
    prev: head.hash,
    key: signer?.key ?? '',
  };
  const hash = entryHash(unsealed);
  return { ...unsealed, hash, sig: signer?.sign(signedText(hash)) ?? '' };
}

/** sha256 over the canonical JSON of everything but `hash` and `sig`. */
export function entryHash(entry: Omit<Entry, 'hash' | 'sig'>): string {
  const { hash: _hash, sig: _sig, ...rest } = entry as Entry;
  return sha256(canonicalJson(rest));
}

/** Why an entry is not the next one after `head`, or null. */
export function linkProblem(launchId: string, head: Head, entry: Entry): string | null {
  if (entry.seq !== head.seq + 1) return `found entry ${entry.seq} in its place`;
  if (entry.launchId !== launchId) return `it belongs to ${entry.launchId}`;
  if (entry.prev !== head.hash) return 'it does not chain to the entry before it';
  if (entry.hash !== entryHash(entry)) return 'its content was changed after it was written';
  return null;
}

/** Head of a record: what the next entry chains to. `{ seq: 0, hash: '' }` for an empty record. */
export interface Head {
  seq: number;
  hash: string;
}
