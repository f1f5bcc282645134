import { parentPort } from 'node:worker_threads';
import './sending-thread.ts';

/** A sending thread that does on demand what a fault in its code would do. */
export type Sickness = { kind: 'throw' } | { kind: 'hang'; forMs: number };

parentPort?.on('message', (message: Sickness | { kind: string }) => {
  if (message.kind === 'throw') throw new Error('OUT_OF_ORDER');
  if (!('forMs' in message)) return;
  const untilMs = performance.now() + message.forMs;
  while (performance.now() < untilMs);
});
