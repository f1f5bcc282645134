import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseEnv } from 'node:util';
import type { Env } from './environment.ts';
import { livingProcess, nameOfProcess } from './living-process.ts';

/**
 * Where `npm start` runs, so that a command which is copied out of its room reaches it from another terminal of the same folder
 * as it stands. What the environment (or `.env`) says always wins: a command never speaks to a local start in the place of an
 * account, or the other way round.
 */

/** In the project's folder, not in a shared one like /tmp: whoever can write it says whom commands speak to. */
const folderOf = (root: string): string => join(root, '.gobutton.running');

interface Announced {
  process: string;
  dataDir: string;
  envFile: string;
}

interface RunningStart {
  pid: number;
  dataDir: string;
  envFile: string;
  /** How our own commands reach it. */
  env: Record<string, string>;
}

/** Says where this process's start is reached: `envFile` holds the environment. Gives what takes it back. What killed starts left behind goes. */
export async function announceStart(
  root: string,
  at: { dataDir: string; envFile: string },
): Promise<() => Promise<void>> {
  const folder = folderOf(root);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { file, start } of await announcedIn(root)) if (start === null) await rm(file, { force: true });
  await removeHalves(folder);
  const file = join(folder, `${process.pid}.json`);
  const announced: Announced = { process: await nameOfProcess(process.pid), ...at };
  // The rename makes it whole: a reader finds all of it, or nothing.
  const half = join(folder, `${announced.process}${HALF}`);
  await writeFile(half, JSON.stringify(announced), { mode: 0o600 });
  await rename(half, file);
  return async () => {
    await rm(file, { force: true });
    // Another start may have its own there.
    await rmdir(folder).catch(() => null);
  };
}

/** What is not whole yet, behind the name of who writes it. */
const HALF = '.new';

/** Of starts that were killed before the rename; one that lives is at it. */
async function removeHalves(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.endsWith(HALF) && (await livingProcess(name.slice(0, -HALF.length))) === null)
      await rm(join(folder, name), { force: true });
}

/** `start` null: its process is gone, or the file is none of ours. */
async function announcedIn(root: string): Promise<{ file: string; start: RunningStart | null }[]> {
  const folder = folderOf(root);
  const names = await readdir(folder).catch(() => []);
  return Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map((name) => join(folder, name))
      .map(async (file) => ({ file, start: await startIn(file) })),
  );
}

async function startIn(file: string): Promise<RunningStart | null> {
  try {
    const found = JSON.parse(await readFile(file, 'utf8')) as Partial<Announced>;
    const { process: name = '', dataDir = '', envFile = '' } = found;
    const pid = await livingProcess(name);
    if (pid === null) return null;
    const env = parseEnv(await readFile(envFile, 'utf8')) as Record<string, string>;
    return isHere(env) ? { pid, dataDir, envFile, env } : null;
  } catch {
    // Half a file, or a data folder that somebody has deleted: nothing is reached by it.
    return null;
  }
}

/** Of a start everything is on loopback, whatever it is asked for; anything else is not one of ours, whoever wrote it. */
const isHere = (env: Record<string, string>): boolean =>
  env['AWS_ENDPOINT_URL'] !== undefined &&
  Object.entries(env).every(([name, value]) => !/_URL(?:_|$)/.test(name) || isLoopback(value));

const isLoopback = (url: string): boolean =>
  URL.canParse(url) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);

const hostOf = (url = ''): string | null => (URL.canParse(url) ? new URL(url).host : null);

/** What says which account a command is for, or whose rights it has there. */
const DECIDES = /^(?:GOBUTTON_\w+|AWS_(?:(?:DEFAULT_)?(?:REGION|PROFILE)|ACCESS_KEY_ID|ROLE_ARN|ENDPOINT_URL\w*))$/;

/** `say`: which of two it is, where there could be two; null: there is nothing to say. */
export type Reached = { ok: true; env: Env; say: string | null } | { ok: false; say: string };

/** The environment that a command goes by. Nothing set and one start running here: that one. */
export async function reachedFrom(env: Env, root: string): Promise<Reached> {
  const set = Object.keys(env).filter((name) => DECIDES.test(name) && (env[name] ?? '').trim() !== '');
  const all = await announcedIn(root);
  const running = all.flatMap(({ start }) => start ?? []);
  const place = ({ dataDir, pid }: RunningStart) => `${shown(root, dataDir)} (process ${pid})`;
  const byHand = ({ envFile }: RunningStart) => `npx node --env-file=${shown(root, envFile)} bot/cli.ts …`;
  const [first, second] = running;
  if (set.length > 0) {
    // Each role has an address of its own there, on the same port.
    const isItself = running.some((one) => hostOf(one.env['AWS_ENDPOINT_URL']) === hostOf(env['AWS_ENDPOINT_URL']));
    if (first === undefined || isItself) return { ok: true, env, say: null };
    const whom = env['AWS_ENDPOINT_URL'] ?? `AWS${env['AWS_REGION'] === undefined ? '' : ` in ${env['AWS_REGION']}`}`;
    const say = `by the environment (${set.slice(0, 3).join(', ')}) this is for ${whom}, not for the npm start in ${place(first)}: ${byHand(first)} is`;
    return { ok: true, env, say };
  }
  if (first === undefined)
    return { ok: true, env, say: all.length === 0 ? null : 'the npm start that ran in this folder is gone' };
  if (second !== undefined)
    return {
      ok: false,
      say: `${running.length} of npm start run in this folder, in ${running.map(place).join(' and ')}: say which, like ${byHand(first)}`,
    };
  // Its log level is that of a service.
  const { LOG_LEVEL: _, ...its } = first.env;
  const say = `nothing is set in the environment, so this is for the npm start in ${place(first)}, on this machine; not for AWS`;
  return { ok: true, env: { ...env, ...its }, say };
}

/** From the project's folder, where it lies below it. */
const shown = (root: string, path: string): string => {
  const below = relative(root, path);
  return below.startsWith('..') ? path : below;
};
