import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';

/** Head of a record: what the next entry chains to. `{ seq: 0, hash: '' }` for an empty record. */
export interface Head { seq: number; hash: string }

export type Appended = { won: true; entry: Entry } | { won: false };

/** The append-only record in DynamoDB: table `<prefix>-record`, key `launchId` + `seq`. */
export interface RecordStore {
  /**
   * Puts the entry at head.seq + 1 if that sequence is free. A conditional failure (or a lost answer) is read
   * back consistently: an entry with our own token is success. `won: false`: somebody else has that sequence; re-read and re-decide.
   */
  append(launchId: string, head: Head, entry: NewEntry, signal?: AbortSignal): Promise<Appended>;
  /** Entries after `afterSeq`, in order, strongly consistent, whole (paged inside). */
  readAfter(launchId: string, afterSeq: number, signal?: AbortSignal): Promise<Entry[]>;
  /** The chain of what people wrote in the channel: own partition, same rules. */
  appendMessage(launchId: string, head: Head, message: ChannelMessage): Promise<{ won: true; head: Head } | { won: false }>;
  messagesAfter(launchId: string, afterSeq: number): Promise<(ChannelMessage & Head)[]>;
}

export interface ChannelMessage { ts: string; user: string; text: string; atMs: number; /** The ts that this edits or deletes. */ edits: string | null; deleted: boolean; permalink: string | null; files: string[] }
