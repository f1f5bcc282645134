import { readable } from './chat.ts';
import { stamp } from './clock.ts';
import { number } from './describe.ts';
import type { Names } from './describe.ts';
import { laneOf } from './lanes.ts';
import { deletedIn } from './rows.ts';
import type { Forgot, GivenWords, KeptFile, Mark, Refused, Row, TimelineMessage } from './rows.ts';

/** The rows of what people wrote, marked and attached, and of what they were refused. */

/** A message has the marks that it has at the end, and so have its edits and its deletion: whoever looks for a mark must not find words that were taken back. */
export function messageRows(
  messages: readonly TimelineMessage[],
  names: Names,
  namedIn: ReadonlyMap<number, number> = new Map(),
): Row[] {
  const marks = new Map<string, { name: string; user: string }[]>();
  const said = new Map<string, string>();
  for (const { ts, user, text, edits, deleted, mark } of messages) {
    if (mark === undefined) {
      if (!deleted) said.set(edits ?? ts, text);
      continue;
    }
    const others = (marks.get(mark.of) ?? []).filter((one) => one.name !== mark.name || one.user !== user);
    marks.set(mark.of, mark.on ? [...others, { name: mark.name, user }] : others);
  }
  const goneAt = goneIn(messages);
  return messages.map((message, index) => {
    const gone = goneAt(index);
    if (message.unread === 'broken')
      return {
        ...messageRow(message, names, []),
        who: '?',
        what: gone ?? '',
        isLoud: true,
        kind: 'Unread',
        lane: laneOf('Unread'),
      };
    if (gone !== null) return { ...messageRow(message, names, []), what: gone };
    if (message.given !== undefined) return givenRow(message, message.given, names, namedIn.get(message.seq ?? 0));
    if (message.file !== undefined) return fileRow(message, message.file, names);
    return message.mark === undefined
      ? messageRow(message, names, marks.get(message.edits ?? message.ts) ?? [])
      : markRow(message, message.mark, names, said.get(message.mark.of));
  });
}

/** Of the message at this index: why there are no words; null: there are. */
export function goneIn(messages: readonly TimelineMessage[]): (index: number) => string | null {
  const lastForgot = messages.findLastIndex(({ forgot }) => forgot !== undefined && forgot.seqs === undefined);
  const { seqs } = deletedIn(messages);
  return (index) => {
    const message = messages[index];
    return message === undefined ? null : goneText(message, index < lastForgot || seqs.has(message.seq ?? 0));
  };
}

/** `entry`: the one that has these words. Undefined: whatever was to write it was cut off, or it was refused. */
function givenRow(message: TimelineMessage, given: GivenWords, names: Names, entry: number | undefined): Row {
  const what = given.as === 'answer' ? `an answer to “${given.question}”` : 'a note';
  return {
    ...messageRow(message, names, []),
    what: entry === undefined ? `gave ${what} that is in no entry: “${message.text}”` : `gave ${what}: entry ${entry}`,
  };
}

function fileRow(message: TimelineMessage, { of, name, type, bytes, sha256, key, lost }: KeptFile, names: Names): Row {
  const about = [type, bytes === null ? '' : `${number(bytes)} bytes`].filter((one) => one !== '').join(', ');
  // The place is named after the hash.
  const hash = key?.endsWith(`/${sha256 ?? ''}`) === true ? '' : `, sha256 ${sha256 ?? ''}`;
  const fate = lost === null ? `kept as ${key ?? ''}${hash}` : `not copied: ${lost}`;
  return {
    ...messageRow(message, names, []),
    what: `attached ${name}${about === '' ? '' : ` (${about})`} to the message of ${clockOf(of)}; ${fate}`,
    kind: 'File',
  };
}

function markRow(message: TimelineMessage, { of, name, on }: Mark, names: Names, text: string | undefined): Row {
  const quoted = text === undefined || text === '' ? '' : ` (“${readable(text, names)}”)`;
  const done = on
    ? `marked the message of ${clockOf(of)} with :${name}:`
    : `took :${name}: off the message of ${clockOf(of)}`;
  return {
    ...messageRow(message, names, []),
    what: `${done}${quoted}${message.found === true ? ' (seen in the channel afterwards)' : ''}`,
    kind: 'Mark',
    marks: on ? [name] : [],
  };
}

function messageRow(message: TimelineMessage, names: Names, marks: readonly { name: string; user: string }[]): Row {
  const { atMs, user, refused, permalink, seq, hash } = message;
  const isSaid = refused === undefined;
  return {
    atMs,
    who: message.forgot !== undefined ? (message.forgot.by ?? 'the command line') : (names.get(user) ?? user),
    what: isSaid
      ? `${saidText(message, names)}${message.edits === null ? marksText(marks, names) : ''}`
      : refusedText(refused),
    isLoud: false,
    kind: isSaid ? 'Message' : 'Refused',
    lane: laneOf(isSaid ? 'Message' : 'Refused'),
    files: isSaid && !message.deleted ? message.files : [],
    marks: [...new Set(marks.map(({ name }) => name))],
    permalink: isSaid && permalink !== null && LINK.test(permalink) ? permalink : null,
    place: seq === undefined || hash === undefined ? null : { chain: 'channel', seq, hash },
    aws: '',
    proof: '',
  };
}

/** Nothing in it ends a link of Markdown's, of HTML's or of Slack's. */
const LINK = /^https?:\/\/[^\s()<>|^"]+$/;

function saidText(message: TimelineMessage, names: Names): string {
  const { ts, edits, deleted, thread, found, forgot } = message;
  if (forgot !== undefined) return forgotText(forgot);
  if (deleted && found === true) return `their message of ${clockOf(edits ?? ts)} was found deleted`;
  if (deleted) return `deleted their message of ${clockOf(edits ?? ts)}`;
  const quoted = `${quotedText(message, names)}${found === true ? ' (read in the channel afterwards)' : ''}`;
  if (edits !== null) return `edited their message of ${clockOf(edits)} to ${quoted}`;
  return thread === undefined || thread === null ? quoted : `replied to the message of ${clockOf(thread)}: ${quoted}`;
}

/** Of an attachment alone, that there are no words. */
const quotedText = ({ text, files }: TimelineMessage, names: Names): string =>
  text === '' && files.length > 0
    ? `${files.length === 1 ? 'a file' : 'files'} without words`
    : `“${readable(text, names)}”`;

/** `isDeleted`: a deletion stands behind it in the chain; without one S3 has let its key go by itself. */
function goneText({ forgotten, unread, seq, v, problem }: TimelineMessage, isDeleted: boolean): string | null {
  if (unread === 'broken')
    return `message ${String(seq)} can't be read: ${problem ?? ''}. It was changed or cut in the table`;
  if (unread === 'newer')
    return `message ${String(seq)} can't be read by this version of gobutton: it is of format ${String(v)}`;
  if (unread === 'away')
    return 'what was written here could not be read when this was made: S3 did not answer. It is not lost; make this anew later';
  if (forgotten !== true) return null;
  return isDeleted
    ? 'what was written here was deleted'
    : 'what was written here has no key any more: the time for which words are kept is over, or, in another region, it has yet to come';
}

function forgotText({ messages, given = 0, files, tokens, seqs, reason = '' }: Forgot): string {
  const named = given === 0 ? '' : `, ${plural(given, 'answer or note', 'answers or notes')} among them`;
  const what =
    seqs === undefined
      ? `what people wrote in the channel until then (${plural(messages, 'message')}${named}), what they attached (${plural(files, 'file')}) and their device tokens (${number(tokens)})`
      : `${plural(messages, 'message')} that ${messages === 1 ? 'was' : 'were'} written in the channel (${placesText(seqs)}${named}), and ${plural(files, 'file')} that hung there`;
  return `deleted ${what}${reason === '' ? '' : `: “${reason}”`}`;
}

const PLACES = 12;
/** `m1, m2`; of many the first ones. */
export const placesText = (seqs: readonly number[]): string =>
  `${seqs
    .slice(0, PLACES)
    .map((seq) => `m${seq}`)
    .join(', ')}${seqs.length > PLACES ? `, and ${number(seqs.length - PLACES)} more` : ''}`;

const plural = (count: number, what: string, more = `${what}s`): string =>
  `${number(count)} ${count === 1 ? what : more}`;

const marksText = (marks: readonly { name: string; user: string }[], names: Names): string =>
  marks.length === 0
    ? ''
    : ` (marked ${marks.map(({ name, user }) => `:${name}: by ${names.get(user) ?? user}`).join(', ')})`;

function refusedText({ what, code, say, times }: Refused): string {
  return times > 1
    ? `was refused ${number(times)} more times within a minute, the last time: ${what} (${code})`
    : `was refused: ${what} (${code}): ${readable(say, new Map())}`;
}

/** Slack's ts is the time of the message, in seconds. */
const clockOf = (ts: string): string =>
  Number.isFinite(Number(ts)) && Number(ts) > 0 ? stamp(Math.round(Number(ts) * 1_000)).slice(11) : ts;
