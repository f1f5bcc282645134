import { DescribeTableCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { createClients } from './clients.ts';
import { createCloud } from './create-cloud.ts';

/**
 * AWS refuses what a machine with a far clock signs (docs/facts.md#aws-clock). That the SDK corrects itself must hold
 * for each client as it is made here.
 */
const FAR_MS = 10 * 60_000;
const POOL = 'p';

describe.each([
  ['ahead', -FAR_MS],
  ['behind', FAR_MS],
  ['hours ahead', -5 * 3_600_000],
])('a machine that is far %s of AWS', (_, cloudAheadMs) => {
  let local: Awaited<ReturnType<typeof localCloudForTests>>;
  const cloudNowMs = () => Date.now() + cloudAheadMs;
  beforeEach(async () => {
    local = await localCloudForTests({ nowMs: cloudNowMs });
  });
  afterEach(() => local.stop());

  test("every service is reached with the first call, by the SDK's own correction", async () => {
    const cloud = createCloud(local.config);
    await expect(cloud.live.launches()).resolves.toEqual([]);
    await cloud.queues.ensurePool(POOL);
    await cloud.queues.send(`${POOL}-batches-ios`, ['one']);
    await cloud.objects.put('key', Buffer.from('x'));
    await expect(cloud.parameters.list('l')).resolves.toEqual([]);
    cloud.close();
  });

  test(
    'the switch read, which is one try, is refused once and then works; the clock is known from the refusal',
    secondTry(A_WAIT),
    async () => {
      const clients = createClients(local.config);
      const read = () =>
        clients.switchReads.send(new GetItemCommand({ TableName: 'gobutton-switches', Key: { launchId: { S: 'x' } } }));
      await expect(read()).rejects.toMatchObject({ name: 'InvalidSignatureException' });
      expect(Math.abs(clients.clock.nowMs() - cloudNowMs())).toBeLessThan(700);
      await expect(read()).resolves.toBeDefined();
      clients.destroy();
    },
  );

  test("the store's time is known, and how far the own clock is from it", secondTry(A_WAIT), async () => {
    const cloud = createCloud(local.config);
    await cloud.live.launches();
    expect(Math.abs(cloud.clock.nowMs() - cloudNowMs())).toBeLessThan(700);
    expect(Math.abs((cloud.clock.offset()?.aheadMs ?? 0) + cloudAheadMs)).toBeLessThan(700);
    cloud.close();
  });
});

test('the words of a refusal are those of AWS, and S3 has its own', async () => {
  const local = await localCloudForTests({ nowMs: () => Date.now() - FAR_MS });
  const clients = createClients(local.config);
  const uncorrected = { disableClockSkewCorrection: async () => true };
  Object.assign(clients.dynamo.config, uncorrected);
  await expect(clients.dynamo.send(new DescribeTableCommand({ TableName: 'gobutton-claims' }))).rejects.toMatchObject({
    name: 'InvalidSignatureException',
    message: expect.stringMatching(
      /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$/,
    ),
    $metadata: { httpStatusCode: 400 },
  });
  clients.destroy();
  await local.stop();
  const hours = await localCloudForTests({ nowMs: () => Date.now() + 3_600_000 });
  const later = createClients(hours.config);
  Object.assign(later.s3.config, uncorrected);
  await expect(later.s3.send(new ListBucketsCommand({}))).rejects.toMatchObject({
    name: 'RequestTimeTooSkewed',
    $metadata: { httpStatusCode: 403 },
  });
  later.destroy();
  await hours.stop();
});
