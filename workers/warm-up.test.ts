import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from '../infra/local/cloud/for-tests.ts';
import { warmUp } from './warm-up.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests();
});
afterAll(() => local.stop());

const log = pino({ level: 'silent' });

test('asks the store for two hundred claims, each under a key of its own, and leaves nothing in it', async () => {
  const keys = new Set<string>();
  const claims = {
    async read(asked: readonly string[], consistent: boolean) {
      const found = await local.cloud.claims.read(asked, consistent);
      expect(found.size).toBe(0);
      for (const key of asked) keys.add(key);
      return found;
    },
  };
  await warmUp(claims, 200, new AbortController().signal, log);
  expect(keys.size).toBe(200);
});

test("a store that can't be read ends it at once, and is no error", async () => {
  let reads = 0;
  const claims = { read: () => Promise.reject(new Error(`down ${(reads += 1)}`)) };
  await warmUp(claims, 200, new AbortController().signal, log);
  expect(reads).toBeLessThanOrEqual(8);
});

test('a worker that is asked to stop does not go on with it', async () => {
  const stop = new AbortController();
  let reads = 0;
  const claims = {
    async read() {
      reads += 1;
      if (reads === 20) stop.abort();
      return new Map();
    },
  };
  await warmUp(claims, 200, stop.signal, log);
  expect(reads).toBeLessThan(30);
});
