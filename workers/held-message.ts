import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Queues } from '../infra/aws/queues.ts';
import { sharedClockMs } from '../infra/monotonic.ts';

/**
 * A message whose fate can't be known yet, because a store does not answer, is held and tried again rather than handed back:
 * handing back costs its whole delay after the store's return, blocks a FIFO group for as long, and counts as a receive.
 */

const FIRST_DELAY_MS = 50;
/** What a store's return costs at most, above its own answer. */
const MOST_DELAY_MS = 1_000;

export interface Holding {
  queues: Pick<Queues, 'handBack'>;
  queue: string;
  visibilitySeconds: number;
  log: Logger;
}

/** Keeps the message from others while `work` runs, however long that is. `sinceMs`: when its visibility was last begun, on the shared monotonic clock. */
export async function whileHeld<T>(
  { queues, queue, visibilitySeconds, log }: Holding,
  receipt: string,
  work: () => Promise<T>,
): Promise<{ value: T; sinceMs: number }> {
  let sinceMs = sharedClockMs();
  const keep = setInterval(() => {
    const nowMs = sharedClockMs();
    queues.handBack(queue, [receipt], visibilitySeconds).then(
      () => {
        sinceMs = nowMs;
      },
      (error: unknown) => log.warn({ err: error, queue }, 'a message could not be kept; somebody else may take it too'),
    );
  }, visibilitySeconds * 500);
  try {
    return { value: await work(), sinceMs };
  } finally {
    clearInterval(keep);
  }
}

/** Until it has worked. Null: the signal came first. */
export async function untilDone<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  onError: (error: unknown, delayMs: number) => void,
): Promise<T | null> {
  for (let delayMs = FIRST_DELAY_MS; !signal.aborted; delayMs = Math.min(MOST_DELAY_MS, delayMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) return null;
      onError(error, delayMs);
      await sleep(delayMs, null, { signal }).catch(() => null);
    }
  }
  return null;
}
