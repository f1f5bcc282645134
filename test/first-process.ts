import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A command under these is what the first process of a container is: alone in its process ids, where the kernel drops a signal
 * that nobody listens to, and kills all others once it has ended.
 */
export const AS_FIRST_PROCESS = ['unshare', '--fork', '--pid', '--mount-proc', '--kill-child'];

/** Not everybody may; tests that need it are skipped. */
export const canUnshare = spawnSync('unshare', [...AS_FIRST_PROCESS.slice(1), 'true']).status === 0;

/** The first process in there, by its number out here. */
function firstProcessOf({ pid }: ChildProcess): number | null {
  try {
    const [first = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    return first === '' ? null : Number(first);
  } catch {
    return null;
  }
}

/** Asks it to stop, as ECS does. */
export function stopFirstProcess(child: ChildProcess): void {
  const pid = firstProcessOf(child);
  if (pid !== null) process.kill(pid, 'SIGTERM');
}

/** From its start on until it has ended. Those that come before the runtime's first line are dropped; of the others the first one counts. */
export function keepStopping(child: ChildProcess): void {
  const asking = setInterval(() => stopFirstProcess(child), 10);
  child.once('exit', () => clearInterval(asking));
}
