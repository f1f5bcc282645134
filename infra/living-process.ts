import { readFile } from 'node:fs/promises';

/** Processes by a name that no later one has: ids are used again, after a reboot or in a container most of all. */

/** `<pid> <start>`, the start in clock ticks since boot; `<pid>` alone without /proc. */
export async function nameOfProcess(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The second field is the program's name in brackets and may hold spaces; the start is the 22nd.
  const startedAt = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return startedAt === undefined ? String(pid) : `${pid} ${startedAt}`;
}

/** The id of the process that has this name and lives; null: it is gone, or the text is no name. */
export async function livingProcess(name: string): Promise<number | null> {
  const pid = Number(name.trim().split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return null;
  const now = await nameOfProcess(pid);
  // Where its start is told, an id alone is no name: by now it may be any program's.
  return now.includes(' ') && now !== name.trim() ? null : pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
