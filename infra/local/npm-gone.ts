import { readFileSync } from 'node:fs';

const LOOK_MS = 500;

/**
 * Calls `gone` once the npm that runs this process has ended, even by SIGKILL, which it can't pass on. npm runs a script
 * directly or through `sh`: with the shell between us, it is the shell's parent that changes (seen where /proc is).
 * Without npm nothing is watched: a start in the background may outlive its shell.
 */
export function onNpmGone(gone: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const shell = process.ppid;
  const npm = parentOf(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return;
    clearInterval(timer);
    gone();
  }, LOOK_MS);
  timer.unref();
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold spaces; the parent is the fourth.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}
