import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import type { BatchResultErrorEntry, SQSClient } from '@aws-sdk/client-sqs';
import pLimit from 'p-limit';
import type { SqsCalls } from './calls/calls.ts';
import { CloudError, errorName, UnsentError } from './cloud-error.ts';
import type { CloudErrorCode } from './cloud-error.ts';
import { ensurePool } from './pool-queues.ts';
import { cut, inTens, PER_CALL } from './queue-calls.ts';
import type { Outgoing } from './queue-calls.ts';

/** SQS by name; URLs are looked up once. All calls take up any number of messages and cut them into tens. */
export interface Queues {
  /** FIFO. Resends what comes back in Failed[] until all are in or the signal aborts; rejects with the rest otherwise. */
  sendFifo(
    queue: string,
    messages: readonly { body: string; group: string; dedup: string }[],
    signal?: AbortSignal,
  ): Promise<void>;
  /** Standard. Same promise; sends several batch calls at once. */
  send(queue: string, bodies: readonly string[], signal?: AbortSignal): Promise<void>;
  /**
   * What a FIFO queue gave to a receive whose answer was lost comes again at once, with the next one of this process (docs/facts.md#sqs-receive-attempt).
   * Rejects with the abort when the signal aborts; messages that were on their way then come again after their
   * visibility time-out (docs/facts.md#sqs-aborted-receive).
   */
  receive(
    queue: string,
    options: { max: number; waitSeconds: number; visibilitySeconds: number; signal?: AbortSignal },
  ): Promise<Received[]>;
  /** Failed deletes are retried, then reported; a message that comes again is harmless by the claim. */
  remove(queue: string, receipts: readonly string[]): Promise<void>;
  /** Hands messages back now (0) or later. */
  handBack(queue: string, receipts: readonly string[], afterSeconds: number): Promise<void>;
  depth(queue: string): Promise<{ visible: number; inFlight: number; delayed: number }>;
  /** Creates the pool's queues if they are missing (FIFO high throughput, dead letters after MAX_RECEIVES), and gives those that are there the same limit of receives. */
  ensurePool(pool: string): Promise<void>;
}

/** `group`: its FIFO group; null on a standard queue. */
export interface Received {
  body: string;
  receipt: string;
  receives: number;
  group: string | null;
}

const LATEST_SECONDS = 5;

/** Seconds for which a message that can't be served here yet goes back: longer each time, and never so long that its shot would wait for it. */
export function laterEachTime(receives: number): number {
  return Math.min(Math.max(1, receives), LATEST_SECONDS);
}

const CALLS_AT_ONCE = 8;
/** Tries for what comes back in Failed[] when no signal ends them: some 30 s. */
const SEND_TRIES = 35;
const CHANGE_TRIES = 4;
const RECEIVE_GRACE_MS = 3_000;
/** How long workers wait in one receive. A network that drops packets leaves it waiting to its end, and SQS charges for 720 calls an hour next to nothing. */
export const POLL_SECONDS = 5;

/** A receive is known for so long (docs/facts.md#sqs-receive-attempt). */
const ATTEMPT_KNOWN_MS = 300_000;

/** `calls`: what is done for messages. The client itself is for the queues. `nowMs`: of any clock that does not jump; only tests have another one. */
export function createQueues({
  sqs,
  calls,
  nowMs = () => performance.now(),
}: {
  sqs: SQSClient;
  calls: SqsCalls;
  nowMs?: () => number;
}): Queues {
  const urls = new Map<string, Promise<string>>();
  /** Of FIFO queues: the last receive that nobody has answered, while what it may have been given is hidden from everybody else. */
  const unanswered = new Map<string, { id: string; untilMs: number }>();

  function urlOf(queue: string): Promise<string> {
    let url = urls.get(queue);
    if (url === undefined) {
      url = sqs.send(new GetQueueUrlCommand({ QueueName: queue })).then((answer) => answer.QueueUrl ?? '');
      urls.set(queue, url);
      url.catch(() => urls.delete(queue));
    }
    return url;
  }

  /** Puts at most ten messages in; resends what failed. Returns what is not known to be in, and why. */
  async function sendChunk(
    queue: string,
    chunk: readonly Outgoing[],
    signal?: AbortSignal,
  ): Promise<{ rest: readonly Outgoing[]; cause: unknown }> {
    let rest = chunk;
    let cause: unknown = null;
    for (let tries = 1; tries <= SEND_TRIES; tries++) {
      if (signal?.aborted === true) return { rest, cause: signal.reason };
      try {
        const entries = rest.map((message, at) => ({
          Id: String(at),
          MessageBody: message.body,
          MessageGroupId: message.group,
          MessageDeduplicationId: message.dedup,
        }));
        const answer = await calls(
          'SendMessageBatch',
          { QueueUrl: await urlOf(queue), Entries: entries },
          signal === undefined ? {} : { signal },
        );
        const failed = answer.Failed ?? [];
        rest = failed.flatMap((one) => rest[Number(one.Id)] ?? []);
        if (rest.length === 0) return { rest, cause: null };
        cause = new Error(`${failed[0]?.Code}: ${failed[0]?.Message}`);
        // Our own fault: it would fail for ever.
        if (failed.some((one) => one.SenderFault === true)) return { rest, cause };
      } catch (error) {
        cause = error;
        if (isLasting(error)) {
          urls.delete(queue);
          return { rest, cause };
        }
      }
      await pause(tries, signal);
    }
    return { rest, cause };
  }

  async function sendAll(
    queue: string,
    messages: readonly Outgoing[],
    atOnce: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const limit = pLimit(atOnce);
    const results = await Promise.all(cut(messages).map((chunk) => limit(() => sendChunk(queue, chunk, signal))));
    const unsent = results.flatMap((result) => result.rest.map((message) => message.body));
    if (unsent.length > 0)
      throw new UnsentError(queue, unsent, { cause: results.find((result) => result.rest.length > 0)?.cause });
  }

  async function receiveOnce(
    queue: string,
    max: number,
    waitSeconds: number,
    visibilitySeconds: number,
    signal?: AbortSignal,
  ): Promise<Received[]> {
    const timeoutMs = waitSeconds * 1_000 + RECEIVE_GRACE_MS;
    const before = unanswered.get(queue);
    const untilMs = nowMs() + Math.min(timeoutMs + visibilitySeconds * 1_000, ATTEMPT_KNOWN_MS);
    const isSame = before !== undefined && nowMs() < before.untilMs;
    const attempt = isSame ? before : queue.endsWith('.fifo') ? { id: randomUUID(), untilMs } : null;
    // Of two at a time each has its own: the same messages would be given to both.
    unanswered.delete(queue);
    const answer = await calls(
      'ReceiveMessage',
      {
        QueueUrl: await urlOf(queue),
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        VisibilityTimeout: visibilitySeconds,
        MessageSystemAttributeNames: ['ApproximateReceiveCount', 'MessageGroupId'],
        ...(attempt === null ? {} : { ReceiveRequestAttemptId: attempt.id }),
      },
      { timeoutMs, ...(signal === undefined ? {} : { signal }) },
    ).catch((error: unknown) => {
      // A refusal is an answer, and may be of the attempt itself: of one whose messages somebody else has taken since.
      if (attempt !== null && statusOf(error) === null) unanswered.set(queue, attempt);
      throw error;
    });
    return (answer.Messages ?? []).map((message) => ({
      body: message.Body ?? '',
      receipt: message.ReceiptHandle ?? '',
      receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
      group: message.Attributes?.MessageGroupId ?? null,
    }));
  }

  /** Calls `change` with tens of receipts until nothing of them fails; rejects with `code` after some tries. */
  async function changeAll(
    code: CloudErrorCode,
    queue: string,
    receipts: readonly string[],
    change: (
      url: string,
      entries: { Id: string; ReceiptHandle: string }[],
    ) => Promise<{ Failed?: BatchResultErrorEntry[] | undefined }>,
  ) {
    const limit = pLimit(CALLS_AT_ONCE);
    await Promise.all(
      inTens(receipts).map((ten) =>
        limit(async () => {
          let rest = ten;
          for (let tries = 1; rest.length > 0; tries++) {
            const answer = await change(
              await urlOf(queue),
              rest.map((receipt, at) => ({ Id: String(at), ReceiptHandle: receipt })),
            );
            const failed = answer.Failed ?? [];
            rest = failed.flatMap((one) => rest[Number(one.Id)] ?? []);
            if (rest.length === 0) return;
            if (tries === CHANGE_TRIES || failed.some((one) => one.SenderFault === true))
              throw new CloudError(
                code,
                `${rest.length} messages of ${queue}: ${failed[0]?.Code} ${failed[0]?.Message}`,
              );
            await pause(tries);
          }
        }),
      ),
    );
  }

  return {
    // One call at a time: messages of one group must not overtake each other.
    sendFifo: (queue, messages, signal) => sendAll(queue, messages, 1, signal),
    send: (queue, bodies, signal) =>
      sendAll(
        queue,
        bodies.map((body) => ({ body })),
        CALLS_AT_ONCE,
        signal,
      ),

    async receive(queue, { max, waitSeconds, visibilitySeconds, signal }) {
      const first = await receiveOnce(queue, Math.min(max, PER_CALL), waitSeconds, visibilitySeconds, signal);
      if (first.length < PER_CALL || max <= PER_CALL) return first;
      // There is more: take the rest at once and without waiting. What a failed call took comes again by itself.
      const sizes = Array.from({ length: Math.ceil((max - PER_CALL) / PER_CALL) }, (_, at) =>
        Math.min(PER_CALL, max - PER_CALL * (at + 1)),
      );
      const more = await Promise.allSettled(
        sizes.map((size) => receiveOnce(queue, size, 0, visibilitySeconds, signal)),
      );
      return [...first, ...more.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))];
    },

    remove: (queue, receipts) =>
      changeAll('QUEUE_DELETE_FAILED', queue, receipts, (url, entries) =>
        calls('DeleteMessageBatch', { QueueUrl: url, Entries: entries }),
      ),

    handBack: (queue, receipts, afterSeconds) =>
      changeAll('QUEUE_VISIBILITY_FAILED', queue, receipts, (url, entries) =>
        calls('ChangeMessageVisibilityBatch', {
          QueueUrl: url,
          Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: afterSeconds })),
        }),
      ),

    async depth(queue) {
      const { Attributes: found } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: await urlOf(queue),
          AttributeNames: [
            'ApproximateNumberOfMessages',
            'ApproximateNumberOfMessagesNotVisible',
            'ApproximateNumberOfMessagesDelayed',
          ],
        }),
      );
      return {
        visible: Number(found?.ApproximateNumberOfMessages ?? 0),
        inFlight: Number(found?.ApproximateNumberOfMessagesNotVisible ?? 0),
        delayed: Number(found?.ApproximateNumberOfMessagesDelayed ?? 0),
      };
    },

    ensurePool: (pool) => ensurePool({ sqs, urlOf, forget: (queue) => urls.delete(queue) }, pool),
  };
}

/** SQS's own word for too many calls, and the one that all services have (docs/facts.md#aws-throttles). */
const THROTTLES: ReadonlySet<string> = new Set(['RequestThrottled', 'ThrottlingException', 'Throttling']);

/** Null: nobody answered. */
const statusOf = (error: unknown): number | null =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? null;

/** A refusal that trying again will not change: the SDK has used up its retries for the rest. */
function isLasting(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return !THROTTLES.has(errorName(error)) && status >= 400 && status < 500 && status !== 429;
}

async function pause(tries: number, signal?: AbortSignal): Promise<void> {
  // An aborted wait ends like a finished one: the caller looks at the signal itself.
  await sleep(Math.min(1_000, 25 * 2 ** Math.min(tries, 6)), null, signal === undefined ? {} : { signal }).catch(
    () => null,
  );
}
