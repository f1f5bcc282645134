import { GetQueueAttributesCommand, GetQueueUrlCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { ReceiveMessageCommandInput } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queueNames } from '../../contract/queue-names.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import type { SqsCalls } from './calls/calls.ts';
import { createClients } from './clients.ts';
import type { CloudConfig } from './cloud-config.ts';
import { faultProxy, loseAnswersOf, loseRequestsOf } from './fault-proxy-for-tests.ts';
import type { WireFault } from './fault-proxy-for-tests.ts';
import { poolQueues, attributesOf as shapeAttributes } from './queue-attributes.ts';
import { createQueues } from './queues.ts';
import type { Queues } from './queues.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
const stops: (() => unknown)[] = [];
beforeAll(async () => {
  local = await localCloudForTests();
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await local.stop();
});

describe.each(['direct', 'sdk'] as const)('queues, calls made %s', (way) => {
  let queues: Queues;
  beforeAll(() => {
    queues = queuesOn(local.config);
  });

  function queuesOn(config: CloudConfig): Queues {
    const clients = createClients({ ...config, calls: way });
    stops.push(() => clients.destroy());
    return createQueues({ sqs: clients.sqs, calls: clients.sqsCalls });
  }
  async function queuesWith(fault: WireFault): Promise<Queues> {
    const proxy = await faultProxy(local.config, fault);
    stops.push(() => proxy.stop());
    return queuesOn(proxy.config);
  }

  let pools = 0;
  async function freshPool(): Promise<string> {
    const pool = `${way}-${++pools}`;
    await queues.ensurePool(pool);
    return pool;
  }
  const bodies = (count: number) => Array.from({ length: count }, (_, at) => `m${at}`);
  const now = { waitSeconds: 0, visibilitySeconds: 30 };

  async function drain(queue: string): Promise<string[]> {
    const found: string[] = [];
    for (;;) {
      const got = await queues.receive(queue, { max: 50, ...now });
      if (got.length === 0) return found.sort();
      found.push(...got.map((message) => message.body));
    }
  }

  /**
   * Lets the named messages of the first `times` calls fail, as SQS does (docs/facts.md#sqs-partial-failure): HTTP 200,
   * a Failed list, the rest is in.
   */
  const failSome =
    (times: number, senderFault: boolean, fails: (body: string) => boolean): WireFault =>
    ({ operation, nth, input }) =>
      operation !== 'SendMessageBatch' || nth > times
        ? 'pass'
        : {
            change(output: { Failed?: unknown[]; Successful?: { Id: string }[] }) {
              const failed = (input['Entries'] as { Id: string; MessageBody: string }[]).filter((entry) =>
                fails(entry.MessageBody),
              );
              output.Failed = failed.map((entry) => ({
                Id: entry.Id,
                SenderFault: senderFault,
                Code: 'InternalError',
                Message: 'try again',
              }));
              output.Successful = (output.Successful ?? []).filter(
                (one) => !failed.some((entry) => entry.Id === one.Id),
              );
            },
          };

  test('a pool has its four queues with their attributes, however often it is ensured', async () => {
    await Promise.all([queues.ensurePool(`${way}-attributes`), queues.ensurePool(`${way}-attributes`)]);
    await queues.ensurePool(`${way}-attributes`);
    const { sqs } = createClients(local.config);
    const attributesOf = async (name: string) => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
      return (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }))).Attributes ?? {};
    };
    const segments = await attributesOf(`${way}-attributes-segments.fifo`);
    expect(segments).toMatchObject({
      FifoQueue: 'true',
      ContentBasedDeduplication: 'false',
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      VisibilityTimeout: '60',
    });
    const deadLetters = await attributesOf(`${way}-attributes-segments-dlq.fifo`);
    expect(JSON.parse(segments['RedrivePolicy'] ?? '')).toEqual({
      deadLetterTargetArn: deadLetters['QueueArn'],
      maxReceiveCount: 1_000,
    });
    expect(await attributesOf(`${way}-attributes-batches-ios`)).toMatchObject({ VisibilityTimeout: '30' });
    // Policies are texts, in whatever spelling.
    const read = (given: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(given).map(([name, value]) => [
          name,
          name.startsWith('Redrive') ? (JSON.parse(value) as unknown) : value,
        ]),
      );
    const all = poolQueues(`${way}-attributes`);
    const prefix = (deadLetters['QueueArn'] ?? '').replace(/[^:]*$/, '');
    for (const queue of all)
      expect(read(await attributesOf(queue.name))).toMatchObject(
        read(shapeAttributes(queue, all, (name) => prefix + name)),
      );
  });

  test('a thousand messages go in and come out whole', async () => {
    const queue = `${await freshPool()}-batches-ios`;
    await queues.send(queue, bodies(1_000));
    expect(await queues.depth(queue)).toEqual({ visible: 1_000, inFlight: 0, delayed: 0 });
    expect(await drain(queue)).toEqual(bodies(1_000).sort());
    expect(await queues.depth(queue)).toEqual({ visible: 0, inFlight: 1_000, delayed: 0 });
  });

  test('messages that are too large together are sent in several calls', async () => {
    const queue = `${await freshPool()}-batches-ios`;
    await queues.send(
      queue,
      Array.from({ length: 4 }, (_, at) => `${at}${'x'.repeat(400_000)}`),
    );
    expect((await queues.depth(queue)).visible).toBe(4);
  });

  test('what comes back in Failed is sent again, until it is in', async () => {
    const queue = `${await freshPool()}-batches-ios`;
    await (await queuesWith(failSome(2, false, (body) => body === 'm3' || body === 'm7'))).send(queue, bodies(10));
    const inQueue = await drain(queue);
    // The fault drops the answer, not the message: each was sent three times, and nothing but these.
    expect(inQueue.filter((body) => body === 'm3')).toHaveLength(3);
    expect(inQueue).toHaveLength(10 + 2 + 2);
  });

  test('a failure that is our own fault rejects at once with the rest', async () => {
    const queue = `${await freshPool()}-batches-ios`;
    await expect(
      (await queuesWith(failSome(1, true, (body) => body === 'm4'))).send(queue, bodies(10)),
    ).rejects.toMatchObject({ code: 'QUEUE_SEND_FAILED', unsent: ['m4'] });
  });

  test('a send that is aborted while it fails rejects with what is not in', async () => {
    const queue = `${await freshPool()}-batches-ios`;
    const aborting = new AbortController();
    let tries = 0;
    const fails = (body: string): boolean => {
      if (body === 'm1') tries += 1;
      if (tries === 2) aborting.abort();
      return body === 'm1';
    };
    await expect(
      (await queuesWith(failSome(1_000, false, fails))).send(queue, bodies(3), aborting.signal),
    ).rejects.toMatchObject({ unsent: ['m1'] });
  });

  test('a send outlives more lost connections than the SDK retries', async () => {
    const queue = `${await freshPool()}-batches-ios`;
    await (await queuesWith(loseRequestsOf('SendMessageBatch', 4))).send(queue, bodies(3));
    expect(await drain(queue)).toEqual(bodies(3));
  });

  test('a queue that does not exist rejects at once, and works when it has been made', async () => {
    await expect(queues.send(`${way}-later-batches-ios`, ['x'])).rejects.toMatchObject({ code: 'QUEUE_SEND_FAILED' });
    await queues.ensurePool(`${way}-later`);
    await queues.send(`${way}-later-batches-ios`, ['x']);
    expect(await drain(`${way}-later-batches-ios`)).toEqual(['x']);
  });

  test('a segment order that is sent twice is delivered once', async () => {
    const queue = `${await freshPool()}-segments.fifo`;
    const order = { body: 'o', group: 'l/us-ios/1', dedup: 'l/us-ios/1' };
    await queues.sendFifo(queue, [order]);
    await queues.sendFifo(queue, [order, { body: 'p', group: 'l/us-ios/2', dedup: 'l/us-ios/2' }]);
    expect(await drain(queue)).toEqual(['o', 'p']);
  });

  test("dedup ids count per group, and segments of different groups don't block each other", async () => {
    const queue = `${await freshPool()}-segments.fifo`;
    await queues.sendFifo(queue, [
      { body: 'a', group: 'one', dedup: 'same' },
      { body: 'b', group: 'two', dedup: 'same' },
      { body: 'c', group: 'one', dedup: 'next' },
    ]);
    const first = await queues.receive(queue, { max: 10, ...now });
    expect(first.map((message) => message.body).sort()).toEqual(['a', 'b']);
    await queues.remove(
      queue,
      first.map((message) => message.receipt),
    );
    expect(await drain(queue)).toEqual(['c']);
  });

  test('orders whose receive was answered into the void come with the next try, and with the next receive', async () => {
    for (const lost of [1, 4]) {
      const lossy = await queuesWith(loseAnswersOf('ReceiveMessage', lost));
      const { segments } = queueNames(await freshPool());
      await queues.sendFifo(segments, [
        { body: 'one', group: 'a', dedup: 'a' },
        { body: 'two', group: 'b', dedup: 'b' },
      ]);
      const take = () => lossy.receive(segments, { max: 10, ...now });
      if (lost > 3) await expect(take()).rejects.toThrow();
      const orders = await take();
      expect(orders.map(({ body, receives }) => [body, receives])).toEqual([
        ['one', 1],
        ['two', 1],
      ]);
      // Answered: from now on it is another receive, and these are hidden.
      expect(await take()).toEqual([]);
      await lossy.remove(
        segments,
        orders.map(({ receipt }) => receipt),
      );
      expect(await queues.depth(segments)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    }
  });

  test('an attempt is made again only while nobody has answered it, and while its messages are hidden', async () => {
    const clients = createClients({ ...local.config, calls: way });
    stops.push(() => clients.destroy());
    const ids: string[] = [];
    const clock = { nowMs: 0, isLost: false };
    const noted: SqsCalls = (name, input, options) => {
      ids.push((input as ReceiveMessageCommandInput).ReceiveRequestAttemptId ?? '');
      return clock.isLost ? Promise.reject(new Error('nobody answers')) : clients.sqsCalls(name, input, options);
    };
    const own = createQueues({ sqs: clients.sqs, calls: noted, nowMs: () => clock.nowMs });
    const { segments } = queueNames(await freshPool());
    const take = (visibilitySeconds = 30) => own.receive(segments, { max: 1, waitSeconds: 0, visibilitySeconds });
    clock.isLost = true;
    await expect(take()).rejects.toThrow('nobody answers');
    await expect(take()).rejects.toThrow('nobody answers');
    clock.nowMs += 33_000;
    await expect(take()).rejects.toThrow('nobody answers');
    clock.isLost = false;
    // SQS refuses a time-out of more than twelve hours.
    await expect(take(43_201)).rejects.toThrow();
    await take();
    const [first, second, late, refused, next] = ids;
    expect(second).toBe(first);
    expect(late).not.toBe(first);
    expect(refused).toBe(late);
    expect(next).not.toBe(refused);
  });

  test('a message handed back comes again, counted, and is no dead letter however often a shot may need it', async () => {
    const pool = await freshPool();
    await queues.send(`${pool}-batches-ios`, ['stubborn']);
    for (let receives = 1; receives <= 60; receives++) {
      const [message] = await queues.receive(`${pool}-batches-ios`, { max: 1, ...now });
      expect(message).toMatchObject({ body: 'stubborn', receives });
      await queues.handBack(`${pool}-batches-ios`, [message?.receipt ?? ''], 0);
    }
    expect((await queues.depth(`${pool}-batches-ios`)).visible).toBe(1);
    expect((await queues.depth(`${pool}-batches-dlq`)).visible).toBe(0);
  });

  test('queues that an older version has made get the new limit of receives', async () => {
    const pool = await freshPool();
    const { sqs } = createClients(local.config);
    const names = ['segments.fifo', 'batches-ios', 'batches-android'];
    const policyOf = async (name: string) => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${pool}-${name}` }));
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }),
      );
      return {
        QueueUrl,
        policy: JSON.parse(Attributes?.['RedrivePolicy'] ?? '{}') as {
          deadLetterTargetArn: string;
          maxReceiveCount: number | string;
        },
      };
    };
    for (const name of names) {
      const { QueueUrl, policy } = await policyOf(name);
      await sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl,
          Attributes: { RedrivePolicy: JSON.stringify({ ...policy, maxReceiveCount: 5 }) },
        }),
      );
      expect((await policyOf(name)).policy.maxReceiveCount).toBe(5);
    }
    await queues.ensurePool(pool);
    expect(await Promise.all(names.map(async (name) => Number((await policyOf(name)).policy.maxReceiveCount)))).toEqual(
      [1_000, 1_000, 1_000],
    );
  });

  test('a long poll answers when a message arrives, and at its end without one', async () => {
    const queue = `${await freshPool()}-batches-ios`;
    const waiting = queues.receive(queue, { max: 10, waitSeconds: 10, visibilitySeconds: 30 });
    await queues.send(queue, ['now']);
    expect((await waiting).map((message) => message.body)).toEqual(['now']);
    const startedAtMs = performance.now();
    expect(await queues.receive(queue, { max: 10, waitSeconds: 1, visibilitySeconds: 30 })).toEqual([]);
    expect(performance.now() - startedAtMs).toBeGreaterThan(900);
  });

  test('an aborted receive rejects, and the message that arrives later is not lost to it', async () => {
    const queue = `${await freshPool()}-batches-ios`;
    const abort = new AbortController();
    const waiting = queues.receive(queue, { max: 10, waitSeconds: 20, visibilitySeconds: 30, signal: abort.signal });
    const rejected = expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    // The poll waits at the server only after the queue's address has been looked up.
    await queues.depth(queue);
    setTimeout(() => abort.abort(), 100);
    await rejected;
    await queues.send(queue, ['for the living']);
    expect(
      (await queues.receive(queue, { max: 1, waitSeconds: 5, visibilitySeconds: 30 })).map((message) => message.body),
    ).toEqual(['for the living']);
  });
});
