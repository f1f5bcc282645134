import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { endThread, startThread } from './thread.ts';

const run = promisify(execFile);
afterEach(() => {
  vi.restoreAllMocks();
});

/** What V8 says of collecting WebAssembly code in a process that starts and ends such threads beside each other. */
async function collections(start: string): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'thread-'));
  try {
    await writeFile(join(dir, 'thread.ts'), 'export const nothing: number = 0;\n');
    await writeFile(
      join(dir, 'main.ts'),
      `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      import { startThread } from ${JSON.stringify(new URL('./thread.ts', import.meta.url).href)};
      const entry = new URL('./thread.ts', import.meta.url);
      const inTurn = async () => { for (let times = 0; times < 12; times++) await once(${start}, 'exit'); };
      await Promise.all([inTurn(), inTurn(), inTurn()]);
    `,
    );
    const { stdout } = await run(
      process.execPath,
      ['--stress-wasm-code-gc', '--trace-wasm-code-gc', join(dir, 'main.ts')],
      // With code that was compiled before, no thread takes any types off.
      { maxBuffer: 1e8, env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' } },
    );
    return stdout.split('\n').filter((line) => line.includes('[wasm-gc]')).length;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

test('of the code that takes the types off for each thread nothing is collected, which is where V8 may abort the process', async () => {
  expect(await collections('startThread(entry, {})')).toBe(0);
  // That the measure measures: without it a thread's end sets collections off.
  expect(await collections('(void startThread, new Worker(entry))')).toBeGreaterThan(0);
});

const inThread = (code: string) =>
  startThread(
    new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${code}`)}`),
    {},
  );

test('a thread that is asked to end ends by itself; one that does not is terminated, and one that has ended is asked nothing', async () => {
  const terminate = vi.spyOn(Worker.prototype, 'terminate');
  const mild = inThread("parentPort.once('message', () => parentPort.close())");
  await endThread(mild, 'end', 5_000);
  expect(terminate).not.toHaveBeenCalled();
  await endThread(mild, 'end', 5_000);
  await endThread(inThread("parentPort.on('message', () => undefined)"), 'end', 300);
  expect(terminate).toHaveBeenCalledTimes(1);
});
