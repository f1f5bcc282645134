import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

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

/**
 * From its start on until it has ended, whenever something listens: first what the runtime has on its way up, which drops one, then its first line,
 * for which the first one counts. One that nobody listens to is dropped, but not always: the kernel kills even a first process by it
 * where only one of several threads blocks it, as the main one does while the runtime starts another thread or handles the one before.
 */
export function keepStopping(child: ChildProcess): void {
  const asking = setInterval(() => {
    const pid = firstProcessOf(child);
    try {
      if (pid !== null && isListening(pid)) process.kill(pid, 'SIGTERM');
    } catch {
      // It has ended meanwhile.
    }
  }, 10);
  child.once('exit', () => clearInterval(asking));
}

/** Whether a SIGTERM has a handler, and none waits or is being handled. */
function isListening(pid: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const holds = (mask: string) => {
    const [, bits = '0'] = new RegExp(`^${mask}:\\s*([0-9a-f]+)$`, 'm').exec(status) ?? [];
    return (BigInt(`0x${bits}`) & (1n << BigInt(constants.signals.SIGTERM - 1))) !== 0n;
  };
  return holds('SigCgt') && !['SigPnd', 'ShdPnd', 'SigBlk'].some(holds);
}
