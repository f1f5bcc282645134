import type { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { startThread } from '../../infra/thread.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { ChainedMessage } from '../../runbooks/record/export.ts';
import type { FromThread, ToThread } from './document-thread.ts';
import type { DocumentAsked } from './document.ts';
import { handRecord } from './hand-record.ts';

/** 50,000 entries take some seconds (`npm run bench:timeline`), on a machine that has much else to do some more. */
const MADE_WITHIN_MS = 120_000;
/** A document of 50,000 entries takes a third of it; a record that takes more must not take the bot's memory. */
const HEAP_MB = 1_024;

/** Whoever else asks meanwhile waits: one core is for presses. */
const oneAtATime = pLimit(1);

/**
 * A document of this record (null: nothing created it), made in a thread of its own: no press waits for it. Rejects with DOCUMENT_LATE when it takes too long,
 * with DOCUMENT_LOST when the thread ends without it, and with whatever the making throws.
 */
export function makeDocument(
  asked: DocumentAsked,
  record: { entries: readonly Entry[]; messages: readonly ChainedMessage[] },
  withinMs = MADE_WITHIN_MS,
): Promise<FromThread> {
  return oneAtATime(() => makeNow(asked, record, withinMs));
}

async function makeNow(
  asked: DocumentAsked,
  { entries, messages }: Parameters<typeof makeDocument>[1],
  withinMs: number,
): Promise<FromThread> {
  const thread = startThread(new URL('./document-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<FromThread>((resolve, reject) => {
      timer = setTimeout(() => reject(late(withinMs)), withinMs);
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', () => reject(lost()));
      hand(thread, asked, { entries, messages }).catch(reject);
    });
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}

async function hand(thread: Worker, make: DocumentAsked, record: Parameters<typeof makeDocument>[1]): Promise<void> {
  await handRecord(thread, record);
  const last: ToThread = { make };
  thread.postMessage(last);
}

const failure = (code: string, say: string): Error => Object.assign(new Error(`${code}: ${say}`), { code });
const late = (withinMs: number): Error =>
  failure('DOCUMENT_LATE', `the document was not made within ${withinMs / 1_000} s`);
const lost = (): Error => failure('DOCUMENT_LOST', 'the thread that made the document ended without it');
