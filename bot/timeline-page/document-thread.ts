import { parentPort } from 'node:worker_threads';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { ChainedMessage } from '../../runbooks/record/export.ts';
import { documentOf } from './document.ts';
import type { DocumentAsked, MadeDocument } from './document.ts';
import type { RecordPortion } from './hand-record.ts';

/** The thread of documents.ts: takes a record in portions, makes one document of it, and ends. */
export type ToThread = RecordPortion | { make: DocumentAsked };

/** Texts as UTF-8. */
export type FromThread = (Omit<MadeDocument, 'markdown' | 'page'> & { markdown: Uint8Array; page: Uint8Array }) | null;

const entries: Entry[] = [];
const messages: ChainedMessage[] = [];

parentPort?.on('message', (told: ToThread) => {
  if ('entries' in told) entries.push(...told.entries);
  else if ('messages' in told) messages.push(...told.messages);
  else void make(told.make);
});

/** What it throws ends the thread, and whoever asked is told. */
async function make(asked: DocumentAsked): Promise<void> {
  const made = await documentOf(asked, entries, messages);
  const [markdown, page] = [bytesOf(made?.markdown ?? ''), bytesOf(made?.page ?? '')];
  const answer: FromThread = made === null ? null : { ...made, markdown, page };
  // Handed over, not copied: a page may have tens of megabytes.
  parentPort?.postMessage(answer, [markdown.buffer, page.buffer]);
  parentPort?.close();
}

const bytesOf = (text: string) => new TextEncoder().encode(text);
