import type { Entry, RecordKey } from '../../runbooks/launch/entries.ts';
import { evolve } from '../../runbooks/launch/evolve.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { needsKey, signedText, signerProblem, trustProblem } from '../../runbooks/launch/signers.ts';
import { vouchProblem } from '../../runbooks/launch/vouch.ts';
import type { Keyring } from './keyring.ts';
import { linkProblem } from './seal.ts';
import { sha256 } from './sha256.ts';
import { signaturesBeside } from './signature-threads.ts';
import { signatureHolds } from './signature.ts';
import type { Proof } from './signature.ts';

/**
 * Every reader of a record goes through here: sequence, chain, hash, then whose key it is, whether that key may write this
 * kind, whether the signature fits, and whether the entry can follow at all. What fails is not read any further.
 */

/** `unsigned`: the record is from before signatures; it can be read, and nothing can be fired in it. */
export type RecordVerdict = { ok: true; signed: boolean } | { ok: false; seq: number; why: string };
export type FoldVerdict = { ok: true; launch: Launch | null } | { ok: false; seq: number; why: string };

export interface FoldOptions {
  /** Looks at each entry with the launch before it; a sentence ends the fold there. */
  judge?: (before: Launch | null, entry: Entry) => string | null;
  /** Of a long record: whose signature was found to fit before. Every other one is looked at in its turn, so that the first break is named. */
  fits?: ReadonlySet<Entry>;
}

const NONE: ReadonlySet<Entry> = new Set();
/** A shorter record is verified at once, within some 20 ms. */
const LONG = 300;
/** Folded in one turn, within some 5 ms. */
const PORTION = 250;

/** The launch after these entries, which must follow `before`. */
export function foldVerified(
  launchId: string,
  before: Launch | null,
  entries: readonly Entry[],
  keyring: Keyring,
  options: FoldOptions = {},
): FoldVerdict {
  return foldFrom(launchId, before, entries, keyring, { seen: knownHead(launchId, entries, keyring), ...options });
}

/** `seen`: up to this sequence signatures were verified before. */
function foldFrom(
  launchId: string,
  before: Launch | null,
  entries: readonly Entry[],
  keyring: Keyring,
  { seen, judge = () => null, fits = NONE }: FoldOptions & { seen: number },
): FoldVerdict {
  let launch = before;
  for (const entry of entries) {
    const problem =
      linkProblem(launchId, { seq: launch?.seq ?? 0, hash: launch?.headHash ?? '' }, entry) ??
      (entry.seq <= seen ? null : writerProblem(launch, entry, keyring, fits)) ??
      judge(launch, entry);
    if (problem !== null) return { ok: false, seq: (launch?.seq ?? 0) + 1, why: problem };
    try {
      launch = evolve(launch, entry);
    } catch (error) {
      return {
        ok: false,
        seq: entry.seq,
        why: `it can't follow the ones before it: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }
  // Before `seen` nothing is known yet: only the chain up to there says that these are the entries that were looked at then.
  if (launch !== null && launch.seq >= seen) keyring.verified.set(launchId, { seq: launch.seq, hash: launch.headHash });
  return { ok: true, launch };
}

/**
 * A run of entries in portions, and of each the entries whose signature fits, nine tenths of what verifying takes, looked at by all cores. It says
 * nothing of an entry but that; who folds decides. Up to `seen` signatures were verified before, and are not looked at; nor are those of a short run.
 */
async function* inPortions(
  entries: readonly Entry[],
  seen: number,
): AsyncGenerator<{ portion: readonly Entry[]; fits: ReadonlySet<Entry> }> {
  const isUnseen = ({ seq }: Entry): boolean => seq > seen;
  if (entries.filter(isUnseen).length < LONG) return yield { portion: entries, fits: NONE };
  const portions = Array.from({ length: Math.ceil(entries.length / PORTION) }, (_, at) =>
    entries.slice(at * PORTION, (at + 1) * PORTION),
  );
  const unseen = portions.map((portion) => portion.filter(isUnseen));
  const signed = unseen.map((of) => of.map((entry) => ({ text: signedText(entry.hash), ...proofOf(entry) })));
  let at = 0;
  for await (const fit of signaturesBeside(signed)) {
    const [portion, looked] = [portions[at] ?? [], unseen[at] ?? []];
    yield { portion, fits: fit === null ? NONE : new Set(looked.filter((_, of) => fit[of])) };
    at += 1;
  }
}

/** The entries whose signature fits, of a run that may be long, for who folds it by and by; none of a short run. */
export async function fittingOf(entries: readonly Entry[], seen = 0): Promise<ReadonlySet<Entry>> {
  const all = new Set<Entry>();
  for await (const { fits } of inPortions(entries, seen)) for (const entry of fits) all.add(entry);
  return all;
}

/** The same, but for those up to a head that was verified before: who folds all of them at once takes those by the chain. */
export function fitting(launchId: string, entries: readonly Entry[], keyring: Keyring): Promise<ReadonlySet<Entry>> {
  return fittingOf(entries, knownHead(launchId, entries, keyring));
}

/** As `foldVerified`, from the first entry of a record that may be long: what was looked at is folded while all cores look at what follows. */
export async function foldWhole(
  launchId: string,
  entries: readonly Entry[],
  keyring: Keyring,
  options: FoldOptions = {},
): Promise<FoldVerdict> {
  const seen = knownHead(launchId, entries, keyring);
  let folded: FoldVerdict = { ok: true, launch: null };
  for await (const { portion, fits } of inPortions(entries, seen)) {
    folded = foldFrom(launchId, folded.launch, portion, keyring, { ...options, seen, fits });
    if (!folded.ok) break;
  }
  return folded;
}

/** As `verifyRecord`, of a record that may be long. */
export async function verifyWhole(
  launchId: string,
  entries: readonly Entry[],
  keyring: Keyring,
): Promise<RecordVerdict> {
  return verdictOf(await foldWhole(launchId, entries, keyring));
}

/** The whole record from its first entry. */
export function verifyRecord(launchId: string, entries: readonly Entry[], keyring: Keyring): RecordVerdict {
  return verdictOf(foldVerified(launchId, null, entries, keyring));
}

function verdictOf(folded: FoldVerdict): RecordVerdict {
  return folded.ok ? { ok: true, signed: (folded.launch?.keys.length ?? 0) > 0 } : folded;
}

/** As `verifyRecord`, and every request, approval and halt is decided anew. */
export function verifyWithRules(launchId: string, entries: readonly Entry[], keyring: Keyring): FoldVerdict {
  return foldVerified(launchId, null, entries, keyring, { judge: byRules });
}

/** A judge that decides anew what takes two people. In a record without keys nothing can be fired, so that it is read as it is. */
export function byRules(before: Launch | null, entry: Entry): string | null {
  return before === null || before.keys.length === 0 ? null : vouchProblem(before, entry, sha256);
}

/**
 * Whether the record still holds the head that was noted outside of it (switch item, channel). `hash` may be its first
 * characters. What is cut off leaves a record that is well in itself, and is noticed by nothing else.
 */
export function headProblem(
  entries: readonly Pick<Entry, 'seq' | 'hash'>[],
  head: { seq: number; hash: string } | null,
): string | null {
  if (head === null) return null;
  const last = entries.at(-1)?.seq ?? 0;
  if (last < head.seq)
    return `the record was cut off: it ends at entry ${last}, and entry ${head.seq} was noted outside of it`;
  const standing = entries.find(({ seq }) => seq === head.seq)?.hash ?? '';
  return head.hash.length >= 8 && standing.startsWith(head.hash)
    ? null
    : `the record was replaced: entry ${head.seq} is another one than was noted outside of it`;
}

/** Up to this sequence signatures were verified before. The chain still is: it is what says that the entries are the same. */
function knownHead(launchId: string, entries: readonly Entry[], { verified }: Keyring): number {
  const known = verified.get(launchId);
  const same = entries.find(({ seq }) => seq === known?.seq);
  return known !== undefined && same?.hash === known.hash ? known.seq : 0;
}

function writerProblem(
  before: Launch | null,
  entry: Entry,
  { trusted }: Keyring,
  fits: ReadonlySet<Entry>,
): string | null {
  const problem = signerProblem(before, entry);
  if (problem !== null) return problem;
  // At every step: a record that begins with strange keys and ends with ours was written by a stranger until then.
  const named = keysNamed(before, entry);
  const distrust = trusted === null ? null : trustProblem(named, trusted);
  if (distrust !== null) return distrust;
  if ((before?.keys ?? named).length === 0) return null;
  const proof = proofOf(entry);
  if (proof.key === '' && !needsKey(entry)) return null;
  return fits.has(entry) || signatureHolds(signedText(entry.hash), proof)
    ? null
    : 'its signature does not fit: it was written by somebody without the key, or changed';
}

/** Of an entry from before signatures, or by somebody's hand, there may be neither. */
const proofOf = ({ key, sig }: Partial<Pick<Entry, 'key' | 'sig'>>): Proof => ({
  key: key ?? '',
  signature: sig ?? '',
});

/** The keys that the record has from this entry on, if it is one that says so. */
function keysNamed(before: Launch | null, entry: Entry): readonly RecordKey[] {
  if (entry.kind === 'LaunchCreated') return entry.keys ?? [];
  return entry.kind === 'KeysChanged' ? (before?.keyChanges[entry.changeId]?.keys ?? []) : [];
}
