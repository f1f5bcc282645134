import { readdir, readFile } from 'node:fs/promises';
import { until } from '../../infra/local/scripted-person.ts';

/**
 * Every process that works on a data folder: its path stands in the arguments of the providers and in the environment of
 * the bot and of the workers. Linux only, as it reads /proc; never the asking process itself.
 */
export async function processesOn(dataDir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => pid !== process.pid);
  const mine = await Promise.all(pids.map(async (pid) => {
    const told = await Promise.all([readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''), readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')]);
    return told.join('\0').includes(dataDir);
  }));
  return pids.filter((_pid, at) => mine[at] === true);
}

/** Resolves with how long it took until nothing works on the folder any more, in ms. */
export async function goneFrom(dataDir: string, withinMs: number): Promise<number> {
  const sinceMs = performance.now();
  await until(`the end of every process on ${dataDir}`, withinMs, async () => (await processesOn(dataDir)).length === 0, 50);
  return performance.now() - sinceMs;
}
