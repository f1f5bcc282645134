import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { livingProcess, nameOfProcess } from '../living-process.ts';
import { ENDS_AFTER_PARENT_MS } from './child.ts';

/**
 * One stack per data folder: two would share tables and tear them. The lock is a file with the holder's process id and,
 * where /proc tells it, when that process started.
 */

export const LOCK_FILE = 'running.pid';

/** Gives what returns the lock. Rejects with ALREADY_RUNNING if a living process holds it; that of a dead one is taken over. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = lockFile(dataDir);
  const mine = await nameOfProcess(process.pid);
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
  const pid = await livingProcess(await readFile(lockFile(dataDir), 'utf8').catch(() => ''));
  return pid === process.pid ? null : pid;
}

const lockFile = (dataDir: string): string => join(dataDir, LOCK_FILE);
