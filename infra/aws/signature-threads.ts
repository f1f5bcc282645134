import { availableParallelism } from 'node:os';
import { startThread } from '../thread.ts';
import type { FromSignatureThread, Signed, ToSignatureThread } from './signature-thread.ts';

const THREAD = new URL('./signature-thread.ts', import.meta.url);
/** More would wait for the table that a record comes from. */
const THREADS_AT_MOST = 8;
/** One portion that a thread looks at, and one that is there when it has. */
const AHEAD = 2;

/**
 * Which signatures of each portion fit, portion by portion in their order, by as many threads as there are cores: the loop of this process goes
 * on meanwhile, and whoever asks works at one portion while the next is looked at. The threads end with the last portion, and when nobody asks
 * any more. Null: the thread that had the portion died, or none could be started; nothing is known of it.
 */
export async function* signaturesBeside(
  portions: readonly (readonly Signed[])[],
  entry = THREAD,
): AsyncGenerator<boolean[] | null> {
  const looked = portions.map(() => Promise.withResolvers<boolean[] | null>());
  const waiting = portions.keys();
  const start = () => {
    const thread = startThread(entry, {});
    const had = new Set<number>();
    const give = (): void => {
      const { value: at } = waiting.next();
      if (at === undefined) return;
      had.add(at);
      thread.postMessage({ at, signed: portions[at] ?? [] } satisfies ToSignatureThread);
    };
    thread.on('message', ({ at, fits }: FromSignatureThread) => {
      looked[at]?.resolve(fits);
      give();
    });
    // Said by the exit that follows; unheard it would end the process.
    thread.on('error', () => undefined);
    thread.on('exit', () => {
      threads.delete(thread);
      for (const at of threads.size === 0 ? looked.keys() : had) looked[at]?.resolve(null);
    });
    for (let ahead = 0; ahead < AHEAD; ahead += 1) give();
    return thread;
  };
  const threads = new Set<ReturnType<typeof start>>();
  const count = Math.min(availableParallelism(), THREADS_AT_MOST, portions.length);
  try {
    while (threads.size < count) threads.add(start());
  } catch {
    // A container that may have no more threads (ERR_WORKER_INIT_FAILED): those that are there look at all.
    if (threads.size === 0) for (const { resolve } of looked) resolve(null);
  }
  try {
    for (const { promise } of looked) yield await promise;
  } finally {
    await Promise.all([...threads].map((thread) => thread.terminate()));
  }
}
