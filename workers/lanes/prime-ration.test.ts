import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from '../../infra/local/cloud/for-tests.ts';
import { primeRation, primeShare } from './prime-ration.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests();
});
afterAll(async () => {
  await local.stop();
});

test('the whole pool together sends a device its ration an hour, and no more', async () => {
  let nowMs = 1_000_000;
  const workers = ['a', 'b', 'c'].map((holder) =>
    primeRation({ live: local.cloud.live, holder, perDeviceHour: 3, share: () => 100, nowMs: () => nowMs }),
  );
  const round = async () =>
    (await Promise.all(workers.flatMap((may) => [may('phone', true), may('phone', true)]))).filter(Boolean).length;
  expect((await round()) + (await round())).toBe(3);
  expect(await workers[0]?.('another phone', true)).toBe(true);
  nowMs += 3_600_001;
  expect(await round()).toBe(3);
});

test('a look-up that fails costs nothing of the share', async () => {
  let away = true;
  const live = {
    lease: (...call: Parameters<typeof local.cloud.live.lease>) =>
      away ? Promise.reject(new Error('away')) : local.cloud.live.lease(...call),
  };
  const may = primeRation({ live, holder: 'a', perDeviceHour: 3, share: () => 1 });
  await expect(may('a phone of its own', true)).rejects.toThrow('away');
  away = false;
  expect([await may('a phone of its own', true), await may('a phone of its own', true)]).toEqual([true, false]);
});

test('a ration of 0 sends nothing', async () => {
  expect(await primeRation({ live: local.cloud.live, holder: 'a', perDeviceHour: 0, share: () => 1 })('x', false)).toBe(
    false,
  );
});

test('the worker that boots first leaves the others their share of the ration', async () => {
  let nowMs = 2_000_000;
  const share = primeShare({ devices: 3, perDeviceHour: 3, workers: 4 });
  expect([share, primeShare({ devices: 2, perDeviceHour: 3, workers: 15 })]).toEqual([2, 2]);
  const workers = ['a', 'b', 'c', 'd'].map((holder) =>
    primeRation({ live: local.cloud.live, holder, perDeviceHour: 3, share: () => share, nowMs: () => nowMs }),
  );
  const sent: number[] = [];
  for (const may of workers) {
    let count = 0;
    for (let connection = 0; connection < 60; connection++)
      if (await may(`staff phone ${connection % 3}`, true)) count += 1;
    sent.push(count);
  }
  expect(sent).toEqual([2, 2, 2, 2]);
  nowMs += 3_600_001;
  expect(await workers[0]?.('staff phone 0', true)).toBe(true);
});

test('the first connections of a worker take half of its share, so that those under the next credential can be primed too', async () => {
  const may = primeRation({ live: local.cloud.live, holder: 'h', perDeviceHour: 100, share: () => 5 });
  const granted = async (isRenewal: boolean) =>
    (await Promise.all(Array.from({ length: 6 }, () => may('a phone of h', isRenewal)))).filter(Boolean).length;
  expect([await granted(false), await granted(false), await granted(true)]).toEqual([3, 0, 2]);
});
