import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { primeRation } from './prime-ration.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => { local = await localCloudForTests(); });
afterAll(async () => { await local.stop(); });

test('the whole pool together sends a device its ration an hour, and no more', async () => {
  let nowMs = 1_000_000;
  const workers = ['a', 'b', 'c'].map((holder) => primeRation({ live: local.cloud.live, holder, perDeviceHour: 3, nowMs: () => nowMs }));
  const round = async () => (await Promise.all(workers.flatMap((may) => [may('phone'), may('phone')]))).filter(Boolean).length;
  expect(await round() + await round()).toBe(3);
  expect(await workers[0]?.('another phone')).toBe(true);
  nowMs += 3_600_001;
  expect(await round()).toBe(3);
});

test('a ration of 0 sends nothing', async () => {
  expect(await primeRation({ live: local.cloud.live, holder: 'a', perDeviceHour: 0 })('x')).toBe(false);
});
