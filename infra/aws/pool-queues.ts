import { setTimeout as sleep } from 'node:timers/promises';
import { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs';
import { errorName } from './cloud-error.ts';
import { attributesOf, poolQueues } from './queue-attributes.ts';
import type { QueueShape } from './queue-attributes.ts';

/** What is known of addresses: `urlOf` looks a queue's up once, `forget` makes it look again. */
interface Addresses {
  sqs: SQSClient;
  urlOf: (queue: string) => Promise<string>;
  forget: (queue: string) => void;
}

/**
 * Creates the pool's queues if they are missing, and gives those that are there the policies of dead letters that new ones
 * get: one that an older version has made would give a message up while its shot lives.
 */
export async function ensurePool({ sqs, urlOf, forget }: Addresses, pool: string): Promise<void> {
  const all = poolQueues(pool);
  const read = (name: string, attribute: QueueAttributeName): Promise<string | undefined> =>
    onceThere(async () => {
      const { Attributes: found } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: await urlOf(name), AttributeNames: [attribute] }),
      );
      return found?.[attribute];
    });
  const ensure = async ({ name }: QueueShape, attributes: Record<string, string>) => {
    // Somebody may have deleted it since its address was looked up.
    forget(name);
    if (!(await urlOf(name).then(() => true, isMissingQueue))) {
      await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
      // Whoever sends to it next should find it.
      await read(name, 'QueueArn');
      return;
    }
    for (const policy of POLICIES) {
      const wanted = attributes[policy];
      if (wanted === undefined || samePolicy(await read(name, policy), wanted)) continue;
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl: await urlOf(name), Attributes: { [policy]: wanted } }));
    }
  };
  const dead = all.filter(({ deadLetters }) => deadLetters === null);
  // They are there before anything is known of the account that their names would have to say.
  await Promise.all(dead.map((queue) => ensure(queue, withoutAllowance(attributesOf(queue, all, () => '')))));
  const prefix = (await read(dead[0]?.name ?? '', 'QueueArn'))?.replace(/[^:]*$/, '') ?? '';
  const whole = (queue: QueueShape) =>
    ensure(
      queue,
      attributesOf(queue, all, (name) => prefix + name),
    );
  await Promise.all(all.filter((queue) => !dead.includes(queue)).map(whole));
  await Promise.all(dead.map(whole));
}

const withoutAllowance = (attributes: Record<string, string>) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== 'RedriveAllowPolicy'));

const POLICIES = ['RedrivePolicy', 'RedriveAllowPolicy'] as const;

/** The same fields with the same values, in whatever order and spelling AWS gives them back. */
function samePolicy(found: string | undefined, wanted: string): boolean {
  const fields = (policy: string) =>
    Object.entries(JSON.parse(policy) as Record<string, unknown>)
      .map(([name, value]) => `${name}=${(Array.isArray(value) ? value : [value]).map(String).toSorted().join()}`)
      .toSorted()
      .join();
  return found !== undefined && found !== '' && fields(found) === fields(wanted);
}

/** A new queue is there a second after it was made, or more (docs/facts.md#sqs-new-queue). */
const THERE_WITHIN_MS = 60_000;
const LOOK_FIRST_MS = 50;
const LOOK_MOST_MS = 1_000;

async function onceThere<T>(look: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  for (let waitMs = LOOK_FIRST_MS; ; waitMs = Math.min(LOOK_MOST_MS, 2 * waitMs)) {
    try {
      return await look();
    } catch (error) {
      isMissingQueue(error);
      if (performance.now() - startedAtMs > THERE_WITHIN_MS) throw error;
      await sleep(waitMs);
    }
  }
}

/** False for a queue that is not there; anything else is thrown on. */
function isMissingQueue(error: unknown): false {
  if (['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'].includes(errorName(error))) return false;
  throw error;
}
