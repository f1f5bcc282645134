import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { queueNames } from '../../../contract/queue-names.ts';
import { createClients } from '../../aws/clients.ts';
import { createQueues } from '../../aws/queues.ts';
import { AwsError } from './aws-error.ts';
import { localCloudForTests } from './for-tests.ts';

test('a new queue is there for its users only after a while, and a pool is ready when it is', async () => {
  const local = await localCloudForTests({ sqs: { newQueueMs: 150 } });
  try {
    const { queues } = local.cloud;
    const { batches, segments } = queueNames('young');
    await queues.ensurePool('young');
    await queues.send(batches.ios, ['a']);
    await queues.sendFifo(segments, [{ body: 'b', group: 'g', dedup: 'd' }]);
    expect((await queues.depth(batches.ios)).visible).toBe(1);
  } finally {
    await local.stop();
  }
});

test('what a receiver that goes away was given stays hidden for its time, and holds up its group', async () => {
  const local = await localCloudForTests({ sqs: { abortedReceives: 'hidden' } });
  try {
    const { queues } = local.cloud;
    const { segments } = queueNames('lossy');
    await queues.ensurePool('lossy');
    const abort = new AbortController();
    const lost = queues.receive(segments, { max: 1, waitSeconds: 5, visibilitySeconds: 1, signal: abort.signal });
    const rejected = expect(lost).rejects.toMatchObject({ name: 'AbortError' });
    // It waits at the server when its address has been looked up.
    await queues.depth(segments);
    await sleep(500);
    abort.abort();
    await rejected;
    for (const body of ['first', 'second']) await queues.sendFifo(segments, [{ body, group: 'g', dedup: body }]);
    const next = { max: 1, visibilitySeconds: 30 };
    // Who was given it would have it again at once: it is another one who waits.
    const other = createClients(local.config);
    const others = createQueues({ sqs: other.sqs, calls: other.sqsCalls });
    expect(await others.receive(segments, { ...next, waitSeconds: 0 })).toEqual([]);
    expect(await others.receive(segments, { ...next, waitSeconds: 3 })).toMatchObject([{ body: 'first', receives: 2 }]);
    other.destroy();
  } finally {
    await local.stop();
  }
});

test.each([
  ['com.amazonaws.sqs#RequestThrottled', 403],
  ['com.amazon.coral.availability#ThrottlingException', 400],
])('a send outlives more refusals with %s than its calls retry', async (code, status) => {
  const local = await localCloudForTests();
  try {
    const { queues } = local.cloud;
    const queue = queueNames('busy').batches.ios;
    await queues.ensurePool('busy');
    await queues.depth(queue);
    let refusals = 8;
    local.localCloud.weather.before = async () => {
      if (refusals-- > 0) throw new AwsError(code, 'too many', status);
    };
    await queues.send(queue, ['a']);
    expect((await queues.depth(queue)).visible).toBe(1);
  } finally {
    await local.stop();
  }
});

test('a standard queue gives a message twice now and then, and what is done with it in between is done', async () => {
  let twice = 0;
  const local = await localCloudForTests({ sqs: { twiceEach: 3, onTwice: () => (twice += 1) } });
  try {
    const { queues } = local.cloud;
    const { batches, segments } = queueNames('doubled');
    await queues.ensurePool('doubled');
    await queues.send(batches.ios, ['a', 'b', 'c']);
    await queues.sendFifo(segments, [{ body: 'order', group: 'g', dedup: 'd' }]);
    const next = { max: 10, waitSeconds: 0, visibilitySeconds: 30 };
    const first = await queues.receive(batches.ios, next);
    const second = await queues.receive(batches.ios, next);
    expect(first.map(({ receives }) => receives)).toEqual([1, 1, 1]);
    expect(second).toMatchObject([{ body: first[2]?.body, receives: 2 }]);
    expect(second[0]?.receipt).not.toBe(first[2]?.receipt);
    expect(twice).toBe(1);
    // FIFO queues give a message once.
    expect(await queues.receive(segments, next)).toHaveLength(1);
    expect(await queues.receive(segments, next)).toEqual([]);
    await queues.remove(
      batches.ios,
      [...first, ...second].map(({ receipt }) => receipt),
    );
    await queues.depth(batches.ios);
    expect(await queues.depth(batches.ios)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  } finally {
    await local.stop();
  }
});
