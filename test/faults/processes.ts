import { readdir, readFile } from 'node:fs/promises';
import { until } from '../../infra/local/scripted-person.ts';

/**
 * Every process that works on a data folder: its path stands in the arguments of the providers and in the environment of
 * the bot and of the workers. Linux only, as it reads /proc; never the asking process itself.
 */
export async function processesOn(dataDir: string): Promise<number[]> {
  const pids = (await readdir('/proc'))
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
  const mine = await Promise.all(
    pids.map(async (pid) => {
      const told = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
        readFile(`/proc/${pid}/environ`, 'latin1').catch(() => ''),
      ]);
      return told.join('\0').includes(dataDir);
    }),
  );
  return pids.filter((_pid, at) => mine[at] === true);
}

/** A variable of one of them, as a secret that is new at each start can only be learned from the process that has it. */
export async function variableOn(dataDir: string, name: string): Promise<string> {
  for (const pid of await processesOn(dataDir)) {
    const line = (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => ''))
      .split('\0')
      .find((one) => one.startsWith(`${name}=`));
    if (line !== undefined) return line.slice(name.length + 1);
  }
  throw new Error(`VARIABLE_NOWHERE ${name}`);
}

/** Resolves with how long it took until nothing works on the folder any more, in ms. */
export async function goneFrom(dataDir: string, withinMs: number): Promise<number> {
  const sinceMs = performance.now();
  await until(
    `the end of every process on ${dataDir}`,
    withinMs,
    async () => {
      const left = await processesOn(dataDir);
      if (left.length > 0) throw new Error((await Promise.all(left.map(what))).join('; '));
      return true;
    },
    50,
  );
  return performance.now() - sinceMs;
}

/** Arguments and state of a process, for the message of a test that fails. */
async function what(pid: number): Promise<string> {
  const [args, status] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
    readFile(`/proc/${pid}/status`, 'latin1').catch(() => ''),
  ]);
  return `${pid} ${args.replaceAll('\0', ' ').slice(0, 200)} (${/State:\s+(.*)/.exec(status)?.[1] ?? 'gone'}, child of ${/PPid:\s+(\d+)/.exec(status)?.[1] ?? '?'})`;
}
