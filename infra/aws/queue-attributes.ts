import { queueNames } from '../../contract/queue-names.ts';

/** A queue of a pool: stacks, the local cloud and the start of a process make queues from this. */
export interface QueueShape {
  name: string;
  isFifo: boolean;
  /** How long a message that was given out is hidden. */
  visibilitySeconds: number;
  retentionSeconds: number;
  /** Where messages go that nobody could take, and after how many receives. Null: this is such a queue itself. */
  deadLetters: { name: string; maxReceives: number } | null;
}

/**
 * Messages of a FIFO queue are one segment each: a dispatcher may read the record and put thousands of batches on the
 * other queue. Who takes longer sees it given out again (docs/facts.md#sqs-redelivery).
 */
const SEGMENT_VISIBILITY_SECONDS = 60;
const BATCH_VISIBILITY_SECONDS = 30;
/**
 * A message that was received this often and never deleted goes to the dead letters, where a gate sees it. As often as SQS
 * allows (docs/facts.md#sqs-dead-letters): no message of a shot may go there while the shot lives. One that comes back
 * each second lasts 17 minutes, and one that belongs to a claimed batch and comes back with each visibility (8 s) two
 * hours; what is not worth trying again is deleted at once.
 */
const MAX_RECEIVES = 1_000;
const DAY_SECONDS = 86_400;
/** Longer than any shot, and SQS's own default. */
const RETENTION_SECONDS = 4 * DAY_SECONDS;
/** As long as SQS keeps anything (docs/facts.md#sqs-retention): the age of a message counts on when it moves there. */
const DEAD_RETENTION_SECONDS = 14 * DAY_SECONDS;

/** The queues of a pool, dead letters first: the others point at them. */
export function poolQueues(pool: string): QueueShape[] {
  const names = queueNames(pool);
  const dead = (name: string, isFifo: boolean): QueueShape => ({
    name,
    isFifo,
    visibilitySeconds: BATCH_VISIBILITY_SECONDS,
    retentionSeconds: DEAD_RETENTION_SECONDS,
    deadLetters: null,
  });
  const live = (name: string, isFifo: boolean, visibilitySeconds: number, deadLetters: string): QueueShape => ({
    name,
    isFifo,
    visibilitySeconds,
    retentionSeconds: RETENTION_SECONDS,
    deadLetters: { name: deadLetters, maxReceives: MAX_RECEIVES },
  });
  return [
    dead(names.deadLetters, false),
    dead(names.segmentDeadLetters, true),
    live(names.segments, true, SEGMENT_VISIBILITY_SECONDS, names.segmentDeadLetters),
    ...Object.values(names.batches).map((name) => live(name, false, BATCH_VISIBILITY_SECONDS, names.deadLetters)),
  ];
}

/**
 * A queue's attributes as SQS takes them. Dead letters take messages from their own pool's queues alone, so `all` has
 * all of the pool.
 */
export function attributesOf(
  queue: QueueShape,
  all: readonly QueueShape[],
  arnOf: (name: string) => string,
): Record<string, string> {
  const { isFifo, visibilitySeconds, retentionSeconds, deadLetters } = queue;
  const sources = all.filter((other) => other.deadLetters?.name === queue.name);
  return {
    VisibilityTimeout: String(visibilitySeconds),
    MessageRetentionPeriod: String(retentionSeconds),
    ...(isFifo ? { FifoQueue: 'true', ContentBasedDeduplication: 'false' } : {}),
    // Both together are high throughput (docs/facts.md#sqs-fifo-rate).
    ...(isFifo && deadLetters !== null
      ? { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' }
      : {}),
    ...(deadLetters === null
      ? {
          RedriveAllowPolicy: JSON.stringify({
            redrivePermission: 'byQueue',
            sourceQueueArns: sources.map(({ name }) => arnOf(name)),
          }),
        }
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: arnOf(deadLetters.name),
            maxReceiveCount: deadLetters.maxReceives,
          }),
        }),
  };
}
