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

const UNREADABLE = 'Unreadable';

/** An entry as its text says it; where that is none, what stands for it: it chains to nothing, so that every reader stops there, and names it. */
export function readEntry(launchId: string, seq: number, text: string): Entry {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null && 'seq' in read && typeof read.seq === 'number')
      return read as Entry;
  } catch {
    // Said by linkProblem, with its place.
  }
  return { launchId, seq, kind: UNREADABLE, v: 0, prev: '', hash: '' } as unknown as Entry;
}

/** Why an entry is not the next one after `head`, or null. */
export function linkProblem(launchId: string, head: Head, entry: Entry): string | null {
  if ((entry.kind as string) === UNREADABLE) return 'its text is no entry: it was changed or cut in the table';
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
