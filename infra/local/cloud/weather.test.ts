import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { queueNames } from '../../../contract/queue-names.ts';
import { localCloudForTests } from './for-tests.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
beforeAll(async () => {
  local = await localCloudForTests();
});
beforeEach(() => local.localCloud.weather.set('fair'));
afterAll(() => local.stop());

/** What the product asks of each service, with its own retries. */
const CALLS: Record<string, () => Promise<unknown>> = {
  dynamodb: () => local.cloud.record.readAfter('nobody', 0),
  s3: () => local.cloud.objects.put('a', Buffer.from('b')),
  ssm: () => local.cloud.parameters.list('/a'),
};

test.each(Object.keys(CALLS))(
  '%s throttled: calls get through by their retries, some of them refused on the way',
  async (service) => {
    const { weather } = local.localCloud;
    weather.set('throttled');
    const before = weather.hit;
    for (let n = 0; n < 6; n++) await CALLS[service]?.();
    expect(weather.hit).toBeGreaterThan(before);
  },
);

test('a queue takes messages while a third of the calls are refused', async () => {
  await local.cloud.queues.ensurePool('sky');
  const { weather } = local.localCloud;
  const queue = queueNames('sky').batches.ios;
  weather.set('throttled');
  const before = weather.hit;
  await local.cloud.queues.send(queue, ['a', 'b', 'c']);
  await local.cloud.queues.send(queue, ['d']);
  await local.cloud.queues.send(queue, ['e']);
  expect(weather.hit).toBeGreaterThan(before);
  weather.set('fair');
  expect((await local.cloud.queues.depth(queue)).visible).toBe(5);
});

test('down: every call fails by its own code, and afterwards all is as before', async () => {
  const { weather } = local.localCloud;
  weather.set('down');
  await expect(CALLS['dynamodb']?.()).rejects.toThrow();
  await expect(local.cloud.objects.get('a')).rejects.toThrow();
  weather.set('fair');
  await expect(CALLS['dynamodb']?.()).resolves.toBeDefined();
});

test('slow: an answer comes late, and comes', async () => {
  local.localCloud.weather.set('slow');
  const startedAt = performance.now();
  await CALLS['s3']?.();
  expect(performance.now() - startedAt).toBeGreaterThan(140);
});
