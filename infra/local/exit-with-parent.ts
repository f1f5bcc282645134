import { isMainThread } from 'node:worker_threads';

/**
 * Preloaded (`node --import`) into every process that the local start spawns: when the parent is gone, even by SIGKILL,
 * the child ends too, so that no worker of a dead rehearsal lives on. GOBUTTON_PARENT_PID names the parent, which may
 * be gone before this line runs.
 */
const LOOK_MS = 500;
const named = process.env['GOBUTTON_PARENT_PID'];
const parent = named === undefined ? process.ppid : Number(named);

function look(): void {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}

if (isMainThread) {
  look();
  setInterval(look, LOOK_MS).unref();
}
