import { setImmediate as nextTurn } from 'node:timers/promises';
import { buildApp } from 'fauxqs';
import { AwsError } from './aws-error.ts';
import type { Lag } from './lag.ts';
import { LateAttributes } from './late-attributes.ts';
import { ReceiveAttempts } from './receive-attempts.ts';
import { withOwnDedupIds, withScopedDedupIds } from './scoped-dedup.ts';
import type { StateFile } from './state-file.ts';

/**
 * SQS: fauxqs in process, with what it lacks (docs/facts.md#fauxqs-limits) held here: DeduplicationScope and
 * FifoThroughputLimit (kept, checked, obeyed), the 60 s between purges, waiting receivers that are woken for nothing,
 * and messages handed to a client that has gone away. Messages live in memory; queues and their attributes are kept, so
 * that after a restart they are there and empty.
 */
export interface Sqs {
  /** `host` is what the client calls us; `gone` tells whether it has closed its connection. */
  call(
    operation: string,
    input: unknown,
    host: string,
    gone: () => boolean,
  ): Promise<{ status: number; headers: Record<string, string>; body: Buffer }>;
  figures(nowMs: number): Promise<QueueFigures[]>;
  close(): Promise<void>;
}

/** What AWS tells of a queue. */
export interface QueueFigures {
  name: string;
  visible: number;
  /** Of the oldest message that is not deleted, given out or not; 0: it is empty. */
  oldestSeconds: number;
}

export type QueueDefinitions = Record<string, { attributes: Record<string, string> }>;

const HELD = ['DeduplicationScope', 'FifoThroughputLimit'];
const PURGE_PAUSE_MS = 60_000;

interface Input {
  QueueName?: string;
  QueueUrl?: string;
  Attributes?: Record<string, string>;
  AttributeNames?: string[];
  WaitTimeSeconds?: number;
  ReceiveRequestAttemptId?: string;
  ReceiptHandle?: string;
  VisibilityTimeout?: number;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
  Entries?: { MessageGroupId?: string; MessageDeduplicationId?: string; ReceiptHandle?: string }[];
}
interface Inspected {
  messages: {
    ready: { sentTimestamp: number }[];
    delayed: { sentTimestamp: number }[];
    inflight: { message: { sentTimestamp: number } }[];
  };
}
interface Output {
  Messages?: { ReceiptHandle: string; Attributes?: Record<string, string> }[];
  Attributes?: Record<string, string>;
}

/** What AWS does with queues and receives that is rare or slow, for who wants to see it. */
export interface SqsManners {
  /** A queue is not there for its users until so long after it was made: a second or more on AWS (docs/facts.md#sqs-new-queue). Default 0. */
  newQueueMs?: number;
  /** What becomes of messages whose receiver has gone away. `hidden`: what AWS may do. Default `given-back`, since here it would be the rule. */
  abortedReceives?: 'given-back' | 'hidden';
  /** Of messages that a standard queue gives out, each of this number is given out a second time by itself (docs/facts.md#sqs-redelivery). Absent: none. */
  twiceEach?: number;
  /** One was. */
  onTwice?: () => void;
  /** Messages of an aborted receive were hidden. */
  onHidden?: () => void;
}

/** `manners`: asked at each call. */
export async function startSqs(options: {
  queues: StateFile<QueueDefinitions>;
  lag: Lag;
  manners: () => SqsManners;
}): Promise<Sqs> {
  const app = buildApp({ logger: false });
  const { state: queues } = options.queues;
  const { manners } = options;
  const late = new LateAttributes(options.lag);
  let closing = false;
  const purgedAtMs = new Map<string, number>();
  const madeAtMs = new Map<string, number>();
  const attempts = new ReceiveAttempts();
  let given = 0;

  async function inject(operation: string, input: Input) {
    const answer = await app.inject({
      method: 'POST',
      url: '/',
      payload: JSON.stringify(input),
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${operation}`,
        host: '127.0.0.1',
      },
    });
    const queryError = answer.headers['x-amzn-query-error'];
    return {
      status: answer.statusCode,
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        ...(typeof queryError === 'string' ? { 'x-amzn-query-error': queryError } : {}),
      },
      body: answer.rawPayload,
    };
  }

  for (const [name, { attributes }] of Object.entries(queues))
    await inject('CreateQueue', { QueueName: name, Attributes: attributes });

  /** Long polling. fauxqs wakes every waiting receiver for each message, so those that come too late wait on. */
  async function receive(input: Input, gone: () => boolean) {
    const { answer: again, handles } = attempts.again(input);
    if (again !== null) {
      const { QueueUrl = '', VisibilityTimeout = 30 } = input;
      for (const ReceiptHandle of handles)
        await inject('ChangeMessageVisibility', { QueueUrl, ReceiptHandle, VisibilityTimeout });
      return again;
    }
    const untilMs = performance.now() + (input.WaitTimeSeconds ?? 0) * 1_000;
    for (;;) {
      const leftSeconds = Math.max(0, (untilMs - performance.now()) / 1_000);
      const answer = await inject('ReceiveMessage', { ...input, WaitTimeSeconds: leftSeconds });
      if (answer.status !== 200) return answer;
      const output = JSON.parse(answer.body.toString()) as Output;
      const messages = output.Messages ?? [];
      // A closed connection may be in the same batch of events as the message that woke us.
      if (messages.length > 0) await nextTurn();
      const shown = scoped(input) ? { ...answer, body: Buffer.from(JSON.stringify(withOwnDedupIds(output))) } : answer;
      if (messages.length > 0) attempts.gave(input, messages, shown);
      if (gone()) {
        const { abortedReceives, onHidden } = manners();
        if (abortedReceives === 'hidden') {
          if (messages.length > 0) onHidden?.();
          return answer;
        }
        attempts.changed(messages);
        // A message that goes to a closed connection is hidden for its visibility time-out; AWS promises no better
        // (docs/facts.md#sqs-aborted-receive), but here it would be the rule.
        await Promise.all(
          messages.map((message) =>
            inject('ChangeMessageVisibility', {
              ...(input.QueueUrl === undefined ? {} : { QueueUrl: input.QueueUrl }),
              ReceiptHandle: message.ReceiptHandle,
              VisibilityTimeout: 0,
            }),
          ),
        );
        return answer;
      }
      await giveTwice(input, messages);
      if (messages.length > 0) return shown;
      if (leftSeconds <= 0.01 || closing) return answer;
    }
  }

  /** Each by a count, so that a run is like the one before. What was given stays with its receiver, whose receipt is the older one then. */
  async function giveTwice({ QueueUrl: url }: Input, messages: readonly { ReceiptHandle: string }[]): Promise<void> {
    const { twiceEach, onTwice } = manners();
    if (twiceEach === undefined || url === undefined || url.endsWith('.fifo')) return;
    for (const { ReceiptHandle } of messages) {
      given += 1;
      if (given % twiceEach !== 0) continue;
      await inject('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 });
      onTwice?.();
    }
  }

  const scoped = (input: Input) => queues[queueName(input)]?.attributes['DeduplicationScope'] === 'messageGroup';

  return {
    async call(operation, raw, host, gone) {
      const input = raw as Input;
      const ageMs = performance.now() - (madeAtMs.get(queueName(input)) ?? Number.NEGATIVE_INFINITY);
      if (operation !== 'CreateQueue' && ageMs < (manners().newQueueMs ?? 0))
        throw new AwsError('com.amazonaws.sqs#QueueDoesNotExist', 'The specified queue does not exist.');
      switch (operation) {
        case 'ReceiveMessage':
          return receive(input, gone);
        case 'SendMessage':
        case 'SendMessageBatch':
          return inject(operation, scoped(input) ? withScopedDedupIds(input) : input);
        case 'DeleteMessage':
        case 'DeleteMessageBatch':
        case 'ChangeMessageVisibility':
        case 'ChangeMessageVisibilityBatch':
          attempts.changed([input, ...(input.Entries ?? [])]);
          return inject(operation, input);
        case 'PurgeQueue': {
          const name = queueName(input);
          if (performance.now() - (purgedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < PURGE_PAUSE_MS) {
            throw new AwsError(
              'com.amazonaws.sqs#PurgeQueueInProgress',
              `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`,
              403,
            );
          }
          const answer = await inject(operation, input);
          if (answer.status === 200) purgedAtMs.set(name, performance.now());
          return answer;
        }
        case 'CreateQueue':
        case 'SetQueueAttributes': {
          const name = queueName(input);
          const attributes = { ...queues[name]?.attributes, ...input.Attributes };
          checkThroughput(attributes);
          const answer = await inject(operation, operation === 'CreateQueue' ? input : withoutHeld(input));
          if (answer.status !== 200) return answer;
          if (queues[name] === undefined) madeAtMs.set(name, performance.now());
          else late.wasSet(name, queues[name].attributes);
          queues[name] = { attributes };
          options.queues.save();
          return withUrlsAt(host, answer);
        }
        case 'DeleteQueue': {
          const answer = await inject(operation, input);
          if (answer.status === 200) {
            delete queues[queueName(input)];
            options.queues.save();
          }
          return answer;
        }
        case 'GetQueueAttributes': {
          const answer = await inject(operation, input);
          const asked = input.AttributeNames ?? [];
          if (answer.status !== 200) return answer;
          const output = JSON.parse(answer.body.toString()) as Output;
          const name = queueName(input);
          const set = queues[name]?.attributes ?? {};
          const held = Object.entries(set).filter(
            ([one]) => HELD.includes(one) && (asked.includes('All') || asked.includes(one)),
          );
          const current = { ...output.Attributes, ...Object.fromEntries(held) };
          const shown = { ...output, Attributes: late.shown(name, current, Object.keys(set)) };
          return { ...answer, body: Buffer.from(JSON.stringify(shown)) };
        }
        case 'GetQueueUrl':
        case 'ListQueues':
          return withUrlsAt(host, await inject(operation, input));
        default:
          return inject(operation, input);
      }
    },
    async figures(nowMs) {
      return Promise.all(
        Object.keys(queues).map(async (name) => {
          const { messages } = (await app.inject({ method: 'GET', url: `/_fauxqs/queues/${name}` })).json<Inspected>();
          const all = [...messages.ready, ...messages.delayed, ...messages.inflight.map(({ message }) => message)];
          const oldestMs = Math.min(nowMs, ...all.map(({ sentTimestamp }) => sentTimestamp));
          return { name, visible: messages.ready.length, oldestSeconds: Math.floor((nowMs - oldestMs) / 1_000) };
        }),
      );
    },
    close() {
      closing = true;
      return app.close();
    },
  };
}

/** fauxqs names a host that does not resolve; with ours in its place any client can use the URL as it is. */
function withUrlsAt<T extends { body: Buffer }>(host: string, answer: T): T {
  return {
    ...answer,
    body: Buffer.from(answer.body.toString().replaceAll(/http:\/\/sqs\.[^/"]+\//g, `http://${host}/`)),
  };
}

function queueName(input: Input): string {
  return input.QueueName ?? input.QueueUrl?.split('/').at(-1) ?? '';
}

/** fauxqs takes them when a queue is made, and refuses them afterwards. */
function withoutHeld(input: Input): Input {
  const known = Object.entries(input.Attributes ?? {}).filter(([name]) => !HELD.includes(name));
  return { ...input, Attributes: Object.fromEntries(known) };
}

function checkThroughput(attributes: Record<string, string>): void {
  if (
    attributes['FifoThroughputLimit'] === 'perMessageGroupId' &&
    attributes['DeduplicationScope'] !== 'messageGroup'
  ) {
    throw new AwsError(
      'com.amazonaws.sqs#InvalidAttributeValue',
      'The value perMessageGroupId of FifoThroughputLimit is allowed only when DeduplicationScope is messageGroup.',
    );
  }
}
