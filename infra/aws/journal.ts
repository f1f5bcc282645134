import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import type { Command, RefusalCode } from '../../runbooks/launch/commands.ts';
import { decide } from '../../runbooks/launch/decide.ts';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { peopleIn } from '../../runbooks/launch/people.ts';
import { needsKey, signerProblem } from '../../runbooks/launch/signers.ts';
import { decidedPart } from '../../runbooks/launch/vouch.ts';
import { wellFormed } from '../../runbooks/launch/well-formed.ts';
import { tellEntry } from '../watch/entry-spans.ts';
import { clockDoubt } from './clock-doubt.ts';
import type { Keyring, Signer } from './keyring.ts';
import type { RecordStore } from './record-store.ts';
import { sha256 } from './sha256.ts';
import { tokensIn, withPeople } from './staff-devices.ts';
import type { StaffDevices } from './staff-devices.ts';
import type { StoreClock } from './store-clock.ts';
import { byRules, fitting, foldVerified, headProblem, verifyWhole } from './verify-record.ts';
import type { RecordVerdict } from './verify-record.ts';

/**
 * The one way into a record: decide on the state, append the entry at the next sequence, and decide anew when somebody
 * else was first. A decision can only land on exactly the state that it was made on, because the sequence that it is
 * appended at is free only as long as nothing has been added; so a stale cache costs a try, never a wrong entry.
 */

export type Appended = { ok: true; entry: Entry; launch: Launch } | { ok: false; code: RefusalCode; say: string };
export type CommandMaker = (launch: Launch | null, nowMs: number) => Command;

export interface Journal {
  /** The state with a consistent read of what is new. Null: no such launch. Errors: RECORD_BROKEN, RECORD_UNAVAILABLE. */
  launch(launchId: string): Promise<Launch | null>;
  /**
   * The same for who looks again and again: the last entry that is known is not read once more (it costs its size, by every
   * worker every second), so that a record that was cut off or replaced at its end is not noticed before `launch`, or the next entry.
   */
  news(launchId: string): Promise<Launch | null>;
  /** The state as last read or written here, without I/O. */
  peek(launchId: string): Launch | null;
  /**
   * Decides and appends, and performs nothing of what follows (a bot's `conductor.execute` does both). Exactly one entry for
   * a resolved `ok`, none for a refusal. A maker is called again for every try, with the state and time of that try. Appends
   * to one launch run one after the other in this process.
   * Errors: KEY_MISSING (this process has no key that may write here), RECORD_BROKEN, RECORD_CONTENDED (lost every race), RECORD_UNAVAILABLE (it is unknown whether the entry landed).
   */
  append(launchId: string, command: Command | CommandMaker): Promise<Appended>;
  /** Why the record as last read here does not hold this head, or null. A head that is noted after that read is for the next one. */
  headProblem(launchId: string, head: { seq: number; hash: string } | null): string | null;
  /** The whole record, verified. */
  entries(launchId: string): Promise<Entry[]>;
  verify(entries: readonly Entry[]): Promise<RecordVerdict>;
  /** Whose keys this process has and trusts. */
  readonly keyring: Keyring;
}

export interface JournalOptions {
  record: RecordStore;
  keyring: Keyring;
  /** Where device tokens of people go, before an entry is written that would hold them. Absent: such an entry can't be written. */
  staff?: StaffDevices;
  /** Entries carry its time, and what would rest on another clock alone is refused (CLOCK_IN_DOUBT). Absent: neither. */
  clock?: StoreClock;
  /** Default: the clock's, else the system's. */
  nowMs?: () => number;
  /** How long one read or append may take before it is given up and looked into. Default 5,000 ms. */
  timeoutMs?: number;
}

/** Races are lost only to entries that were really added; twenty in a row is a fault, not bad luck. */
const MAX_RACES = 20;
/** Appends that failed without an answer, with a read in between each. */
const MAX_FAILURES = 3;

export function createJournal(options: JournalOptions): Journal {
  const { record, keyring, staff, clock, nowMs = clock?.nowMs ?? Date.now, timeoutMs = 5_000 } = options;
  // Records are hundreds to thousands of small entries, so they are kept whole.
  const known = new Map<string, { launch: Launch; entries: readonly Entry[] }>();
  const queues = new Map<string, Promise<unknown>>();

  /** Takes in entries that are new to us. Reads may overlap, so what is known already is passed over. */
  function take(launchId: string, entries: readonly Entry[], fits?: ReadonlySet<Entry>): Launch | null {
    const before = known.get(launchId);
    // The last one known is read again with what is new: a record that was cut off or replaced no longer has it.
    const again = entries.find(({ seq }) => seq === before?.launch.seq);
    if (again !== undefined && again.hash !== before?.launch.headHash)
      throw broken(launchId, { seq: again.seq, why: 'it is another entry than this process has read before' });
    const fresh = entries.filter(({ seq }) => seq > (before?.launch.seq ?? 0));
    // By the rules, too: one person's own key may write requests and approvals alike, and no single person both of one.
    const verdict = foldVerified(launchId, before?.launch ?? null, fresh, keyring, {
      judge: byRules,
      ...(fits === undefined ? {} : { fits }),
    });
    if (!verdict.ok) throw broken(launchId, verdict);
    const { launch } = verdict;
    if (launch !== null && fresh.length > 0)
      known.set(launchId, { launch, entries: [...(before?.entries ?? []), ...fresh] });
    return launch;
  }

  async function readTail(launchId: string, isNewsOnly = false): Promise<Entry[]> {
    const seq = known.get(launchId)?.launch.seq ?? 0;
    let tail: Entry[];
    try {
      tail = await record.readAfter(launchId, isNewsOnly ? seq : Math.max(0, seq - 1), AbortSignal.timeout(timeoutMs));
    } catch (cause) {
      throw journalError('RECORD_UNAVAILABLE', `the record of ${launchId} can't be read`, cause);
    }
    if (!isNewsOnly && seq > 0 && !tail.some((entry) => entry.seq === seq))
      throw broken(launchId, { seq, why: `it was cut off: entry ${seq}, which this process has read before, is gone` });
    return tail;
  }

  async function takeTail(launchId: string, isNewsOnly = false): Promise<Launch | null> {
    const tail = await readTail(launchId, isNewsOnly);
    return take(launchId, tail, await fitting(launchId, tail, keyring));
  }

  /** An entry that stays for ever holds no device token: it is put away, where it can be deleted, and referred to. */
  async function withoutTokens(launchId: string, entry: NewEntry): Promise<NewEntry> {
    const people = peopleIn(entry);
    if (tokensIn(people).length === 0) return entry;
    if (staff === undefined)
      throw journalError(
        'TOKENS_HOMELESS',
        `${entry.kind} holds device tokens, and this process has no place to put them away`,
      );
    try {
      return withPeople(entry, await staff.stow(launchId, people));
    } catch (cause) {
      throw journalError(
        'RECORD_UNAVAILABLE',
        `the device tokens of the people of ${launchId} can't be put away, so nothing was written`,
        cause,
      );
    }
  }

  async function appendNow(launchId: string, command: Command | CommandMaker): Promise<Appended> {
    // Decided by us, fate unknown: an append without an answer may still have landed.
    const unanswered: NewEntry[] = [];
    let launch = known.get(launchId)?.launch ?? null;
    const startSeq = launch?.seq ?? 0;
    let isFresh = false;
    const readAgain = async (): Promise<Appended | null> => {
      launch = await takeTail(launchId);
      isFresh = true;
      // Looked for in all that is known, since a reader beside us may have taken it in.
      const landed = known
        .get(launchId)
        ?.entries.slice(startSeq)
        .find((entry) => unanswered.some((tried) => isSame(tried, entry)));
      return landed === undefined || launch === null ? null : { ok: true, entry: landed, launch };
    };

    for (let races = 0, failures = 0; races < MAX_RACES;) {
      const atMs = nowMs();
      const made = wellFormed(typeof command === 'function' ? command(launch, atMs) : command);
      const decided = decide(launch, made, { nowMs: atMs, sha256, keys: keyring.named });
      // Only what would be accepted: all else has better words.
      const decision = decided.ok && clock !== undefined ? (clockDoubt(clock, made) ?? decided) : decided;
      if (!decision.ok) {
        // A refusal may come from a state that others have moved on since; only a fresh one counts.
        if (isFresh) return decision;
        await readAgain();
        continue;
      }
      const head = { seq: launch?.seq ?? 0, hash: launch?.headHash ?? '' };
      const entry = await withoutTokens(launchId, decision.entry);
      try {
        const appended = await record.append(launchId, head, entry, {
          signal: AbortSignal.timeout(timeoutMs),
          signer: signerOf(launch, entry, keyring),
        });
        if (appended.won) {
          const after = take(launchId, [appended.entry]);
          if (after !== null) {
            tellEntry(appended.entry, after, atMs, nowMs());
            return { ok: true, entry: appended.entry, launch: after };
          }
        }
        races += 1;
      } catch (cause) {
        if (isJournalError(cause)) throw cause;
        unanswered.push(entry);
        failures += 1;
        if (failures > MAX_FAILURES)
          throw journalError(
            'RECORD_UNAVAILABLE',
            `the append to ${launchId} got no answer ${failures} times; whether it landed is unknown`,
            cause,
          );
      }
      const landed = await readAgain();
      if (landed !== null) return landed;
    }
    throw journalError('RECORD_CONTENDED', `lost ${MAX_RACES} races for the next entry of ${launchId}`);
  }

  return {
    async launch(launchId) {
      // Whoever types it gets no alarm: what people wrote stands in the same table (record-store.ts), and is no launch.
      if (launchId.includes('/')) return null;
      return takeTail(launchId);
    },
    news: (launchId) => takeTail(launchId, true),
    headProblem: (launchId, head) => headProblem(known.get(launchId)?.entries ?? [], head),
    peek: (launchId) => known.get(launchId)?.launch ?? null,
    append(launchId, command) {
      const before = queues.get(launchId) ?? Promise.resolve();
      const mine = before.then(() => appendNow(launchId, command));
      // The next one waits for the end of this one, whatever the end is; the failure itself goes to our caller.
      queues.set(
        launchId,
        mine.then(
          () => undefined,
          () => undefined,
        ),
      );
      return mine;
    },
    async entries(launchId) {
      const entries = await record.readAfter(launchId, 0, AbortSignal.timeout(Math.max(timeoutMs, 30_000)));
      const verdict = await verifyWhole(launchId, entries, keyring);
      if (!verdict.ok) throw broken(launchId, verdict);
      const seen = known.get(launchId)?.launch;
      if (seen !== undefined && entries[seen.seq - 1]?.hash !== seen.headHash) {
        throw broken(launchId, {
          seq: seen.seq,
          why:
            entries.length < seen.seq
              ? `it was cut off after entry ${entries.length}; this process has read ${seen.seq}`
              : 'it is another record than this process has read before',
        });
      }
      return entries;
    },
    verify: (entries) => verifyWhole(entries[0]?.launchId ?? '', entries, keyring),
    keyring,
  };
}

/** The entry that a decision of ours became: everything that was decided is the same. */
function isSame(decided: NewEntry, entry: Entry): boolean {
  return canonicalJson(decided) === canonicalJson(decidedPart(entry));
}

/** Who signs: this process's key, or nobody where none is needed and ours would not do. KEY_MISSING when an entry would be nobody's. */
function signerOf(launch: Launch | null, entry: NewEntry, { signer }: Keyring): Signer | null {
  // An entry that nobody accepts would break the record for everybody, so it is looked at before it is written.
  const why =
    signer === null ? 'this process has no key' : signerProblem(launch, { ...entry, key: signer.key } as Entry);
  if (why === null) return signer;
  if (launch !== null && (launch.keys.length === 0 || !needsKey(entry))) return null;
  throw journalError(
    'KEY_MISSING',
    `${entry.kind} can't be written here: ${why}. Sign with a key that may write it (see .env.example: GOBUTTON_BOT_KEY, GOBUTTON_WORKER_KEY, GOBUTTON_OPERATOR_KEY)`,
  );
}

class JournalError extends Error {
  override name = 'JournalError';
  readonly code: 'RECORD_BROKEN' | 'KEY_MISSING' | 'TOKENS_HOMELESS' | 'RECORD_CONTENDED' | 'RECORD_UNAVAILABLE';
  constructor(code: JournalError['code'], say: string, cause?: unknown) {
    super(`${code}: ${say}`, { cause });
    this.code = code;
  }
}

function broken(launchId: string, { seq, why }: { seq: number; why: string }): JournalError {
  return journalError('RECORD_BROKEN', `the record of ${launchId} is broken at entry ${seq}: ${why}`);
}

function journalError(code: JournalError['code'], say: string, cause?: unknown): JournalError {
  return new JournalError(code, say, cause);
}

function isJournalError(error: unknown): error is JournalError {
  return error instanceof JournalError;
}

/** What stands in the record is not to be believed, or not to be read by this version: trying again won't help this process. */
export function isRecordBroken(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'RECORD_BROKEN';
}
