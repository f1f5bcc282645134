import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import type { Cloud } from './cloud.ts';
import { createCloud } from './create-cloud.ts';

/** Accepts everything and never answers. */
let silent: Server;
let cloud: Cloud;
let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests();
  silent = createServer(() => {});
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  cloud = createCloud({ ...local.config, endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
});
afterAll(async () => {
  cloud.close();
  silent.closeAllConnections();
  silent.close();
  await local.stop();
});

// At the same time, because each of them is about waiting.
describe.concurrent('with a cloud that never answers', secondTry(A_WAIT), () => {
  const within = async (leastMs: number, mostMs: number, work: Promise<unknown>, code: string) => {
    const startedAtMs = performance.now();
    await expect(work).rejects.toMatchObject({ code });
    const tookMs = performance.now() - startedAtMs;
    expect(tookMs).toBeGreaterThan(leastMs);
    expect(tookMs).toBeLessThan(mostMs);
  };

  // Three tries of one second, and two for reading back.
  test('an append is given up after some five seconds', () =>
    within(
      4_500,
      15_000,
      cloud.record.append('l', { seq: 0, hash: '' }, { kind: 'Noted', text: 'x', atMs: 1, by: { system: 'cli' } }),
      'RECORD_UNAVAILABLE',
    ));
  test('so are a claim and a switch', async () => {
    const claim = cloud.claims.claim('k', { bootId: 'b', token: 't', claimedAtMs: 1, sendUntilMs: 2 });
    const set = cloud.switches.apply('l', 1, { pace: { ios: 0, android: 0 }, zombie: false, custom: {} });
    await Promise.all([
      within(4_500, 15_000, claim, 'CLAIMS_UNAVAILABLE'),
      within(4_500, 15_000, set, 'SWITCHES_UNAVAILABLE'),
    ]);
  });

  test('while a long poll may wait longer than any other call', async () => {
    await local.cloud.queues.ensurePool('p');
    const startedAtMs = performance.now();
    expect(
      await local.cloud.queues.receive('p-batches-ios', { max: 1, waitSeconds: 6, visibilitySeconds: 30 }),
    ).toEqual([]);
    expect(performance.now() - startedAtMs).toBeGreaterThan(5_900);
  });
});
