import type { Lane, RowKind } from './lanes.ts';

/** What somebody wanted and did not get: a press or a command that was refused. */
export interface Refused {
  what: string;
  code: string;
  say: string;
  /** More than one: so many alike or further ones within a minute, counted instead of written out. */ times: number;
}

/** A reaction that means something here, on or off the message with this ts. */
export interface Mark {
  of: string;
  /** As Slack names it, without colons. */
  name: string;
  on: boolean;
}

/** A file of the message with this ts: copied (`sha256`, `key` in the bucket), or the reason why not (`lost`). */
export interface KeptFile {
  of: string;
  /** As Slack calls it. */
  id: string;
  name: string;
  type: string;
  /** Null: not known. */
  bytes: number | null;
  sha256: string | null;
  key: string | null;
  lost: string | null;
}

/** What is deleted by deleting its key: the chain of the channel is over this, and not over what is in it. */
export interface Box {
  /** sha256 of the key, by which it is found. */
  key: string;
  /** Nonce, AES-256-GCM and tag, in base64. */
  sealed: string;
}

/**
 * How a message stands in the chain of the channel, its `v`: 1 in clear, and without `v`; 2 in a box, by the key of its day; 3 in a box, by a key of its own. What
 * is of a newer one is named and not guessed at: its chain may be over something else.
 */
export const MESSAGE_FORMAT = 3;

/** From this format on a message can be deleted alone. */
export const OWN_KEY_FORMAT = 3;

/** What the words are that somebody has given by command or form: they lie in the chain of the channel, where they can be deleted, and an entry refers to them. */
export type GivenWords = { as: 'answer'; question: string } | { as: 'note' };

/** How much of a launch was deleted at a time. It is written before anything is, in clear: it is nobody's words. */
export interface Forgot {
  messages: number;
  /** Of them, answers and notes. Absent: none. */
  given?: number;
  files: number;
  tokens: number;
  /** What was sealed with these is deleted, whether or not they lie in the bucket still. Absent: written by a version that deleted first. */
  keys?: string[];
  /** Some messages alone, by their place in the chain, whether or not their keys lie in the bucket still. Absent: all until then. */
  seqs?: number[];
  /** The ts of what these are, edit or attach: nothing of it is recorded again. */
  of?: string[];
  /** Who did it, as the roster calls them, by their operator key. Absent: whoever has the rights of the command line. */
  by?: string;
  /** Why, in their words; it is not deleted with them. */
  reason?: string;
}

/** What of a chain was deleted message by message: places, and the ts of what stood there. */
export function deletedIn(chain: readonly Pick<TimelineMessage, 'forgot'>[]): { seqs: Set<number>; of: Set<string> } {
  return {
    seqs: new Set(chain.flatMap(({ forgot }) => forgot?.seqs ?? [])),
    of: new Set(chain.flatMap(({ forgot }) => forgot?.of ?? [])),
  };
}

/** Why a message is not read: its keys did not come, it is of a newer format than this version reads, or what stands in its place is no message. */
export type Unread = 'away' | 'newer' | 'broken';

/** What a person wrote in the channel, or was refused, from the chain of channel messages. Edits and deletions are messages of their own. */
export interface TimelineMessage {
  ts: string;
  user: string;
  text: string;
  atMs: number;
  /** The ts of the message that this one edits or deletes; null for a new message. */
  edits: string | null;
  deleted: boolean;
  permalink: string | null;
  files: string[];
  refused?: Refused | undefined;
  /** The ts of the thread that it is a reply in; null: it stands in the channel. Absent: it was not kept. */
  thread?: string | null;
  /** It was not heard when it happened, but found in the channel's history afterwards. */
  found?: true;
  /** Not said: a reaction that marks a message was put on or taken off. */
  mark?: Mark;
  /** Not said: what became of a file that hangs on a message. */
  file?: KeptFile;
  /** Not said: what people wrote before was deleted. */
  forgot?: Forgot;
  /** Not said in the channel: words of an entry, given by command or form. */
  given?: GivenWords;
  /** As the chain has it. Absent: the chain has it as it is here. */
  box?: Box;
  /** Its key was deleted, or its time was over: nothing but its time and place is known any more. */
  forgotten?: true;
  unread?: Unread;
  /** What was found in the place of a message (`broken`). */
  problem?: string;
  /** Absent: 1. */
  v?: number;
  /** Its place in the chain of channel messages. Absent: it is not from there. */
  seq?: number;
  hash?: string;
}

/** One line of the timeline, as plain text: whatever shows it must escape it. */
export interface Row {
  atMs: number;
  who: string;
  what: string;
  isLoud: boolean;
  kind: RowKind;
  lane: Lane;
  files: string[];
  /** The marks that it has, or puts on, by name. */
  marks: string[];
  /** Of http or https; null: none. */
  permalink: string | null;
  /** Where it stands: in the record, or in the chain of channel messages. Null: the message brought no place. */
  place: { chain: 'record' | 'channel'; seq: number; hash: string } | null;
  /** What AWS was asked for it, with the id of each request; '' for nothing that was kept. */
  aws: string;
  /** How the person who did it proved who they are; '' where nothing had to be proved. */
  proof: string;
}

/** How documents name a place: `e42` in the record, `m3` in the chain of channel messages. */
export const idOf = ({ chain, seq }: NonNullable<Row['place']>): string => `${chain === 'record' ? 'e' : 'm'}${seq}`;
