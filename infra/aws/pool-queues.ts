import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { queueNames } from '../../contract/queue-names.ts';
import { errorName } from './cloud-error.ts';

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

/** What is known of addresses: `urlOf` looks a queue's up once, `forget` makes it look again. */
interface Addresses {
  sqs: SQSClient;
  urlOf: (queue: string) => Promise<string>;
  forget: (queue: string) => void;
}

/** Creates the pool's queues if they are missing, and gives those that are there the limit of receives that new ones get. */
export async function ensurePool({ sqs, urlOf, forget }: Addresses, pool: string): Promise<void> {
  const names = queueNames(pool);
  const ensure = async (name: string, attributes: Record<string, string>) => {
    // Somebody may have deleted it since its address was looked up.
    forget(name);
    if (!(await urlOf(name).then(() => true, isMissingQueue))) {
      await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
      return;
    }
    // One that an older version has made: it would give a message up while its shot lives.
    const { RedrivePolicy: wanted } = attributes;
    if (wanted === undefined) return;
    const QueueUrl = await urlOf(name);
    const { Attributes: found } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }),
    );
    if (samePolicy(found?.RedrivePolicy, wanted)) return;
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy: wanted } }));
  };
  const redriveTo = async (deadLetters: string) => {
    const { Attributes: found } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await urlOf(deadLetters), AttributeNames: ['QueueArn'] }),
    );
    return JSON.stringify({ deadLetterTargetArn: found?.QueueArn, maxReceiveCount: MAX_RECEIVES });
  };
  await Promise.all([ensure(names.deadLetters, {}), ensure(names.segmentDeadLetters, { FifoQueue: 'true' })]);
  await Promise.all([
    ensure(names.segments, {
      FifoQueue: 'true',
      ContentBasedDeduplication: 'false',
      // Both together are high throughput (docs/facts.md#sqs-fifo-rate).
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      VisibilityTimeout: String(SEGMENT_VISIBILITY_SECONDS),
      RedrivePolicy: await redriveTo(names.segmentDeadLetters),
    }),
    ...Object.values(names.batches).map(async (name) =>
      ensure(name, {
        VisibilityTimeout: String(BATCH_VISIBILITY_SECONDS),
        RedrivePolicy: await redriveTo(names.deadLetters),
      }),
    ),
  ]);
}

function samePolicy(found: string | undefined, wanted: string): boolean {
  const parts = (policy: string) => {
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(policy) as {
      deadLetterTargetArn?: string;
      maxReceiveCount?: number | string;
    };
    return `${deadLetterTargetArn} ${maxReceiveCount}`;
  };
  return found !== undefined && found !== '' && parts(found) === parts(wanted);
}

/** False for a queue that is not there; anything else is thrown on. */
function isMissingQueue(error: unknown): false {
  if (['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'].includes(errorName(error))) return false;
  throw error;
}
