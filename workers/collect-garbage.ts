import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let gc: (() => void) | null = null;

/**
 * Collects garbage now. Shared memory that a thread has let go is only free once that thread has collected its last
 * reference, and a thread with nothing to do never does: two audiences would stay in memory.
 */
export function collectGarbage(): void {
  if (gc === null) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
  }
  gc();
}
