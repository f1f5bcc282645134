import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { ClaimStore } from '../infra/aws/claim-store.ts';

/** Half a read unit each, over as many partitions: 100 units for a worker, once. */
export const PRACTICE_READS = 200;
const AT_ONCE = 8;

/**
 * Asks for claims that nobody has made, so that the first second of a shot does not go through code that V8 has not compiled yet and
 * over sockets that are not open yet: in a launch of some hundred batches for each worker that costs a tenth of its main thread's time.
 * A store that does not answer now is no reason to stay away.
 */
export async function warmUp(
  claims: Pick<ClaimStore, 'read'>,
  reads: number,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  let left = reads;
  async function ask(): Promise<void> {
    while (left > 0 && !signal.aborted) {
      left -= 1;
      await claims.read([`warm-up/${randomUUID()}`], false);
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
  } catch (error) {
    left = 0;
    log.warn(
      { err: error },
      'the claims could not be asked for practice; the first batches of a shot will take longer',
    );
  }
}
