import type { z } from 'zod';
import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import { boxedMessage, clearMessage } from '../../runbooks/record/message-schema.ts';
import { MESSAGE_FORMAT } from '../../runbooks/record/rows.ts';
import type { Box, Forgot, GivenWords, KeptFile, Mark, Refused, Unread } from '../../runbooks/record/rows.ts';
import type { Head } from './seal.ts';
import { sha256 } from './sha256.ts';

export interface ChannelMessage {
  ts: string;
  user: string;
  text: string;
  atMs: number;
  /** The ts that this edits or deletes. */ edits: string | null;
  deleted: boolean;
  permalink: string | null;
  files: string[];
  /** Not said but wanted: a press or command that was refused. */ refused?: Refused | undefined;
  /** The ts of the thread that it is a reply in; null: it stands in the channel. Absent: it was not kept. */ thread?:
    | string
    | null;
  /** It was not heard when it happened, but found in the channel's history afterwards. */ found?: true;
  /** Not said: a reaction that marks a message was put on or taken off. */ mark?: Mark;
  /** Not said: what became of a file that hangs on a message. */ file?: KeptFile;
  /** Not said: what people wrote before was deleted. */ forgot?: Forgot;
  /** Not said in the channel: words of an entry, given by command or form. */ given?: GivenWords;
  /** As the chain has it. Absent: the chain has it as it is here. */ box?: Box;
  /** Its key was deleted, or its time was over: nothing but its time and place is known any more. */ forgotten?: true;
  /** Not read: its keys did not come (`away`), it is of a newer format (`newer`), or what stands there is no message (`broken`). */ unread?: Unread;
  /** What was found in the place of a message (`broken`). */ problem?: string;
  /** Its format, MESSAGE_FORMAT. Absent: 1, and not yet written. */ v?: number;
}

/** What stands in the table of a message whose words lie in a box: nothing beside it, since the chain is over nothing beside it. */
type Boxed = Required<Pick<ChannelMessage, 'atMs' | 'box'>> & Pick<ChannelMessage, 'v'>;

export function storedOf({ atMs, box, v, ...rest }: ChannelMessage): ChannelMessage | Boxed {
  const format = v === undefined ? {} : { v };
  return box === undefined ? { ...format, atMs, ...rest } : { ...format, atMs, box };
}

/** sha256 hex of a channel message in its chain: over what is stored of it, its place and predecessor. */
export function messageHash(launchId: string, seq: number, prev: string, message: ChannelMessage): string {
  return sha256(canonicalJson({ launchId, seq, prev, message: storedOf(message) }));
}

/** So many in a row may have been taken out; what stands further on is none of the chain. */
const GAP_MOST = 100_000;

/**
 * Behind which message the next one goes, by what stands behind `from`. Whoever writes the table may have put an item at any number: one that is no place
 * (5.5), or that no chain has come to (10^15, behind which there is no further place), holds nobody up, and verifyChannel names it.
 */
export const endOfChain = (behind: readonly Head[], from: Head = { seq: 0, hash: '' }): Head =>
  behind.reduce((end, { seq, hash }) => {
    const isNext = Number.isSafeInteger(seq) && seq > end.seq && seq - end.seq <= GAP_MOST;
    return isNext ? { seq, hash } : end;
  }, from);

/** Somebody may have put any number of fields there. */
const PROBLEM_CHARS = 200;

/** One that nobody said: what is known of it goes over it. */
export const blankMessage = (atMs: number): ChannelMessage => ({
  ts: '',
  user: '',
  text: '',
  atMs,
  edits: null,
  deleted: false,
  permalink: null,
  files: [],
});

/**
 * The message as its text in the table says it, with its words where they lie in a box. Whoever writes that table may have put anything there, so what is
 * no message is one that says so (`broken`): it stops nobody from reading the others, and the chain is not believed from there on (verify-channel.ts).
 */
export function readStored(text: string): ChannelMessage | Boxed {
  const read = jsonOf(text);
  if (typeof read !== 'object' || read === null) return broken('its text is no JSON of a message');
  if ('v' in read && typeof read.v === 'number' && read.v > MESSAGE_FORMAT)
    return { ...blankMessage(momentIn(read)), v: read.v, unread: 'newer' };
  const { error } = ('box' in read ? boxedMessage : clearMessage).safeParse(read);
  // As it stands there, with whatever else it has: the hash is over all of it.
  return error === undefined ? (read as ChannelMessage | Boxed) : broken(problemIn(error), momentIn(read));
}

/** `texts`: what was in the boxes; null where nothing opens one. `texts` null: the keys did not come. */
export function readable(
  message: ChannelMessage | Boxed,
  texts: ReadonlyMap<Box, string | null> | null,
): ChannelMessage {
  if ('ts' in message) return message;
  const { atMs, box } = message;
  const text = texts?.get(box) ?? null;
  if (text === null)
    return { ...blankMessage(atMs), ...message, ...(texts === null ? { unread: 'away' } : { forgotten: true }) };
  const read = jsonOf(text);
  const { error } = clearMessage.safeParse(read);
  return error === undefined
    ? { ...(read as ChannelMessage), ...message }
    : { ...broken(`in its box ${problemIn(error)}`, atMs), ...message };
}

/** `atMs` 0: not known. */
const broken = (problem: string, atMs = 0): ChannelMessage => ({ ...blankMessage(atMs), unread: 'broken', problem });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Words that an entry may name, with what stands in the table: who reads an entry takes them for what was signed there, so they must be what this hash is over, not
 * only beside it. `prev`: of the message before; null: there is none, and nothing proves them. Everything else is read as it stands, and proven by verifyChannel.
 */
export function provenGiven(
  launchId: string,
  message: ChannelMessage & Head,
  prev: string | null,
): ChannelMessage & Head {
  const { seq, hash, ...rest } = message;
  if (message.given === undefined || (prev !== null && messageHash(launchId, seq, prev, rest) === hash)) return message;
  const { atMs, box, v } = message;
  const kept = box === undefined || v === undefined ? {} : { box, v };
  return { ...broken('its hash is that of something else', atMs), ...kept, seq, hash };
}

/** Null and words are no moment. */
const momentIn = (read: object): number =>
  'atMs' in read && Number.isSafeInteger(read.atMs) ? (read.atMs as number) : 0;

function problemIn({ issues: [issue] }: z.ZodError): string {
  const where = issue === undefined ? '' : issue.path.join('.');
  const what = `${where === '' ? '' : `${where}: `}${issue?.message ?? 'unknown'}`;
  return `its text is no message (${what.slice(0, PROBLEM_CHARS)})`;
}
