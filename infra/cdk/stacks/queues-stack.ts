import { Duration, Stack } from 'aws-cdk-lib';
import type { StackProps } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
  RedrivePermission,
} from 'aws-cdk-lib/aws-sqs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { poolQueues } from '../../aws/queue-attributes.ts';
import type { QueueShape } from '../../aws/queue-attributes.ts';
import { envOutput } from '../env-file.ts';
import { namesOf } from '../names.ts';
import type { Deployment } from '../read-config.ts';

/**
 * The queues of the pool. Messages wait for minutes there: the stack holds nothing that has to outlive the fleet.
 */
export class QueuesStack extends Stack {
  /** By name. */
  readonly queues = new Map<string, Queue>();

  constructor(scope: Construct, id: string, deployment: Deployment, props: StackProps) {
    super(scope, id, props);
    const all = poolQueues(namesOf(deployment).pool);
    for (const queue of all) this.queues.set(queue.name, this.#queue(queue, all));
    envOutput(this, 'GOBUTTON_POOL', namesOf(deployment).pool);
  }

  #queue(shape: QueueShape, all: readonly QueueShape[]): Queue {
    const { name, isFifo, visibilitySeconds, retentionSeconds, deadLetters } = shape;
    const target = deadLetters === null ? undefined : this.queues.get(deadLetters.name);
    const queue = new Queue(this, name, {
      queueName: name,
      visibilityTimeout: Duration.seconds(visibilitySeconds),
      retentionPeriod: Duration.seconds(retentionSeconds),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      ...(isFifo ? { fifo: true, contentBasedDeduplication: false } : {}),
      ...(isFifo && deadLetters !== null
        ? {
            deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
            fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
          }
        : {}),
      ...(deadLetters === null || target === undefined
        ? {
            redriveAllowPolicy: {
              redrivePermission: RedrivePermission.BY_QUEUE,
              sourceQueues: all
                .filter((other) => other.deadLetters?.name === name)
                .map((other) => this.#named(other.name)),
            },
          }
        : { deadLetterQueue: { queue: target, maxReceiveCount: deadLetters.maxReceives } }),
    });
    // What is moved back after its shot is a push hours late. Whoever must takes this statement away first, and is seen.
    if (deadLetters === null)
      queue.addToResourcePolicy(
        new PolicyStatement({
          sid: 'NothingIsMovedBack',
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions: ['sqs:StartMessageMoveTask'],
          resources: [queue.queueArn],
        }),
      );
    return queue;
  }

  /** By its name alone: a queue and its dead letters name each other, and CloudFormation makes one of them first. */
  #named(name: string): IQueue {
    return Queue.fromQueueArn(this, `${name}-by-name`, this.formatArn({ service: 'sqs', resource: name }));
  }
}
