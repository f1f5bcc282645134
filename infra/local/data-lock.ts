import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENDS_AFTER_PARENT_MS } from './child.ts';

/**
 * One stack per data folder: two would share tables and tear them. The lock is a file with the holder's process id and,
 * where /proc tells it, when that process started: ids are used again, after a reboot or in a container most of all.
 */

export const LOCK_FILE = 'running.pid';

/** Gives what returns the lock. Rejects with ALREADY_RUNNING if a living process holds it; that of a dead one is taken over. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = lockFile(dataDir);
  const mine = await nameOf(process.pid);
  for (;;) {
    try {
      await writeFile(file, mine, { flag: 'wx' });
      return async () => {
        if ((await readFile(file, 'utf8').catch(() => '')) === mine) await rm(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new Error(`could not write ${file}`, { cause: error });
    }
    const holder = await runningIn(dataDir);
    if (holder !== null)
      throw new Error(
        `ALREADY_RUNNING the data folder ${dataDir} is in use by process ${holder}; stop it first, or use another folder with --data`,
      );
    // What a killed start leaves behind writes to the folder until it notices.
    await sleep(ENDS_AFTER_PARENT_MS);
    await rm(file, { force: true });
  }
}

/** The process that runs a stack in this folder, or null. */
export async function runningIn(dataDir: string): Promise<number | null> {
  const held = (await readFile(lockFile(dataDir), 'utf8').catch(() => '')).trim();
  const pid = Number(held.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return null;
  return held.includes(' ') && held !== (await nameOf(pid)) ? null : pid;
}

const lockFile = (dataDir: string): string => join(dataDir, LOCK_FILE);

/** `<pid> <start>`, the start in clock ticks since boot; `<pid>` alone without /proc. */
async function nameOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The second field is the program's name in brackets and may hold spaces; the start is the 22nd.
  const startedAt = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return startedAt === undefined ? String(pid) : `${pid} ${startedAt}`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
