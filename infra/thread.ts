import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/**
 * A thread of this process. What threads load is TypeScript, and Node takes its types off with WebAssembly in each of them. V8 13.6
 * (Node 24) shares the wrappers that such code calls JavaScript by, collects them when a thread that used them has ended, and may take
 * one twice when another thread asks for it meanwhile: the whole process aborts (nodejs/node#66366; mended in V8 by 9b8ca54d5a, in no
 * Node 24 up to 24.21). Without that collection nothing is taken at all; it costs the few hundred KB that each process has of such code.
 * The flag works from here on and for all threads; NODE_OPTIONS would not take it.
 */
export function startThread(entry: URL, options: WorkerOptions): Worker {
  setFlagsFromString('--no-wasm-code-gc');
  return new Worker(entry, options);
}

/**
 * Asks a thread to end by itself and resolves when it has. Only one that has not after `withinMs` is terminated: an end from
 * outside while sockets are being served can take the whole process with it (nodejs/node#56312).
 */
export async function endThread(thread: Worker, ask: unknown, withinMs: number): Promise<void> {
  if (thread.threadId === -1) return;
  const exited = once(thread, 'exit');
  thread.postMessage(ask);
  const deadline = setTimeout(() => void thread.terminate(), withinMs);
  await exited;
  clearTimeout(deadline);
}
