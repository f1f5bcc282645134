import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCK_FILE } from './data-lock.ts';

/** The data folder of `npm start`: what it holds, and that it is one. */

/** The launch that was prepared in it. */
export interface Prepared {
  launchId: string;
  /** Of a made-up audience; null: somebody brought their own. */
  devices: number | null;
  /** One's own event: where its runbook lies, and the hash of what stood there. Absent: the sample launch. */
  runbook?: { file: string; source: string };
  /** The file of one's own audience. Absent: a made-up one. */
  audience?: string;
}

const markOf = (dataDir: string): string => join(dataDir, 'gobutton.json');

/** Null: nothing was finished there yet. */
export async function readPrepared(dataDir: string): Promise<Prepared | null> {
  const text = await readFile(markOf(dataDir), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as { sample: Prepared | null }).sample;
}

/** Written last, so that a half-made launch is made again. */
export async function writePrepared(dataDir: string, sample: Prepared | null): Promise<void> {
  // The rename is what makes it whole, whenever somebody pulls the plug.
  await writeFile(`${markOf(dataDir)}.new`, JSON.stringify({ sample }));
  await rename(`${markOf(dataDir)}.new`, markOf(dataDir));
}

/** A mistyped --data must not lock, fill or delete somebody's folder. */
export async function ownDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const names = await readdir(dataDir);
  if (names.some((name) => name !== LOCK_FILE) && !names.includes('gobutton.json'))
    throw new Error(
      `--data: found other files and no gobutton.json in ${dataDir}, expected an empty folder or a data folder of gobutton`,
    );
}

/** Empties the data folder, which we hold. */
export async function emptyDataDir(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => name !== LOCK_FILE);
  // The mark last: until then it is still a folder of ours.
  for (const name of names.toSorted((a, b) => Number(a === 'gobutton.json') - Number(b === 'gobutton.json')))
    await rm(join(dataDir, name), { recursive: true });
}

/** What was asked for now, as far as it was named. */
export interface AskedAnew {
  devices: number | null;
  runbook: { file: string; source: string } | null;
  audience: string | null;
  compress: number | null;
}

/** Why the launch that stands there is not what was asked for; null: it is. */
export function otherThanAsked(before: Prepared, asked: AskedAnew, dataDir: string): string | null {
  const differ = (option: string, found: string, expected: string) =>
    `${option}: found ${found}, expected ${expected} of the launch in ${dataDir}; add --fresh to begin anew`;
  const number = (value: number) => value.toLocaleString('en-US');
  const { devices, runbook, audience } = asked;
  if (devices !== null && before.devices !== devices)
    return before.devices === null
      ? differ('--devices', number(devices), `nothing: the audience`)
      : differ('--devices', number(devices), `${number(before.devices)}, the size`);
  if (runbook !== null && before.runbook?.file !== runbook.file)
    return differ(
      '--runbook',
      runbook.file,
      before.runbook === undefined ? 'nothing: the sample' : `${before.runbook.file}, that`,
    );
  if (runbook !== null && before.runbook?.source !== runbook.source)
    return `--runbook: found ${runbook.file} changed since the launch in ${dataDir} was made of it, expected it as it was: a launch keeps its runbook; add --fresh to begin anew`;
  if (audience !== null && before.audience !== audience)
    return `--audience: found ${audience}, expected ${before.audience ?? 'nothing'}: a launch that stands gets another audience by npm run audience -- compile … --launch ${before.launchId}; or add --fresh to begin anew`;
  if (asked.compress !== null)
    return `--compress: found it for a launch that stands in ${dataDir}, expected it at its first start; add --fresh to begin anew`;
  return null;
}
