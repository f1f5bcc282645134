import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names this process in leases and claims: `<place>~<pid>~<random>`. The place is this machine since its boot and this
 * container's process ids, so that whoever runs there later can tell whether that process has ended.
 */
export function holderName(): string {
  return [placeHere() ?? hostname(), process.pid, randomUUID().slice(0, 8)].join('~');
}

/** True only if it is known: a holder of this very place whose process id is nobody's now, or is ours under another name. */
export function hasEnded(holder: string, me: string): boolean {
  const [place, pid, random] = holder.split('~');
  const [ownPlace, ownPid, ownRandom] = me.split('~');
  if (random === undefined || place !== ownPlace || place !== placeHere()) return false;
  if (pid === ownPid) return random !== ownRandom;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/** Null where the system doesn't say (other than Linux): then nothing is known, and a dead holder's time runs out by itself. */
function placeHere(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${hostname()}/${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}
