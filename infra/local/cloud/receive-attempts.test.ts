import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { queueNames } from '../../../contract/queue-names.ts';
import { createClients } from '../../aws/clients.ts';
import { localCloudForTests } from './for-tests.ts';
import { ReceiveAttempts } from './receive-attempts.ts';

const answer = { status: 200, headers: {}, body: Buffer.from('messages') };
const INPUT = { QueueUrl: 'http://q/orders.fifo', VisibilityTimeout: 8, ReceiveRequestAttemptId: 'one' };
function attempts() {
  const clock = { nowMs: 0 };
  const kept = new ReceiveAttempts(() => clock.nowMs);
  kept.gave(INPUT, [{ ReceiptHandle: 'r1' }, { ReceiptHandle: 'r2' }], answer);
  return { clock, kept };
}

test('an attempt is answered as before while its messages are hidden, and hides them anew', () => {
  const { clock, kept } = attempts();
  clock.nowMs = 7_999;
  expect(kept.again(INPUT)).toMatchObject({ answer, handles: ['r1', 'r2'] });
  clock.nowMs = 15_998;
  expect(kept.again(INPUT).answer).toBe(answer);
  clock.nowMs = 24_000;
  expect(kept.again(INPUT).answer).toBeNull();
});

test('it counts for five minutes, for its own queue, and is refused once one of its messages was changed', () => {
  const { clock, kept } = attempts();
  expect(kept.again({ ...INPUT, ReceiveRequestAttemptId: 'other' }).answer).toBeNull();
  expect(kept.again({ ...INPUT, QueueUrl: 'http://q/others.fifo' }).answer).toBeNull();
  for (clock.nowMs = 0; clock.nowMs < 300_000; clock.nowMs += 5_000) expect(kept.again(INPUT).answer).toBe(answer);
  expect(kept.again(INPUT).answer).toBeNull();
  const next = attempts();
  next.kept.changed([{ ReceiptHandle: 'r3' }]);
  expect(next.kept.again(INPUT).answer).toBe(answer);
  next.kept.changed([{ ReceiptHandle: 'r2' }]);
  next.clock.nowMs = 299_999;
  expect(() => next.kept.again(INPUT)).toThrow(/were deleted/);
  next.clock.nowMs = 300_000;
  expect(next.kept.again(INPUT).answer).toBeNull();
});

test('a queue that is not FIFO, and an id that is none, are refused', () => {
  const { kept } = attempts();
  expect(() => kept.again({ ...INPUT, QueueUrl: 'http://q/batches' })).toThrow(/not valid for this queue type/);
  expect(() => kept.again({ ...INPUT, ReceiveRequestAttemptId: 'x'.repeat(129) })).toThrow(/alphanumeric/);
});

test('the local SQS gives the same receipts to the same attempt, and nothing to another one', async () => {
  const local = await localCloudForTests();
  const clients = createClients(local.config);
  try {
    const { queues } = local.cloud;
    const { segments } = queueNames('again');
    await queues.ensurePool('again');
    await queues.sendFifo(segments, [{ body: 'order', group: 'g', dedup: 'd' }]);
    const QueueUrl = `${local.url.replace('local@', '')}/000000000000/${segments}`;
    const take = async (ReceiveRequestAttemptId: string) =>
      (await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 30, ReceiveRequestAttemptId })))
        .Messages;
    const first = await take('one');
    expect(first).toHaveLength(1);
    expect(await take('one')).toEqual(first);
    expect(await take('two')).toBeUndefined();
    await queues.handBack(segments, [first?.[0]?.ReceiptHandle ?? ''], 0);
    await expect(take('one')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const next = await take('three');
    expect(next).toHaveLength(1);
    expect(next?.[0]?.ReceiptHandle).not.toBe(first?.[0]?.ReceiptHandle);
  } finally {
    clients.destroy();
    await local.stop();
  }
});
