import { readOperatorKey } from '../playbook/operator-key.ts';
import { may } from './authority.ts';
import type { CommandKind } from './commands.ts';
import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { Entry, EntryKind, KeyRole, RecordKey } from './entries.ts';
import type { Launch } from './launch.ts';
import { personOf } from './people.ts';

/**
 * Who may write which entry, by the key that signed it. Whoever can write the record's table, and nothing else, can write
 * none of them: the bot's key vouches for what people do in Slack and for the conductor; a worker's key can end and count
 * what two people have begun, never begin it; an operator's own key writes what the command line does when all else is gone.
 *
 * One entry needs no key: a halt from the command line. Whoever reaches the tables can stop the workers anyhow, by the
 * switch item, and a halt must not fail for want of a key.
 */

/** The text that an entry's key signs: one line that says what it is, then the hash over the entry's place and content. */
export function signedText(hash: string): string {
  return `gobutton entry v2\n${hash}`;
}

/** Kinds that a worker's key may write: closes and counts, and what became of test copies. The bot's key may write all. */
const WORKER_MAY: ReadonlySet<EntryKind> = new Set(['ShotClosed', 'ShotCorrected', 'ShotTimed', 'TestDone']);

/** Kinds that a person's own key may write, and the command whose roles it takes. */
const OPERATOR_MAY: Partial<Record<EntryKind, CommandKind>> = {
  FireRequested: 'request-fire',
  FireApproved: 'approve-fire',
  FireArmed: 'approve-fire',
  FireDeclined: 'decline-fire',
  HaltSet: 'set-halt',
  LiftRequested: 'request-lift',
  HaltLifted: 'approve-lift',
  KeyChangeRequested: 'request-key-change',
  KeysChanged: 'approve-key-change',
  TakenOver: 'take-over',
  AudienceSet: 'set-audience',
  SkipListSet: 'set-skip-list',
};

/** Whose key this is in a record: a deployment's, or a person's on the roster as it stands. Null: nobody's. */
export function holderOf(launch: Launch, key: string): KeyRole | { person: string } | null {
  const named = launch.keys.find((one) => one.key === key);
  if (named !== undefined) return named.role;
  const person = personOf(launch, { publicKey: key });
  return person === null ? null : { person: person.id };
}

/** Whether an entry needs a signature at all. */
export function needsKey({ kind, by }: Pick<Entry, 'kind' | 'by'>): boolean {
  return !(kind === 'HaltSet' && 'system' in by && by.system === 'cli');
}

/**
 * Why this entry can't be of the key that it names, on the launch as it stood before it; null when it may be. That the
 * signature itself fits is for the shell to see. A record that names no keys is not asked: nothing can be fired in it.
 */
export function signerProblem(before: Launch | null, entry: Entry): string | null {
  if (before === null) return entry.kind === 'LaunchCreated' ? firstProblem(entry.keys ?? [], entry) : null;
  if (before.keys.length === 0) return null;
  const { key = '', kind, by } = entry;
  if (key === '') return needsKey(entry) ? 'nobody has signed it' : shapeProblem(entry);
  const holder = holderOf(before, key);
  if (holder === null) return 'it is signed by a key that this record does not know';
  if (holder === 'bot') return null;
  if (holder === 'worker') {
    if (!WORKER_MAY.has(kind)) return `it is signed by a worker, and a worker's key can't write ${kind}`;
    return 'system' in by ? null : 'it is signed by a worker in the name of a person';
  }
  const command = OPERATOR_MAY[kind];
  const person = before.people.find(({ id }) => id === holder.person);
  if (command === undefined || person === undefined)
    return `it is signed by ${holder.person}'s own key, which can't write ${kind}`;
  if (!('person' in by) || by.person !== holder.person)
    return `it is signed by ${holder.person}'s own key in the name of somebody else`;
  if (!may(person, command)) return `it is signed by ${holder.person}, whose roles don't allow it`;
  const via = 'via' in entry ? entry.via : null;
  return via === null || (via.kind === 'operator' && via.publicKey === key)
    ? null
    : `it is signed by ${holder.person}'s own key, and its proof is of another`;
}

/** What needs no key may have been written by anybody, and is looked at as anything from outside: everything that reads it goes by these kinds of value. */
function shapeProblem(entry: Entry): string | null {
  if (entry.kind !== 'HaltSet') return null;
  const { epoch, pressedAtMs, atMs, reason } = entry;
  const isWell =
    [epoch, pressedAtMs, atMs].every((value) => Number.isSafeInteger(value) && value >= 0) &&
    typeof reason === 'string';
  return isWell ? null : 'it is a halt that nobody has signed, and its values are none of a halt';
}

function firstProblem(keys: readonly RecordKey[], { key = '' }: Entry): string | null {
  if (keys.length === 0) return null;
  return keys.some((one) => one.role === 'bot' && one.key === key)
    ? null
    : 'a launch is begun by a bot whose key it names';
}

/** Keys that this process was told to trust, by its configuration. */
export type TrustedKeys = Record<KeyRole, readonly string[]>;

/**
 * Why these keys are not to be believed, or null. Whoever can write the table could begin a launch with keys of their own;
 * so every process knows from its configuration whose keys a record may name.
 */
export function trustProblem(keys: readonly RecordKey[], trusted: TrustedKeys): string | null {
  const stranger = keys.find(({ role, key }) => !trusted[role].includes(key));
  return stranger === undefined
    ? null
    : `it names a ${stranger.role} key that this process was not told to trust (${stranger.key})`;
}

/** Why a launch can't have these keys, or null. */
export function keysProblem(keys: readonly RecordKey[]): Refusal | null {
  // In the one spelling that everybody compares by: base64 leaves two bits of a key's last digit to the writer.
  const malformed = keys.find(({ key }) => !isSpelledRight(key));
  if (malformed !== undefined)
    return refuse(
      'KEYS_INVALID',
      `“${malformed.key.slice(0, 80)}” is no public key; expected Ed25519, base64 of the SPKI DER, as \`npm run keys\` prints it.`,
    );
  const double = keys.find(({ key }, at) => keys.findIndex((one) => one.key === key) !== at);
  if (double !== undefined)
    return refuse('KEYS_INVALID', `The key ${double.key} is named twice; one key has one role.`);
  const missing = (['bot', 'worker'] as const).find((role) => !keys.some((one) => one.role === role));
  return missing === undefined
    ? null
    : refuse(
        'KEYS_INVALID',
        `There is no ${missing} key among them; expected at least one of each, or nothing could be written or closed.`,
      );
}

function isSpelledRight(key: string): boolean {
  const read = readOperatorKey(key);
  return read.ok && read.key === key;
}
