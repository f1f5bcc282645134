/**
 * Preloaded (`node --import`) into every process that the local start spawns: when the parent is gone,
 * even by SIGKILL, the child ends too, so that no worker of a dead rehearsal lives on.
 */
const parent = process.ppid;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 500).unref();
