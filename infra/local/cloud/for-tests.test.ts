import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from './for-tests.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests();
});
afterAll(async () => {
  await local.stop();
});

test('a round through record, queues, objects and parameters works', async () => {
  const { cloud } = local;
  const entry = { kind: 'Noted', text: 'hello', atMs: 1, by: { system: 'cli' } } as const;
  const first = await cloud.record.append('l1', { seq: 0, hash: '' }, entry);
  expect(first.won).toBe(true);
  expect(await cloud.record.append('l1', { seq: 0, hash: '' }, entry)).toEqual({ won: false });
  expect(await cloud.record.readAfter('l1', 0)).toEqual([first.won ? first.entry : null]);
  await cloud.queues.ensurePool('p');
  await cloud.queues.ensurePool('p');
  await cloud.queues.send(
    'p-batches-ios',
    Array.from({ length: 25 }, (_, at) => `m${at}`),
  );
  const got = await cloud.queues.receive('p-batches-ios', { max: 30, waitSeconds: 1, visibilitySeconds: 30 });
  expect(got.map((m) => m.body).sort()).toHaveLength(25);
  await cloud.queues.handBack(
    'p-batches-ios',
    got.slice(0, 5).map((m) => m.receipt),
    0,
  );
  await cloud.queues.remove(
    'p-batches-ios',
    got.slice(5).map((m) => m.receipt),
  );
  expect(await cloud.queues.depth('p-batches-ios')).toEqual({ visible: 5, inFlight: 0, delayed: 0 });
  await cloud.queues.sendFifo('p-segments.fifo', [
    { body: 'a', group: 'g', dedup: 'd' },
    { body: 'a', group: 'g', dedup: 'd' },
  ]);
  expect(
    await cloud.queues.receive('p-segments.fifo', { max: 10, waitSeconds: 0, visibilitySeconds: 30 }),
  ).toHaveLength(1);
  const body = new Uint8Array(9 * 1_048_576).fill(7);
  await cloud.objects.put('a/b', body);
  expect(Buffer.compare((await cloud.objects.get('a/b')) ?? new Uint8Array(), body)).toBe(0);
  expect(await cloud.objects.get('a/none')).toBeNull();
  expect(await cloud.objects.list('a/')).toMatchObject([{ key: 'a/b', bytes: body.length }]);
  const halt = cloud.parameters.nameOf('l1', 'halt');
  await cloud.parameters.put(halt, 'true');
  expect(await cloud.parameters.get(halt)).toMatchObject({ value: 'true', version: 1 });
  expect(await cloud.parameters.get(cloud.parameters.nameOf('l1', 'none'))).toBeNull();
  expect(await cloud.parameters.list('l1')).toHaveLength(1);
});
