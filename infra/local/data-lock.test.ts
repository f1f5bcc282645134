import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { nameOfProcess } from '../living-process.ts';
import { LOCK_FILE, lockDataDir, runningIn } from './data-lock.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gobutton-lock-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

const held = () => readFile(join(dir, LOCK_FILE), 'utf8').catch(() => null);
const holdAs = (text: string) => writeFile(join(dir, LOCK_FILE), text);

test("a folder that a living process holds is refused by that process's id", async () => {
  const holder = await nameOfProcess(process.ppid);
  await holdAs(holder);
  await expect(lockDataDir(dir)).rejects.toThrow(`in use by process ${process.ppid}; stop it first`);
  expect(await held()).toBe(holder);
});

test('an id that another process has by now, or a torn file, holds nothing', async () => {
  for (const stale of [`${process.ppid} 1`, String(process.ppid), '99999999 1', '']) {
    await holdAs(stale);
    expect(await runningIn(dir)).toBeNull();
    const unlock = await lockDataDir(dir);
    expect(await held()).toMatch(new RegExp(`^${process.pid} \\d+$`));
    await unlock();
    expect(await held()).toBeNull();
  }
});

test('who lost the lock does not give back the one of its successor', async () => {
  const unlock = await lockDataDir(dir);
  await holdAs(`${process.ppid}`);
  await unlock();
  expect(await held()).toBe(`${process.ppid}`);
});
