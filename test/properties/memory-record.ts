import { randomUUID } from 'node:crypto';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import { messageHash } from '../../infra/aws/channel-message.ts';
import type { Signer } from '../../infra/aws/keyring.ts';
import type { Appended, RecordStore } from '../../infra/aws/record-store.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { sealEntry } from '../../infra/aws/seal.ts';
import type { Entry, NewEntry } from '../../runbooks/launch/entries.ts';

/**
 * What can happen to one append. `lost`: written, the answer never came. `failed`: nothing was written. `late`: an error
 * now, and the write lands before the next call, if its sequence is still free then.
 */
export type AppendFault = 'lost' | 'failed' | 'late';

/**
 * A record store with the promises of the real one: one entry per sequence, consistent reads, entries that are stored as
 * text. Every call yields, so that calls of several journals interleave.
 */
export class MemoryRecord implements RecordStore {
  /** Asked for every append and read; the default is that all goes well. */
  faultOfAppend: (entry: NewEntry) => AppendFault | null = () => null;
  isReadable: () => boolean = () => true;
  /** Runs before an append is looked at: a place for somebody else to be first. */
  beforeAppend: () => Promise<void> = () => Promise.resolve();
  appends = 0;
  readonly #entries = new Map<string, string[]>();
  readonly #messages = new Map<string, (ChannelMessage & Head)[]>();
  readonly #late: (() => void)[] = [];

  async append(
    launchId: string,
    head: Head,
    entry: NewEntry,
    { signer = null }: { signer?: Signer | null } = {},
  ): Promise<Appended> {
    this.appends += 1;
    await this.beforeAppend();
    await Promise.resolve();
    this.#landLate();
    const sealed = sealEntry(launchId, head, entry, { token: randomUUID(), signer });
    const fault = this.faultOfAppend(entry);
    if (fault === 'failed') throw new Error('MEMORY_APPEND_FAILED');
    if (fault === 'late') {
      this.#late.push(() => this.#put(sealed));
      throw new Error('MEMORY_APPEND_LATE');
    }
    const won = this.#put(sealed);
    if (fault === 'lost') throw new Error('MEMORY_ANSWER_LOST');
    await Promise.resolve();
    return won ? { won: true, entry: sealed } : { won: false };
  }

  async readAfter(launchId: string, afterSeq: number): Promise<Entry[]> {
    await Promise.resolve();
    if (!this.isReadable()) throw new Error('MEMORY_READ_FAILED');
    this.#landLate();
    const entries = this.#parse(launchId, afterSeq);
    await Promise.resolve();
    return entries;
  }

  async appendMessage(
    launchId: string,
    head: Head,
    message: ChannelMessage,
  ): Promise<{ won: true; head: Head } | { won: false }> {
    await Promise.resolve();
    const messages = this.#messages.get(launchId) ?? [];
    if (head.seq !== messages.length) return { won: false };
    const next = { seq: head.seq + 1, hash: messageHash(launchId, head.seq + 1, head.hash, message) };
    this.#messages.set(launchId, [...messages, { ...message, ...next }]);
    return { won: true, head: next };
  }

  async messagesAfter(launchId: string, afterSeq: number): Promise<(ChannelMessage & Head)[]> {
    await Promise.resolve();
    return (this.#messages.get(launchId) ?? []).slice(afterSeq);
  }

  /** The record as it lies there, without faults. */
  all(launchId: string): Entry[] {
    return this.#parse(launchId, 0);
  }

  #parse(launchId: string, afterSeq: number): Entry[] {
    return (this.#entries.get(launchId) ?? []).slice(afterSeq).map((text) => JSON.parse(text) as Entry);
  }

  /** What nobody may do, to see that it is found out. */
  tamper(launchId: string, change: (entries: Entry[]) => Entry[]): void {
    this.#entries.set(
      launchId,
      change(this.all(launchId)).map((entry) => JSON.stringify(entry)),
    );
  }

  #put(entry: Entry): boolean {
    const texts = this.#entries.get(entry.launchId) ?? [];
    if (entry.seq !== texts.length + 1) return false;
    this.#entries.set(entry.launchId, [...texts, JSON.stringify(entry)]);
    return true;
  }

  #landLate(): void {
    for (const land of this.#late.splice(0)) land();
  }
}
