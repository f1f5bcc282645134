import { about, listed, unasked } from './line.ts';
import type { Asked, Line } from './line.ts';

/** `wanted`: attributes as SQS takes them. */
export interface QueueSpec {
  which: string;
  name: string;
  wanted: Readonly<Record<string, string>>;
}

export interface FoundQueue {
  url: string;
  attributes: Readonly<Record<string, string>>;
}

/** `asked` null: there is none. `standardToo`: one of the same name without `.fifo` is there. */
export function judgeQueue(
  { which, name, wanted }: QueueSpec,
  asked: Asked<FoundQueue | null>,
  standardToo: boolean,
): Line {
  const [id, title] = [`queues.${which}`, `Queue ${name}`];
  const line = about(id, title);
  const isFifo = name.endsWith('.fifo');
  const needed = `${isFifo ? 'FIFO' : 'standard'}, ${Object.entries(wanted)
    .filter(([attribute]) => attribute !== 'FifoQueue')
    .map(([attribute, value]) => shown(attribute, value))
    .join(', ')}`;
  if (!asked.ok) return unasked(id, title, needed, asked.failure);
  const { value: queue } = asked;
  if (queue === null)
    return standardToo
      ? line.wrong({
          found: `a standard queue ${name.replace(/\.fifo$/, '')} in its place`,
          needed,
          fix: `A queue can't become FIFO: \`/go create\` makes ${name}; then delete the other`,
        })
      : line.wrong({ found: 'no such queue', needed, fix: '`/go create` makes the queues of its pool' });
  const off = Object.entries(wanted).filter(
    ([attribute, value]) => plain(queue.attributes[attribute] ?? '') !== plain(value),
  );
  if (off.length === 0) return line.ok({ found: needed, needed });
  return line.wrong({
    found: listed(
      off.map(([attribute]) => shown(attribute, queue.attributes[attribute])),
      4,
    ),
    needed,
    fix: `aws sqs set-queue-attributes --queue-url ${queue.url} --attributes '${JSON.stringify(Object.fromEntries(off))}'`,
  });
}

const NOTHING = { RedrivePolicy: 'no dead letters', RedriveAllowPolicy: 'dead letters of any queue' } as const;

function shown(attribute: string, value: string | undefined): string {
  if (value === undefined || value === '') return NOTHING[attribute as keyof typeof NOTHING] ?? `${attribute} not set`;
  const policy = policyOf(value);
  if (policy?.deadLetterTargetArn !== undefined)
    return `to ${policy.deadLetterTargetArn.split(':').at(-1)} after ${policy.maxReceiveCount} receives`;
  if (policy?.redrivePermission !== undefined)
    return `dead letters of ${listed((policy.sourceQueueArns ?? []).map((arn) => arn.split(':').at(-1) ?? ''))}`;
  return `${attribute} ${value}`;
}

interface Policy {
  deadLetterTargetArn?: string;
  maxReceiveCount?: number | string;
  redrivePermission?: string;
  sourceQueueArns?: string[];
}

function policyOf(value: string): Policy | null {
  if (!value.startsWith('{')) return null;
  try {
    return JSON.parse(value) as Policy;
  } catch {
    // As it stands, it differs from what is wanted: that is told.
    return null;
  }
}

/** A policy comes back with its members in another order, and numbers as text. */
function plain(value: string): string {
  const policy = policyOf(value);
  if (policy === null) return value;
  const { sourceQueueArns: sources = [] } = policy;
  return [policy.deadLetterTargetArn, policy.maxReceiveCount, policy.redrivePermission, ...sources.toSorted()].join(
    ' ',
  );
}
