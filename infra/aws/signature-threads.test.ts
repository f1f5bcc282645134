import { availableParallelism } from 'node:os';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { testKey } from '../../test/keys.ts';
import * as threads from '../thread.ts';
import { signerOf } from './keyring.ts';
import type { Signed } from './signature-thread.ts';
import { signaturesBeside } from './signature-threads.ts';

const signer = signerOf(testKey(1));
const signed = (text: string): Signed => ({ text, key: signer.key, signature: signer.sign(text) });
/** Of every portion the second one is not what was signed. */
const portions = Array.from({ length: 40 }, (_, at) => [
  signed(`${at} a`),
  { ...signed(`${at} b`), text: 'other' },
  signed(`${at} c`),
]);
const dataUrl = (code: string) =>
  new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${code}`)}`);

async function all(entry?: URL): Promise<(boolean[] | null)[]> {
  const looked: (boolean[] | null)[] = [];
  for await (const fits of signaturesBeside(portions, entry)) looked.push(fits);
  return looked;
}

const { startThread } = threads;
const started = vi.spyOn(threads, 'startThread');
const ended = () => started.mock.results.map(({ value }) => (value as Worker & { threadId: number }).threadId === -1);
afterEach(() => {
  started.mockClear();
});
afterAll(() => {
  started.mockRestore();
});

test('of every portion it is said which signatures fit, in their order, and the threads end with the last', async () => {
  expect(await all()).toEqual(portions.map(() => [true, false, true]));
  expect(started.mock.calls.length).toBeGreaterThan(0);
  expect(new Set(ended())).toEqual(new Set([true]));
  const none: unknown[] = [];
  for await (const fits of signaturesBeside([])) none.push(fits);
  expect(none).toEqual([]);
});

test('who stops asking, or throws, leaves no thread behind', async () => {
  for await (const fits of signaturesBeside(portions)) {
    expect(fits).toEqual([true, false, true]);
    break;
  }
  expect(new Set(ended())).toEqual(new Set([true]));
});

test('threads that die say nothing of what they had, and nobody waits for them', async () => {
  expect(await all(dataUrl('throw new Error("no memory");'))).toEqual(portions.map(() => null));
  expect(await all(dataUrl('parentPort.once("message", () => process.exit(1));'))).toEqual(portions.map(() => null));
});

test('where no thread can be started nothing is known of any portion', async () => {
  expect(await all(new URL('none:such'))).toEqual(portions.map(() => null));
});

test.runIf(availableParallelism() > 1)(
  'where one more can not be started, those that are there look at all',
  async () => {
    started.mockImplementationOnce(startThread).mockImplementationOnce(() => {
      throw new Error('ERR_WORKER_INIT_FAILED: EAGAIN');
    });
    expect(await all()).toEqual(portions.map(() => [true, false, true]));
    expect(started.mock.calls.length).toBe(2);
  },
);

test.runIf(availableParallelism() > 1)('what one thread leaves behind the others look at', async () => {
  // The thread that gets the fourth portion dies of it.
  const looked = await all(
    dataUrl(
      'parentPort.on("message", ({ at, signed }) => { if (at === 3) process.exit(1); parentPort.postMessage({ at, fits: signed.map(() => true) }); });',
    ),
  );
  expect(looked).toHaveLength(portions.length);
  expect(looked[3]).toBeNull();
  expect(looked.filter((fits) => fits === null).length).toBeLessThan(4);
});
